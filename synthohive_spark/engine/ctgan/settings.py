"""The settings of a CTGAN."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from synthohive_spark.errors import SchemaError

DEVICES = ("auto", "cpu", "cuda")
_STEPS = 400
_SHORT = 64


@dataclass(frozen=True)
class CTGANSettings:
    """How a CTGAN is built and trained.

    Attributes:
        epochs: Passes over the rows; None for as many as suit their number, or fit into ``max_seconds``.
        batch_size: Rows in a training step; made smaller for short tables, and a multiple of ``pac``.
        pac: Rows the critic judges together (PacGAN: Lin et al., 2018).
        embedding_dim: Width of the generator's noise.
        generator_dim: Widths of the generator's residual layers.
        discriminator_dim: Widths of the critic's layers.
        embedding_threshold: A categorical column of more values than this is learned by groups of them.
        learning_rate: Step size of both optimisers, held for half of the training and then falling to zero.
        max_seconds: Stop after this many seconds of training; None for no limit.
        patience: Stop after this many epochs without a better validation score; None for never.
        threads: Threads of torch while training; None leaves them as they are.
        device: Where to train: "cpu", "cuda", or "auto" for CUDA where torch finds it.

    Raises:
        SchemaError: If a setting is out of range.
    """

    epochs: int | None = None
    batch_size: int = 500
    pac: int = 1
    embedding_dim: int = 128
    generator_dim: tuple[int, ...] = (256, 256)
    discriminator_dim: tuple[int, ...] = (256, 256)
    embedding_threshold: int = 256
    learning_rate: float = 4e-4
    max_seconds: float | None = None
    patience: int | None = None
    threads: int | None = None
    device: str = "auto"

    def __post_init__(self) -> None:
        for name in ("batch_size", "pac", "embedding_dim", "embedding_threshold"):
            _check(name, getattr(self, name), whole=True)
        for name in ("epochs", "patience", "threads"):
            if getattr(self, name) is not None:
                _check(name, getattr(self, name), whole=True)
        if self.device not in DEVICES:
            raise SchemaError(f"device must be one of {', '.join(DEVICES)}, got {self.device!r}")
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


def _check(name: str, value: Any, *, whole: bool) -> None:
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not value > 0 or value == float("inf"):
        raise SchemaError(
            f"{name} must be a {'whole number of at least 1' if whole else 'number above 0'}, got {value!r}"
        )
