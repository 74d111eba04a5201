"""One small table of which everything is known: fit, sample, validate, save, load."""

import pytest

from synthohive_spark import Constraint, Metadata, Synthesizer
from tests.helpers.frames import assert_same_rows

ROWS = 3000


@pytest.fixture(scope="module")
def known(spark):
    """Half of the rows are red; reds weigh 10 to 19, blues 100 to 149; a tenth has no note, the key counts."""
    return spark.range(ROWS).selectExpr(
        "id AS key",
        "IF(id % 2 = 0, 'red', 'blue') AS colour",
        "CAST(IF(id % 2 = 0, 10 + id % 10, 100 + id % 50) AS INT) AS weight",
        "IF(id % 10 = 0, NULL, concat('n', id % 3)) AS note",
    )


@pytest.fixture(scope="module")
def synthesizer(spark, known):
    metadata = Metadata().add_table("known", pk="key", constraints={"weight": Constraint(min=10, max=149)})
    return Synthesizer(metadata, spark, progress=False).fit({"known": known}, seed=5, epochs=60, batch_size=250)


def test_what_is_known_of_the_table_holds_for_the_copy(spark, known, synthesizer, tmp_path):
    made = synthesizer.sample({"known": ROWS}, seed=7, enforce_constraints=True)["known"]
    report = synthesizer.generate_validation_report({"known": known}, {"known": made}, tmp_path / "report.json")
    report.require(max_tvd=0.05, max_ks=0.05, max_null_rate_error=0.02, max_copies=None)
    table = report.tables[0]
    assert (table.rows_real, table.rows_synthetic, table.key_duplicates, table.violating_rows) == (ROWS, ROWS, 0, 0)
    by_name = {column.name: column for column in table.columns}
    assert by_name["colour"].category_coverage == 1.0 and by_name["colour"].new_categories == 0
    assert by_name["note"].null_rate_real == pytest.approx(0.1)
    # Half of the rows would be wrong if colour and weight were drawn apart.
    assert made.where("(colour = 'red') != (weight < 60)").count() < 0.2 * ROWS
    assert (tmp_path / "report.json").exists()


def test_saving_and_loading_changes_neither_rows_nor_distributions(spark, synthesizer, tmp_path):
    synthesizer.save(tmp_path / "model")
    loaded = Synthesizer.load(tmp_path / "model", spark)
    before, after = (s.sample({"known": ROWS}, seed=7)["known"] for s in (synthesizer, loaded))
    assert_same_rows(before, after)
    other = loaded.sample({"known": ROWS}, seed=8)["known"]
    loaded.generate_validation_report({"known": before}, {"known": other}).require(
        max_tvd=0.05, max_ks=0.05, max_copies=None
    )
