"""What rare categories say of other columns, and these of them, beside what is learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int64]
_PREFIX = "rare"


@dataclass(frozen=True, eq=False)
class Term:
    """Rare categories of a part, beside another column's part.

    Attributes:
        part: The part.
        categories: The rare ones.
        others: The other part, behind the one that it is linked to if it is.
        logs: The logarithm of how much likelier each category of the others is in rows of a rare category than in all
            others, shape (rare categories, categories of the others...). Of a linked part that is beside what its first
            part says.
    """

    part: int
    categories: npt.NDArray[np.int32]
    others: tuple[int, ...]
    logs: Floats

    def check(self, sizes: Sequence[int]) -> None:
        """Check what was read from files against the sizes of all parts.

        Raises:
            ValueError: If it is not of these.
        """
        if min(self.part, *self.others) < 0 or max(self.part, *self.others) >= len(sizes):
            raise ValueError("a term is of parts that are not there")
        inside = (self.categories >= 0) & (self.categories < sizes[self.part])
        shape = (len(self.categories), *(sizes[other] for other in self.others))
        if self.categories.ndim != 1 or not inside.all() or self.logs.shape != shape:
            raise ValueError(f"a term of part {self.part} is not of its categories")

    def add(self, logits: Floats, part: int, parts: Codes) -> None:
        """Add it to the logits of a part that is drawn, in place, in rows in which the others are known.

        Args:
            logits: Shape (categories, rows).
            part: The part.
            parts: Categories of all parts, -1 where they are not known, shape (parts, rows).
        """
        read = [parts[other] for other in self.others if other != part]
        if part == self.part:
            there = np.flatnonzero(np.min(read, axis=0) >= 0)
            logits[self.categories[:, None], there] += self.logs[(slice(None), *(codes[there] for codes in read))]
            return
        rare = self.places[np.minimum(parts[self.part], len(self.places) - 1)]
        there = np.flatnonzero(rare >= 0)
        logits[:, there] += self.logs[(rare[there], *(codes[there] for codes in read))].T

    @cached_property
    def places(self) -> Codes:
        """Where among the rare categories each one is, -1 for others and what is not known."""
        made = np.full(int(self.categories.max(initial=-1)) + 2, -1)
        made[self.categories] = np.arange(len(self.categories))
        return made


def terms_to_arrays(terms: Sequence[Term]) -> dict[str, npt.NDArray[Any]]:
    """Terms as named arrays."""
    made: dict[str, npt.NDArray[Any]] = {}
    for term in terms:
        name = ".".join(map(str, (_PREFIX, term.part, *term.others)))
        made |= {f"{name}.categories": term.categories, f"{name}.logs": term.logs}
    return made


def terms_from_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> tuple[Term, ...]:
    """The terms among named arrays.

    Raises:
        ValueError: If an array of one is not there.
    """
    made = []
    for name in sorted(arrays):
        if name.startswith(f"{_PREFIX}.") and name.endswith(".logs"):
            part, *others = map(int, name.split(".")[1:-1])
            categories = arrays.get(f"{name.removesuffix('logs')}categories")
            if categories is None or not others:
                raise ValueError(f"{name} is of no categories")
            made.append(Term(part, categories, tuple(others), arrays[name]))
    return tuple(made)
