"""Rows given what is known of them: several are drawn, and one is taken as likely as it is.

Any column can be read by any head, so known columns can come first. But a network is better in the order of drawing, in
which it has had more practice. So what is drawn with known columns first are candidates, and one of them is chosen with
weights: how likely it is in the order of drawing, over how likely it was to be drawn (sampling importance resampling:
Rubin, 1988). What comes after the last known column in that order is as likely either way, and is drawn once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.autoregressive.head import Floats
from synthohive_spark.engine.autoregressive.parts import Codes, Parts
from synthohive_spark.engine.categories import sample_categories
from synthohive_spark.engine.encoded_table import EncodedTable, Known
from synthohive_spark.engine.noise import mix, uniforms

CANDIDATES = 4
_LEAST = 1e-30
"""Where chances end, so that a logarithm is finite."""
Logs = npt.NDArray[np.float64]


class Network(Protocol):
    """A trained network.

    Attributes:
        parts: What is read and drawn.
        order: The columns in the order in which they are drawn.
        heads: For each part that is drawn what gives its logits.
    """

    @property
    def parts(self) -> Parts: ...  # noqa: D102
    @property
    def order(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def heads(self) -> Mapping[int, Any]: ...  # noqa: D102
    def starts_with(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """In which rows the known columns are the first ones in the order of drawing."""
        ...

    def start(self, context: EncodedTable, known: Known | None = None) -> Codes:
        """The parts of each row as far as they are known, -1 elsewhere, shape (parts, rows)."""
        ...

    def walk(
        self, parts: Codes, known: Known | None = None, columns: Sequence[int] | None = None
    ) -> Iterator[tuple[int, Floats]]:
        """Each part that is to be drawn, with the logits of its categories."""
        ...

    def fill(self, parts: Codes, draws: Floats, columns: Sequence[int], known: Known | None = None) -> None:
        """Draw the parts of columns, in this order, where they are not known."""
        ...

    def reach(self, known: Known | None) -> int:
        """How many columns, in the order of drawing, there are up to the last of which something may be known."""
        ...

    def drawing_order(self, known: Known | None) -> tuple[int, ...]:
        """The columns as they are drawn."""
        ...


def draw_known(
    network: Network, words: npt.NDArray[np.uint64], context: EncodedTable, known: Known, wanted: int
) -> tuple[Codes, npt.NDArray[np.float32]]:
    """The parts of each row, and uniform numbers for where ranks lie in their cells.

    Args:
        network: The network.
        words: Noise, shape (words, rows).
        context: The given columns.
        known: What is known of the others.
        wanted: How many columns, in the order of drawing, there are up to the last that is wanted.
    """
    start, heads = network.start(context, known), len(network.heads)
    draws, reach = uniforms(words).astype(np.float32), network.reach(known)
    first, rest = network.drawing_order(known)[:reach], network.order[reach:wanted]
    # Where known columns are the first in the order of drawing, a row is as likely as it was to be drawn.
    several = bool(known.allowed) | ~network.starts_with(known.mask)
    if not several.any():
        network.fill(start, draws, (*first, *rest), known)
        return start, draws[heads:]
    chosen, drawn = _candidate(network, start.copy(), words[:heads], known, first)
    total = _likelihood(network, chosen, known, reach) - drawn
    for candidate in range(1, CANDIDATES):
        noise = mix(words[:heads] + np.uint64(candidate))
        parts, drawn = _candidate(network, start.copy(), noise, known, first)
        weight = _likelihood(network, parts, known, reach) - drawn
        total = np.logaddexp(total, weight)
        taken = np.log(uniforms(mix(noise[0] ^ noise[-1]))) < weight - total
        chosen = np.where(taken & several, parts, chosen)
    network.fill(chosen, draws, rest, known)
    return chosen, draws[heads:]


def _candidate(
    network: Network, parts: Codes, words: npt.NDArray[np.uint64], known: Known, columns: Sequence[int]
) -> tuple[Codes, Logs]:
    """Parts with those of columns that are not known drawn, and the logarithm of how likely they were to be."""
    draws, logs = uniforms(words).astype(np.float32), np.zeros(parts.shape[1])
    for part, logits in network.walk(parts, known, columns):
        free = parts[part] < 0
        drawn = sample_categories(logits, draws[part - network.parts.first_drawn])
        logs += np.where(free, _log_chance(logits, drawn), 0)
        parts[part] = np.where(free, drawn, parts[part])
    return parts, logs


def _likelihood(network: Network, parts: Codes, known: Known, reach: int) -> Logs:
    """The logarithm of how likely each row is in the order of drawing, among those that are allowed, so far."""
    logs, first = np.zeros(parts.shape[1]), network.parts.first_drawn
    own = np.full_like(parts, -1)
    own[:first] = parts[:first]
    for part, logits in network.walk(own, columns=network.order[:reach]):
        own[part] = parts[part]
        cumulative = np.cumsum(np.exp(logits - logits.max(axis=0)), axis=0)
        logs += _log_chance(cumulative, own[part])
    for place, allowed in known.allowed.items():
        column = network.parts.given + place
        weights, places = network.parts.columns[column].weights(allowed)[-1], network.parts.of_column[column]
        logs += np.log(np.maximum(weights[tuple(parts[p] for p in places)], _LEAST))
    return logs


def _log_chance(cumulative: npt.NDArray[Any], drawn: Codes) -> Logs:
    """The logarithm of the share of one category in each row of a distribution function, shape (categories, rows)."""
    rows = np.arange(len(drawn))
    before = np.where(drawn > 0, cumulative[drawn - 1, rows], 0)
    share = (cumulative[drawn, rows] - before) / cumulative[-1]
    return np.asarray(np.log(np.maximum(share.astype(np.float64), _LEAST)))
