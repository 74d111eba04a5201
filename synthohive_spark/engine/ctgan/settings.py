"""The settings of a CTGAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synthohive_spark.errors import SchemaError


@dataclass(frozen=True)
class CTGANSettings:
    """How a CTGAN is built and trained.

    Attributes:
        epochs: Passes over the rows.
        batch_size: Rows in a training step; made smaller for tables of fewer rows, and a multiple of ``pac``.
        pac: Rows the critic judges together (PacGAN: Lin et al., 2018).
        embedding_dim: Width of the generator's noise.
        generator_dim: Widths of the generator's residual layers.
        discriminator_dim: Widths of the critic's layers.
        embedding_threshold: A column of more codes than this is embedded, and is not conditioned on.
        learning_rate: Step size of both optimisers, held for half of the training and then falling to zero.
        max_seconds: Stop after this many seconds of training; None for no limit.
        patience: Stop after this many epochs in which the critic's estimate of the distance between real and
            generated rows reached no new low; None for never.
        threads: Threads of torch while training; None leaves them as they are.

    Raises:
        SchemaError: If a setting is out of range.
    """

    epochs: int = 100
    batch_size: int = 500
    pac: int = 1
    embedding_dim: int = 128
    generator_dim: tuple[int, ...] = (256, 256)
    discriminator_dim: tuple[int, ...] = (256, 256)
    embedding_threshold: int = 50
    learning_rate: float = 4e-4
    max_seconds: float | None = None
    patience: int | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "pac", "embedding_dim", "embedding_threshold"):
            _check(name, getattr(self, name), whole=True)
        for name in ("patience", "threads"):
            if getattr(self, name) is not None:
                _check(name, getattr(self, name), whole=True)
        _check("learning_rate", self.learning_rate, whole=False)
        if self.max_seconds is not None:
            _check("max_seconds", self.max_seconds, whole=False)
        for name in ("generator_dim", "discriminator_dim"):
            widths = getattr(self, name)
            if isinstance(widths, str) or not hasattr(widths, "__iter__"):
                raise SchemaError(f"{name} must be a sequence of widths such as (256, 256), got {widths!r}")
            object.__setattr__(self, name, tuple(widths))
            for width in getattr(self, name):
                _check(name, width, whole=True)


def _check(name: str, value: Any, *, whole: bool) -> None:
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not value > 0 or value == float("inf"):
        raise SchemaError(
            f"{name} must be a {'whole number of at least 1' if whole else 'number above 0'}, got {value!r}"
        )
