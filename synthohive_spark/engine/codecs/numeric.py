"""Numbers, dates and timestamps as (code, rank).

Values that many rows share (zeros, caps, round numbers) are spikes, each a code of its own. What remains gets one of a
few coarse quantile bins as code, and its rank along the whole quantile table of the remaining values; it comes back by
interpolation in that table, rounded to the column's step. NaN and the infinities are codes of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import (
    BY_VALUE,
    Numbers,
    decimals_of,
    from_numbers,
    to_numbers,
    with_zeros,
)
from synthohive_spark.engine.codecs.interface import CodecDefaults, Codes, NoiseBits, Ranks, draw_codes
from synthohive_spark.engine.codecs.numeric_common import (
    EDGE,
    SPECIALS,
    Step,
    between,
    check_common,
    check_numbers,
    distance,
    encode_apart,
    fields_from_json,
    fields_to_json,
)
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.domain import Domain, bound_as
from synthohive_spark.engine.encoded_table import Allowed
from synthohive_spark.engine.integrity import Bounds, Share, Whole, check_equal, check_increasing
from synthohive_spark.engine.noise import uniforms


@dataclass(frozen=True)
class NumericCodec(CodecDefaults):
    """Codes in this order: null, the special floats, the spikes, the bins; each part may be empty.

    Attributes:
        type: The column's type.
        has_null: Whether null is a code.
        specials: Those of ``nan``, ``-inf`` and ``inf`` that are codes.
        spikes: Sorted values that are codes.
        knots: Quantile table of the remaining values, non-decreasing; empty where nothing remains.
        grid: Rank of each knot, from 0 to 1, increasing.
        bins: How many equal parts the ranks are cut into; 0 without knots.
        step: Values lie this far apart (whole numbers); or 10 to minus this many digits (floats, -1 for any value).
        unit: Floats with digits lie a multiple of so many of their last digit apart: 5 for 0.5, 1.0, 1.5.
        shift: See `synthohive_spark.engine.codecs.arrow_numbers`.
        bounds: With a shift, the smallest and largest unscaled value.
        exact: Of decimals that count by value, the unscaled values of the spikes.
        zeros: Of these, in how many zeros the other unscaled values end.
        frequencies: Share of the rows that hold each code.
    """

    type: ColumnType
    has_null: bool
    specials: tuple[str, ...]
    spikes: tuple[float | int, ...]
    knots: tuple[float | int, ...]
    grid: tuple[Share, ...]
    bins: Whole
    step: Step
    unit: Annotated[int, Bounds(1, 1 << 54)] = 1
    shift: Annotated[int, Bounds(BY_VALUE, 38)] = 0
    bounds: tuple[int, int] | None = None
    exact: tuple[int, ...] = ()
    zeros: Annotated[int, Bounds(0, 38)] = 0
    frequencies: tuple[Share, ...] = ()
    encode_words: int = field(default=1, init=False)
    decode_words: int = field(default=0, init=False)

    @property
    def kind(self) -> str:
        """``datetime`` for dates and timestamps, else ``numeric``."""
        return "datetime" if self.type.is_temporal else "numeric"

    @property
    def ranked(self) -> bool:
        """Whether there is a quantile table."""
        return self.bins > 0

    @property
    def size(self) -> int:
        """How many codes there are."""
        return self._first_bin + self.bins

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_common(self)
        check_numbers(self.type, self.spikes, "spikes", strictly=True)
        check_numbers(self.type, self.knots, "knots", strictly=False)
        check_increasing(self.grid, "ranks of knots")
        check_equal(len(self.grid), len(self.knots), "knots and their ranks")
        check_equal(self.bins > 0, len(self.knots) > 0, "bins and knots")
        check_equal(len(self.exact), len(self.spikes) if self.shift == BY_VALUE else 0, "spikes and their values")
        numbers = (*self.knots, *self.spikes)
        if not self.type.is_float and any((number - numbers[0]) % self.step for number in numbers):
            raise ValueError(f"values do not lie a step of {self.step} apart")
        width = self.knots[-1] - self.knots[0] if self.knots else 0
        apart = self.unit * 10.0**-self.step if self.type.is_float and self.unit > 1 else 0.0
        if width and apart > 2 * width:
            raise ValueError(f"values do not lie {self.unit} units of {self.step} digits apart")

    def encode(self, values: pa.Array, words: NoiseBits) -> tuple[Codes, Ranks]:
        """See `Codec.encode`; tied values get ranks spread over their share by the noise."""
        numbers = to_numbers(values, self.type, self.shift)
        codes, known = encode_apart(numbers, null_mask(values), self.has_null, self.specials)
        self._encode_spikes(numbers, known, codes)
        ranks = np.full(len(numbers), 0.5)
        rest = known & (codes < 0)
        if self.bins:
            ranks[rest] = self._ranks(numbers[rest], uniforms(words[rest, 0]))
            codes[rest] = self._first_bin + np.minimum((ranks[rest] * self.bins).astype(np.int32), self.bins - 1)
        self._fill_unknown(codes, ranks, words[:, 0])
        placed = codes < self._first_bin
        ranks[placed] = self._fixed_ranks[codes[placed]]
        return codes, np.clip(ranks, EDGE, 1 - EDGE).astype(np.float32)

    def _encode_spikes(self, numbers: Numbers, known: npt.NDArray[np.bool_], codes: Codes) -> None:
        spikes = self._spikes
        if not len(spikes):
            return
        place = np.minimum(np.searchsorted(spikes, numbers), len(spikes) - 1)
        if not self.bins:  # nothing else is there, so a number that is no spike counts as the nearest
            nearer = distance(spikes[place - 1], numbers) < distance(numbers, spikes[place])
            place -= (place > 0) & (numbers < spikes[place]) & nearer
            hit = known
        else:
            hit = known & (spikes[place] == numbers)
        codes[hit] = self._first_spike + place[hit]

    def _fill_unknown(self, codes: Codes, ranks: npt.NDArray[np.float64], words: NoiseBits) -> None:
        unknown = codes < 0
        if not unknown.any():
            return
        shares = np.array(self.frequencies or np.ones(self.size))
        if self.has_null and len(shares) > 1:
            shares[0] = 0
        codes[unknown] = draw_codes(shares, words[unknown])
        if self.bins:
            inside = (uniforms(words[unknown] * np.uint64(0x9E3779B97F4A7C15))) / self.bins
            ranks[unknown] = (codes[unknown] - self._first_bin) / self.bins + inside

    def decode(self, codes: Codes, ranks: Ranks, words: NoiseBits) -> pa.Array:
        """See `Codec.decode`; a rank outside the bin of its code counts as the bin's nearest end."""
        table = self._code_values
        numbers = table[np.minimum(codes, len(table) - 1)]
        binned = codes >= self._first_bin
        if self.bins and binned.any():
            bin_ = codes[binned] - self._first_bin
            inside = np.clip(ranks[binned].astype(np.float64), bin_ / self.bins, (bin_ + 1) / self.bins)
            made = self._interpolate(inside)
            numbers[binned] = with_zeros(made, self.zeros) if self.zeros else made
        missing = codes == 0 if self.has_null else np.zeros(len(codes), bool)
        values = from_numbers(numbers, missing, self.type, self.shift, self.bounds)
        if not self.exact:
            return values
        spike = (codes >= self._first_spike) & ~binned
        low, high = self.bounds or (min(self.exact), max(self.exact))
        known = decimals_of([max(low, min(high, value)) for value in self.exact], self.type).take(
            pa.array(np.where(spike, codes - self._first_spike, 0))
        )
        return pc.if_else(pa.array(spike), known, values)

    def allowed(self, domain: Domain) -> Allowed:
        """See `Codec.allowed`; of the bins those that a range meets, as far as it does."""
        apart = np.arange(self._first_bin, dtype=np.int32)
        values = self.decode(apart, np.full(len(apart), 0.5, np.float32), np.zeros((0, 0), np.uint64))
        weights = np.zeros(self.size)
        weights[: self._first_bin] = domain.holds(values)
        if not self.bins or domain.values is not None:
            return Allowed(weights)
        half = 0.0 if self.type.is_float else self.step / 2
        low, high = (self._bound(bound, up) for bound, up in ((domain.bounds.min, True), (domain.bounds.max, False)))
        first = 0.0 if low is None else float(self._rank(np.array([low]), half)[0, 0])
        last = 1.0 if high is None else float(self._rank(np.array([high]), half)[1, 0])
        starts = np.arange(self.bins) / self.bins
        weights[self._first_bin :] = np.clip(
            (np.minimum(last, starts + 1 / self.bins) - np.maximum(first, starts)) * self.bins, 0, 1
        )
        return Allowed(weights, first, last)

    def _bound(self, bound: Any, up: bool) -> float | None:
        """A bound as a number like those of the table."""
        if bound is None:
            return None
        nearest = pa.array([bound_as(bound, self.type.arrow, up=up)], self.type.arrow)
        return float(to_numbers(nearest, self.type, self.shift)[0])

    def _interpolate(self, ranks: npt.NDArray[np.float64]) -> Numbers:
        knots, grid = self._table
        if len(knots) == 1:
            return np.repeat(knots, len(ranks))
        left = np.clip(np.searchsorted(grid, ranks, side="right") - 1, 0, len(knots) - 2)
        t = (ranks - grid[left]) / (grid[left + 1] - grid[left])
        return np.clip(between(knots[left], t, knots[left + 1], self.step, self.unit), knots[0], knots[-1])

    def _ranks(self, numbers: Numbers, noise: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        half = 0.0 if self.type.is_float else self.step / 2
        left, right = self._rank(numbers.astype(np.float64), half)
        return np.asarray(left + noise * (right - left))

    def _rank(self, x: npt.NDArray[np.float64], half: float = 0.0) -> npt.NDArray[np.float64]:
        """Where numbers begin and end along the quantile table, shape (2, numbers)."""
        knots, grid = self._float_knots, self._table[1]
        x = np.stack([x - half, x + half])
        place = np.stack([np.searchsorted(knots, x[0], "left"), np.searchsorted(knots, x[1], "right")])
        upper, lower = np.minimum(place, len(knots) - 1), np.maximum(place - 1, 0)
        gap = knots[upper] - knots[lower]
        t = np.clip(np.divide(x - knots[lower], gap, out=np.zeros_like(x), where=gap > 0), 0.0, 1.0)
        rank = grid[lower] + t * (grid[upper] - grid[lower])
        outside = 1.0 if len(knots) == 1 else grid[-1]
        ranked: npt.NDArray[np.float64] = np.where(place == 0, 0.0, np.where(place == len(knots), outside, rank))
        return ranked

    def _numbers(self, values: tuple[float | int, ...]) -> Numbers:
        return np.array(values, np.float64 if self.type.is_float else np.int64)

    @property
    def _first_spike(self) -> int:
        return int(self.has_null) + len(self.specials)

    @property
    def _first_bin(self) -> int:
        return self._first_spike + len(self.spikes)

    @cached_property
    def _spikes(self) -> Numbers:
        return self._numbers(self.spikes)

    @cached_property
    def _table(self) -> tuple[Numbers, npt.NDArray[np.float64]]:
        return self._numbers(self.knots), np.array(self.grid)

    @cached_property
    def _float_knots(self) -> npt.NDArray[np.float64]:
        return self._table[0].astype(np.float64)

    @cached_property
    def _code_values(self) -> Numbers:
        before = [0] * int(self.has_null) + [SPECIALS[name] for name in self.specials]
        return self._numbers((*before, *self.spikes, *((0,) if self.bins or not self.size else ())))

    @cached_property
    def _fixed_ranks(self) -> npt.NDArray[np.float64]:
        """Rank that goes with each code below the bins: where its value would stand in the quantile table."""
        places = {"nan": 0.5, "-inf": 0.0, "inf": 1.0, "-0.0": self._rank(np.zeros(1)).mean() if self.bins else 0.5}
        ranks = [0.5] * int(self.has_null) + [places[name] for name in self.specials]
        if self.bins and self.spikes:
            x = self._numbers(self.spikes).astype(np.float64)
            ranks += self._rank(x).mean(axis=0).tolist()
        return np.array(ranks + [0.5] * (self._first_bin - len(ranks)))

    def to_json(self) -> dict[str, Any]:
        """See `Codec.to_json`."""
        return fields_to_json(self, "numeric")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> NumericCodec:
        """The codec that `to_json` described."""
        return cls(**fields_from_json(data))
