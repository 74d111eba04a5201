"""In which precision a network is run, so that a row has the same bits at each place of a batch.

BLAS rounds a product of matrices in the order in which its kernel for the processor goes through them. Most kernels go
through each row of a batch alike; those that OpenBLAS takes for Haswell and Zen do not. There doubles are multiplied,
whose last bits no drawn value shows.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

_ROWS = 512
_SHAPES = ((8, 64), (64, 64), (128, 330), (257, 400))


@cache
def product_type() -> type[np.floating[Any]]:
    """The narrowest floating type of which products of matrices do not depend on the place of a row."""
    rng = np.random.default_rng(0)
    order = rng.permutation(_ROWS)
    for outputs, width in _SHAPES:
        rows = rng.normal(size=(_ROWS, width)).astype(np.float32)
        weights = rng.normal(size=(width, outputs)).astype(np.float32)
        beside, below = rows @ weights, weights.T @ np.ascontiguousarray(rows.T)
        mixed = rows[order]
        if not np.array_equal(mixed @ weights, beside[order]):
            return np.float64
        if not np.array_equal(weights.T @ np.ascontiguousarray(mixed.T), below[:, order]):
            return np.float64
    return np.float32
