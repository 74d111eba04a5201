"""Values held back and filled again, by this package and by scikit-learn's IterativeImputer."""

from __future__ import annotations

import warnings
import zlib
from typing import Any

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  (the next line needs it)
from sklearn.impute import IterativeImputer

_HELD_BACK = 0.2
Records = list[dict[str, Any]]


def nulls_filled(model: Any, train: pd.DataFrame, holdout: pd.DataFrame, draws: int, seed: int) -> Records:
    """A record for each column and way of filling.

    Args:
        model: A model that learned the training rows.
        train: These rows; the other way of filling learns them and the holdout rows, gaps and all.
        holdout: Of each column in turn, a fifth of the values here is held back, completely at random.
        draws: How many fillings of this package are combined by their mode or median.
        seed: Of what is held back, and of all fillings.
    """
    records = []
    for column in map(str, holdout):
        if train[column].nunique() < 2:
            continue
        rng = np.random.default_rng([seed, zlib.crc32(column.encode())])
        known = np.flatnonzero(holdout[column].notna())
        places = np.sort(rng.choice(known, round(_HELD_BACK * len(known)), replace=False))
        gapped = holdout.copy()
        gapped[column] = gapped[column].mask(np.isin(np.arange(len(holdout)), places))
        held = holdout[column].iloc[places].reset_index(drop=True)
        for way, filled in _fillings(model, train, gapped, column, places, draws=draws, seed=seed).items():
            records.append({"column": column, "way": way, "values": len(held), **_scores(held, filled)})
    return records


def _fillings(
    model: Any, train: pd.DataFrame, gapped: pd.DataFrame, column: str, places: Any, *, draws: int, seed: int
) -> dict[str, pd.Series[Any]]:
    """The filled values, by what filled them."""
    rows = gapped.iloc[places].reset_index(drop=True)
    drawn = pd.concat([model.impute(rows, cols=[column], seed=seed + i)[column] for i in range(draws)], axis=1)
    combined = drawn.astype(float).median(axis=1) if _is_number(train[column]) else drawn.mode(axis=1)[0]
    codes = _codes(pd.concat([train, gapped], ignore_index=True))
    others = [_imputed(codes, train[column], column, places + len(train), posterior) for posterior in (False, True)]
    return {
        "a draw": drawn.iloc[:, 0],
        f"{draws} draws combined": combined,
        "IterativeImputer": others[0],
        "IterativeImputer, posterior": others[1],
    }


def _is_number(column: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _codes(table: pd.DataFrame) -> pd.DataFrame:
    """Numbers as they are, ordinal codes for anything else; NaN for null."""
    coded = {}
    for name, column in table.items():
        if _is_number(column):
            coded[name] = column.to_numpy(float, na_value=np.nan)
        else:
            numbers = pd.factorize(column, sort=True)[0]
            coded[name] = np.where(numbers >= 0, numbers, np.nan)
    return pd.DataFrame(coded)


def _imputed(codes: pd.DataFrame, train: pd.Series[Any], column: str, places: Any, posterior: bool) -> pd.Series[Any]:
    """What scikit-learn fills in: rounded unless real, and clipped to the training rows' range."""
    imputer = IterativeImputer(sample_posterior=posterior, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        values = imputer.fit_transform(codes)[places, codes.columns.get_loc(column)]
    known = codes[column].iloc[: len(train)]
    values = np.clip(values, known.min(), known.max())
    if pd.api.types.is_float_dtype(train):
        return pd.Series(values)
    numbers = pd.Series(np.round(values).astype(np.int64))
    if _is_number(train):
        return numbers
    names = pd.Series(train.to_numpy(), index=known).dropna()
    return numbers.map(names[~names.index.duplicated()])


def _scores(held: pd.Series[Any], filled: pd.Series[Any]) -> dict[str, Any]:
    """Error and spread: of numbers by their distance and standard deviation, of labels by how many are right."""
    empty = float(filled.isna().mean())
    if _is_number(held):
        held, filled = held.astype(float), filled.astype(float)
        spread = float(held.std()) or 1.0
        error = float((held - filled).abs().mean())
        return {"mae": error, "relative_mae": error / spread, "spread": float(filled.std()) / spread, "empty": empty}
    shares = [values.value_counts(normalize=True) for values in (held, filled)]
    apart = float(shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)
    return {"accuracy": float((held == filled).mean()), "tvd": apart, "empty": empty}
