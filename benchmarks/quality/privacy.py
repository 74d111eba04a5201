"""Whether synthetic rows are nearer to the training rows than rows that were never seen, or equal to them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.quality.tables import labels, numbers, some

_SEATS, _ROWS, _DRAWS = 2_000, 20_000, 3


def closer_to_train(train: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame) -> float:
    """The share closer to up to three parts of the training rows, as large as the holdout part; ties count half."""
    rows = min(len(train), len(holdout), _ROWS)
    seats = some(synthetic, _SEATS, seed=3)
    spreads = {c: float(np.nanstd(train[c])) or 1.0 for c in numbers(train)}
    to_holdout = _nearest(seats, some(holdout, rows, seed=4), spreads)
    order = np.random.default_rng(5).permutation(len(train))
    shares = []
    for draw in range(min(_DRAWS, len(train) // rows)):
        to_train = _nearest(seats, train.iloc[order[draw * rows : (draw + 1) * rows]], spreads)
        closer = np.where(np.abs(to_train - to_holdout) <= 1e-6, 0.5, to_train < to_holdout)
        shares.append(closer.mean())
    return float(np.mean(shares))


def _nearest(seats: pd.DataFrame, rows: pd.DataFrame, spreads: dict[str, float]) -> np.ndarray:
    """The distance from each seat to its nearest row: spreads apart for numbers, 1 for other labels or a lone null."""
    pairs = []
    for name, spread in spreads.items():
        pairs.append(tuple((t[name].to_numpy() / spread).astype(np.float32) for t in (seats, rows)))
    for name in labels(rows):
        codes = pd.factorize(pd.concat([seats[name], rows[name]]))[0]
        pairs.append((codes[: len(seats)], codes[len(seats) :]))
    nearest = []
    for start in range(0, len(seats), 100):
        total = np.zeros((len(seats[start : start + 100]), len(rows)), np.float32)
        for here, there in pairs:
            a, b = here[start : start + 100, None], there[None]
            if here.dtype == np.float32:
                apart = np.abs(a - b)
                total += np.where(np.isnan(apart), np.isnan(a) != np.isnan(b), apart)
            else:
                total += a != b
        nearest.append(total.min(axis=1))
    return np.concatenate(nearest)


def copies(train: pd.DataFrame, others: pd.DataFrame) -> float:
    """The share of the others that are equal to a training row."""

    def rows(table: pd.DataFrame) -> list[tuple[Any, ...]]:
        table = table.round(6).astype(object)
        return list(table.where(table.notna(), None).itertuples(index=False, name=None))

    seen = set(rows(train))
    return float(np.mean([row in seen for row in rows(others)]))
