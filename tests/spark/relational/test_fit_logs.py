from synthohive_spark import Metadata, Synthesizer


def test_every_line_of_a_tables_fit_names_the_table(spark, caplog):
    caplog.set_level("DEBUG", logger="synthohive_spark")
    tables = {
        name: spark.range(60).selectExpr("id", "id % 7 AS a", "concat('word ', id) AS text", "concat('x', id) AS code")
        for name in ("first", "second")
    }
    metadata = Metadata()
    for name in tables:
        metadata.add_table(name, pk="id", pii={"code": "fake"})
    Synthesizer(metadata, spark, progress=False).fit(tables, seed=1, epochs=1, parallelism=2)
    lines = [line.split(" ", 2) for line in caplog.messages if not line.startswith("inferred")]
    found = {(event, about) for event, about, *_ in lines}
    for event in ("trained", "epoch", "text_column", "pii_kind_unknown"):
        assert {about for own, about in found if own == event} == {"table='first'", "table='second'"}, event
