"""Rows that hold only what they may: those that do not are drawn again from their own next stream of noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.domain import Domain, keeps
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.sampling.generator import BATCH_ROWS, RowGenerator

DRAWS = 1000
"""How often a row is drawn that breaks a constraint, at most."""
_WITHIN_DRAWS = 100
"""How often one that holds what `Draw.within` rules out."""

Domains = Mapping[str, Domain]


def sample_valid(generator: RowGenerator, draw: Draw, constraints: Mapping[str, Constraint]) -> pa.Table:
    """See `RowGenerator.sample`; every row is within `Draw.within`, and keeps constraints where it can.

    A row that does not is drawn again, of values that fit as far as the engine can tell them. What other columns tell
    (a sum, an end that is counted from a start) may still not be within; after 100 draws it is given the nearest value
    that is, and the others follow. A row that breaks a constraint after 1,000 draws is left as it is. A row is still a
    function of (seed, id, conditions) alone.
    """
    rows = generator.sample(draw)
    if draw.within:
        rows = _drawn_again(generator, draw, rows, [draw.within], _WITHIN_DRAWS)
        rows = _given_nearest(generator, draw, rows)
    if constraints:
        domains = domains_of(constraints)
        narrow = replace(draw, within={**domains, **draw.within})
        rows = _drawn_again(generator, narrow, rows, [domains, draw.within], DRAWS)
    return rows


def domains_of(constraints: Mapping[str, Constraint]) -> dict[str, Domain]:
    """What columns may hold such that they keep constraints; null keeps all."""
    return {name: Domain(bounds, nulls=True) for name, bounds in constraints.items()}


def _drawn_again(generator: RowGenerator, draw: Draw, rows: pa.Table, kept: list[Domains], most: int) -> pa.Table:
    """The rows, those that do not keep all of ``kept`` being drawn until they do, from at most so many streams."""
    left, stream = np.flatnonzero(~_keeps(rows, kept)), 1
    if len(left) and generator.any_condition:
        allowed = generator.allowed(draw.within).values()
        most = most if all(own.weights.any() for own in allowed) else 0
    while len(left) and stream < most:
        # Several streams of a row at a time where they fit into a batch; the first that will do is taken.
        many = min(max(BATCH_ROWS // len(left), 1), most - stream)
        streams = np.repeat(np.arange(stream, stream + many), len(left))
        again = generator.sample(draw.redraw(np.tile(left, many), streams))
        good = _keeps(again, kept).reshape(many, len(left))
        done = good.any(axis=0)
        first = np.where(done, good.argmax(axis=0), many - 1)
        rows = _replaced(rows, left, again.take(pa.array(first * len(left) + np.arange(len(left)))))
        left, stream = left[~done], stream + many
    return rows


def _given_nearest(generator: RowGenerator, draw: Draw, rows: pa.Table) -> pa.Table:
    """The rows, those that are still not within being drawn with the nearest values that are."""
    left = np.flatnonzero(~keeps(rows, draw.within))
    if not len(left):
        return rows
    own = draw.redraw(left, _WITHIN_DRAWS)
    found = {name: one_array(rows.column(name)).take(pa.array(left)) for name in draw.within}
    given = {n: own.conditions.column(n) for n in own.conditions.column_names} if own.conditions is not None else {}
    given |= {name: domain.nearest(found[name]) for name, domain in draw.within.items()}
    return _replaced(rows, left, generator.sample(replace(own, conditions=pa.table(given), within={})))


def _keeps(rows: pa.Table, kept: list[Domains]) -> npt.NDArray[np.bool_]:
    every: npt.NDArray[np.bool_] = np.logical_and.reduce([keeps(rows, domains) for domains in kept])
    return every


def _replaced(rows: pa.Table, places: npt.NDArray[np.int64], others: pa.Table) -> pa.Table:
    """The rows with others at some places."""
    chosen = np.arange(rows.num_rows)
    chosen[places] = rows.num_rows + np.arange(len(places))
    return pa.concat_tables([rows, others]).combine_chunks().take(pa.array(chosen))
