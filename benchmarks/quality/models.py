"""Quality by learning: what a model of the synthetic rows is good for, and whether a model can tell them apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from benchmarks.quality.tables import FEW, labels, numbers, some

_LEARNED_ROWS, _DETECTED_ROWS = 100_000, 10_000
_MOST_LABELS = 250


def _coder(train: pd.DataFrame, columns: list[str]) -> tuple[Callable[[pd.DataFrame], np.ndarray], np.ndarray]:
    """What makes a matrix of a table, and which of its columns hold labels: by their rank in frequency."""
    codes: dict[str, dict[str | None, float]] = {}
    for name in columns:
        if name in labels(train):
            common = train[name].value_counts().index[:_MOST_LABELS]
            codes[name] = {None: np.nan, **{label: float(i) for i, label in enumerate(common)}}

    def column(table: pd.DataFrame, name: str) -> Any:
        known = codes.get(name)
        return table[name] if known is None else [known.get(label, len(known) - 1.0) for label in table[name]]

    def matrix(table: pd.DataFrame) -> np.ndarray:
        return np.column_stack([column(table, name) for name in columns])

    return matrix, np.array([name in codes for name in columns])


def _trees(regression: bool, labelled: np.ndarray, rounds: int) -> Any:
    kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
    labelled = labelled if labelled.any() else None
    return kind(max_iter=rounds, early_stopping=False, random_state=0, categorical_features=labelled)


def use(train: pd.DataFrame, holdout: pd.DataFrame, synthetic: pd.DataFrame, target: str) -> dict[str, float]:
    """How well a model that learned a table predicts the target of the holdout rows: R2 of a number, AUC of a label."""
    regression = target in numbers(train) and train[target].nunique() > FEW
    known = sorted(train[target].dropna().unique(), key=str)
    if not regression and len(known) != 2:
        raise SystemExit(f"the target {target!r} has {len(known)} labels: give one of two, or a number")
    matrix, labelled = _coder(train, [c for c in train if c != target])

    def split(table: pd.DataFrame) -> tuple[Any, Any]:
        table = table[table[target].notna() if regression else table[target].isin(known)]
        return matrix(table), table[target] if regression else table[target] == known[1]

    def learned(table: pd.DataFrame) -> float:
        inputs, wanted = split(some(table[table[target].notna()], _LEARNED_ROWS))
        if wanted.nunique() < 2:
            return 0.0 if regression else 0.5
        trees = _trees(regression, labelled, rounds=200).fit(inputs, wanted)
        if regression:
            return float(r2_score(truth, trees.predict(avoid_real_values)))
        return float(roc_auc_score(truth, trees.predict_proba(avoid_real_values)[:, 1]))

    avoid_real_values, truth = split(holdout)
    return {"use": learned(synthetic), "use_real": learned(train)}


def detector(train: pd.DataFrame, synthetic: pd.DataFrame) -> float:
    rows = min(len(train), len(synthetic), _DETECTED_ROWS)
    matrix, labelled = _coder(train, list(train))
    inputs = np.concatenate([matrix(some(train, rows, seed=1)), matrix(some(synthetic, rows, seed=2))])
    made = np.repeat([0, 1], rows)
    scores = []
    for learn, judge in StratifiedKFold(5, shuffle=True, random_state=0).split(inputs, made):
        trees = _trees(False, labelled, rounds=100).fit(inputs[learn], made[learn])
        scores.append(roc_auc_score(made[judge], trees.predict_proba(inputs[judge])[:, 1]))
    return float(np.mean(scores))
