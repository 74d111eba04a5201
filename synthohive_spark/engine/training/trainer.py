"""What the training loop asks of an engine."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor

from synthohive_spark.engine.training.progress import Arrays, Progress


class Trainer(Protocol):
    """The networks of one training, with their optimisers.

    Attributes:
        progress: How far it is.
        learning_rate: The largest rate, for messages.
        batch: Rows in a step.
    """

    progress: Progress
    learning_rate: float
    batch: int

    def prepare_step(self) -> None:
        """Set the rate, and whatever else depends on how far training is."""
        ...

    def step(self) -> Tensor:
        """Make a step; its losses, in the order of `Progress.losses`."""
        ...

    def end_epoch(self) -> None:
        """Prepare the next epoch."""
        ...

    def judge(self) -> tuple[float, Arrays]:
        """How good the model would be if training ended now, higher for better, and its arrays."""
        ...

    def finish(self) -> Arrays:
        """Arrays of what is kept as it is at the end."""
        ...

    def state_dict(self) -> tuple[Arrays, dict[str, Any]]:
        """Everything that the rest of the training depends on, as arrays and plain values, progress aside."""
        ...

    def load_state_dict(self, arrays: Arrays, plain: dict[str, Any]) -> None:
        """Go back to the state that `state_dict` described."""
        ...
