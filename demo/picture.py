"""One picture: relations of real and of drawn flights side by side, and a few columns."""

from __future__ import annotations

import pathlib

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from demo import panels
from demo.pairs import Pair

_BARS, _HISTOGRAMS = ("carrier", "dest"), ("sched_dep_time", "arr_delay")
_DENSITIES = (
    (("distance", "air_time"), ((0, 2800), (0, 420))),
    (("dep_delay", "arr_delay"), ((-30, 300), (-80, 320))),
)


def draw_picture(
    path: pathlib.Path, real: pd.DataFrame, drawn: pd.DataFrame, pair_differences: dict[Pair, float], title: str
) -> None:
    """Write the picture as PNG.

    Args:
        path: Where to.
        real: Rows with features.
        drawn: About as many rows.
        pair_differences: How far the strength of each pair of columns is from that in the real rows.
        title: The line on top.
    """
    figure = Figure(figsize=(15, 14), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", fontsize=14)
    relations, middle, below = figure.subfigures(3, 1, height_ratios=(1, 1.55, 0.95), hspace=0.04)
    axes = relations.subplots(1, 4)
    for place, (names, within) in enumerate(_DENSITIES):
        for axis, rows, side in zip(axes[2 * place : 2 * place + 2], (real, drawn), ("real", "drawn"), strict=True):
            panels.density(axis, rows, names, within)
            _titled(axis, f"{names[1]} by {names[0]}, {side}")
    _middle(middle, real, drawn, pair_differences)
    _columns(below, real, drawn)
    figure.savefig(path, dpi=100)


def _middle(figure: Figure, real: pd.DataFrame, drawn: pd.DataFrame, found: dict[Pair, float]) -> None:
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.1))
    most = float(panels.share_by_hour(real).to_numpy().max())
    for axis, rows, side in zip(left.subplots(2, 1), (real, drawn), ("real", "drawn"), strict=True):
        panels.departures(axis, rows, most)
        _titled(axis, f"departures by hour and day of the week, {side}")
    axis = right.subplots()
    image = panels.pair_differences(axis, found)
    right.colorbar(image, ax=axis, shrink=0.6, extend="max")
    _titled(axis, "pairs of columns: how far drawn rows are from real ones")


def _columns(figure: Figure, real: pd.DataFrame, drawn: pd.DataFrame) -> None:
    axes = figure.subplots(1, 4, gridspec_kw={"wspace": 0.08})
    colours = {"real": panels.REAL, "drawn": panels.DRAWN}
    axes[-1].legend(handles=[Patch(color=colour, label=name) for name, colour in colours.items()], frameon=False)
    for axis, name in zip(axes, (*_BARS, *_HISTOGRAMS), strict=True):
        panel = panels.bars if name in _BARS else panels.histogram
        panel(axis, real[name], drawn[name])
        _titled(axis, name)
        axis.set_yticks([])
        axis.spines[["top", "right", "left"]].set_visible(False)
    axes[1].tick_params(axis="x", rotation=90)


def _titled(axis: Axes, title: str) -> None:
    axis.set_title(title, fontsize=10, loc="left")
    axis.tick_params(labelsize=8)
