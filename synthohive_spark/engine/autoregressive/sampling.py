"""The network on numpy: what travels to the executors. Nothing of torch is needed, and nothing of it is here.

Arrays have a column for each row of the batch. What is not known is zero, so one product serves any known parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.autoregressive.head import Floats, Gate, Head
from synthohive_spark.engine.autoregressive.in_order import InOrder
from synthohive_spark.engine.autoregressive.known import draw_known
from synthohive_spark.engine.autoregressive.logits import rule_out, weigh
from synthohive_spark.engine.autoregressive.parts import Codes, Parts
from synthohive_spark.engine.categories import sample_categories
from synthohive_spark.engine.code_links import Exclusion, Function, FunctionalDependency, NullInclusion
from synthohive_spark.engine.code_orders import CodeOrders
from synthohive_spark.engine.dependencies.composite import freed
from synthohive_spark.engine.dependencies.exclusion import permitted_beside
from synthohive_spark.engine.dependencies.functional import allowed
from synthohive_spark.engine.dependencies.null_inclusion import mask_nulls
from synthohive_spark.engine.encoded_table import EncodedTable, Known, Layout
from synthohive_spark.engine.noise import NoiseBits, uniforms
from synthohive_spark.engine.products import product_type


@dataclass(frozen=True)
class AutoregressiveSampler:
    """A trained network.

    Attributes:
        parts: What is read and drawn.
        order: The columns in the order in which they are drawn.
        embeddings: For each part its embeddings, shape (width, categories).
        heads: For each part that is drawn its head.
        null_inclusions: Which columns are null only where others are.
        nulls: Whether code 0 of each drawn column is null.
        functional: Which columns are a function of another, or of two.
        exclusions: Which columns never hold the same value.
        orders: Which columns never lie below others.
        summary: What makes what heads read of the embeddings of given parts, shape (read, width of these); None where
            they read them as they are.
    """

    parts: Parts
    order: tuple[int, ...]
    embeddings: tuple[Floats, ...]
    heads: Mapping[int, Head]
    null_inclusions: tuple[NullInclusion, ...]
    nulls: tuple[bool, ...]
    functional: tuple[Function, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    orders: CodeOrders = field(default_factory=CodeOrders)
    summary: Floats | None = None

    any_condition: ClassVar[bool] = True

    @property
    def arrays(self) -> tuple[Floats, ...]:
        """All weights."""
        heads = [array for head in self.heads.values() for array in head.arrays]
        return (*self.embeddings, *heads, *(() if self.summary is None else (self.summary,)))

    @property
    def noise_words(self) -> int:
        """A word for each part that is drawn, and one for each column of ranks."""
        return len(self.heads) + self._ranks

    def sample(
        self,
        words: NoiseBits,
        context: EncodedTable,
        known: Known | None = None,
        wanted: frozenset[int] | None = None,
    ) -> EncodedTable:
        """See `synthohive_spark.engine.interface.Sampler.sample`."""
        if not self.order:
            return EncodedTable(np.zeros((len(words), 0), np.int64), np.zeros((len(words), 0), np.float32))
        words = np.ascontiguousarray(words.T)
        if known is not None:
            parts, inside = draw_known(self, words, context, known, self._until(wanted))
            return self._with(self.parts.join(np.maximum(parts, 0), inside, known.allowed), known)
        draws = uniforms(words).astype(np.float32)
        parts = self.start(context)
        self.fill(parts, draws, self.order[: self._until(wanted)])
        return self.parts.join(np.maximum(parts, 0), draws[len(self.heads) :])

    def fill(self, parts: Codes, draws: Floats, columns: Sequence[int], known: Known | None = None) -> None:
        """Draw the parts of columns, in this order, where they are not known.

        Args:
            parts: As in `walk`.
            draws: Uniform numbers, shape (drawn parts, rows) at least.
            columns: The columns.
            known: Values that are known.
        """
        for part, logits in self.walk(parts, known, columns):
            drawn = sample_categories(logits, draws[part - self.parts.first_drawn])
            parts[part] = drawn if known is None else np.where(parts[part] < 0, drawn, parts[part])

    def starts_with(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """In which rows the known columns, shape (rows, columns), are the first ones in the order of drawing."""
        known = mask[:, np.array(self.order, np.int64) - self.parts.given]
        return np.asarray((known[:, :-1] >= known[:, 1:]).all(axis=1))

    def reach(self, known: Known | None) -> int:
        """How many columns, in the order of drawing, there are up to the last of which something may be known."""
        if known is None:
            return 0
        if known.columns is None:
            return len(self.order)
        places = {*known.columns, *known.allowed}
        single = [link for link in self.functional if isinstance(link, FunctionalDependency)]
        for _ in single:
            places |= {link.dependent for link in single if link.determinant in places}
        return self._until(places)

    def _until(self, places: Collection[int] | None) -> int:
        """How many columns, in the order of drawing, there are up to the last of these; all where None."""
        if places is None:
            return len(self.order)
        return max((i + 1 for i, column in enumerate(self.order) if column - self.parts.given in places), default=0)

    def start(self, context: EncodedTable, known: Known | None = None) -> Codes:
        """The parts of each row as far as they are known, -1 elsewhere, shape (parts, rows)."""
        parts = np.full((len(self.parts.sizes), len(context)), -1)
        if known is None:
            blank = EncodedTable(np.zeros((len(context), len(self.order)), np.int64), self._blank_ranks(len(context)))
            parts[: self.parts.first_drawn] = self.parts.cut(context, blank).T[: self.parts.first_drawn]
            return parts
        every = self.parts.cut(context, known.rows).T
        mask = np.ones_like(parts, dtype=bool)
        columns = np.array(self.parts.column_of[self.parts.first_drawn :]) - self.parts.given
        mask[self.parts.first_drawn :] = known.mask.T[columns]
        parts = np.where(mask, every, -1)
        self._decide(parts, known)
        return parts

    def _decide(self, parts: Codes, known: Known) -> None:
        """Put in place what known columns decide; what that decides further, they decide themselves."""
        for link in self.functional:
            if not isinstance(link, FunctionalDependency):
                continue
            determinant, column = link.determinant + self.parts.given, link.dependent + self.parts.given
            codes = self._codes(determinant, parts)
            decided = np.where(codes >= 0, link.table[np.maximum(codes, 0)], -1)
            if self.nulls[link.dependent] and known.filled[link.dependent]:
                decided = np.where(decided == 0, -1, decided)
            own = self.parts.of_column[column]
            new = (parts[own[0]] < 0) & (decided >= 0)
            if new.any():
                for part, codes in zip(own, self.parts.columns[column].cut(np.maximum(decided, 0), None), strict=True):
                    parts[part] = np.where(new, codes, parts[part])

    def _codes(self, column: int, parts: Codes) -> Codes:
        """The codes of a column without ranks, -1 where they are not known."""
        return self.parts.columns[column].codes_of([parts[part] for part in self.parts.of_column[column]])

    def walk(
        self, parts: Codes, known: Known | None = None, columns: Sequence[int] | None = None
    ) -> Iterator[tuple[int, Floats]]:
        """Each part that is to be drawn, with the logits of its categories, shape (categories, rows), a new array.

        Args:
            parts: What `start` made; the caller puts a part's categories there before it asks for the next.
            known: Values that are known.
            columns: The columns, in the order in which they are drawn; all where None.
        """
        read, in_order = np.zeros((self.read_width, parts.shape[1]), product_type()), self._in_order.beside(parts)
        used = self._read_given(read, parts)
        for column in self.order if known is not None else ():
            for part in self.parts.of_column[column]:
                self._read_part(read, part, parts[part])
        if reach := self.reach(known):
            used = self.slots[self.parts.of_column[self.order[reach - 1]][-1]].stop
        for column in self.drawing_order(known) if columns is None else columns:
            place = column - self.parts.given
            if known is not None and known.mask[:, place].all():
                continue
            allowed = None if known is None else known.allowed.get(place)
            weights = [] if allowed is None else self.parts.columns[column].weights(allowed)
            permitted = self._permitted(column, parts)
            for own_place, part in enumerate(self.parts.of_column[column]):
                parent = self.parts.parents[part]
                logits = self._logits(part, read[:used], parts)
                if parent < 0 and self.nulls[place]:
                    if known is not None and known.filled[place]:
                        logits[0] = -np.inf
                    else:
                        mask_nulls(logits, place, self._inclusions_of(known), parts[self._first_parts])
                if weights:
                    weigh(logits, weights[own_place], None if parent < 0 else parts[parent])
                group, first = None if parent < 0 else parts[parent], parent < 0
                if permitted is not None:
                    ruled_out = ~self.parts.columns[column].allowed(permitted, group).T
                    rule_out(logits, ruled_out, keep_null=first and place in self._free)
                if (out_of_order := in_order.ruled_out(place, group)) is not None:
                    rule_out(logits, out_of_order, keep_null=first and self.nulls[place])
                yield part, logits
                self._read_part(read, part, parts[part])
                used = max(used, self.slots[part].stop)

    def _logits(self, part: int, read: Floats, parts: Codes) -> Floats:
        """The logits of a part's categories, shape (categories, rows)."""
        parent = self.parts.parents[part]
        echoed = self.parts.echoed(parts.T, part) if part in self.parts.echo_of else None
        logits = self.heads[part].logits(read, None if parent < 0 else parts[parent], echoed)
        for term in self.parts.terms_of.get(part, ()):
            term.add(logits, parts)
        return logits

    def drawing_order(self, known: Known | None) -> tuple[int, ...]:
        """The columns as they are drawn.

        Those that may only hold some values come first, the narrowest before others, so that all follow from these.
        """
        if known is None or not known.allowed:
            return self.order
        narrow = sorted(known.allowed, key=lambda place: known.allowed[place].share)
        first = [place + self.parts.given for place in narrow]
        return (*first, *(c for c in self.order if c not in first))

    def _permitted(self, column: int, parts: Codes) -> npt.NDArray[np.bool_] | None:
        """The codes of a column that known ones permit, by functions and exclusions, (rows, codes); None for all."""
        place = column - self.parts.given
        links = [link for link in self.functional if place in link.columns]
        apart = [own for own in self.exclusions if place in (own.one, own.other)]
        if not (links or apart):
            return None
        others = {other for link in links for other in link.columns if other != place}
        others |= {own.one + own.other - place for own in apart}
        known = {other: self._codes(other + self.parts.given, parts) for other in others}
        codes = self.parts.columns[column].codes
        permitted = [allowed(links, place, codes, known), permitted_beside(apart, place, codes, known)]
        left = [own for own in permitted if own is not None]
        return np.logical_and.reduce(left) if left else None

    def _read_given(self, read: Floats, parts: Codes) -> int:
        """Put what is read of given parts in place; how much that is."""
        used = self._given_width
        given = read[:used] if self.summary is None else np.zeros((used, parts.shape[1]), read.dtype)
        for part in range(self.parts.first_drawn):
            self._read_part(given, part, parts[part])
        if self.summary is None:
            return used
        np.matmul(self.summary.astype(read.dtype, copy=False), given, out=read[: len(self.summary)])
        return len(self.summary)

    def _read_part(self, read: Floats, part: int, codes: Codes) -> None:
        made = np.take(self.embeddings[part], codes, axis=1, mode="clip")
        if (codes < 0).any():
            made *= codes >= 0
        read[self.slots[part]] = made

    def _inclusions_of(self, known: Known | None) -> tuple[NullInclusion, ...]:
        """The null inclusions that count: none of a column whose nulls are filled."""
        if known is None:
            return self.null_inclusions
        return tuple(k for k in self.null_inclusions if not (known.filled[k.column] or known.filled[k.within]))

    def _with(self, made: EncodedTable, known: Known) -> EncodedTable:
        """The drawn rows with the codes and ranks that were known before."""
        ranked = np.flatnonzero(self.parts.ranked[self.parts.given :])
        return EncodedTable(
            np.where(known.mask, known.rows.codes, made.codes),
            np.where(known.mask[:, ranked], known.rows.ranks, made.ranks),
        )

    def _blank_ranks(self, rows: int) -> Floats:
        return np.full((rows, self._ranks), 0.5, np.float32)

    @property
    def _ranks(self) -> int:
        return sum(self.parts.ranked[self.parts.given :])

    @property
    def read_width(self) -> int:
        """Width of all that a head can read."""
        drawn = sum(len(own) for own in self.embeddings) - self._given_width
        return drawn + (self._given_width if self.summary is None else len(self.summary))

    @cached_property
    def _in_order(self) -> InOrder:
        return InOrder(self.parts, self.orders)

    @cached_property
    def _given_width(self) -> int:
        return sum(len(own) for own in self.embeddings[: self.parts.first_drawn])

    @cached_property
    def _free(self) -> set[int]:
        """Columns of which a null goes with any combination, and is as likely whatever else may be drawn."""
        return freed(self.functional)

    @cached_property
    def _first_parts(self) -> list[int]:
        return [own[0] for own in self.parts.of_column[self.parts.given :]]

    @cached_property
    def slots(self) -> dict[int, slice]:
        """The places of each part among what is read: given ones first, then in the order of drawing.

        Where given parts are summed up, their places are those among what the summary is made of.
        """
        drawn = [part for column in self.order for part in self.parts.of_column[column]]
        slots, start = {}, 0
        for part in (*range(self.parts.first_drawn), *drawn):
            slots[part] = slice(start, start + len(self.embeddings[part]))
            start = slots[part].stop
            if part == self.parts.first_drawn - 1 and self.summary is not None:
                start = len(self.summary)
        return slots


def sampler_of(
    arrays: Mapping[str, npt.NDArray[Any]],
    parts: Parts,
    order: tuple[int, ...],
    layout: Layout,
) -> AutoregressiveSampler:
    """The sampler of a network's arrays, as `Heads.state_dict` names them.

    ``calibration.<head>``, where it is there, is added to the last bias of a head.
    """
    nulls = tuple(block.null for block in layout.columns)
    if not order:
        return AutoregressiveSampler(
            parts, order, (), {}, layout.null_inclusions, nulls
        )  # a table of columns without codes
    starts = np.cumsum((0, *parts.sizes))
    embedding = arrays["embedding"].astype(np.float32)
    if len(embedding) != starts[-1]:
        raise ValueError(f"{starts[-1]} categories have {len(embedding)} embeddings")
    widths = parts.widths(embedding.shape[1])
    embeddings = tuple(
        np.ascontiguousarray(embedding[a:b, :width].T) for (a, b), width in zip(pairwise(starts), widths, strict=True)
    )
    count, hidden = len(parts.sizes) - parts.first_drawn, arrays["inner"].shape[1]
    given = sum(widths[: parts.first_drawn])
    summary = np.ascontiguousarray(arrays["summary"].T, np.float32) if "summary" in arrays else None
    ends = np.cumsum(widths) + (0 if summary is None else len(summary) - given)
    drawn = [part for column in order for part in parts.of_column[column]]
    first = np.arange(given if summary is None else len(summary))
    in_order = np.concatenate([first, *(np.arange(ends[part] - widths[part], ends[part]) for part in drawn)])
    read = arrays["read"].reshape(-1, count, hidden)[in_order]
    heads = {}
    for i in range(count):
        bias = arrays[f"out_bias.{i}"].T if arrays[f"out_bias.{i}"].ndim > 1 else arrays[f"out_bias.{i}"][:, None]
        terms = parts.terms_of.get(parts.first_drawn + i, ())
        calibration = arrays.get(f"calibration.{i}", np.zeros(1, np.float32))[:, None]
        gate = None
        if f"gate.{i}" in arrays:
            weights, odds = arrays[f"gate.{i}"][None], arrays[f"gate_bias.{i}"].reshape(1, 1)
            gate = Gate(*(np.ascontiguousarray(array, np.float32) for array in (weights, odds, calibration)))
            calibration = np.zeros_like(calibration)
        arrays_of = {
            "read": read[:, i].T,
            "read_bias": arrays["read_bias"][i].T,
            "inner": arrays["inner"][i].T,
            "inner_bias": arrays["inner_bias"][i].T,
            "out": arrays[f"out.{i}"].T,
            "out_bias": sum((term.rest.reshape(len(bias), -1) for term in terms), bias + calibration),
        }
        own = {name: np.ascontiguousarray(array, np.float32) for name, array in arrays_of.items()}
        heads[parts.first_drawn + i] = Head(**own, gate=gate)
        heads[parts.first_drawn + i].check(parts, parts.first_drawn + i)
    rules = (layout.null_inclusions, nulls, layout.functional, layout.exclusions, layout.orders)
    return AutoregressiveSampler(parts, order, embeddings, heads, *rules, summary)
