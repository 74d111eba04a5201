"""The encoded row as a row of small categories, the parts: what the network reads and draws, one after the other.

A column is one part or two linked ones. A column with ranks is cut into quantile bins, finer than those of its codes,
and each of these again where it matters; a category of many is found by its group and then by its place in the group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.autoregressive.rare import Term
from synthohive_spark.engine.code_links import Echo
from synthohive_spark.engine.code_orders import RANK_CELLS, Places
from synthohive_spark.engine.codecs.numeric_common import EDGE
from synthohive_spark.engine.encoded_table import Allowed, EncodedTable

Codes = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ColumnParts:
    """How one column is cut.

    Attributes:
        codes: How many codes the column has.
        bins: How many of them, the last ones, are bins of ranks.
        cuts: Parts that a bin is cut into.
        fine: Cells that each of these is cut into, as a linked part; 1 for none.
        places: For a column of groups, the place of each code, which is its group times `members` and its place in it.
        members: Places in a group; 0 for a column without groups.
    """

    codes: int
    bins: int = 0
    cuts: int = 1
    fine: int = 1
    places: npt.NDArray[np.int32] | None = None
    members: int = 0

    def check(self) -> None:
        """Check what was read from files; a ValueError says what no fit leaves.

        Raises:
            ValueError: If the parts are not those of the codes.
        """
        if self.places is None:
            if min(self.cuts, self.fine) < 1 or self.members or (not self.bins and self.cuts * self.fine > 1):
                raise ValueError("a column is cut into no such parts")
            return
        if self.places.dtype.kind != "i" or self.places.shape != (self.codes,) or self.bins or self.members < 1:
            raise ValueError("places are not those of the codes")
        groups, members = self.sizes
        if self.places.min() < 0 or len(np.unique(self.places)) < self.codes or groups * members > 4 * self.codes + 4:
            raise ValueError("places are not those of the codes")

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many categories each part has."""
        if self.places is not None:
            return -(-(int(self.places.max()) + 1) // self.members), self.members
        coarse = self.codes - self.bins + self.bins * self.cuts
        return (coarse, self.fine) if self.fine > 1 else (coarse,)

    def cut(self, codes: npt.NDArray[Any], ranks: npt.NDArray[Any] | None) -> list[Codes]:
        """The parts of each row; ``ranks`` are those of the column, where it has some."""
        codes = codes.astype(np.int64)
        if self.places is not None:
            place = self.places[codes].astype(np.int64)
            return [place // self.members, place % self.members]
        if ranks is None or not self.bins:
            return [codes]
        first, cells = self.codes - self.bins, self.bins * self.cuts * self.fine
        cell = np.minimum((ranks.astype(np.float64) * cells).astype(np.int64), cells - 1)
        # A rank on the edge of its bin must not leave it.
        low = (codes - first) * (self.cuts * self.fine)
        cell = np.clip(cell, low, low + self.cuts * self.fine - 1)
        ranked = codes >= first
        parts = [np.where(ranked, first + cell // self.fine, codes)]
        return [*parts, np.where(ranked, cell % self.fine, 0)] if self.fine > 1 else parts

    def join(self, parts: Sequence[Codes], inside: npt.NDArray[Any]) -> tuple[Codes, npt.NDArray[np.float32]]:
        """Codes and ranks of the parts; ``inside``, from 0 to 1, says where in its cell a rank lies."""
        middle = np.full(len(parts[0]), 0.5, np.float32)
        if self.places is not None:
            return self._codes_at[parts[0] * self.members + parts[1]], middle
        if not self.bins:
            return parts[0], middle
        first = self.codes - self.bins
        ranked = parts[0] >= first
        cell = (parts[0] - first) * self.fine + (parts[1] if self.fine > 1 else 0)
        ranks = (cell + inside) / (self.bins * self.cuts * self.fine)
        codes = np.where(ranked, first + (parts[0] - first) // self.cuts, parts[0])
        return codes, np.where(ranked, np.clip(ranks, EDGE, 1 - EDGE), 0.5).astype(np.float32)

    def weights(self, allowed: Allowed) -> list[Weights]:
        """How much of each category is allowed: of the first part, shape (sizes[0],), and of a linked one, (sizes)."""
        if self.places is not None:
            groups, members = self.sizes
            inside, whole = np.zeros((2, groups * members))
            inside[self.places] = allowed.weights
            whole[self.places] = np.maximum(allowed.frequencies, np.finfo(float).tiny)
            shares = (inside * whole).reshape(self.sizes).sum(axis=1) / whole.reshape(self.sizes).sum(axis=1)
            return [shares, inside.reshape(groups, members)]
        if not self.bins:
            return [allowed.weights]
        first, cells = self.codes - self.bins, self.bins * self.cuts * self.fine
        starts = np.arange(cells) / cells
        overlap = np.minimum(allowed.high, starts + 1 / cells) - np.maximum(allowed.low, starts)
        open_ = np.repeat(allowed.weights[first:] > 0, self.cuts * self.fine)
        inside = np.where(open_, np.clip(overlap * cells, 0, 1), 0).reshape(-1, self.fine)
        made = [np.append(allowed.weights[:first], inside.mean(axis=1))]
        return [*made, np.concatenate([np.ones((first, self.fine)), inside])] if self.fine > 1 else made

    def inside(self, parts: Sequence[Codes], inside: npt.NDArray[Any], allowed: Allowed) -> npt.NDArray[Any]:
        """Where in its cell an allowed rank lies, from 0 to 1; ``inside`` says where among those that are allowed."""
        first, cells = self.codes - self.bins, self.bins * self.cuts * self.fine
        cell = (parts[0] - first) * self.fine + (parts[1] if self.fine > 1 else 0)
        low, high = (np.clip(rank * cells - cell, 0, 1) for rank in (allowed.low, allowed.high))
        return np.asarray(low + inside * (high - low))

    def codes_of(self, parts: Sequence[Codes]) -> Codes:
        """Codes of a column without ranks, -1 where its parts are not known."""
        if self.places is None:
            return parts[0]
        known = parts[0] >= 0
        return np.where(known, self._codes_at[np.where(known, parts[0] * self.members + parts[1], 0)], -1)

    def allowed(self, codes: npt.NDArray[np.bool_], group: Codes | None) -> npt.NDArray[np.bool_]:
        """What allowed ``codes``, shape (rows, codes), allow a part: the first, or places in each row's ``group``."""
        if self.places is None:
            return codes
        groups, members = self.sizes
        places = np.zeros((len(codes), groups * members), bool)
        places[:, self.places] = codes
        table = places.reshape(len(codes), groups, members)
        return np.asarray(table.any(axis=2) if group is None else table[np.arange(len(codes)), group])

    def spread(self, places: Places, *, last: bool) -> Places:
        """What `Ends` says of codes, for each category and those linked to it.

        Args:
            places: The first or the last place of each code.
            last: Whether it is the last.

        Returns:
            Shape (sizes[0], sizes[1]), or (sizes[0], 1) for a column of one part.
        """
        if self.places is not None:
            groups, members = self.sizes
            made = np.full(groups * members, -1 if last else np.iinfo(np.int32).max, np.int32)
            made[self.places] = places
            return made.reshape(groups, members)
        if not self.bins:
            return places[:, None]
        first, cells = self.codes - self.bins, self.bins * self.cuts * self.fine
        edges = np.arange(cells + 1) * RANK_CELLS / cells
        inside = np.ceil(edges[1:]) - 1 if last else np.floor(edges[:-1])
        of_ranks = places[first + inside.astype(np.intp)].reshape(-1, self.fine)
        return np.concatenate([np.repeat(places[:first, None], self.fine, axis=1), of_ranks])

    @cached_property
    def _codes_at(self) -> Codes:
        """The code at each place; one that no code has counts as the group's first."""
        assert self.places is not None
        groups, members = self.sizes
        found = np.full(groups * members, -1, np.int64)
        found[self.places] = np.arange(self.codes)
        table = found.reshape(groups, members)
        return np.where(table >= 0, table, table[:, :1]).ravel()


@dataclass(frozen=True)
class Parts:
    """All parts of a row, given columns first.

    Attributes:
        columns: How each column is cut, given columns first.
        ranked: Whether each column has ranks.
        given: How many of the columns are given.
        echoes: Columns that often hold what a given one does; those of one part each are looked at.
        terms: What rare categories say of other columns.
    """

    columns: tuple[ColumnParts, ...]
    ranked: tuple[bool, ...]
    given: int
    echoes: tuple[Echo, ...] = ()
    terms: tuple[Term, ...] = ()

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many categories each part has."""
        return tuple(size for column in self.columns for size in column.sizes)

    @cached_property
    def column_of(self) -> tuple[int, ...]:
        """The column of each part."""
        return tuple(i for i, column in enumerate(self.columns) for _ in column.sizes)

    @cached_property
    def parents(self) -> tuple[int, ...]:
        """The part that each part is linked to, -1 for none."""
        same = [i > 0 and self.column_of[i - 1] == self.column_of[i] for i in range(len(self.column_of))]
        return tuple(i - 1 if linked else -1 for i, linked in enumerate(same))

    @cached_property
    def terms_of(self) -> dict[int, list[Term]]:
        """By part that is drawn the terms that add to its logits."""
        found = defaultdict[int, list[Term]](list)
        for term in self.terms:
            found[term.others[-1]].append(term)
        return found

    @cached_property
    def echo_of(self) -> dict[int, tuple[int, Codes]]:
        """By part that echoes another: that one, and for each of its categories the one that is echoed, -1 for none."""
        found = {}
        for echo in self.echoes:
            (given, *more), (drawn, *others) = self.of_column[echo.given], self.of_column[self.given + echo.column]
            if not more and not others:
                found[drawn] = given, echo.table.astype(np.int64)
        return found

    def echoed(self, rows: npt.NDArray[Any], part: int) -> Codes:
        """What a part echoes in each row of parts, shape (rows, parts); -1 for nothing."""
        given, table = self.echo_of[part]
        return np.asarray(table[rows[:, given]])

    @cached_property
    def of_column(self) -> tuple[tuple[int, ...], ...]:
        """The parts of each column."""
        return tuple(tuple(p for p, c in enumerate(self.column_of) if c == i) for i in range(len(self.columns)))

    def widths(self, most: int) -> tuple[int, ...]:
        """How many numbers of each part's embeddings are read: fewer than ``most`` for few categories."""
        return tuple(min(most, max(2, 2 * (size - 1).bit_length())) for size in self.sizes)

    @cached_property
    def first_drawn(self) -> int:
        """The first part that is not given."""
        return sum(len(column.sizes) for column in self.columns[: self.given])

    def cut(self, context: EncodedTable, table: EncodedTable) -> npt.NDArray[np.int16]:
        """The parts of each row, shape (rows, parts)."""
        made = np.empty((len(table), len(self.sizes)), np.int16)
        for own, first, last in ((context, 0, self.given), (table, self.given, len(self.columns))):
            rank = 0
            for column in range(first, last):
                ranks = own.ranks[:, rank] if self.ranked[column] else None
                rank += self.ranked[column]
                cut = self.columns[column].cut(own.codes[:, column - first], ranks)
                for part, codes in zip(self.of_column[column], cut, strict=True):
                    made[:, part] = codes
        return made

    def join(
        self, parts: npt.NDArray[Any], inside: npt.NDArray[Any], allowed: Mapping[int, Allowed] | None = None
    ) -> EncodedTable:
        """The generated columns of rows of parts.

        Args:
            parts: Shape (parts, rows).
            inside: Numbers from 0 to 1 for the generated columns with ranks, shape (ranks, rows).
            allowed: What some columns may be, by their positions among the generated ones.
        """
        rows = parts.shape[1]
        codes = np.zeros((rows, len(self.columns) - self.given), np.int64)
        ranks = np.full((rows, sum(self.ranked[self.given :])), 0.5, np.float32)
        rank = 0
        for place, column in enumerate(range(self.given, len(self.columns))):
            where = inside[rank] if self.ranked[column] else np.zeros(rows)
            whole = [parts[p] for p in self.of_column[column]]
            if allowed and place in allowed and self.ranked[column]:
                where = self.columns[column].inside(whole, where, allowed[place])
            codes[:, place], own = self.columns[column].join(whole, where)
            if self.ranked[column]:
                ranks[:, rank] = own
                rank += 1
        return EncodedTable(codes, ranks)
