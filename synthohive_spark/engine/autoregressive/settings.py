"""The settings of the autoregressive engine."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from synthohive_spark.engine.settings import TrainingSettings
from synthohive_spark.errors import SchemaError

SMALLEST_BATCH, LARGEST_BATCH = 32, 2048
_STEPS = 50
_BATCHES = 50
_WEIGHTS = 6_000_000
_DECAY_ROWS, _DECAYS = (5_000, 25_000), (1.0, 0.2)
_WIDTHS = ((16, 64), (8, 48), (4, 32))


@dataclass(frozen=True)
class AutoregressiveSettings(TrainingSettings):
    """How an autoregressive model is trained; see `TrainingSettings`.

    Attributes:
        learning_rate: Largest step size; it falls to zero over the second half of a training, and is halved when the
            score on rows held out stays where it is.
        dropout: Share of the hidden units that a step leaves out, against memorised rows; None for one that
            suits the number of rows.
    """

    learning_rate: float = 1e-2
    dropout: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        share = 0 if self.dropout is None else self.dropout
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1:
            raise SchemaError(f"dropout must be a number from 0 to below 1, got {share!r}")

    def dropout_for(self, rows: int) -> float:
        """Dropout for a table of ``rows`` rows: as set, or .3 for 25,000 at most and less for more, .07 for 300,000."""
        return min(0.3, max(0.05, 0.3 * (25_000 / rows) ** 0.6)) if self.dropout is None else self.dropout

    @staticmethod
    def decay_for(rows: int) -> float:
        """Weight decay for a table of ``rows`` rows: 1 for 5,000 at most, .2 for 25,000 and more."""
        return float(np.interp(math.log(rows), np.log(_DECAY_ROWS), _DECAYS))

    def batch_for(self, rows: int) -> int:
        """Rows in a step: as set, or a fiftieth of the rows as a power of two, from 32 to 2,048."""
        if self.batch_size is not None:
            return min(self.batch_size, rows)
        power = round(math.log2(max(rows, 1) / _BATCHES)) if rows > _BATCHES else 0
        return min(max(1 << power, SMALLEST_BATCH), LARGEST_BATCH, rows)

    def epochs_for(self, rows: int) -> int | None:
        """Passes over ``rows`` rows at most: as set, or as many as the time allows where only that is set.

        With neither set, as many as make 50 steps for the cube root of the rows, since a longer table needs more steps,
        but fewer passes. A score that no longer gets better ends a training earlier.
        """
        if self.epochs is not None or self.max_seconds is not None:
            return self.epochs
        steps = -(-rows // self.batch_for(rows))
        return max(1, round(_STEPS * math.cbrt(rows) / steps))


def widths_for(parts: int) -> tuple[int, int]:
    """Widths of an embedding and of a head: smaller for tables of many parts, whose heads read all the others."""
    return next((w for w in _WIDTHS if w[0] * w[1] * parts**2 <= _WEIGHTS), _WIDTHS[-1])
