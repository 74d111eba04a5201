"""The settings that all engines share: how long to train, with which steps, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from synthohive_spark.declarations.hints import nearest
from synthohive_spark.engine.limits import DEFAULT_THREADS, Limits, TimeBudget
from synthohive_spark.errors import SchemaError

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class TrainingSettings:
    """How an engine is trained.

    Attributes:
        epochs: Passes over the rows; None for as many as suit their number, or fit into ``max_seconds``.
        batch_size: Rows in a training step; None for as many as suit the number of rows.
        learning_rate: Step size of the optimiser.
        max_seconds: Seconds that a fit may take, everything included; None for no limit.
        patience: Stop after this many epochs without a better validation score; None for never.
        threads: Threads of a fit; None for one, which suits networks of this size.
        device: Where to train: "cpu", "cuda", or "auto" for CUDA where torch finds it.
        embedding_threshold: A categorical column of more values than this is learned by groups of them.

    Raises:
        SchemaError: If a setting is out of range.
    """

    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float = 1e-3
    max_seconds: float | None = None
    patience: int | None = None
    threads: int | None = None
    device: str = "auto"
    embedding_threshold: int = 256

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience", "threads", "embedding_threshold"):
            if getattr(self, name) is not None:
                check_positive(name, getattr(self, name), whole=True)
        for name in ("learning_rate", "max_seconds"):
            if getattr(self, name) is not None:
                check_positive(name, getattr(self, name), whole=False)
        if self.device not in DEVICES:
            raise SchemaError(f"device must be one of {', '.join(DEVICES)}, got {self.device!r}")

    def limits(self, started: float, after: float) -> Limits:
        """What a training may use; see `Limits`.

        Args:
            started: When the fit was asked for.
            after: How long what comes after training takes, in units of the time of a check.
        """
        budget = None if self.max_seconds is None else TimeBudget(self.max_seconds, started)
        return Limits(budget, after, self.threads or DEFAULT_THREADS)

    @classmethod
    def of(cls, given: Mapping[str, Any], engine: str) -> Self:
        """The settings ``given``, the engine's defaults for the others and for those that are None.

        Raises:
            SchemaError: If ``engine`` has no such setting, or one is out of range; all of it is listed.
        """
        known = [field.name for field in fields(cls)]
        chosen, problems = {name: value for name, value in given.items() if value is not None}, []
        for name, value in chosen.items():
            if name not in known:
                problems.append(f"the engine {engine!r} has no setting {name!r}{nearest(name, known)}")
                continue
            try:
                cls(**{name: value})
            except SchemaError as error:
                problems += error.problems
        if problems:
            raise SchemaError("; ".join(problems), problems)
        return cls(**chosen)


def check_positive(name: str, value: Any, *, whole: bool) -> None:
    """A setting that is no finite number above 0, or no whole one, is a `SchemaError`."""
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not value > 0 or value == float("inf"):
        raise SchemaError(
            f"{name} must be a {'whole number of at least 1' if whole else 'number above 0'}, got {value!r}"
        )
