"""Drawing families: siblings one after another, all families beside each other."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.codecs.arrow_numbers import to_numbers
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.names import (
    LEFT,
    PLACE,
    clock_name,
    previous_name,
    rank_name,
    step_name,
    within_name,
)
from synthohive_spark.engine.families.numbers import DAY, comparable, numbers_of, values_of
from synthohive_spark.engine.families.rests import Rests
from synthohive_spark.engine.families.row_orders import gap_columns
from synthohive_spark.engine.families.rules import BLOCK, FamilyRules, Step
from synthohive_spark.engine.families.seats import FamilySeats, Places, child_ids, steps_of, with_predecessors
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.sampling.generator import BATCH_ROWS, RowGenerator
from synthohive_spark.engine.sampling.valid import sample_valid

_AGAIN = 40
"""How often a row is drawn that holds what a sibling holds already, where siblings differ."""
_FIRST_STREAM = 1000
_AWAY = 0.05
_FIT_STREAM, _FITS, _NEAR = 2000, 8, 0.02
"""How often a row is drawn that does not fit what is left of a sum, and what does, in shares of it."""
_WHOLE = ColumnType("bigint")


@dataclass(frozen=True)
class FamilyGenerator:
    """Draws the children of rows.

    Attributes:
        generator: Draws a row given its ancestors, its place and the sibling before.
        rules: What holds in every family.
    """

    generator: RowGenerator
    rules: FamilyRules

    def sample(
        self,
        seats: FamilySeats,
        seed: int,
        redraw: Mapping[str, Constraint] | None = None,
        ranked: Sequence[str] = (),
    ) -> pa.Table:
        """A row for each seat, a function of (model, seed, parent's id and columns, place) alone.

        Args:
            seats: The seats.
            seed: The sampling seed.
            redraw: Constraints that a row is drawn again for.
            ranked: Columns for each of which a rank is added: how many siblings before hold the same.
        """
        whole, wanted = with_predecessors(seats)
        own = {n: c for n, c in (redraw or {}).items() if n in {c.name for c in self.generator.columns}}
        families = _Families(self, whole, seed, own)
        rows = families.drawn()
        for name in ranked:
            ranks = _ranks(families.block, rows.column(name)) + whole.places // BLOCK * BLOCK
            rows = rows.append_column(rank_name(name), pa.array(ranks))
        return rows.take(pa.array(wanted))


def _ranks(block: Places, values: pa.ChunkedArray) -> Places:
    """How many rows before each have the same block and value."""
    codes = one_array(values).dictionary_encode(null_encoding="encode").indices.to_numpy(zero_copy_only=False)
    order = np.lexsort([codes, block])
    new = (np.diff(block[order], prepend=-1) != 0) | (np.diff(codes[order], prepend=-1) != 0)
    first = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order)) - first
    return ranks


@dataclass(frozen=True)
class _Turn:
    """Seats of different families that are filled at once.

    Attributes:
        rows: Which seats of the batch.
        places: How many siblings come before each.
        context: Columns of ancestors; None where there are none.
        previous: The rows before them in their block, null where there is none.
        anchors: Siblings whose values say what holds in all of them: those before, the first ones where a block starts.
    """

    rows: Places
    places: Places
    context: pa.Table | None
    previous: pa.Table
    anchors: pa.Table

    def take(self, some: Places) -> _Turn:
        """Some of the seats."""
        index = pa.array(some)
        context = None if self.context is None else self.context.take(index)
        previous = self.previous.take(index)
        anchors = previous if self.anchors is self.previous else self.anchors.take(index)
        return _Turn(self.rows[some], self.places[some], context, previous, anchors)


class _Families:
    """One batch of families on its way."""

    def __init__(
        self, family: FamilyGenerator, seats: FamilySeats, seed: int, redraw: Mapping[str, Constraint]
    ) -> None:
        self.rules, self.generator = family.rules, family.generator
        self.seats, self.seed, self.redraw = seats, seed, redraw
        self.ids = child_ids(seats.parents, seats.places)
        self.wave = seats.places % BLOCK
        self.block = np.cumsum(self.wave == 0) - 1
        self.context_types = {c.name: c for c in self.rules.context}
        blocks = int(self.block[-1]) + 1 if len(seats) else 0
        self.starts = {s.column.name: np.zeros(blocks, np.int64) for s in self.rules.steps}
        self.hashes = {n: np.zeros(len(seats), np.uint32) for n in self.rules.distinct}
        self.rests = Rests(self.rules, seats, self.wave, self.block)
        self.none = pa.schema([(c.name, c.type.arrow) for c in self.rules.columns]).empty_table()
        self.later_starts, self.firsts = self._first_siblings()

    def drawn(self) -> pa.Table:
        """The rows of all seats."""
        step = steps_of(np.bincount(self.block), BATCH_ROWS)[self.block] + self.wave
        order = np.argsort(step, kind="stable")
        place_in_step = np.zeros(len(order), np.int64)
        made = [self.none]
        for rows in np.split(order, np.flatnonzero(np.diff(step[order])) + 1):
            place_in_step[rows] = np.arange(len(rows))
            before = pa.array(place_in_step[rows - 1], mask=self.wave[rows] == 0)
            made.append(self._filled(self._turn(rows, made[-1].take(before))))
        where = np.empty(len(order), np.int64)
        where[order] = np.arange(len(order))
        return pa.concat_tables(made).take(pa.array(where)).combine_chunks()

    def _first_siblings(self) -> tuple[Places, pa.Table]:
        """Where later blocks of families start, and the first siblings that these start from, drawn all at once."""
        seats, needed = self.seats, bool(self.rules.constant) or any(s.rising for s in self.rules.steps)
        rows = np.flatnonzero((self.wave == 0) & (seats.places > 0) & needed)
        if not len(rows):
            return rows, self.none
        blank = self.none.take(pa.nulls(len(rows), pa.int64()))
        context = seats.context.take(pa.array(rows)) if seats.context.num_columns else None
        turn = _Turn(rows, np.zeros(len(rows), np.int64), context, blank, blank)
        draw = replace(self._draw(turn), row_ids=child_ids(seats.parents[rows], turn.places), numbers=None)
        return rows, self._drawn_by(draw, turn)

    def _turn(self, rows: Places, previous: pa.Table) -> _Turn:
        places, anchors = self.seats.places[rows], previous
        context = self.seats.context.take(pa.array(rows)) if self.seats.context.num_columns else None
        starts = np.flatnonzero((self.wave[rows] == 0) & (places > 0))
        if len(starts) and len(self.later_starts):
            index = np.arange(len(rows))
            index[starts] = len(rows) + np.arange(len(starts))
            firsts = self.firsts.take(pa.array(np.searchsorted(self.later_starts, rows[starts])))
            anchors = pa.concat_tables([previous, firsts]).combine_chunks().take(pa.array(index))
        return _Turn(rows, places, context, previous, anchors)

    def _filled(self, turn: _Turn) -> pa.Table:
        draw = self._draw(turn)
        made = self._drawn_by(draw, turn)
        if self.rests.sums:
            made = self._fitting(made, draw, turn)
        if self.rules.distinct:
            made = self._apart(made, draw, turn)
        self.rests.take(made, turn.rows)
        return made

    def _draw(self, turn: _Turn) -> Draw:
        rows, places, context = turn.rows, turn.places, turn.context
        left = self.seats.sizes[rows] - places - 1
        counted = {PLACE: places, LEFT: left}
        before = {previous_name(name): name for name in self.rules.previous}
        places_before = {previous_name(within_name(s.column.name)): s for s in self.rules.steps if s.period}
        arrays = []
        for name in self.generator.conditions:
            if name in counted:
                arrays.append(pa.array(counted[name], pa.int64()))
            elif name in before:
                arrays.append(one_array(turn.previous.column(before[name])))
            elif name in places_before:
                step = places_before[name]
                arrays.append(step.places(one_array(turn.previous.column(step.column.name))))
            elif name in self.rests.sums:
                arrays.append(pa.array(self.rests.left(name, rows, places, context), pa.float64(), from_pandas=True))
            else:
                assert context is not None
                arrays.append(one_array(context.column(name)))
        conditions = pa.table(arrays, names=list(self.generator.conditions)) if arrays else None
        numbers = None if self.seats.numbers is None else self.seats.numbers[rows]
        return Draw(self.ids[rows], self.seed, conditions, numbers=numbers)

    def _fitting(self, made: pa.Table, draw: Draw, turn: _Turn) -> pa.Table:
        """Rows drawn again until they fit what is left of a sum, the nearest of so many.

        An engine is told what is left, and is not exact about it: so its rows are taken by how well they fit it.
        """
        places, sizes = turn.places, self.seats.sizes[turn.rows]
        last = places == sizes - 1
        free = (places > 0) | (sizes <= BLOCK)  # the first row of a large family is what its later blocks start from
        rests = {name: self.rests.left(name, turn.rows, places, turn.context) for name in self.rests.sums}
        for stream in range(_FIT_STREAM, _FIT_STREAM + _FITS):
            off = self.rests.off(made, rests, last)
            todo = np.flatnonzero((off > _NEAR) & free)
            if not len(todo):
                break
            again = self._drawn_by(draw.redraw(todo, stream), turn.take(todo))
            theirs = {name: left[todo] for name, left in rests.items()}
            made = _with(made, again, todo, self.rests.off(again, theirs, last[todo]) < off[todo])
        return made

    def _drawn_by(self, draw: Draw, turn: _Turn) -> pa.Table:
        return self._finished(sample_valid(self.generator, draw, self.redraw), turn)

    def _finished(self, made: pa.Table, turn: _Turn) -> pa.Table:
        """Learned rows as rows of the table."""
        context = turn.context
        steps = {s.column.name: s for s in self.rules.steps}
        ordered = {own.column.name for own in self.rules.orders.columns}
        made_of: dict[str, pa.Array] = {}
        for column in self.rules.columns:
            name = column.name
            if name in self.rules.computed or name in ordered:
                continue
            if name in self.rules.copies:
                values = self._copied(column, context)
            elif name in self.rules.places:
                counted = turn.places + self.rules.places[name]
                values = pa.array(counted).cast(column.type.arrow)
            elif name in steps:
                values = self._stepped(made, steps[name], turn)
            else:
                values = one_array(made.column(name))
            if name in self.rules.floors:
                values = self._floored(column, values, context)
            if name in self.rules.constant:
                values = pc.if_else(pa.array(turn.places > 0), one_array(turn.anchors.column(name)), values)
            made_of[name] = values
        for order in self.rules.orders.columns:
            values = order.join([one_array(made.column(c.name)) for c in gap_columns(order)], made_of)
            made_of[order.column.name] = self._risen(order.column, values, turn)
        for part in self.rules.clock:
            made_of[part.column] = part.computed(numbers_of(made_of[part.of.name], part.of.type)[0])
        for own in self.rules.derived:
            made_of[own.column] = own.computed(to_numbers(made_of[own.of.name], own.of.type))
        return pa.table([made_of[c.name] for c in self.rules.columns], names=[c.name for c in self.rules.columns])

    def _copied(self, column: Column, context: pa.Table | None) -> pa.Array:
        assert context is not None
        source, shift = self.rules.copies[column.name], self.rules.shifts.get(column.name)
        values = one_array(context.column(source))
        if shift is None:
            return values
        other = self.context_types[source].type
        numbers, valid = numbers_of(values, other)
        return values_of(comparable(numbers, other, column.type) + shift, valid, column.type)

    def _floored(self, column: Column, values: pa.Array, context: pa.Table | None) -> pa.Array:
        """The values, at least the ancestor's date."""
        numbers, valid = numbers_of(values, column.type)
        least, known = self._of_ancestor(self.rules.floors[column.name], column, context)
        return values_of(np.where(known, np.maximum(numbers, least), numbers), valid, column.type)

    def _risen(self, column: Column, values: pa.Array, turn: _Turn) -> pa.Array:
        """The values, at least those of the sibling before where the column rises."""
        if column.name not in self.rules.rising:
            return values
        numbers, valid = numbers_of(values, column.type)
        before, there = numbers_of(turn.previous.column(column.name), column.type)
        least = np.where(there & (self.wave[turn.rows] > 0), before + self.rules.rising[column.name], numbers)
        return values_of(np.maximum(numbers, least), valid, column.type)

    def _stepped(self, made: pa.Table, step: Step, turn: _Turn) -> pa.Array:
        rows, places, name, type_ = turn.rows, turn.places, step.column.name, step.column.type
        sizes = self.seats.sizes[rows]
        goes_on = (self.wave[rows] > 0) & step.rising
        rises, valid = numbers_of(made.column(step_name(name)), _WHOLE)
        latest = step.most - step.gap * (sizes - 1) * step.rising
        before = np.full(len(rows), np.iinfo(np.int64).min)
        if step.base is not None:
            before, known = self._of_ancestor(step.base, step.column, turn.context)
            base = step.of(before)
        else:
            base, known = self._start(made, step, latest)
            rises, valid = np.where(goes_on, rises, 0), goes_on | known  # a model may leave out a step
        if step.rising:
            theirs, there = numbers_of(turn.previous.column(name), type_)
            before, known = np.where(goes_on, theirs, before), np.where(goes_on, there, known)
            base = np.where(goes_on, step.of(theirs), base)
            rises = np.where(goes_on, np.maximum(rises, int(step.strict)), rises)
            latest = np.where(goes_on, step.latest(self.starts[name][self.block[rows]], places, sizes), latest)
        values = base + np.maximum(np.minimum(rises, (latest - base) // step.unit), 0) * step.unit
        if step.rising:
            within, (first, there) = ~goes_on & (places > 0), numbers_of(turn.anchors.column(name), type_)
            self.starts[name][self.block[rows[~goes_on]]] = np.where(within, step.of(first), values)[~goes_on]
            values = np.where(within, step.block_starts(step.of(first), places // BLOCK, sizes), values)
            known, valid = np.where(within, there, known), valid | within
        if step.period:
            values = step.days(values, numbers_of(made.column(within_name(name)), _WHOLE)[0])
        if step.daily:
            clock, _ = numbers_of(made.column(clock_name(name)), _WHOLE)
            values = values * DAY + np.clip(clock, 0, DAY - 1)
        if step.period or step.daily:
            values = np.maximum(values, before)
        return values_of(values, valid & known, type_)

    def _of_ancestor(self, name: str, column: Column, context: pa.Table | None) -> tuple[Places, npt.NDArray[np.bool_]]:
        assert context is not None
        other = self.context_types[name].type
        theirs, known = numbers_of(context.column(name), other)
        return comparable(theirs, other, column.type), known

    def _start(self, made: pa.Table, step: Step, latest: Places) -> tuple[Places, npt.NDArray[np.bool_]]:
        """The value of the first sibling, the usual one where a model leaves it out."""
        numbers, valid = numbers_of(made.column(step.column.name), step.column.type)
        starts = np.where(valid, step.of(numbers), step.start)
        return np.maximum(np.minimum(starts, latest), step.least), np.ones(len(starts), bool)

    def _apart(self, made: pa.Table, draw: Draw, turn: _Turn) -> pa.Table:
        """Rows drawn again as long as they hold what a sibling holds where siblings differ."""
        for stream in range(_FIRST_STREAM, _FIRST_STREAM + _AGAIN):
            twice = np.flatnonzero(self._met(made, turn.rows))
            if not len(twice):
                break
            asked = draw.redraw(twice, stream)
            if self.rests.sums and stream >= _FIRST_STREAM + _AGAIN // 2 and asked.conditions is not None:
                # What fits a sum best would come again and again.
                less = 1.0 / (1.0 + _AWAY * (stream - _FIRST_STREAM))
                asked = replace(asked, conditions=self.rests.of_less(asked.conditions, less))
            again = self._drawn_by(asked, turn.take(twice))
            made = _with(made, again, twice, np.ones(len(twice), bool))
        for name, hashes in self.hashes.items():
            hashes[turn.rows] = _hashes(made.column(name))
        return made

    def _met(self, made: pa.Table, rows: Places) -> npt.NDArray[np.bool_]:
        """Whether a sibling before, of the same block, holds the same."""
        many = self.wave[rows]
        before = np.repeat(rows - np.cumsum(many), many) + np.arange(many.sum())
        met = np.zeros(len(rows), bool)
        for name, hashes in self.hashes.items():
            same = hashes[before] == np.repeat(_hashes(made.column(name)), many)
            met |= np.bincount(np.repeat(np.arange(len(rows)), many), same, len(rows)) > 0
        return met


def _with(made: pa.Table, again: pa.Table, places: Places, wanted: npt.NDArray[np.bool_]) -> pa.Table:
    """Rows with the wanted ones of others at their places."""
    index = np.arange(made.num_rows)
    index[places[wanted]] = made.num_rows + np.flatnonzero(wanted)
    return pa.concat_tables([made, again]).combine_chunks().take(pa.array(index))


def _hashes(values: pa.ChunkedArray) -> npt.NDArray[np.uint32]:
    """A number above 0 for each value, the same for the same values at all times."""
    encoded = one_array(values).dictionary_encode(null_encoding="encode")
    words = [max(zlib.crc32(repr(v).encode("utf-8", "surrogatepass")), 1) for v in encoded.dictionary.to_pylist()]
    return np.asarray(np.array(words, np.uint32)[encoded.indices.to_numpy(zero_copy_only=False)])
