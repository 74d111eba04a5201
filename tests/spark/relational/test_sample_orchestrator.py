"""The drawing of several tables: in which order, from which seeds, and what travels."""

import pytest

from synthohive_spark import Constraint, Metadata, Synthesizer
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.relational.sample_orchestrator import SampleOrchestrator, SampleRequest
from synthohive_spark.spark.generation import pickled_by_value


class Visited(dict):
    """Models that remember in which order they were asked for."""

    def __init__(self, models):
        super().__init__(models)
        self.order = []

    def __getitem__(self, name):
        self.order.append(name)
        return super().__getitem__(name)


@pytest.fixture(scope="module")
def learned(spark):
    metadata = (
        Metadata()
        .add_table("orders", pk="id", fk={"customer": "customers.id"})
        .add_table("customers", pk="id", constraints={"age": Constraint(min=12)})
        .add_table("weather")
    )
    tables = {
        "orders": spark.range(300).selectExpr("id", "id % 50 AS customer", "id % 7 AS price"),
        "customers": spark.range(200).selectExpr("id", "id % 30 AS age"),
        "weather": spark.range(200).selectExpr("id % 9 AS wind"),
    }
    return Synthesizer(metadata, spark, progress=False).fit(tables, seed=1, epochs=1, batch_size=100)


def test_parents_are_drawn_first_and_tables_come_back_as_they_were_asked_for(spark, learned):
    models = Visited(learned.models)
    drawn = SampleOrchestrator(learned.metadata, models, spark).sample(
        SampleRequest({"weather": 3, "orders": 20, "customers": 10}, seed=5)
    )
    assert models.order.index("customers") < models.order.index("orders")
    assert list(drawn) == ["weather", "orders", "customers"]
    assert [df.count() for df in drawn.values()] == [3, 20, 10]


def test_each_table_has_a_seed_of_its_own_and_redraws_only_when_asked_to(spark, learned):
    orchestrator = SampleOrchestrator(learned.metadata, learned.models, spark)
    (plain,) = orchestrator.sample(SampleRequest({"customers": 300}, seed=5)).values()
    own = learned.models["customers"].sample(300, seed=derive_seed(5, "sample", "customers"))
    assert plain.collect() == own.collect() and plain.where("age < 12").count() > 0
    (redrawn,) = orchestrator.sample(SampleRequest({"customers": 300}, seed=5, redraw=True)).values()
    assert redrawn.where("age < 12").count() == 0


def test_constraints_need_no_pydantic_on_the_executors():
    assert b"pydantic" not in pickled_by_value({"age": Constraint(min=12)})
