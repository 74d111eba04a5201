"""Constraints of linked tables: rows that are dropped take their children with them."""

from synthohive_spark import Constraint, Metadata, Synthesizer


def test_children_of_dropped_rows_go_and_the_real_share_of_orphans_stays(spark):
    metadata = (
        Metadata()
        .add_table("parents", pk="id", constraints={"age": Constraint(min=20)})
        .add_table("children", pk="id", fk={"parent": "parents.id"}, orphans="keep")
    )
    tables = {
        "parents": spark.range(300).selectExpr("id", "CAST(pmod(xxhash64(id), 50) AS INT) AS age"),
        "children": spark.range(600).selectExpr(
            "id", "IF(id % 10 = 0, 100000 + id, id % 300) AS parent", "id % 9 AS x"
        ),
    }
    made = Synthesizer(metadata, spark, engine="autoregressive", progress=False).fit(tables, seed=1, epochs=2)
    before, after = made.sample(seed=1), made.sample(seed=1, enforce_constraints=True)
    keys = [{row.id for row in drawn["parents"].select("id").collect()} for drawn in (before, after)]
    referred = [[row.parent for row in drawn["children"].select("parent").collect()] for drawn in (before, after)]
    assert 0 < len(keys[1]) < len(keys[0]) and len(referred[1]) < len(referred[0])
    assert not set(referred[1]) & (keys[0] - keys[1])
    lost = [sum(key not in keys[0] for key in own) for own in referred]
    assert lost[0] == lost[1] > 0
