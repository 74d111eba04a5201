"""What a fit did: losses, validation scores, the checkpoint that was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthohive_spark.engine.interface import FittedEngine
from synthohive_spark.errors import SynthoHiveError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class TrainingSummary:
    """What a fit did.

    Attributes:
        history: One record an epoch: ``epoch`` and, of a CTGAN, ``generator_loss``, ``critic_loss`` and ``distance``,
            by how much the critic rates real rows above generated ones; of an autoregressive model ``loss``, of a row.
        rows: Rows of the table.
        training_rows: Rows that were learned from.
        seconds: Wall time of the fit.
        training_seed: The seed that was used, drawn or given.
        checks: One record for each time the model was scored on rows held out of training: ``epoch``, ``step``,
            ``seconds`` of training so far, ``done`` (share of the training), ``score`` (of a CTGAN at most 1, of an
            autoregressive model minus the loss), ``chosen``.
        ended_by: What ended training: "epochs" (all were made), "converged" (nothing got better), "patience", "time"
            (the budget was used up) or "nothing to learn". An interrupted fit raises and leaves no summary.
        steps: Steps of training.
        training_seconds: Seconds of training alone.
        levelled_off: Whether the score of rows held out had levelled off when training ended.
        pair_score: How much of the association between columns drawn rows have: 1 for as much as real rows, 0 for none;
            None where columns have nothing to do with each other.
        warnings: What fell short, and what the rows say against learning them as they are (few of them, columns whose
            values are all different, series), with the figures and the remedy, a sentence each; empty for a fit that a
            job can use.
        threads: Threads of the fit; seeds give the same bits for the same number of them.
        dependencies: What holds in all training rows and in every row that is drawn, a sentence each.
    """

    history: tuple[Mapping[str, Any], ...]
    rows: int
    training_rows: int
    seconds: float
    training_seed: int
    checks: tuple[Mapping[str, Any], ...] = ()
    ended_by: str = "nothing to learn"
    steps: int = 0
    training_seconds: float = 0.0
    levelled_off: bool = True
    pair_score: float | None = None
    warnings: tuple[str, ...] = ()
    threads: int = 1
    dependencies: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        fitted: FittedEngine,
        *,
        rows: int,
        training_rows: int,
        seconds: float,
        seed: int,
        dependencies: tuple[str, ...] = (),
    ) -> TrainingSummary:
        """The summary of a fit."""
        ending = fitted.ending
        return cls(
            history=tuple(fitted.history),
            checks=tuple(fitted.checks),
            rows=rows,
            training_rows=training_rows,
            seconds=seconds,
            training_seed=seed,
            ended_by=ending.by,
            steps=ending.steps,
            training_seconds=ending.seconds,
            levelled_off=ending.levelled_off,
            pair_score=fitted.pair_score,
            warnings=fitted.warnings,
            threads=ending.threads,
            dependencies=dependencies,
        )

    @property
    def chosen(self) -> Mapping[str, Any] | None:
        """The check whose model was kept: the latest that is as good as the best; None where nothing was trained."""
        return next((check for check in self.checks if check["chosen"]), None)

    def plot(self) -> Figure:
        """Losses by epoch above, validation scores with the chosen checkpoint below.

        Returns:
            A figure: a notebook shows it, ``figure.savefig(path)`` writes it.

        Raises:
            SynthoHiveError: If matplotlib is not installed.
        """
        try:
            from matplotlib.figure import Figure  # noqa: PLC0415  (only those who plot need it)
        except ImportError as error:
            raise SynthoHiveError("plotting needs matplotlib: pip install matplotlib") from error
        figure = Figure(figsize=(8, 6), layout="constrained")
        losses, scores = figure.subplots(2, 1, sharex=True)
        for name in dict.fromkeys(key for record in self.history for key in record if key != "epoch"):
            epochs, values = zip(*((record["epoch"], record[name]) for record in self.history), strict=True)
            losses.plot(epochs, values, label=name.replace("_", " "))
        losses.set_ylabel("loss")
        if self.history:
            losses.legend(frameon=False)
        scores.plot([c["epoch"] for c in self.checks], [c["score"] for c in self.checks], "o-", color="C0")
        if self.chosen is not None:
            scores.plot(self.chosen["epoch"], self.chosen["score"], "o", color="C3", markersize=10, label="chosen")
            scores.legend(frameon=False)
        scores.set_ylabel("validation score")
        scores.set_xlabel("epoch")
        return figure
