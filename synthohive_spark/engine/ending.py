"""How a training ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LEVEL_SHARE = 0.1
"""A score levelled off when the last third of the training added less than this share of all that it gained."""
FLAT_SHARE = 0.05
"""With less than this share, more steps at the same rate are hardly worth their time."""


@dataclass(frozen=True)
class Ending:
    """How a training ended.

    Attributes:
        by: "epochs" (all were made), "converged" (nothing got better), "patience", "time" (the budget was used up), or
            "nothing to learn" (no column varies).
        steps: Steps that were made.
        seconds: Seconds of training, those before an interruption included.
        levelled_off: Whether the score of rows held out had levelled off; True where there was nothing to learn.
        threads: Threads that were used.
        preparing_seconds: Seconds of a time budget that were used up before training began; 0 without a budget.
    """

    by: str
    steps: int = 0
    seconds: float = 0.0
    levelled_off: bool = True
    threads: int = 1
    preparing_seconds: float = 0.0


def levelled_off(checks: Sequence[dict[str, Any]], share: float = LEVEL_SHARE) -> bool:
    """Whether the best score hardly rose in the last third of the steps; never told from fewer than three scores.

    Args:
        checks: Records with the step and the score of each.
        share: Of all that was gained, what counts as hardly.
    """
    if len(checks) < 3:
        return False
    steps, first = checks[-1]["step"], checks[0]["score"]
    before = max(c["score"] for c in checks if c["step"] <= max(steps * 2 / 3, checks[0]["step"]))
    best = max(c["score"] for c in checks)
    return bool(best - before <= share * max(best - first, 1e-12))
