"""Whether siblings refer to different rows, and which references go together beyond what cells say."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import one_array, value_codes
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.relational.linked_table import Reference
from synthohive_spark.relational.training_frames import FAMILY, referred_name

_FEW_REPEATS = 7.0
_RARE = 0.1
_TOGETHER = 0.7


def apart(references: Sequence[Reference], rows: pa.Table) -> list[Reference]:
    """The references with whether siblings hardly ever share a row, where they would by chance."""
    owner = one_array(rows.column(FAMILY))
    found = []
    for i, reference in enumerate(references):
        if reference.decided is not None:
            found.append(reference)
            continue
        key = one_array(rows.column(referred_name(i, "@key")))
        both = pc.and_(owner.is_valid(), key.is_valid())
        pairs = pa.table({"owner": owner.filter(both), "key": key.filter(both)})
        sizes = np.asarray(pc.value_counts(pairs["owner"]).field("counts").to_numpy(), float)
        shares = np.asarray(pc.value_counts(pairs["key"]).field("counts").to_numpy(), float) / max(len(pairs), 1)
        chance = float((sizes * (sizes - 1) / 2).sum() * (shares**2).sum())
        repeats = pairs.num_rows - pairs.group_by(["owner", "key"]).aggregate([]).num_rows
        found.append(replace(reference, apart=repeats < _RARE * chance and chance > _FEW_REPEATS))
    return found


def followed(references: Sequence[Reference], rows: pa.Table, kept: Container[str], seed: int) -> list[Reference]:
    """The references with the earlier one that each follows, where few rows go together beyond what cells say."""
    keys = {
        r.link.columns: one_array(rows.column(referred_name(i, "@key"))).fill_null(0).to_numpy()
        for i, r in enumerate(references)
        if r.decided is None
    }
    found: list[Reference] = []
    for reference in references:
        if reference.decided is not None or reference.link.parent in kept:
            found.append(reference)
            continue
        own, best, follows = keys[reference.link.columns], _TOGETHER, None
        cells = value_codes(rows.column(reference.cell))
        by_chance = _shuffled_within(cells, own, derive_seed(seed, "followed", *reference.link.columns))
        for earlier in found:
            if (other := keys.get(earlier.link.columns)) is not None:
                share = _distinct_pairs(other, own) / _distinct_pairs(other, by_chance)
                best, follows = min((best, follows), (share, earlier.link.columns), key=lambda pair: pair[0])
        own = reference if follows is None else replace(reference, sorted_by=None, placed_by=None)
        found.append(replace(own, follows=follows))
    return found


def _shuffled_within(groups: npt.NDArray[np.int64], values: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    """Values that changed places with others of their group."""
    chance = np.random.default_rng(seed).random(len(values))
    shuffled = np.empty_like(values)
    shuffled[np.argsort(groups, kind="stable")] = values[np.lexsort((chance, groups))]
    return shuffled


def _distinct_pairs(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> int:
    return int(pa.table({"a": first, "b": second}).group_by(["a", "b"]).aggregate([]).num_rows)
