"""The settings of a CTGAN."""

from __future__ import annotations

import math
from dataclasses import dataclass

from synthohive_spark.engine.settings import TrainingSettings, check_positive
from synthohive_spark.errors import SchemaError

_STEPS = 400
_SHORT = 64


@dataclass(frozen=True)
class CTGANSettings(TrainingSettings):
    """How a CTGAN is built and trained.

    Attributes:
        batch_size: Rows in a training step; made smaller for short tables, and a multiple of ``pac``.
        learning_rate: Step size of both optimisers, held for half of the training and then falling to zero.
        pac: Rows the critic judges together (PacGAN: Lin et al., 2018).
        embedding_dim: Width of the generator's noise.
        generator_dim: Widths of the generator's residual layers.
        discriminator_dim: Widths of the critic's layers.

    Raises:
        SchemaError: If a setting is out of range.
    """

    batch_size: int = 500
    learning_rate: float = 4e-4
    pac: int = 1
    embedding_dim: int = 128
    generator_dim: tuple[int, ...] = (256, 256)
    discriminator_dim: tuple[int, ...] = (256, 256)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("pac", "embedding_dim"):
            check_positive(name, getattr(self, name), whole=True)
        for name in ("generator_dim", "discriminator_dim"):
            widths = getattr(self, name)
            if isinstance(widths, str) or not hasattr(widths, "__iter__"):
                raise SchemaError(f"{name} must be a sequence of widths such as (256, 256), got {widths!r}")
            object.__setattr__(self, name, tuple(widths))
            for width in getattr(self, name):
                check_positive(name, width, whole=True)

    def epochs_for(self, rows: int) -> int | None:
        """Passes over a table of ``rows`` rows: as set, or as many as the time allows where only that is set.

        With neither set, as many as make 400 steps for the cube root of the rows: 3,200 for 500 rows, 15,000 for
        50,000 and 40,000 for a million, since a longer table needs more steps, but fewer passes.
        """
        if self.epochs is not None or self.max_seconds is not None:
            return self.epochs
        steps = -(-rows // self.batch_for(rows))
        return max(1, round(_STEPS * math.cbrt(rows) / steps))

    def batch_for(self, rows: int) -> int:
        """Rows in a step: at most a quarter of the table where it is short, at least two packs, and whole packs."""
        most = min(self.batch_size, max(rows // 4, min(rows, _SHORT)))
        return max(2, most // self.pac) * self.pac
