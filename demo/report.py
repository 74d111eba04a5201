"""Real against synthetic: a distance for each column, and a picture."""

from __future__ import annotations

import pathlib

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

_MOST_BARS = 12
_REAL, _SYNTHETIC = "#9aa5b1", "#0f6fc6"


def compare(real: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, float]:
    """Total variation distance of each categorical column, Kolmogorov-Smirnov statistic of each other one."""
    return {
        name: _tvd(real[name], synthetic[name])
        if _is_category(real[name])
        else _ks(_numbers(real[name]), _numbers(synthetic[name]))
        for name in real.columns
    }


def draw_picture(real: pd.DataFrame, synthetic: pd.DataFrame, path: pathlib.Path) -> None:
    """A panel for each column: shares of categories, densities of numbers."""
    names = [name for name in real.columns if real[name].nunique() > 1]
    columns = 4
    figure, axes = plt.subplots(-(-len(names) // columns), columns, figsize=(15, 2.6 * -(-len(names) // columns)))
    for axis in axes.flat[len(names) :]:
        axis.axis("off")
    for axis, name in zip(axes.flat, names, strict=False):
        panel = _bars if _is_category(real[name]) or real[name].nunique() <= _MOST_BARS else _histogram
        panel(axis, real[name], synthetic[name])
        axis.set_title(name, fontsize=10, loc="left")
        axis.set_yticks([])
        axis.tick_params(labelsize=7)
        for side in ("top", "right", "left"):
            axis.spines[side].set_visible(False)
    handles = [plt.Rectangle((0, 0), 1, 1, color=c) for c in (_REAL, _SYNTHETIC)]
    figure.legend(handles, ["real", "synthetic"], loc="upper right", ncols=2, frameon=False)
    figure.suptitle("Flights from New York City, 2013: real and synthetic", x=0.01, ha="left")
    figure.tight_layout(rect=(0, 0, 1, 0.98))
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _bars(axis: plt.Axes, real: pd.Series, synthetic: pd.Series) -> None:
    shares = pd.DataFrame({"real": _shares(real), "synthetic": _shares(synthetic)}).fillna(0)
    if _is_category(real):
        shares = shares.sort_values("real", ascending=False)
    else:
        shares.index = shares.index.astype(float)
        shares = shares.sort_index()
    shares = shares.head(_MOST_BARS)
    places = np.arange(len(shares))
    axis.bar(places - 0.2, shares["real"], 0.4, color=_REAL)
    axis.bar(places + 0.2, shares["synthetic"], 0.4, color=_SYNTHETIC)
    labels = [f"{v:g}" if isinstance(v, float) else str(v) for v in shares.index]
    axis.set_xticks(places, labels, rotation=0 if max(map(len, labels)) < 4 else 60)


def _histogram(axis: plt.Axes, real: pd.Series, synthetic: pd.Series) -> None:
    ours, theirs = _numbers(real), _numbers(synthetic)
    low, high = np.quantile(ours, [0.002, 0.998])
    edges = np.linspace(low, high, 50)
    axis.hist(ours, edges, density=True, color=_REAL)
    axis.hist(theirs, edges, density=True, histtype="step", color=_SYNTHETIC, linewidth=1.4)
    if pd.api.types.is_datetime64_any_dtype(real):
        marks = np.linspace(low, high, 4)
        axis.set_xticks(marks, [f"{pd.Timestamp(int(m)):%b %d}" for m in marks])


def _is_category(values: pd.Series) -> bool:
    return values.dtype == object


def _shares(values: pd.Series) -> pd.Series:
    return values.value_counts(normalize=True)


def _numbers(values: pd.Series) -> np.ndarray:
    values = values.dropna()
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.astype("datetime64[ns]").astype("int64").to_numpy(np.float64)
    return values.to_numpy(np.float64)


def _tvd(real: pd.Series, synthetic: pd.Series) -> float:
    return float(_shares(real).sub(_shares(synthetic), fill_value=0).abs().sum() / 2)


def _ks(real: np.ndarray, synthetic: np.ndarray) -> float:
    grid = np.unique(np.concatenate([real, synthetic]))
    ours, theirs = (np.searchsorted(np.sort(v), grid, side="right") / len(v) for v in (real, synthetic))
    return float(np.abs(ours - theirs).max())
