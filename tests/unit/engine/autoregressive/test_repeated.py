"""Given numbers that repeat from row to row."""

import numpy as np
import pyarrow as pa

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.codecs.rules import ColumnRules
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.table.fit import fit_table
from synthohive_spark.engine.table.registry import make_engine
from synthohive_spark.engine.table.request import FitRequest

PARENTS, CHILDREN, COUNTRIES = 60, 20, 10
NAME, COUNTRY, HEIGHT, LENGTH = (
    Column(name, ColumnType(type_))
    for name, type_ in (("name", "string"), ("country", "string"), ("height", "double"), ("length", "double"))
)


def of_parents(rng, parents, children):
    """Rows named after their parent's country; heights and lengths are all different, and have no say in it."""
    country = np.repeat(rng.permutation(np.arange(parents) % COUNTRIES), children)
    lands = np.array([f"land {i}" for i in range(COUNTRIES)])[country]
    numbers = {name: np.repeat(rng.permutation(parents) / parents, children) for name in ("height", "length")}
    return pa.table({"name": np.char.add("prize of ", lands), "country": lands, **numbers})


def model_of(rows, firsts):
    columns = (NAME, COUNTRY, HEIGHT, LENGTH)
    rules = ColumnRules(firsts=firsts, unrelated=frozenset(c.name for c in columns))
    names = tuple(c.name for c in columns[1:])
    request = FitRequest(columns, seed=1, conditions=names, rules=rules, privacy=Privacy(0, 0))
    return fit_table(rows, make_engine("autoregressive", {"epochs": 15}), request)


def test_what_many_parents_share_says_more_than_which_parent_it_is():
    rng = np.random.default_rng(0)
    known, new = of_parents(rng, PARENTS, CHILDREN), of_parents(rng, PARENTS, 5)
    firsts = np.arange(PARENTS) * CHILDREN
    model = model_of(known, {"height": firsts, "length": firsts})
    right = {}
    for what, rows in (("known", known), ("new", new)):
        drawn = model.generator.sample(Draw(np.arange(rows.num_rows), 1, conditions=rows.drop_columns("name")))
        right[what] = np.mean(np.array(drawn.column("name")) == np.array(rows.column("name")))
    assert right["known"] > 0.95
    assert right["new"] > 0.95  # .72 where each height is told apart


def test_of_numbers_of_too_few_parents_to_be_kept_more_rows_are_looked_at():
    known = of_parents(np.random.default_rng(0), PARENTS, CHILDREN)
    columns = (NAME, HEIGHT)
    request = FitRequest(columns, 1, ("height",), rules=ColumnRules(firsts={"height": np.array([0, 20, 40])}))
    model = fit_table(known.select(["name", "height"]), make_engine("autoregressive", {"epochs": 1}), request)
    assert model.context_encoder.codecs[0].size > 3
