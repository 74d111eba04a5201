"""Seats of children: whose they are, which come before them, and in which order they are filled."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.families.rules import BLOCK
from synthohive_spark.engine.noise import mix

_ID = np.uint64(0x9E3779B97F4A7C15)
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FamilySeats:
    """Seats of children, the siblings of a family one after another.

    Attributes:
        parents: The id of each seat's parent.
        places: How many siblings come before it.
        sizes: How many children the parent has.
        context: Columns of ancestors, as `FamilyRules.context` names them.
        numbers: Numbers from which unique values are made, as in `Draw`.
    """

    parents: Places
    places: Places
    sizes: Places
    context: pa.Table
    numbers: Places | None = None

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def concat(cls, seats: Sequence[FamilySeats]) -> FamilySeats:
        """The seats of all."""
        numbers = [own.numbers for own in seats if own.numbers is not None]
        return cls(
            np.concatenate([own.parents for own in seats]),
            np.concatenate([own.places for own in seats]),
            np.concatenate([own.sizes for own in seats]),
            pa.concat_tables([own.context for own in seats]).combine_chunks(),
            np.concatenate(numbers) if numbers else None,
        )


def child_ids(parents: Places, places: Places) -> Places:
    """The ids of children, a function of their parent's id and their place."""
    with np.errstate(over="ignore"):
        mixed = mix(parents.view(np.uint64)) + (places.view(np.uint64) + np.uint64(1)) * _ID
    return mix(mixed).view(np.int64)


def steps_of(lengths: Places, together: int) -> Places:
    """When to begin each of several sequences, so that about equally many are on their way until all are done.

    The longest first, each where one ends soonest; as many beside each other, in multiples of ``together``, as keep
    the number of steps near the length of the longest.
    """
    if not len(lengths):
        return lengths
    beside = max(int(lengths.sum()) // int(lengths.max()) // together, 1) * together
    starts, ends = np.zeros(len(lengths), np.int64), [0] * beside
    for sequence in np.argsort(-lengths, kind="stable"):
        starts[sequence] = ends[0]
        heapq.heapreplace(ends, ends[0] + int(lengths[sequence]))
    return starts


def with_predecessors(seats: FamilySeats) -> tuple[FamilySeats, Places]:
    """The seats with those that must be drawn before them, and where the wanted ones are among them.

    A batch may begin in the middle of a family: then its siblings are drawn again, back to where a block starts.
    """
    follows = np.zeros(len(seats), bool)
    follows[1:] = (seats.parents[1:] == seats.parents[:-1]) & (seats.places[1:] == seats.places[:-1] + 1)
    missing = np.where(follows, 0, seats.places % BLOCK).astype(np.int64)
    index = np.repeat(np.arange(len(seats)), missing + 1)
    wanted = np.cumsum(missing + 1) - 1
    if not missing.any():
        return seats, wanted
    places = seats.places[index] - (wanted[index] - np.arange(len(index)))
    back = pa.array(index)
    numbers = None if seats.numbers is None else seats.numbers[index]
    context = seats.context.take(back) if seats.context.num_columns else seats.context
    return FamilySeats(seats.parents[index], places, seats.sizes[index], context, numbers), wanted
