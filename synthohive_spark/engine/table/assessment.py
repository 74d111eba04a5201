"""What a fit has learned, judged by rows that its model draws."""

from __future__ import annotations

import numpy as np

from synthohive_spark.engine.encoded_table import EncodedTable, Layout
from synthohive_spark.engine.interface import FittedEngine
from synthohive_spark.engine.noise import derive_seed, row_words
from synthohive_spark.engine.pairs import cells_of, pair_score
from synthohive_spark.logs import get_logger

ROWS = 4096
HARDLY_BETTER = 0.3
_BATCH = 512
_FEWEST = 200
_log = get_logger(__name__)


def assess(fitted: FittedEngine, table: EncodedTable, context: EncodedTable, layout: Layout, seed: int) -> float | None:
    """The `pair_score` of rows that the model draws for given columns of the training rows.

    Returns:
        None for a table of too few rows, or one whose columns have nothing to do with each other.
    """
    if len(table) < _FEWEST or not layout.columns:
        return None
    rng = np.random.default_rng(derive_seed(seed, "assessment"))
    half = len(table) // 2
    rows = min(ROWS, half // _BATCH * _BATCH or half)
    chosen = rng.permutation(len(table))[: 2 * rows]
    parts = chosen[:rows], chosen[rows:]
    given = context.take(np.resize(parts[0], -(-rows // _BATCH) * _BATCH))
    words = row_words(derive_seed(seed, "assessed rows"), np.arange(len(given)), fitted.sampler.noise_words)
    batches = [slice(start, start + _BATCH) for start in range(0, len(given), _BATCH)]
    drawn = EncodedTable.concat([fitted.sampler.sample(words[part], given.take(part)) for part in batches])
    sides = [(table.take(parts[0]), parts[0]), (table.take(parts[1]), parts[1]), (drawn.take(slice(rows)), parts[0])]
    real, other, made = (
        cells_of(own, layout.columns) + cells_of(context.take(places), layout.context) for own, places in sides
    )
    return pair_score(real, other, made, len(layout.columns), seed)


def warnings_of(fitted: FittedEngine, score: float | None, max_seconds: float | None) -> tuple[str, ...]:
    """What a user should know of a fit that did not learn all it could, as sentences with figures and a remedy."""
    found, ending = [], fitted.ending
    if ending.by == "time" and not ending.levelled_off:
        epochs = fitted.checks[-1]["epoch"] if fitted.checks else 0
        found.append(
            f"the time budget of {max_seconds:g} s ended training after {ending.steps:,} steps ({epochs} epochs, "
            f"{ending.seconds:.0f} s, after {ending.preparing_seconds:.0f} s of preparation) before its score levelled "
            f"off: raise max_seconds (maxSeconds), take fewer rows (maxTrainingRows), or exclude columns"
        )
    if score is not None and score < HARDLY_BETTER:
        found.append(
            f"pairs of columns are hardly better than independent ones: drawn rows have {max(score, 0.0):.0%} of the "
            f"association between columns that real rows have: train longer (epochs, max_seconds), or with "
            f"engine='autoregressive'"
        )
    for text in found:
        _log.warning("fit_fell_short", reason=text)
    return tuple(found)
