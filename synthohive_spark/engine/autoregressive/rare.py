"""What rare categories say of other columns, beside what is learned."""

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
        logs: The logarithm of how much likelier each category of the others is in rows of a rare category, and at last
            in those of none of them, than in all rows, shape (rare categories + 1, categories of the others...). Of a
            linked part that is beside what its first part says.
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
        whole = self.categories.dtype.kind == "i" and self.categories.ndim == 1
        inside = (self.categories >= 0) & (self.categories < sizes[self.part])
        shape = (len(self.categories) + 1, *(sizes[other] for other in self.others))
        if not (whole and inside.all()) or self.logs.shape != shape or not np.isfinite(self.logs).all():
            raise ValueError(f"a term of part {self.part} is not of its categories")

    @property
    def rest(self) -> Floats:
        """What it adds to logits in rows of no rare category, shape (categories,), or (categories, linked ones)."""
        rest: Floats = self.logs[-1].T
        return rest

    def add(self, logits: Floats, parts: Codes) -> None:
        """Add it to the logits of the last part, in place; `rest` is in these already.

        Args:
            logits: Shape (categories, rows).
            parts: Categories of all parts, -1 where they are not known, shape (parts, rows).
        """
        which = self._places.take(parts[self.part] + 1, mode="clip")
        rows = np.flatnonzero(which >= 0)
        logits[:, rows] += self._beside[(which[rows], *(parts[other][rows] for other in self.others[:-1]))].T

    @cached_property
    def _places(self) -> Codes:
        """Which of `_beside` counts: at first where nothing is known, then by category; -1 for none."""
        made = np.full(int(self.categories.max(initial=-1)) + 3, -1)
        made[0] = len(self.categories)
        made[self.categories + 1] = np.arange(len(self.categories))
        return made

    @cached_property
    def _beside(self) -> Floats:
        """What is added beside `rest`: in rows of each rare category, and where nothing is known, which undoes it."""
        beside: Floats = np.concatenate([self.logs[:-1], np.zeros_like(self.logs[-1:])]) - self.logs[-1]
        return beside


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
