import pytest
from pyspark.sql import functions as F

from synthohive_spark import Metadata, Synthesizer

LAST = ["Müller", "Schmidt", "Weiß", "Koch", "Rossi", "Keller", "Brandt"]


@pytest.fixture(scope="module")
def people(spark):
    names = F.array(*map(F.lit, LAST))
    df = spark.range(400).withColumn("last", F.get(names, (F.hash("id") % 7 + 7) % 7))
    return df.select(
        "id",
        "last",
        F.when(F.col("id") % 9 > 0, F.concat(F.lit("c/o "), F.upper("last"))).alias("box"),
        F.concat(F.when(F.col("id") % 2 == 0, "Herr ").otherwise("Frau "), "last").alias("title"),
        F.when(F.col("id") % 4 == 0, F.concat("id", F.lit(" called by "), "last")).otherwise("none").alias("note"),
    )


def test_what_is_put_together_from_stand_ins_tells_of_no_real_person(people, spark, fake_engine, caplog, tmp_path):
    metadata = Metadata().add_table("people", pk="id", pii={"last": {"action": "fake", "kind": "last_name"}})
    Synthesizer(metadata, spark, engine=fake_engine, progress=False).fit({"people": people}, seed=1).save(
        tmp_path / "m"
    )
    warned = [m for m in caplog.messages if m.startswith("pii_left")]
    assert len(warned) == 1 and "column='note'" in warned[0] and "holds='last'" in warned[0]
    kept = b"".join(path.read_bytes() for path in (tmp_path / "m").rglob("*") if path.is_file())
    assert not any(name.upper().encode() in kept for name in LAST)
    rows = Synthesizer.load(tmp_path / "m", spark).sample({"people": 200}, seed=2)["people"].collect()
    assert not {row.last for row in rows} & set(LAST)
    assert all(row.box in (None, f"c/o {row.last.upper()}") for row in rows)
    assert 5 < sum(row.box is None for row in rows) < 50
    assert {row.title.removesuffix(row.last) for row in rows} == {"Herr ", "Frau "}


def test_a_proposal_says_what_personal_columns_are_a_part_of(people, spark):
    proposed = Metadata.from_tables({"people": people.withColumnRenamed("last", "last_name")}, spark)
    reasons = proposed.tables["people"].reasons
    assert 'box = "c/o " + last_name' in reasons["box"] and "holds what 'last_name' holds" in reasons["note"]
