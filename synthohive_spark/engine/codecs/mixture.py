"""Numbers, dates and timestamps as (mode, rank in the mode): mode-specific normalisation (CTGAN paper, section 4.2).

For comparisons with papers; `synthohive_spark.engine.codecs.numeric` follows a column more closely.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.arrow_numbers import BY_VALUE, Numbers, from_numbers, to_numbers
from synthohive_spark.engine.codecs.interface import CodecDefaults, Codes, NoiseBits, Ranks, draw_codes
from synthohive_spark.engine.codecs.numeric_common import (
    EDGE,
    SPECIALS,
    Step,
    between,
    check_common,
    check_numbers,
    encode_apart,
    fields_from_json,
    fields_to_json,
    shares_of,
)
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.integrity import Bounds, Share, check_equal
from synthohive_spark.engine.noise import normal_quantile, uniforms

Floats = npt.NDArray[np.float64]
_ROWS = 1 << 16


@dataclass(frozen=True)
class MixtureCodec(CodecDefaults):
    """Codes in this order: null, the special floats, the modes of a Gaussian mixture.

    A value gets a mode, drawn from the probabilities of the modes at the value, and the rank that the mode's normal
    distribution gives it. Engines take the normal score of a rank, which is (value - mean) / std: the paper's alpha but
    for its constant divisor. As a rank is a float32 between 1e-6 and 1 - 1e-6, a value comes back to within a millionth
    of its mode's std near the mean and a hundredth in the far upper tail, and no further than 4.75 std from the mean.

    Attributes:
        type: The column's type.
        has_null: Whether null is a code.
        specials: Those of ``nan``, ``-inf`` and ``inf`` that are codes.
        low: The smallest number that is made.
        high: The largest.
        weights: Share of the finite numbers that each mode stands for.
        means: Of each mode, as a share of the way from ``low`` to ``high``, so that the distance of two large integers
            stays exact.
        stds: Likewise.
        step: See `NumericCodec`.
        shift: See `synthohive_spark.engine.codecs.arrow_numbers`.
        bounds: With a shift, the smallest and largest unscaled value.
        frequencies: Share of the rows that hold each code.
    """

    type: ColumnType
    has_null: bool
    specials: tuple[str, ...]
    low: float | int
    high: float | int
    weights: tuple[Share, ...]
    means: tuple[float, ...]
    stds: tuple[float, ...]
    step: Step
    shift: Annotated[int, Bounds(BY_VALUE, 38)] = 0
    bounds: tuple[int, int] | None = None
    frequencies: tuple[Share, ...] = ()
    bins: int = field(default=0, init=False)
    encode_words: int = field(default=1, init=False)
    decode_words: int = field(default=0, init=False)

    @property
    def kind(self) -> str:
        """``datetime`` for dates and timestamps, else ``numeric``."""
        return "datetime" if self.type.is_temporal else "numeric"

    @property
    def ranked(self) -> bool:
        """Always, since there is a mode."""
        return True

    @property
    def size(self) -> int:
        """How many codes there are."""
        return self._first_mode + len(self.means)

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        check_common(self)
        check_numbers(self.type, (self.low, self.high), "ends", strictly=False)
        check_equal(len(self.weights), len(self.means), "weights and means")
        check_equal(len(self.stds), len(self.means), "deviations and means")
        if not self.means or min(self.stds) <= 0 or not math.isfinite(self.high - self.low):
            raise ValueError("there are no modes of a width")

    def encode(self, values: pa.Array, words: NoiseBits) -> tuple[Codes, Ranks]:
        """See `Codec.encode`; a number out of range counts as the nearest end."""
        numbers = to_numbers(values, self.type, self.shift)
        codes, known = encode_apart(numbers, null_mask(values), self.has_null, self.specials)
        ranks = np.full(len(numbers), 0.5)
        shares, noise = shares_of(numbers[known], *self._ends), uniforms(words[known, 0])
        parts = [slice(start, start + _ROWS) for start in range(0, len(shares), _ROWS)]
        modes = np.concatenate([np.zeros(0, np.int64), *(self._modes(shares[part], noise[part]) for part in parts)])
        codes[known] = self._first_mode + modes
        ranks[known] = _normal_cdf((shares - np.array(self.means)[modes]) / np.array(self.stds)[modes])
        self._fill_unknown(codes, ranks, words[:, 0])
        return codes, np.clip(ranks, EDGE, 1 - EDGE).astype(np.float32)

    def _modes(self, shares: Floats, noise: Floats) -> npt.NDArray[np.int64]:
        weights, means, stds = np.array(self.weights), np.array(self.means), np.array(self.stds)
        logs = np.log(weights / stds) - ((shares[:, None] - means) / stds) ** 2 / 2
        cumulative = np.cumsum(np.exp(logs - logs.max(axis=1, keepdims=True)), axis=1)
        return np.asarray((cumulative <= noise[:, None] * cumulative[:, -1:]).sum(axis=1), np.int64)

    def _fill_unknown(self, codes: Codes, ranks: Floats, words: NoiseBits) -> None:
        unknown = codes < 0
        if not unknown.any():
            return
        chances = np.array(self.frequencies or (*[0.0] * self._first_mode, *self.weights))
        chances[: int(self.has_null)] = 0
        codes[unknown] = draw_codes(chances, words[unknown])
        inside = uniforms(words[unknown] * np.uint64(0x9E3779B97F4A7C15))
        ranks[unknown] = np.where(codes[unknown] < self._first_mode, 0.5, inside)

    def decode(self, codes: Codes, ranks: Ranks, words: NoiseBits) -> pa.Array:
        """See `Codec.decode`."""
        low, high = self._ends
        modes = np.maximum(codes.astype(np.int64) - self._first_mode, 0)
        scores = normal_quantile(np.clip(ranks.astype(np.float64), EDGE, 1 - EDGE))
        shares = np.clip(np.array(self.means)[modes] + np.array(self.stds)[modes] * scores, 0, 1)
        numbers = np.clip(between(low, shares, high, self.step), low, high)
        for place, name in enumerate(self.specials, start=int(self.has_null)):
            numbers[codes == place] = SPECIALS[name]
        missing = codes == 0 if self.has_null else np.zeros(len(codes), bool)
        return from_numbers(numbers, missing, self.type, self.shift, self.bounds)

    @property
    def _first_mode(self) -> int:
        return int(self.has_null) + len(self.specials)

    @property
    def _ends(self) -> tuple[Numbers, Numbers]:
        kind = np.float64 if self.type.is_float else np.int64
        return np.array([self.low], kind), np.array([self.high], kind)

    def to_json(self) -> dict[str, Any]:
        """See `Codec.to_json`."""
        return fields_to_json(self, "mixture")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> MixtureCodec:
        """The codec that `to_json` described."""
        return cls(**fields_from_json(data))


def _normal_cdf(scores: Floats) -> Floats:
    """The standard normal distribution function to full precision, which the table in `noise` does not have."""
    erfc = np.frompyfunc(math.erfc, 1, 1)
    return np.asarray(erfc(scores * -math.sqrt(0.5)), np.float64) / 2
