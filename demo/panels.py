"""The panels of the picture, each on axes of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.image import AxesImage

from demo.flights import FEATURES, numbers
from demo.pairs import Pair

REAL, DRAWN = "#9aa5b1", "#0f6fc6"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MOST_BARS = 12


def density(
    axis: Axes, rows: pd.DataFrame, names: Pair, within: tuple[tuple[float, float], tuple[float, float]]
) -> None:
    """How many rows lie where, of two columns of numbers; fields without a row stay white."""
    both = rows[list(names)].dropna()
    x, y = (both[name].to_numpy(float) for name in names)
    edges = [np.linspace(low, high, 70) for low, high in within]
    axis.hist2d(x, y, bins=edges, norm=LogNorm(1, len(rows) / 100), cmap="viridis", rasterized=True)
    axis.set_xlabel(names[0])
    axis.set_ylabel(names[1])


def departures(axis: Axes, rows: pd.DataFrame, most: float) -> None:
    """The share of flights that leave in each hour of each day of the week; the darkest field is ``most``."""
    axis.imshow(share_by_hour(rows), aspect="auto", cmap="Blues", vmin=0, vmax=most)
    axis.set_yticks(range(7), _DAYS)
    axis.set_xticks(range(0, 24, 3))
    axis.set_xlabel("hour of departure in New York")


def share_by_hour(rows: pd.DataFrame) -> pd.DataFrame:
    """The share of rows of each day of the week (7 rows) and hour (24 columns)."""
    shares = pd.crosstab(rows["weekday"], rows["hour"], normalize=True)
    return shares.reindex(index=range(7), columns=range(24), fill_value=0.0)


def pair_differences(axis: Axes, found: dict[Pair, float]) -> AxesImage:
    """How far the strength of each pair is from that in the real rows: white 0, red 1/2 and more."""
    places = {name: place for place, name in enumerate(FEATURES)}
    square = np.full((len(FEATURES), len(FEATURES)), np.nan)
    for (first, second), difference in found.items():
        square[places[second], places[first]] = difference
    image = axis.imshow(square, cmap="Reds", vmin=0, vmax=0.5)
    axis.set_xticks(range(len(FEATURES) - 1), FEATURES[:-1], rotation=90)
    axis.set_yticks(range(1, len(FEATURES)), FEATURES[1:])
    axis.set_ylim(len(FEATURES) - 0.5, 0.5)
    axis.set_xlim(-0.5, len(FEATURES) - 1.5)
    return image


def bars(axis: Axes, real: pd.Series, drawn: pd.Series) -> None:
    """Shares of the most frequent labels."""
    shares = pd.DataFrame({"real": real.value_counts(normalize=True), "drawn": drawn.value_counts(normalize=True)})
    shares = shares.fillna(0.0).sort_values("real", ascending=False).head(_MOST_BARS)
    places = np.arange(len(shares))
    axis.bar(places - 0.2, shares["real"], 0.4, color=REAL)
    axis.bar(places + 0.2, shares["drawn"], 0.4, color=DRAWN)
    axis.set_xticks(places, [str(label) for label in shares.index])


def histogram(axis: Axes, real: pd.Series, drawn: pd.Series) -> None:
    """Densities of two columns of numbers, but for the outermost rows."""
    values = numbers(real)
    low, high = np.quantile(values, [0.002, 0.995])
    edges = np.linspace(low, high, 60)
    axis.hist(values, edges, density=True, color=REAL)
    axis.hist(numbers(drawn), edges, density=True, histtype="step", color=DRAWN, linewidth=1.4)
