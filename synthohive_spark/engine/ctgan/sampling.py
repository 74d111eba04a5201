"""The generator on numpy: what travels to the executors. Nothing of torch is needed, and nothing of it is here.

Behind the network, arrays are held with one column for each row of the batch, so that the many small steps over a
column's codes run along contiguous memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.categories import sample_categories
from synthohive_spark.engine.code_links import Beside, Exclusion, Function, NullInclusion
from synthohive_spark.engine.ctgan.conditions import SamplingConditions
from synthohive_spark.engine.ctgan.slots import RANK_SCALE, Slots, scores
from synthohive_spark.engine.dependencies.exclusion import parted
from synthohive_spark.engine.dependencies.functional import settled
from synthohive_spark.engine.dependencies.null_inclusion import drawing_order, mask_nulls
from synthohive_spark.engine.encoded_table import EncodedTable, Known
from synthohive_spark.engine.groups import Groups, grouped
from synthohive_spark.engine.noise import NoiseBits, normal_cdf, normal_words, normals, uniforms
from synthohive_spark.engine.products import product_type

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Layer:
    """A linear layer with its batch norm folded in.

    Attributes:
        dense: Weights of the dense inputs and of the layers before, shape (inputs, outputs).
        given: Weights of the one-hot inputs, shape (places, outputs): a condition picks a row.
        bias: Shape (outputs,).
    """

    dense: Floats
    given: Floats
    bias: Floats


@dataclass(frozen=True)
class RankTable:
    """Generated scores of a column to ranks, by the quantiles of both among the rows of each code.

    Attributes:
        scores: Quantiles of the generated scores given each code, shape (knots, codes), not decreasing along knots; of
            a column beside another one, given each code in rows of each group, group by group.
        real: Quantiles of the real ranks given each code, of the same shape.
    """

    scores: Floats
    real: Floats

    def ranks(self, codes: npt.NDArray[np.int64], score: Floats) -> Floats:
        """The rank of each row, given its code and its generated score."""
        knots = self.scores[:, codes]
        left = np.clip((knots <= score).sum(axis=0) - 1, 0, len(knots) - 2)
        rows = np.arange(len(score))
        below, above = knots[left, rows], knots[left + 1, rows]
        share = np.clip((score - below) / np.maximum(above - below, 1e-6), 0, 1)
        low, high = self.real[left, codes], self.real[left + 1, codes]
        return np.asarray(low + share * (high - low), np.float32)


@dataclass(frozen=True)
class CTGANSampler:
    """A trained generator.

    Attributes:
        slots: Places of the columns in the generator's output.
        context: Places of the given columns in its input.
        noise: Width of the noise.
        layers: The residual layers, then the output layer.
        biases: What is added to the logits of each column, shape (codes, groups), where the groups are those of the
            column that it is beside, else one, and then those of rows of rare codes that say much of it; calibrated.
        rank_tables: One for each column with a rank.
        ranked: Whether each column has a rank.
        conditions: Draws the conditional vector.
        null_inclusions: Which columns are null only where others are.
        functional: Which columns are a function of another, or of two.
        exclusions: Which columns never hold the same value.
        values: By column of one of these, its codes that stand for values.
        beside: By column that counts beside another one, that one and its groups.
        told: By column, the rare codes that say much of it, by their order among those.
        groups: The columns, by position, of which the generator makes a group.
        context_groups: The given columns of which it reads a group.
    """

    slots: Slots
    context: Slots
    noise: int
    layers: tuple[Layer, ...]
    biases: tuple[Floats, ...]
    rank_tables: tuple[RankTable, ...]
    ranked: tuple[bool, ...]
    conditions: SamplingConditions
    null_inclusions: tuple[NullInclusion, ...]
    functional: tuple[Function, ...]
    exclusions: tuple[Exclusion, ...]
    values: Mapping[int, range]
    beside: Mapping[int, Beside]
    told: Mapping[int, npt.NDArray[np.int64]]
    groups: Mapping[int, Groups]
    context_groups: Mapping[int, Groups]

    any_condition: ClassVar[bool] = False

    def check(self) -> None:
        """Check that the arrays have the shapes that the columns ask for.

        Raises:
            ValueError: If they do not.
        """
        if not self.layers:
            return
        width, given = self.noise + self.context.ranks, sum(self.context.codes) or self.slots.one_hot
        for layer in self.layers:
            made = len(layer.bias)
            if layer.dense.shape != (width, made) or layer.given.shape != (given, made):
                raise ValueError(f"a layer of {made} does not read {width} numbers and {given} places")
            width += made
        if made != self.slots.width:
            raise ValueError(f"{made} numbers are made of {self.slots.width}")
        for column, (codes, bias) in enumerate(zip(self.slots.codes, self.biases, strict=True)):
            if bias.shape != (codes, self.parts(column)):
                raise ValueError("a calibration is not that of its column")
        self.conditions.rare.check(self.slots)
        for own in self.told.values():
            if len(own) and not 0 <= own.min() <= own.max() < len(self.conditions.rare.places):
                raise ValueError("a column is told by a rare code that is not there")
        ranked = [self.slots.codes[column] * self.parts(column) for column in self._ranked]
        for codes, table in zip(ranked, self.rank_tables, strict=True):
            if table.scores.shape != table.real.shape or table.real.shape[1:] != (codes,) or len(table.real) < 2:
                raise ValueError("a table of ranks is not that of its column")

    @property
    def noise_words(self) -> int:
        """Words of the noise vector, of the condition, of each column's code, and of each group's member."""
        return normal_words(self.noise) + 1 + len(self.slots.codes) + len(self.groups)

    def sample(
        self,
        words: NoiseBits,
        context: EncodedTable,
        known: Known | None = None,
        wanted: frozenset[int] | None = None,
    ) -> EncodedTable:
        """See `synthohive_spark.engine.interface.Sampler.sample`."""
        rows, columns = len(words), len(self.slots.codes)
        if not columns:
            return EncodedTable(np.zeros((rows, 0), np.int32), np.zeros((rows, 0), np.float32))
        dense, places = self.inputs(words, grouped(context, self.context_groups))
        asked = None if wanted is None else self._linked(wanted)
        raw = self.forward(dense, places, asked)
        draws = uniforms(words[:, normal_words(self.noise) + 1 :].T).astype(np.float32)
        codes, rare = np.full((columns, rows), -1), self.conditions.rare.of_conditions(places[0])
        for column, logits in self.logits(raw, codes, places, asked):
            codes[column] = sample_categories(logits, draws[column])
        codes = np.maximum(codes, 0)
        ranks = np.full((len(self.rank_tables), rows), 0.5, np.float32)
        for row, (column, score) in enumerate(zip(self._ranked, self.scores(raw), strict=True)):
            if asked is None or column in asked:
                cells = codes[column]
                if self.parts(column) > 1:
                    cells = cells + self.slots.codes[column] * self.part(column, codes, rare)
                ranks[row] = self.rank_tables[row].ranks(cells, score)
        for (column, groups), draw in zip(self.groups.items(), draws[columns:], strict=True):
            codes[column] = groups.members(codes[column], draw)
        codes = settled(codes, self.functional, self._sizes)
        if self.exclusions:
            codes = settled(parted(codes, self.exclusions, self.values, draws), self.functional, self._sizes)
        return EncodedTable(np.ascontiguousarray(codes.T), np.ascontiguousarray(ranks.T))

    def inputs(self, words: NoiseBits, context: EncodedTable) -> tuple[Floats, list[npt.NDArray[np.int64]]]:
        """The dense inputs, shape (rows, inputs), and for each one-hot input the place of its one.

        The one-hot inputs are the conditional vector or, where columns are given, those instead of it.
        """
        used = normal_words(self.noise)
        dense = [normals(words[:, :used], self.noise)]
        if self.context.ranks:
            dense.append(scores(context))
        places = []
        if self.slots.conditioned(self.context).codes:
            places.append(self.conditions.draw(uniforms(words[:, used])))
        for column, start in enumerate(self.context.starts):
            places.append(context.codes[:, column].astype(np.int64) + start)
        return np.concatenate(dense, axis=1), places

    def forward(
        self, dense: Floats, places: list[npt.NDArray[np.int64]], columns: frozenset[int] | None = None
    ) -> Floats:
        """What the output layer makes, shape (outputs, rows); zeros but for these columns, None for all."""
        last = self.layers[-1]
        x = np.empty((len(dense), len(last.dense)), product_type())
        used = dense.shape[1]
        x[:, :used] = dense
        for layer in self.layers[:-1]:
            width = len(layer.bias)
            np.maximum(_linear(layer, x[:, :used], places), 0, out=x[:, used : used + width])
            used += width
        if columns is None:
            return np.ascontiguousarray(_linear(last, x, places).T)
        outputs = self._outputs(columns)
        few = _linear(Layer(last.dense[:, outputs], last.given[:, outputs], last.bias[outputs]), x, places)
        made = np.zeros_like(few, shape=(self.slots.width, len(dense)))
        made[outputs] = few.T
        return made

    def logits(
        self,
        raw: Floats,
        codes: npt.NDArray[np.int64],
        places: Sequence[npt.NDArray[np.int64]],
        columns: frozenset[int] | None = None,
    ) -> Iterator[tuple[int, Floats]]:
        """Each column with the calibrated logits of its codes, shape (codes, rows), a new array.

        Args:
            raw: What the output layer made.
            codes: Where the caller puts a column's codes before it asks for the next, shape (columns, rows).
            places: Of the one-hot inputs, see `inputs`.
            columns: Those that are wanted, None for all.
        """
        rare = self.conditions.rare.of_conditions(places[0])
        for column in self._order:
            if columns is not None and column not in columns:
                continue
            start = self.slots.starts[column]
            bias = self.biases[column]
            bias = bias[:, self.part(column, codes, rare)] if self.parts(column) > 1 else bias
            logits = raw[start : start + self.slots.codes[column]] + bias
            mask_nulls(logits, column, self.null_inclusions, codes)
            if (null := self._null_under[column]).size:
                logits[1:, np.isin(places[0], null)] = -np.inf
            yield column, self.conditions.rare.rule_out(logits, column, self.slots, places[0])

    def parts(self, column: int) -> int:
        """In how many groups of rows a column is calibrated."""
        return self.parts_beside(column) + len(self.told.get(column, ()))

    def parts_beside(self, column: int) -> int:
        """How many of them, the first ones, are of rows of no rare code that says much of the column."""
        return int(self.beside[column].table.max()) + 1 if column in self.beside else 1

    def part(self, column: int, codes: npt.NDArray[np.integer], rare: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """In which of them each row is.

        Args:
            column: The column.
            codes: Shape (columns, rows).
            rare: Which rare code each row is of, -1 for none.
        """
        made = np.zeros(codes.shape[1], np.int64)
        if column in self.beside:
            made[:] = self.beside[column].table[codes[self.beside[column].other]]
        for i, own in enumerate(self.told.get(column, ())):
            made[rare == own] = self.parts_beside(column) + i
        return made

    def scores(self, raw: Floats) -> Floats:
        """Generated scores in tanh's range, shape (ranks, rows)."""
        return np.tanh(raw[self.slots.one_hot :])

    def _linked(self, columns: frozenset[int]) -> frozenset[int]:
        """These columns and all that their codes may depend on."""
        links = [{own.column, own.within} for own in self.null_inclusions]
        links += [set(own.columns) for own in self.functional]
        links += [{own.one, own.other} for own in self.exclusions]
        links += [{own.column, own.other} for own in self.beside.values()]
        while more := {column for own in links if own & columns for column in own} - columns:
            columns |= more
        return columns

    def _outputs(self, columns: frozenset[int]) -> npt.NDArray[np.int64]:
        """The outputs that tell these columns."""
        starts = self.slots.starts
        codes = [np.arange(starts[i], starts[i] + self.slots.codes[i]) for i in sorted(columns)]
        ranks = [self.slots.one_hot + place for place, i in enumerate(self._ranked) if i in columns]
        return np.concatenate([*codes, np.array(ranks, np.int64)])

    @cached_property
    def _null_under(self) -> list[npt.NDArray[np.int64]]:
        """For each column the rare codes that are nulls which lie within its own: a row of one is null here, too."""
        starts = self.slots.starts
        null = [[starts[own.column] for own in self.null_inclusions if own.within == i] for i in range(len(starts))]
        return [np.intersect1d(np.array(own, np.int64), self.conditions.rare.places) for own in null]

    @cached_property
    def _ranked(self) -> list[int]:
        return [column for column, ranked in enumerate(self.ranked) if ranked]

    @cached_property
    def _sizes(self) -> list[int]:
        """How many codes each column has, those of groups not counted as one."""
        made = enumerate(self.slots.codes)
        return [len(self.groups[i].group_of) if i in self.groups else codes for i, codes in made]

    @cached_property
    def _order(self) -> tuple[int, ...]:
        order: dict[int, None] = {}

        def place(column: int) -> None:
            if column not in order:
                if column in self.beside:
                    place(self.beside[column].other)
                order.setdefault(column)

        for column in drawing_order(len(self.slots.codes), self.null_inclusions):
            place(column)
        return tuple(order)


def ranks_of_scores(score: Floats) -> Floats:
    """The ranks that scores in tanh's range stand for."""
    return normal_cdf(score * np.float32(RANK_SCALE))


def _linear(layer: Layer, inputs: Floats, places: list[npt.NDArray[np.int64]]) -> Floats:
    made: Floats = inputs @ layer.dense.astype(inputs.dtype, copy=False)
    made += layer.bias
    for place in places:
        made += layer.given[place]
    return made
