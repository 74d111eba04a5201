"""What a fit may use: time and threads."""

from __future__ import annotations

import time
from dataclasses import dataclass

DEFAULT_THREADS = 1
"""Networks of this package are small: a second thread gains little on an idle machine, and beside other work threads
that wait for each other make a fit several times slower."""


@dataclass(frozen=True)
class TimeBudget:
    """Seconds that a fit may take, counted from when it was asked for, so that whatever comes before training counts.

    Attributes:
        seconds: The limit.
        started: When the fit was asked for, by `time.monotonic`.
    """

    seconds: float
    started: float

    @property
    def left(self) -> float:
        """Seconds that are left; negative when they are used up."""
        return self.started + self.seconds - time.monotonic()


@dataclass(frozen=True)
class Limits:
    """What a training may use.

    Attributes:
        budget: The time that the whole fit may take; None for as long as it takes.
        after: How long what comes after training takes, in units of the time of a check: so much is left for it.
        threads: Threads of torch.
    """

    budget: TimeBudget | None = None
    after: float = 1.0
    threads: int = DEFAULT_THREADS
