"""A linked database in a Connect session."""

import pathlib

from synthohive_spark import Synthesizer
from tests.helpers.linked_shop import links, orphans
from tests.helpers.processes import run

NAMES = ("countries", "customers", "products", "orders", "items")
SCRIPT = f"""
    sys.path.insert(0, {str(pathlib.Path(__file__).parents[2])!r})
    from pyspark.sql import SparkSession
    from synthohive_spark import Synthesizer
    from tests.helpers.linked_shop import declared, frames
    spark = (SparkSession.builder.remote("local[2]").config("spark.ui.enabled", "false")
             .config("spark.sql.shuffle.partitions", "2").getOrCreate())
    real = frames(spark, {NAMES})
    made = Synthesizer(declared({NAMES}), spark, engine="autoregressive", progress=False)
    made.fit(real, seed=1, epochs=2).save(FOLDER)
    drawn = made.sample({{"customers": 200}}, seed=3)
    report = made.generate_validation_report(real, drawn, FOLDER + "/report.html")
    assert report.database.summary["orphans"] == 0, report.database.summary
    rows = {{name: sorted(map(str, df.toArrow().to_pylist())) for name, df in drawn.items()}}
"""


def test_spark_connect_learns_and_draws_linked_tables_as_other_sessions_do(spark, tmp_path):
    rows = run(tmp_path, SCRIPT, tmp_path / "model")
    drawn = Synthesizer.load(str(tmp_path / "model"), spark=spark).sample({"customers": 200}, seed=3)
    assert {name: sorted(map(str, df.toArrow().to_pylist())) for name, df in drawn.items()} == rows
    tables = {name: df.toPandas() for name, df in drawn.items()}
    assert len(tables["customers"]) == 200 and len(tables["items"]) > 300
    assert not any(orphans(tables, *link) for link in links(NAMES))
