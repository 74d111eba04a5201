"""A Connect session that refuses what serverless compute refuses: settings, caches, temporary views, UDFs by name."""

import pathlib

from tests.helpers.processes import run

NAMES = ("countries", "customers", "orders")
SCRIPT = f"""
    sys.path.insert(0, {str(pathlib.Path(__file__).parents[2])!r})
    import os, re
    from delta import configure_spark_with_delta_pip
    from pyspark.ml import Pipeline, PipelineModel
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.conf import RuntimeConf
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.session import SparkSession as Session
    from pyspark.sql.connect.udf import UDFRegistration
    from synthohive_spark import Constraint, Synthesizer, SynthesizerTransformer, SynthesizerTransformerModel
    from tests.helpers.linked_shop import declared, frames

    builder = SparkSession.builder.remote("local[2]").config("spark.sql.shuffle.partitions", "2")
    for key, value in {{
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": os.path.abspath("warehouse"),
        "spark.databricks.delta.snapshotPartitions": "2",
    }}.items():
        builder = builder.config(key, value)
    spark = configure_spark_with_delta_pip(builder).getOrCreate()

    refused = []

    def refuse(what):
        def refused_call(*arguments, **named):
            refused.append(what)
            raise RuntimeError(f"[NOT_SUPPORTED_WITH_SERVERLESS] {{what}}")
        return refused_call

    for owner, names in (
        (RuntimeConf, ("set", "unset")),
        (DataFrame, ("persist", "cache", "checkpoint", "localCheckpoint", "createTempView", "createOrReplaceTempView",
                     "createGlobalTempView", "createOrReplaceGlobalTempView", "registerTempTable")),
        (UDFRegistration, ("register", "registerJavaFunction", "registerJavaUDAF")),
    ):
        for name in names:
            setattr(owner, name, refuse(name))
    Session.sparkContext = property(refuse("sparkContext"))
    DataFrame.rdd = property(refuse("rdd"))
    plain_sql = Session.sql
    NOT_THERE = re.compile(r"\\s*(SET|RESET|(UN)?CACHE|CREATE\\s+(OR\\s+REPLACE\\s+)?(GLOBAL\\s+)?TEMP)", re.IGNORECASE)
    Session.sql = lambda self, query, *more, **named: (
        refuse(query)() if NOT_THERE.match(query) else plain_sql(self, query, *more, **named))

    shop = spark.range(300).selectExpr("id", "CAST(id % 4 AS INT) AS n", "IF(id % 2 = 0, 'a', 'b') AS k")
    estimator = SynthesizerTransformer(engine="autoregressive", epochs=1, seed=1, idCol="id", showProgress=False)
    unfitted = Pipeline(stages=[estimator])
    unfitted.save("unfitted")
    unfitted.write().overwrite().save("unfitted")
    fitted = Pipeline.load("unfitted").fit(shop)
    fitted.write().save("pipeline")
    (model,) = PipelineModel.load("pipeline").stages
    model.write().overwrite().save("stage")
    again = SynthesizerTransformerModel.load("stage").setParams(conditionCols=["k"], passthroughCols=["id"])
    seats = again.transform(spark.range(60).selectExpr("id", "'b' AS k"))
    gaps = model.impute(shop.selectExpr("id", "IF(id % 3 = 0, NULL, n) AS n", "k"), seed=2)
    rows = {{
        "sample": sorted(map(str, model.sample(100, seed=3).toArrow().to_pylist())),
        "seats": [seats.count(), seats.where("k <> 'b'").count()],
        "nulls": gaps.where("n IS NULL").count(),
    }}

    metadata = declared({NAMES})
    real = frames(spark, {NAMES})
    made = Synthesizer(metadata, spark, engine="autoregressive", progress=False).fit(real, seed=1, epochs=1)
    made.save("shop")
    drawn = Synthesizer.load("shop", spark).sample({{"customers": 80}}, seed=3, enforce_constraints=True)
    Synthesizer.load("shop", spark).save_to_hive(drawn, "shop_synthetic")
    written = {{name: spark.table(f"shop_synthetic.{{name}}") for name in {NAMES}}}
    report = made.generate_validation_report(real, written, "report.html")
    rows["tables"] = [written["customers"].count(), report.database.summary["orphans"], os.path.exists("report.html")]
    rows["files"] = spark.table("shop_synthetic.orders").inputFiles()[:1]
    rows["refused"] = list(refused)
    for use in (lambda: spark.conf.set("a", "b"), lambda: shop.cache(), lambda: shop.rdd,
                lambda: spark.sql("CREATE TEMP VIEW v AS SELECT 1")):
        try:
            use()
            raise AssertionError("nothing is refused")
        except RuntimeError:
            pass
"""


def test_stages_and_linked_tables_where_serverless_compute_refuses(spark, tmp_path):
    from synthohive_spark import SynthesizerTransformerModel

    rows = run(tmp_path, SCRIPT, tmp_path)
    assert rows["refused"] == []
    assert rows["seats"] == [60, 0] and rows["nulls"] == 0
    assert rows["tables"] == [80, 0, True] and rows["files"][0].endswith(".parquet")
    model = SynthesizerTransformerModel.load(str(tmp_path / "stage"))
    assert sorted(map(str, model.sample(100, seed=3).toArrow().to_pylist())) == rows["sample"]
