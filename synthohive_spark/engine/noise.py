"""Noise of a row: random numbers that are a pure function of (seed, row id, position).

A word is a hash of three numbers (the finaliser of SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom
number generators", 2014), so a row finds its noise without knowing where or with which other rows it is drawn.
"""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import numpy.typing as npt

NoiseBits = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_NORMAL_BITS = 16


def mix(x: NoiseBits) -> NoiseBits:
    """Hash each 64-bit word to another, one to one."""
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def derive_seed(seed: int, *names: str) -> int:
    """A seed of 63 bits for one purpose, from a seed and names, the same in every process."""
    digest = hashlib.sha256("\0".join((str(int(seed)), *names)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def row_words(
    seed: int, row_ids: npt.NDArray[np.int64], positions: int, *, stream: int | npt.NDArray[np.int64] = 0
) -> NoiseBits:
    """Words of shape (rows, positions) for rows of the given ids.

    Args:
        seed: Any integer; only its low 64 bits count.
        row_ids: 64-bit integers, shape (rows,).
        positions: How many words each row gets.
        stream: Which of a row's independent streams to read; one for all rows, or one for each.
    """
    with np.errstate(over="ignore"):
        key = mix(
            np.array([seed & 0xFFFFFFFFFFFFFFFF], np.uint64) + _GOLDEN * (np.asarray(stream, np.uint64) + np.uint64(1))
        )
        rows = mix(mix(row_ids.astype(np.int64).view(np.uint64) + _GOLDEN) ^ key)
        places = mix(np.arange(1, positions + 1, dtype=np.uint64) * _GOLDEN)
    return mix(rows[:, None] ^ places[None, :])


def uniforms(words: NoiseBits) -> npt.NDArray[np.float64]:
    """Numbers strictly between 0 and 1, of the words' shape."""
    return ((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def normals(words: NoiseBits, count: int) -> npt.NDArray[np.float32]:
    """Standard normals of shape (rows, count), four from each word.

    Each is a 16-bit index into a table of quantiles: many times faster than Box-Muller, as good as a network's input.
    """
    indices = np.ascontiguousarray(words).view(np.uint16).reshape(len(words), -1)[:, :count]
    return _normal_table()[indices]


def normal_words(count: int) -> int:
    """How many words `normals` needs for ``count`` numbers a row."""
    return -(-count // 4)


@cache
def _normal_table() -> npt.NDArray[np.float32]:
    size = 1 << _NORMAL_BITS
    return normal_quantile((np.arange(size) + 0.5) / size).astype(np.float32)


def normal_quantile(p: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The inverse of the standard normal distribution function.

    Acklam's rational approximation (2003), relative error below 1.2e-9.
    """
    p = np.asarray(p, np.float64)
    a = (
        -39.69683028665376,
        220.9460984245205,
        -275.9285104469687,
        138.357751867269,
        -30.66479806614716,
        2.506628277459239,
    )
    b = (-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1.0)
    c = (
        -0.007784894002430293,
        -0.3223964580411365,
        -2.400758277161838,
        -2.549732539343734,
        4.374664141464968,
        2.938163982698783,
    )
    d = (0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1.0)
    tail = np.minimum(p, 1 - p)
    r = np.sqrt(-2 * np.log(np.maximum(tail, 1e-300)))
    outer = np.polyval(c, r) / np.polyval(d, r) * np.where(p < 0.5, 1.0, -1.0)
    q = p - 0.5
    inner = q * np.polyval(a, q * q) / np.polyval(b, q * q)
    return np.where(tail < 0.02425, outer, inner)


def normal_cdf(x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The standard normal distribution function, by interpolation in a table (absolute error below 1e-5)."""
    grid, values = _cdf_table()
    return np.interp(x, grid, values).astype(np.float32)


@cache
def _cdf_table() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    values = np.concatenate([np.geomspace(1e-9, 1e-3, 1024)[:-1], np.linspace(1e-3, 0.5, 2048)])
    values = np.concatenate([values, 1 - values[-2::-1]])
    return normal_quantile(values), values
