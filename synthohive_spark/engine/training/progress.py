"""How far a training is: its epochs, its clock, its losses, and the best it has been."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synthohive_spark.engine.ending import FLAT_SHARE, Ending, levelled_off
from synthohive_spark.engine.limits import Limits
from synthohive_spark.errors import TrainingError

CHECKS = 10
_STEPS_BETWEEN_CHECKS = 50
_WORSE_CHECKS = 4
_HALF = 0.5
_BETTER = 1e-3
FEWEST_STEPS = 20
"""Steps that are made even if preparation used the time up."""
Arrays = dict[str, np.ndarray[Any, np.dtype[Any]]]


@dataclass(frozen=True)
class Trained:
    """What training leaves.

    Attributes:
        best: Arrays of the model that was chosen by the validation score.
        history: One record an epoch.
        checks: One record for each time the validation score was taken.
        last: Arrays of what is kept as it was at the end.
        ending: How training ended.
    """

    best: Arrays
    history: list[dict[str, float]]
    checks: list[dict[str, Any]]
    last: Arrays = field(default_factory=dict)
    ending: Ending = field(default_factory=lambda: Ending("nothing to learn"))


@dataclass
class Progress:
    """The state of a training, apart from its networks.

    Attributes:
        steps: Steps in an epoch.
        epochs: Epochs to go through; None where only the time ends them.
        limits: Of time and threads.
        patience: Epochs without a better score to stop after, if any; a check then follows each epoch.
        losses: Names of what a step's losses are.
        noise: Scores that differ by less are equal, and of equal ones the latest counts.
        check_steps: Steps between two checks; None for a check at every tenth of the training.
        adaptive: Whether the second half may begin as soon as the score is flat, so that it ends earlier.
        halvings: How often the rate may be halved, for want of a better score, before that ends the training.
    """

    steps: int
    epochs: int | None
    limits: Limits
    patience: int | None
    losses: tuple[str, ...]
    noise: float = 0.0
    check_steps: int | None = None
    adaptive: bool = False
    halvings: int | None = None
    step: int = 0
    epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    checks: list[dict[str, float]] = field(default_factory=list)
    best: Arrays = field(default_factory=dict)
    _before: float = 0.0
    _started: float = 0.0
    _check_seconds: float = 0.0
    _losses: list[Any] = field(default_factory=list)

    def start(self) -> None:
        """Let the clock run."""
        self._started = time.monotonic()

    @property
    def allowed(self) -> float | None:
        """Seconds of training that leave enough of the budget for what comes after it; None without a limit."""
        budget = self.limits.budget
        if budget is None:
            return None
        until = budget.started + budget.seconds - self.limits.after * self._check_seconds
        return max(self._before + until - self._started, 0.0)

    @property
    def spent(self) -> float:
        """Seconds of training so far, those before an interruption included."""
        return self._before + time.monotonic() - self._started

    @property
    def done(self) -> float:
        """Which share of the training is through, by epochs or by time, whichever is further."""
        by_steps = self.step / (self.steps * self.epochs) if self.epochs else 0.0
        allowed = self.allowed
        by_time = 0.0 if allowed is None else self.spent / allowed if allowed > 0 else 1.0
        return min(1.0, max(by_steps, min(by_time, self.step / FEWEST_STEPS)))

    @property
    def finished(self) -> bool:
        """Whether training is over; a check was made at its end, and there is one at least."""
        if not self.checks:
            return False
        return self._out_of_patience or self._converged or self.checks[-1]["done"] >= 1.0

    @property
    def _out_of_patience(self) -> bool:
        return self.patience is not None and self.epoch - self._best_check["epoch"] >= self.patience

    @property
    def _converged(self) -> bool:
        return self.halvings is not None and halvings(self.checks) > self.halvings

    def add(self, losses: Any) -> None:
        """Count a step with its losses."""
        self._losses.append(losses)
        self.step += 1

    @property
    def epoch_ended(self) -> bool:
        """Whether the last step was an epoch's last."""
        return len(self._losses) == self.steps

    def check_losses(self, rate: float, batch: int) -> None:
        """Raise a `TrainingError` if a loss of this epoch is not finite."""
        if self._losses and not np.isfinite(self._means).all():
            raise TrainingError(
                f"training diverged in epoch {self.epoch + 1}: a loss is not finite; lower the learning rate "
                f"(now {rate:g}), or raise the batch size (now {batch})"
            )

    def end_epoch(self) -> dict[str, float]:
        """The record of the epoch that has ended."""
        self.epoch += 1
        record = {"epoch": self.epoch, **dict(zip(self.losses, self._means.tolist(), strict=True))}
        self.history.append(record)
        self._losses = []
        return record

    @property
    def _means(self) -> np.ndarray[Any, np.dtype[Any]]:
        return np.asarray(np.mean([losses.tolist() for losses in self._losses], axis=0))

    @property
    def ended_by(self) -> str:
        """What ended the training; see `Ending`."""
        if self.epochs is not None and self.step >= self.steps * self.epochs:
            return "epochs"
        if self.checks[-1]["done"] >= 1.0:
            return "time"
        return "converged" if self._converged else "patience"

    @property
    def ending(self) -> Ending:
        """How the training ended."""
        level = self.ended_by == "converged" or levelled_off(self.checks)
        budget = self.limits.budget
        preparing = 0.0 if budget is None else self._started - budget.started
        return Ending(self.ended_by, self.step, self.spent, level, self.limits.threads, preparing)

    @property
    def seconds_left(self) -> float:
        """An estimate of how long the rest takes."""
        return self.spent * (1 / max(self.done, 1e-9) - 1)

    @property
    def check_is_due(self) -> bool:
        """Whether the model should be scored now.

        It is at the end, before that after `check_steps` or at every tenth of a training that is not short, and with
        patience after an epoch.
        """
        if self.done >= 1.0 or (self.patience is not None and self.history and not self._losses):
            return True
        last = self.checks[-1] if self.checks else {"done": 0.0, "step": 0}
        if self.check_steps is not None:
            return self.step - last["step"] >= self.check_steps
        tenth = int(self.done * CHECKS) > int(last["done"] * CHECKS)
        return tenth and self.step - last["step"] >= _STEPS_BETWEEN_CHECKS

    def checked(self, score: float, arrays: Arrays, seconds: float = 0.0) -> None:
        """Note the score of the model that has these arrays; keep them unless an earlier one was better.

        Args:
            score: The score, higher for better.
            arrays: The model.
            seconds: How long it took to find the score.
        """
        self._check_seconds = max(self._check_seconds, seconds)
        best = max((check["score"] for check in self.checks), default=-np.inf)
        self.checks.append(
            {"epoch": self.epoch, "step": self.step, "seconds": self.spent, "done": self.done, "score": score}
        )
        if score >= best - self.noise:
            self.best = arrays
        if self.adaptive and self.done < _HALF and levelled_off(self.checks, FLAT_SHARE):
            self.epochs = -(-2 * self.step // self.steps)
            self.adaptive = False

    @property
    def marked_checks(self) -> list[dict[str, Any]]:
        """The checks, each told whether its model is the one that was kept."""
        return [{**check, "chosen": check is self._best_check} for check in self.checks]

    @property
    def _best_check(self) -> dict[str, float]:
        best = max(check["score"] for check in self.checks)
        return next(check for check in reversed(self.checks) if check["score"] >= best - self.noise)

    def state_dict(self) -> tuple[Arrays, dict[str, Any]]:
        """The state as arrays and plain values."""
        losses = np.array([item.tolist() for item in self._losses], np.float64).reshape(-1, len(self.losses))
        arrays = {"losses": losses, **{f"best.{name}": array for name, array in self.best.items()}}
        plain = {
            "epochs": self.epochs,
            "adaptive": self.adaptive,
            "step": self.step,
            "epoch": self.epoch,
            "spent": self.spent,
        }
        return arrays, {**plain, "history": self.history, "checks": self.checks}

    def load_state_dict(self, arrays: Arrays, plain: dict[str, Any]) -> None:
        """Go back to the state that `state_dict` described."""
        self.epochs, self.adaptive = plain["epochs"], plain["adaptive"]
        self.step, self.epoch, self._before = plain["step"], plain["epoch"], plain["spent"]
        self.history, self.checks = list(plain["history"]), list(plain["checks"])
        self._losses = list(arrays["losses"])
        self.best = {name.removeprefix("best."): a for name, a in arrays.items() if name.startswith("best.")}


def halvings(checks: Sequence[Mapping[str, float]]) -> int:
    """How often the rate is halved: whenever several checks in turn found nothing better than before."""
    best, since, count = -math.inf, 0, 0
    for check in checks:
        since += 1
        if check["score"] > best + _BETTER:
            best, since = check["score"], 0
        elif since >= _WORSE_CHECKS:
            count, since = count + 1, 0
    return count
