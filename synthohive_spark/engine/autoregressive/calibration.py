"""Calibration: biases that give each part the shares it has in the table.

Small errors of the shares of early columns grow along the order of drawing. So rows are drawn once, column by column,
and each part gets the bias with which its mean shares over these rows are the true ones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.autoregressive.head import Floats
from synthohive_spark.engine.autoregressive.sampling import AutoregressiveSampler
from synthohive_spark.engine.categories import sample_categories
from synthohive_spark.engine.encoded_table import EncodedTable

ROWS = 16_384
_LARGEST_READ = 8_000_000
_ROUNDS = 4
_LARGEST = 0.5


def calibrate(
    sampler: AutoregressiveSampler, rows: npt.NDArray[np.int16], context: EncodedTable, *, seed: int
) -> dict[str, Floats]:
    """The bias of each part that is not linked to another, by the name under which `sampler_of` finds it.

    Args:
        sampler: A sampler without biases.
        rows: The training rows as parts, whose shares are the true ones.
        context: Their given columns.
        seed: Fixes the rows that are drawn.
    """
    rng = np.random.default_rng(seed)
    drawn = min(ROWS, _LARGEST_READ // sampler.read_width)
    given = context.take(rng.integers(0, len(rows), drawn))
    parts, found = sampler.start(given), {}
    for part, logits in sampler.walk(parts):
        if sampler.parts.parents[part] < 0:
            shares = np.bincount(rows[:, part], minlength=len(logits)) / len(rows)
            bias = _bias(logits, shares)
            np.add(logits, bias[:, None], out=logits)
            found[f"calibration.{part - sampler.parts.first_drawn}"] = bias
        # Evenly spread numbers, shuffled: drawn shares are then nearer to the expected ones than by chance.
        parts[part] = sample_categories(logits, ((rng.permutation(drawn) + 0.5) / drawn).astype(np.float32))
    return found


def _bias(logits: Floats, shares: npt.NDArray[np.float64]) -> Floats:
    """What to add to the logits, shape (categories,), so that the mean of their softmax is ``shares``."""
    scaled = np.exp(logits - logits.max(axis=0))
    factor = np.ones(len(logits), np.float32)
    for _ in range(_ROUNDS):
        weighted = scaled * factor[:, None]
        mean = (weighted / weighted.sum(axis=0)).mean(axis=1)
        factor *= np.where((shares > 0) & (mean > 0), shares / np.maximum(mean, 1e-9), 1.0).astype(np.float32)
    return np.clip(np.log(np.maximum(factor, 1e-9)), -_LARGEST, _LARGEST).astype(np.float32)
