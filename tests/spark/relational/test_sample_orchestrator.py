"""The drawing of several tables: from which seeds, what is drawn again, and what travels."""

import pytest

from synthohive_spark import Constraint, Metadata, Synthesizer
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.relational.sample_orchestrator import SampleOrchestrator, SampleRequest
from synthohive_spark.relational.sample_sizes import SampleSizes
from synthohive_spark.spark.generation import pickled_by_value


@pytest.fixture(scope="module")
def learned(spark):
    metadata = (
        Metadata()
        .add_table("orders", pk="id", fk={"customer": "customers.id"}, constraints={"price": Constraint(max=4)})
        .add_table("customers", pk="id", constraints={"age": Constraint(min=12)})
        .add_table("weather")
    )
    tables = {
        "orders": spark.range(300).selectExpr("id", "id % 50 AS customer", "id % 7 AS price"),
        "customers": spark.range(200).selectExpr("id", "id % 30 AS age"),
        "weather": spark.range(200).selectExpr("id % 9 AS wind"),
    }
    return Synthesizer(metadata, spark, progress=False).fit(tables, seed=1, epochs=1, batch_size=100)


@pytest.fixture
def orchestrator(spark, learned):
    return SampleOrchestrator(learned.metadata, learned.models, learned._linked, spark)


def test_the_tables_of_the_sizes_come_out_in_their_order(orchestrator):
    sizes = SampleSizes({"customers": 10, "weather": 3}, {"orders": 20}, ("weather", "orders", "customers"))
    drawn = orchestrator.sample(SampleRequest(sizes, seed=5))
    assert list(drawn) == ["weather", "orders", "customers"]
    assert [df.count() for df in drawn.values()] == [3, 20, 10]


def test_a_table_without_links_has_a_seed_of_its_own(learned, orchestrator):
    sizes = SampleSizes({"weather": 300}, tables=("weather",))
    (made,) = orchestrator.sample(SampleRequest(sizes, seed=5)).values()
    own = learned.models["weather"].sample(300, seed=derive_seed(5, "sample", "weather"))
    assert sorted(made.collect()) == sorted(own.collect())
    (other,) = orchestrator.sample(SampleRequest(sizes, seed=6)).values()
    assert sorted(made.collect()) != sorted(other.collect())


def test_rows_are_drawn_again_only_when_asked_to_and_keep_their_keys(orchestrator):
    sizes = SampleSizes({"customers": 150}, {"orders": 200}, ("customers", "orders"))
    plain = orchestrator.sample(SampleRequest(sizes, seed=5))
    assert plain["customers"].where("age < 12").count() > 0 and plain["orders"].where("price > 4").count() > 0
    redrawn = orchestrator.sample(SampleRequest(sizes, seed=5, redraw=True))
    assert redrawn["customers"].where("age < 12").count() == 0 and redrawn["orders"].where("price > 4").count() == 0
    assert redrawn["orders"].count() == 200 == redrawn["orders"].select("id").distinct().count()
    assert redrawn["orders"].join(redrawn["customers"].selectExpr("id AS customer"), "customer", "anti").count() == 0


def test_constraints_need_no_pydantic_on_the_executors():
    assert b"pydantic" not in pickled_by_value({"age": Constraint(min=12)})
