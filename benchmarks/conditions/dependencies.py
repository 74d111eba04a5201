"""Exact dependencies between columns: how often real and drawn rows break them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.table import fit

_MOST_DIFFERENT = 1_000
_FEWEST_NULLS = 5
_TOTAL = "total"
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Broken = dict[str, dict[str, Mask]]


def dependencies_broken(
    fit: Callable[[pd.DataFrame], Any], train: pd.DataFrame, holdout: pd.DataFrame, target: str, seed: int
) -> dict[str, Any]:
    """The share of rows that break what holds in all training rows: of holdout rows, and of drawn ones.

    A sum of two columns of whole numbers is added to the table, where it has two beside the target.

    Args:
        fit: Makes a model of a table.
        train: The rows to learn.
        holdout: The rows held out.
        target: Takes no part in the sum.
        seed: Of the draws.
    """
    terms = _terms(train, target)
    if terms:
        train, holdout = (table.assign(**{_TOTAL: table[terms[0]] + table[terms[1]]}) for table in (train, holdout))
    tables = {"train": train, "real": holdout}
    if any(_broken(tables, terms).values()):
        tables["drawn"] = fit(train).sample(len(train), seed=seed)
        with without_dependencies():
            tables["before"] = fit(train).sample(len(train), seed=seed)
    return {"terms": terms, **{kind: _summary(broken) for kind, broken in _broken(tables, terms).items()}}


@contextmanager
def without_dependencies() -> Iterator[None]:
    """The package as it would be if it looked for no dependencies, calendars included."""
    with (
        mock.patch.object(fit, "find_in_values", lambda *_, **__: Dependencies()),
        mock.patch.object(fit, "find_in_codes", lambda *_, **__: Dependencies()),
        mock.patch.object(fit, "find_entities", lambda *_, **__: ()),
    ):
        yield


def _terms(train: pd.DataFrame, target: str) -> list[str]:
    whole = [str(c) for c in train.select_dtypes("integer") if c != target and train[c].nunique() > 2]
    return whole[:2] if len(whole) >= 2 and _TOTAL not in train else []


def _broken(tables: dict[str, pd.DataFrame], terms: list[str]) -> dict[str, Broken]:
    """By kind, what holds in the training rows, and where each table breaks it."""
    return {"functions": _functions(_codes(tables)), "nulls": _nulls(tables), "sum": _sums(tables, terms)}


def _codes(tables: dict[str, pd.DataFrame]) -> dict[str, dict[str, Codes]]:
    """For each table and column a number for each value, the same in all tables; null is a value."""
    ends = np.cumsum([len(table) for table in tables.values()])[:-1]
    coded: dict[str, dict[str, Codes]] = {name: {} for name in tables}
    for column in tables["train"]:
        joined = pd.concat([table[column] for table in tables.values()], ignore_index=True)
        numbers = pd.factorize(joined, use_na_sentinel=False)[0]
        for name, part in zip(tables, np.split(numbers, ends), strict=True):
            coded[name][str(column)] = part
    return coded


def _functions(codes: dict[str, dict[str, Codes]]) -> Broken:
    """By "of, column", where each table breaks it: rows whose value of ``of`` no training row has break nothing."""
    train, broken = codes["train"], {}
    different = {name: len(np.unique(numbers)) for name, numbers in train.items()}
    for of, own in train.items():
        if not 2 <= different[of] <= _MOST_DIFFERENT:
            continue
        for column, numbers in train.items():
            if column == of or different[column] < 2:
                continue
            values = np.full(max(int(table[of].max()) for table in codes.values()) + 1, -1)
            values[own] = numbers
            if np.array_equal(values[own], numbers):
                broken[f"{of}, {column}"] = {
                    name: (values[table[of]] >= 0) & (values[table[of]] != table[column])
                    for name, table in codes.items()
                }
    return broken


def _nulls(tables: dict[str, pd.DataFrame]) -> Broken:
    """By "column, within", where a table has a null in the first and none in the second."""
    nulls = {name: {str(c): table[c].isna().to_numpy() for c in table} for name, table in tables.items()}
    broken = {}
    for column, own in nulls["train"].items():
        for within, other in nulls["train"].items():
            if column != within and own.sum() >= _FEWEST_NULLS and not (own & ~other).any() and not other.all():
                broken[f"{column}, {within}"] = {name: t[column] & ~t[within] for name, t in nulls.items()}
    return broken


def _sums(tables: dict[str, pd.DataFrame], terms: list[str]) -> Broken:
    if not terms:
        return {}
    gaps = {name: t[_TOTAL] - t[terms[0]] - t[terms[1]] for name, t in tables.items()}
    return {" + ".join(terms): {name: gap.fillna(0).ne(0).to_numpy(bool) for name, gap in gaps.items()}}


def _summary(broken: Broken) -> dict[str, Any]:
    """Share of rows by table: those that break each dependency, and any of them."""
    shares = {link: {name: float(mask.mean()) for name, mask in rows.items()} for link, rows in broken.items()}
    names = next(iter(broken.values()), {})
    any_of = {name: float(np.any([rows[name] for rows in broken.values()], axis=0).mean()) for name in names}
    return {"links": shares, "any": any_of}
