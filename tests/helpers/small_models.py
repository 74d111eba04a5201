"""Small model directories of every kind, trained for a moment, and how to load them and draw rows; no Spark runs."""

import numpy as np
import pyarrow as pa

from synthohive_spark import CTGAN, Autoregressive, Constraint, Metadata, Privacy
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.balance import Balance
from synthohive_spark.engine.families.rules import FamilyRules, Step
from synthohive_spark.engine.families.sort_key import SortKey
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.training.summary import TrainingSummary
from tests.helpers.mutants import people

_SMALL = {"epochs": 1, "batch_size": 100, "generator_dim": (16,), "discriminator_dim": (16,), "embedding_dim": 8}
_GIVEN = ["kind", "quantity"]


def ctgan(path):
    """A CTGAN with condition columns, constraints and a key."""
    bounds = {"net": Constraint(min=0)}
    metadata = Metadata().add_table("people", pk="id", context=_GIVEN, constraints=bounds)
    rows = people().assign(id=np.arange(300))
    CTGAN(metadata, progress=False, embedding_threshold=3, **_SMALL).fit(rows, "people", seed=1).save(path)


def autoregressive(path):
    """An autoregressive model, in which columns of more than three values are found by groups."""
    Autoregressive(progress=False, epochs=1, embedding_threshold=3).fit(people(), seed=1).save(path)


def draw(kind, path):
    """Load a model and draw a few rows, in every way."""
    made = kind().load(path)
    given = [c.name for c in made.model.conditions]
    rows = people(5)
    drawn = made.sample(5, context=rows[given] if given else None, seed=1, enforce_constraints=True, keys=True)
    if kind is Autoregressive:
        made.sample(5, context=rows[["city", "net"]], seed=1)
    return drawn


def draw_ctgan(path):
    """See `draw`."""
    return draw(CTGAN, path)


def draw_autoregressive(path):
    """See `draw`."""
    return draw(Autoregressive, path)


def database(path):
    """Three tables: one taken over as it is, a root, and one whose rows follow from it."""
    from synthohive_spark.relational.database_files import write_database
    from synthohive_spark.relational.linked_table import LinkedTable, Reference
    from synthohive_spark.stages.model import SynthesizerTransformerModel

    word, day, number = (Column(n, ColumnType(t)) for n, t in (("word", "string"), ("day", "date"), ("n", "bigint")))
    counts = Column("@n.children.parent", ColumnType("bigint"))
    rows = people(200).assign(day=lambda own: own["start"].dt.date, word=lambda own: own["city"])
    rows[counts.name] = np.arange(200) % 7
    models = {}
    for name, kind, columns in (
        ("roots", CTGAN, ["word", "net", counts.name]),
        ("children", Autoregressive, ["day", "net", "word"]),
    ):
        settings = _SMALL if kind is CTGAN else {"epochs": 1}
        model = kind(progress=False, **settings).fit(rows[columns], seed=1).model
        summary = TrainingSummary.of(model.fitted, rows=200, training_rows=200, seconds=1.0, seed=1)
        models[name] = SynthesizerTransformerModel(model, summary=summary)
    net, code = Column("net", ColumnType("double")), Column("code", ColumnType("string"))
    counted = pa.table({name: rows[name] for name in ("word", counts.name)})
    kept = pa.table({"code": ["AT", "BE"], "@n.children.code": [100, 100]})
    owner, other = ForeignKey(("parent",), "roots", ("n",)), ForeignKey(("code",), "codes", ("code",))
    linked = {
        "codes": LinkedTable((code,), ("code",), rows=2, counted=(("children", ("code",)),), kept=kept),
        "roots": LinkedTable(
            (number, word, net),
            ("n",),
            rows=200,
            counted=(("children", ("parent",)),),
            balance=Balance.fit(counted, [word, counts], [counts.name], 2),
        ),
        "children": LinkedTable(
            (Column("parent", number.type), day, net, word, code),
            owner=owner,
            references=(Reference(other, orphans=0.25, apart=True, sorted_by=SortKey("net", 0.0, 9.0, 1.0)),),
            rows=200,
            rules=FamilyRules((day, net, word), (net,), steps=(Step(day, True, None, 1, 2, 30_000),)),
        ),
    }
    declared = Metadata().add_table("codes", pk="code", keep=True).add_table("roots", pk="n")
    declared.add_table("children", fk={"parent": "roots.n", "code": "codes.code"}, owner="parent")
    attributes = {"metadata": declared.to_dict(), "engine": "ctgan", "sources": [], "privacy": vars(Privacy())}
    write_database(path, models, linked, attributes, overwrite=False)


def draw_database(path):
    """Load a database, and draw a few rows of each model."""
    from synthohive_spark import Synthesizer

    made = Synthesizer.load(path)
    return {n: m.table_model.generator.sample(Draw(np.arange(5), 1)) for n, m in made.models.items()}


KINDS = {
    "ctgan": (ctgan, draw_ctgan),
    "autoregressive": (autoregressive, draw_autoregressive),
    "database": (database, draw_database),
}
"""By name, what writes a directory, and what loads it and draws."""
