"""A classifier that tries to tell synthetic rows from real ones, and the columns that it goes by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from synthohive_spark.validation.figures import FEWEST_DETECTED, DetectorReport, TellingColumn

MOST_ROWS = 10_000
"""Rows of a side that are looked at."""
_FOLDS = 3
_CATEGORIES = 254
FEWEST_OF_CATEGORY = 10
_ROUNDS = 60
_JUDGED_ROWS = 250, 1000
_JUDGED_CELLS = 30_000
_MIXED_CELLS = 2_000_000
_GREATEST = 1e300
_TELLING = 0.01
_CHANCE = 0.52
"""Where no more is told, or a column is worth less, there is nothing to name."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Feature:
    """A column that rows are told apart by.

    Attributes:
        name: The column.
        is_category: Whether its values are names, written as any different numbers.
        fewest: A category of fewer rows, of both sides together, is one of the rare ones, which share a code.
        left_out: A share of the synthetic rows that are counted among the rare ones, whatever they hold: real rows of
            values that a model was not to know have no synthetic counterpart, and would be told by that.
    """

    name: str
    is_category: bool = False
    fewest: int = FEWEST_OF_CATEGORY
    left_out: float = 0.0


def detect(real: Values, synthetic: Values, features: Sequence[Feature]) -> DetectorReport:
    """How well boosted trees tell synthetic rows from real ones, on rows that they have not learned.

    As many rows are taken of each side, and of equal rows the same figures come, in whatever order they are.

    Args:
        real: Real rows, shape (rows, features), NaN for null.
        synthetic: Synthetic rows, likewise.
        features: The columns.
    """
    rows = min(len(real), len(synthetic), MOST_ROWS)
    if rows < FEWEST_DETECTED or not features:
        return DetectorReport(None, rows)
    random = np.random.default_rng(0)
    sides = [_shuffled(side, random)[:rows] for side in (real, synthetic)]
    inputs = np.concatenate(sides)
    made = np.repeat([False, True], rows)
    for place, feature in enumerate(features):
        if feature.is_category:
            inputs[:, place] = _codes(inputs[:, place], feature, made, random)
    folds = np.concatenate([random.permutation(rows) % _FOLDS for _ in sides])
    categories = np.array([feature.is_category for feature in features])
    # One thread, for sums in one order.
    with threadpool_limits(1):
        found = [_judged(inputs, made, folds == fold, categories, random) for fold in range(_FOLDS)]
    drops = np.mean([drop for _, drop in found], axis=0)
    auc = float(np.mean([auc for auc, _ in found]))
    telling = [TellingColumn(features[i].name, float(drops[i])) for i in np.argsort(-drops, kind="stable")[:3]]
    return DetectorReport(auc, rows, tuple(c for c in telling if c.auc_drop >= _TELLING and auc > _CHANCE))


def _shuffled(values: Values, random: np.random.Generator) -> Values:
    """Rows in an order that depends on which there are, and not on the order they came in."""
    return values[np.lexsort(values.T)][random.permutation(len(values))]


def _codes(values: Values, feature: Feature, made: npt.NDArray[np.bool_], random: np.random.Generator) -> Values:
    """Categories as numbers from 0, the most frequent first and all rare ones as one; NaN stays."""
    there = ~np.isnan(values)
    known, places, counts = np.unique(values[there], return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    ranks = np.empty(len(known), np.int64)
    ranks[order] = np.arange(len(known))
    rare = min(int((counts >= feature.fewest).sum()), _CATEGORIES)
    codes = np.full(len(values), np.nan)
    codes[there] = np.minimum(ranks, rare)[places]
    synthetic = np.flatnonzero(there & made)
    codes[random.permutation(synthetic)[: round(feature.left_out * len(synthetic))]] = rare
    return codes


def _judged(
    inputs: Values,
    made: npt.NDArray[np.bool_],
    held_out: npt.NDArray[np.bool_],
    categories: npt.NDArray[np.bool_],
    random: np.random.Generator,
) -> tuple[float, Values]:
    """The AUC on the rows held out, and what it loses there when a column's values are mixed up."""
    inputs = np.clip(inputs, -_GREATEST, _GREATEST)
    inputs[:, np.isnan(inputs[~held_out]).all(axis=0)] = 0.0
    trees = HistGradientBoostingClassifier(
        learning_rate=0.15,
        max_iter=_ROUNDS,
        categorical_features=categories,
        early_stopping=False,
        random_state=0,
    ).fit(inputs[~held_out], made[~held_out])
    scores = trees.decision_function(inputs[held_out])
    width = inputs.shape[1]
    some = random.permutation(np.flatnonzero(held_out))[: int(np.clip(_JUDGED_CELLS // width, *_JUDGED_ROWS))]
    rows, truth = inputs[some], made[some]
    base = roc_auc_score(truth, trees.decision_function(rows))
    drops = np.zeros(width)
    # Several columns at a time, for each call costs as much as hundreds of rows.
    at_once = max(1, _MIXED_CELLS // rows.size)
    for first in range(0, width, at_once):
        places = range(first, min(first + at_once, width))
        mixed = np.tile(rows, (len(places), 1, 1))
        for i, place in enumerate(places):
            mixed[i, :, place] = random.permutation(rows[:, place])
        judged = trees.decision_function(mixed.reshape(-1, width)).reshape(len(places), -1)
        drops[first : first + len(places)] = [base - roc_auc_score(truth, own) for own in judged]
    return float(roc_auc_score(made[held_out], scores)), drops


__all__ = ["FEWEST_OF_CATEGORY", "MOST_ROWS", "Feature", "detect"]
