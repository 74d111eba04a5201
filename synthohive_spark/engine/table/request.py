"""What a fit of a table is asked for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.codecs.rules import ColumnRules
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.interface import TrainingRequest
from synthohive_spark.engine.noise import derive_seed


@dataclass(frozen=True)
class FitRequest:
    """What a fit is asked for, beside the rows and the engine.

    Attributes:
        columns: The columns to learn, condition columns among them, in output order.
        seed: Fixes codecs, weights and order of training.
        conditions: Names of the columns that will be given, not generated.
        privacy: What the model may keep of the rows.
        rules: Columns that are not to be learned as their values suggest.
        numeric_encoding: How numbers, dates and timestamps are encoded: "rank" (spikes and quantiles, `NumericCodec`)
            or "mixture" (modes of a Gaussian mixture, `MixtureCodec`).
        progress: Whether to show a progress bar.
        checkpoint_dir: A folder in which the state of training is kept, to resume it after an interruption.
        started: When the fit was asked for, by `time.monotonic`: a budget of time counts from there.
    """

    columns: tuple[Column, ...]
    seed: int
    conditions: tuple[str, ...] = ()
    privacy: Privacy = field(default_factory=Privacy)
    rules: ColumnRules = field(default_factory=ColumnRules)
    numeric_encoding: str = "rank"
    progress: bool = False
    checkpoint_dir: str | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def generated(self) -> tuple[Column, ...]:
        """The columns that are not given."""
        return tuple(c for c in self.columns if c.name not in self.conditions)

    @property
    def context(self) -> tuple[Column, ...]:
        """The columns that will be given."""
        return tuple(c for c in self.columns if c.name in self.conditions)

    @property
    def learned(self) -> tuple[Column, ...]:
        """The columns whose values are looked at: all but surrogates."""
        return tuple(c for c in self.columns if c.name not in self.rules.surrogates)

    @property
    def training(self) -> TrainingRequest:
        """The part that an engine sees."""
        independent = {name: len(rows) for name, rows in self.rules.firsts.items()}
        own = derive_seed(self.seed, "engine")
        return TrainingRequest(own, self.progress, self.checkpoint_dir, self.started, independent)
