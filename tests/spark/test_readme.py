import pathlib
import re

README = pathlib.Path(__file__).parents[2] / "README.md"


def test_the_code_of_the_readme_runs(spark, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(blocks) == 4
    spark.sql("CREATE DATABASE shop")
    spark.sql("CREATE DATABASE shop_synthetic")
    spark.range(500).selectExpr(
        "id AS customer", "IF(id % 3 = 0, 'north', 'south') AS region", "id % 50 AS age", "'x' AS notes"
    ).write.saveAsTable("shop.customers")
    names = {"spark": spark}
    for block in blocks:
        exec(block, names)
    synthetic = spark.table("shop_synthetic.customers")
    assert synthetic.count() == 100_000 and synthetic.columns == ["customer", "region", "age"]
    assert {r.region for r in names["north"].select("region").distinct().collect()} == {"north"}
    assert names["more_people"].shape == (1000, 3)
    spark.sql("DROP DATABASE shop CASCADE")
    spark.sql("DROP DATABASE shop_synthetic CASCADE")
