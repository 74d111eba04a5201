"""A permutation of the numbers below any bound, found for each number on its own.

A balanced Feistel network permutes the numbers of an even count of bits; what falls outside the bound goes through it
again until it falls inside (cycle walking: Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
"""

from __future__ import annotations

import numpy as np

from synthohive_spark.engine.noise import NoiseBits, mix

_ROUNDS = 4


def permuted(numbers: NoiseBits, size: int, key: int) -> NoiseBits:
    """Each of ``numbers``, all below ``size`` (at most 2**62), at its place in the permutation that ``key`` names."""
    half = max(1, (max(size - 1, 1).bit_length() + 1) // 2)
    out = _feistel(numbers, half, key)
    outside = np.flatnonzero(out >= np.uint64(size))
    while len(outside):
        out[outside] = _feistel(out[outside], half, key)
        outside = outside[out[outside] >= np.uint64(size)]
    return out


def _feistel(numbers: NoiseBits, half: int, key: int) -> NoiseBits:
    mask = np.uint64((1 << half) - 1)
    left, right = numbers >> np.uint64(half), numbers & mask
    for turn in range(_ROUNDS):
        with np.errstate(over="ignore"):
            hashed = mix(right + np.array([(key + turn * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF], np.uint64))
        left, right = right, left ^ (hashed & mask)
    return (left << np.uint64(half)) | right
