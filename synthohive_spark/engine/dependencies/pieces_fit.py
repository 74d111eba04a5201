"""Finding the characters of nearly unique strings that another column decides, or that decide another one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.registry import nearly_unique
from synthohive_spark.engine.codecs.scripts import class_of
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.entities_fit import is_of_few_rows, names_entity
from synthohive_spark.engine.dependencies.functional_fit import ROWS_OF_A_NAME, numbered_values
from synthohive_spark.engine.dependencies.pieces import PiecesColumn
from synthohive_spark.engine.table_statistics import ColumnStatistics

_ROWS = 50
_LOOKED_AT, _FEW = 20_000, 400
_LONGEST = 32
_LONGEST_DECIDING = 6
_CHANCE = 1e-6
_NEARLY_ALL = 0.95

Codes = npt.NDArray[np.int32]
Cut = tuple[int, int]


def find_pieces(
    table: pa.Table, columns: Sequence[Column], others: Sequence[Column], privacy: Privacy
) -> tuple[PiecesColumn, ...]:
    """The strings of which characters at one place go with the values of another column.

    They are strings that are made from patterns otherwise, or name an entity; they have one length, or characters of
    one class each where a piece begins and ends. No piece begins or ends within a number or word whose end is at
    several places (`10.1` and `10.12`): what is left would make it longer or shorter than any.

    All rows in which both are there with one value of the other column have the same characters; or all rows that begin
    alike have the same value of it. At least 20 rows hold each value, and each of the texts at the place, on average,
    and chance would make it so with a probability below one millionth, divided by the number of places that are tried.

    Args:
        table: The rows.
        columns: The columns to look at; strings count.
        others: What may decide them, or be decided.
        privacy: What may be kept of the rows.
    """
    if table.num_rows < _ROWS:
        return ()
    numbers = {c.name: numbered_values(table, c.name) for c in others if not c.type.is_temporal and not c.type.is_float}
    most = table.num_rows // ROWS_OF_A_NAME
    labels = {name: own for name, own in numbers.items() if 2 <= int(own.max()) + 1 <= most}
    missing = {name: null_mask(one_array(table.column(name))) for name in labels}
    found = []
    for column in columns:
        values = one_array(table.column(column.name))
        sample = ColumnSample(column, values, ColumnStatistics(values.null_count), privacy)
        patterned = column.type.is_string and nearly_unique(sample)
        if not patterned and not (column.type.is_string and is_of_few_rows(table, column.name)):
            continue
        texts = _Characters(values, privacy.min_rows, len(labels))
        cuts: dict[Cut, str] = {}
        for name, own in labels.items():
            if name != column.name:
                cuts |= {cut: name if told else cuts.get(cut, "") for cut, told in texts.cuts(own, ~missing[name])}
        if (chosen := _apart(cuts)) and (patterned or names_entity(table, column, others)):
            found.append(PiecesColumn(column, chosen, tuple(cuts[cut] for cut in chosen)))
    return tuple(found)


def _apart(cuts: Collection[Cut]) -> tuple[Cut, ...]:
    """Of places that lie over each other the longest."""
    kept: list[Cut] = []
    for start, end in sorted(cuts, key=lambda cut: (cut[0] - cut[1], cut)):
        if all(end <= other or start >= stop for other, stop in kept):
            kept.append((start, end))
    return tuple(sorted(kept))


class _Characters:
    """The characters with which the values of a column begin, as far as all of them have so many.

    Args:
        values: The values.
        enough: Fewest rows of a text at a place.
        tried: How many other columns are tried.
    """

    def __init__(self, values: pa.Array, enough: int, tried: int) -> None:
        there = np.flatnonzero(~null_mask(values))
        self.values, self.enough = values, enough
        self._heads: dict[int, Codes] = {}
        few = there[np.linspace(0, len(there) - 1, min(_LOOKED_AT, len(there))).astype(np.intp)]
        self.rows = few if len(there) else there
        self.texts = values.take(pa.array(self.rows))
        shortest = pc.min(pc.utf8_length(self.texts)).as_py() or 0
        self.size = min(shortest, _LONGEST)
        heads = pc.utf8_slice_codeunits(self.texts, 0, self.size).to_pylist()
        self.places = np.array(heads, f"<U{max(self.size, 1)}").view(np.uint32).reshape(len(heads), -1)
        points, place = np.unique(self.places, return_inverse=True)
        classes = np.array([ord(class_of(chr(point))) for point in points.tolist()], np.uint32)
        own = classes[place].reshape(self.places.shape)
        alike = own == own[:1]
        even = bool(pc.min(pc.utf8_length(self.texts)) == pc.max(pc.utf8_length(self.texts)))
        words = np.array([chr(point).isalnum() for point in points.tolist()])[place].reshape(own.shape)
        firm = _are_firm(words if even else own, even)
        inside = [firm[p] and (even or bool(alike[:, p - 1 : p + 1].all())) for p in range(1, self.size)]
        self.varies = (self.places != self.places[:1]).any(axis=0)
        self.may_end = [True, *inside, even]
        self.few = np.linspace(0, len(self.rows) - 1, min(_FEW, len(self.rows))).astype(np.intp)
        longest = min(self.size - 1, _LONGEST_DECIDING)
        self.ends = [end for end in range(1, longest + 1) if self.may_end[end] and self._are_held(self._head(end))]
        self.likely = np.log(_CHANCE / max(tried * self.size, 1))

    def cuts(self, labels: Codes, known: npt.NDArray[np.bool_]) -> Iterator[tuple[Cut, bool]]:
        """The places whose characters labels decide, or else (False) how many characters it takes to decide these.

        Args:
            labels: A number for each value of another column.
            known: Which rows hold one.
        """
        few = self.few[known[self.rows[self.few]]]
        likely = _decided(labels[self.rows[few]], self.places[few])
        ends = [end for end in self.ends if _decides(self._head(end)[few], labels[self.rows[few]])]
        some = np.flatnonzero(known[self.rows]) if (likely & self.varies).any() or ends else few[:0]
        own = np.unique(labels[self.rows[some]], return_inverse=True)[1].astype(np.int32)
        if len(some) < _ROWS or int(own.max()) == 0:
            return
        places, any_found = self.places[some], False
        decided = likely & _decided(own, places)
        varies = (places != places[:1]).any(axis=0)
        start = 0
        while start < self.size:
            end = start
            while end < self.size and decided[end]:
                end += 1
            inside = [p for p in range(start, end) if varies[p]]
            cut = (inside[0], inside[-1] + 1) if inside else (0, 0)
            if inside and self.may_end[cut[0]] and self.may_end[cut[1]] and self._is_told(cut, some, own):
                any_found = True
                yield cut, True
            start = max(end, start + 1)
        for end in () if any_found else ends:
            pieces = np.unique(self._head(end)[some], return_inverse=True)[1].astype(np.int32)
            if self._are_held(pieces) and _decides(pieces, own) and self._is_no_accident(pieces, own):
                yield (0, end), False
                return

    def _is_told(self, cut: Cut, some: npt.NDArray[np.intp], own: Codes) -> bool:
        pieces = self._pieces(cut, some)
        return self._are_held(pieces) and self._is_no_accident(own, pieces)

    def _head(self, end: int) -> Codes:
        """A number of the first characters in each row that is looked at."""
        if end not in self._heads:
            self._heads[end] = self._pieces((0, end), np.arange(len(self.rows)))
        return self._heads[end]

    def _pieces(self, cut: Cut, some: npt.NDArray[np.intp]) -> Codes:
        texts = pc.utf8_slice_codeunits(self.texts.take(pa.array(some)), *cut)
        return np.asarray(texts.dictionary_encode().indices, np.int32)

    def _are_held(self, pieces: Codes) -> bool:
        """Whether enough rows hold nearly all of the texts."""
        counts = np.bincount(pieces)
        held = counts[counts >= self.enough].sum() >= _NEARLY_ALL * len(pieces)
        return bool(held and len(counts) * ROWS_OF_A_NAME <= len(pieces))

    def _is_no_accident(self, of: Codes, told: Codes) -> bool:
        agreement = ((np.bincount(told) / len(told)) ** 2).sum()
        return bool((len(of) - int(of.max()) - 1) * np.log(agreement) < self.likely)


def _are_firm(kinds: npt.NDArray[np.generic], even: bool) -> list[bool]:
    """Before which places no run of characters of one kind is cut whose end is not at one place in all rows.

    Args:
        kinds: What kind each character of each row is of.
        even: Whether all rows end where these end.
    """
    size = kinds.shape[1]
    firm, ends = [True] * size, np.full(len(kinds), size)
    for place in range(size - 1, 0, -1):
        within = kinds[:, place - 1] == kinds[:, place]
        cut = ends[within]
        firm[place] = not len(cut) or bool((cut == cut[0]).all() and (even or cut[0] < size))
        ends = np.where(within, ends, place)
    return firm


def _decided(of: Codes, columns: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """In which columns rows agree that agree in the one."""
    last = np.zeros(int(of.max(initial=0)) + 1, np.intp)
    last[of] = np.arange(len(of))
    return np.asarray((columns[last[of]] == columns).all(axis=0))


def _decides(of: Codes, column: npt.NDArray[np.generic]) -> bool:
    """Whether rows that agree in the one agree in the other."""
    return bool(_decided(of, column[:, None])[0])
