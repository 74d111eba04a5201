"""The training loop, for any engine: steps, epochs, scores, checkpoints, and how it ends."""

from __future__ import annotations

import time
from collections.abc import Callable

from tqdm.auto import tqdm

from synthohive_spark.engine.cancellation import check_cancelled
from synthohive_spark.engine.training.checkpoint import Checkpoint
from synthohive_spark.engine.training.progress import Trained
from synthohive_spark.engine.training.torch_process import torch_training
from synthohive_spark.engine.training.trainer import Trainer
from synthohive_spark.logs import get_logger

_log = get_logger(__name__)


def train(
    make_trainer: Callable[[], Trainer], *, threads: int, checkpoint: Checkpoint | None, progress: bool, size: str
) -> Trained:
    """Train until the epochs, the time or the patience are used up, or nothing gets better; the best remains.

    torch's thread count and its handling of denormal numbers are as they were when this returns; its global random
    state is never used.

    Args:
        make_trainer: Makes the networks, once torch is set for training.
        threads: Threads of torch.
        checkpoint: Where the state is kept, to resume training after an interruption.
        progress: Whether to show a progress bar.
        size: What takes memory, and what to make smaller, for the message that it ran out.

    Raises:
        TrainingError: If a loss is not finite, or memory runs out.
        TrainingInterruptedError: If training is interrupted.
    """
    trainer: Trainer | None = None
    with torch_training(threads, checkpoint, lambda: trainer.progress.epoch + 1 if trainer else 1, size):
        trainer = make_trainer()
        return _run(trainer, checkpoint, progress)


def _run(trainer: Trainer, checkpoint: Checkpoint | None, progress: bool) -> Trained:
    state = trainer.progress
    if checkpoint is not None and (saved := checkpoint.load()) is not None:
        state.load_state_dict(*saved)
        trainer.load_state_dict(*saved)
        _log.info("resumed", epoch=state.epoch, path=checkpoint.path)
    state.start()
    with tqdm(total=state.epochs, initial=state.epoch, desc="epochs", unit="epoch", disable=not progress) as bar:
        while not state.finished:
            check_cancelled()
            trainer.prepare_step()
            state.add(trainer.step())
            if state.epoch_ended:
                state.check_losses(trainer.learning_rate, trainer.batch)
                record = state.end_epoch()
                trainer.end_epoch()
                bar.total = state.epochs
                bar.update()
                bar.set_postfix({name: f"{record[name]:.3f}" for name in state.losses})
                _log.debug("epoch", **record, seconds_left=round(state.seconds_left, 1))
            if state.check_is_due:
                state.check_losses(trainer.learning_rate, trainer.batch)
                started = time.monotonic()
                score, arrays = trainer.judge()
                state.checked(score, arrays, time.monotonic() - started)
            if checkpoint is not None and checkpoint.is_due:
                own, plain = state.state_dict()
                arrays, more = trainer.state_dict()
                checkpoint.save(own | arrays, plain | more)
    _log.info("trained", ended_by=state.ended_by, epoch=state.epoch, step=state.step, seconds=round(state.spent, 1))
    return Trained(state.best, state.history, state.marked_checks, trainer.finish(), state.ending)
