"""The figures that decide whether drawn flights are good, and their limits.

Every figure is taken three times against the same real rows: of the drawn rows, of other real rows, which says what
chance alone does, and of real rows whose columns were shuffled one by one, which is what a model that learned nothing
but columns draws. A limit is 1.2 to 2.4 times the worst of eight trainings of the autoregressive engine, with six seeds
and 10 to 40 passes over the rows; trainings of 6 and of 8 passes are over some of them. Where both engines are far from
the real rows there is no limit: the figure is printed and not judged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demo.columns import column_distances
from demo.dependencies import COMBINATIONS, DEPENDENCIES
from demo.facts import Facts
from demo.pairs import Pair, differences, measure_of, strengths

COLUMNS, CORRELATIONS, PAIRS, MEAN = (
    "columns: worst distance beyond that of other real rows",
    "pairs: worst difference of a correlation",
    "pairs: worst difference of the others",
    "pairs: mean difference",
)
LIMITS: dict[str, float | None] = {COLUMNS: 0.03, CORRELATIONS: 0.1, PAIRS: 0.35, MEAN: 0.035}


@dataclass(frozen=True)
class Check:
    """A figure of the drawn rows, 0 where they are perfect.

    Attributes:
        text: What it says.
        real: The same figure of other real rows.
        drawn: The figure.
        independent: The same figure of real rows with independent columns.
        limit: The largest that is good; None where the figure is not judged.
    """

    text: str
    real: float
    drawn: float
    independent: float
    limit: float | None

    @property
    def bad(self) -> bool:
        """Whether the figure is over its limit."""
        return self.limit is not None and not self.drawn <= self.limit


@dataclass(frozen=True)
class Comparison:
    """Drawn rows compared with real ones.

    Attributes:
        distances: Distance of each column of the drawn rows, and of the other real rows.
        pairs: Strength of each pair in the real rows, in the other real rows, and in the drawn rows.
        checks: The figures that are judged, and those that are not.
    """

    distances: tuple[dict[str, float], dict[str, float]]
    pairs: tuple[dict[Pair, float], dict[Pair, float], dict[Pair, float]]
    checks: tuple[Check, ...]


def compare(real: pd.DataFrame, other: pd.DataFrame, drawn: pd.DataFrame) -> Comparison:
    """Compare drawn rows with real ones, and other real rows with them; all with features, equally many."""
    facts = Facts.of(real, *COMBINATIONS)
    sides = {"real": other, "drawn": drawn, "independent": with_independent_columns(real)}
    distances = {name: column_distances(real, rows) for name, rows in sides.items()}
    of_real = strengths(real)
    pairs = {name: strengths(rows) for name, rows in sides.items()}
    figures = {
        name: _beyond(distances["real"], distances[name])
        | _pair_figures(of_real, pairs[name])
        | {dependency.text: dependency.share(rows, facts) for dependency in DEPENDENCIES}
        for name, rows in sides.items()
    }
    limits = LIMITS | {dependency.text: dependency.limit for dependency in DEPENDENCIES}
    checks = tuple(
        Check(text, figures["real"][text], figures["drawn"][text], figures["independent"][text], limit)
        for text, limit in limits.items()
    )
    return Comparison((distances["drawn"], distances["real"]), (of_real, pairs["real"], pairs["drawn"]), checks)


def with_independent_columns(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with each column shuffled by itself: equal columns, and nothing that hangs together."""
    rng = np.random.default_rng(0)
    return pd.DataFrame({name: rows[name].array.take(rng.permutation(len(rows))) for name in rows})


def _beyond(by_chance: dict[str, float], distances: dict[str, float]) -> dict[str, float]:
    return {COLUMNS: max(0.0, *(distance - by_chance[name] for name, distance in distances.items()))}


def _pair_figures(real: dict[Pair, float], others: dict[Pair, float]) -> dict[str, float]:
    found = differences(real, others)
    correlations = {pair for pair in found if measure_of(pair) == "correlation"}
    return {
        CORRELATIONS: max(found[pair] for pair in correlations),
        PAIRS: max(difference for pair, difference in found.items() if pair not in correlations),
        MEAN: float(np.mean(list(found.values()))),
    }
