"""Training: WGAN-GP with training-by-sampling (CTGAN paper, section 4.4), one critic and one generator step a batch."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import structlog
import torch
from torch import Tensor
from torch.nn import functional
from tqdm.auto import tqdm

from synthohive_spark.engine.ctgan.conditions import Places, SamplingConditions, TrainingConditions
from synthohive_spark.engine.ctgan.networks import Candidates, Critic, Generator, activate, gradient_penalty, unit
from synthohive_spark.engine.ctgan.settings import CTGANSettings
from synthohive_spark.engine.ctgan.slots import Slots, scores
from synthohive_spark.engine.interface import EncodedTable, Layout
from synthohive_spark.errors import TrainingError, TrainingInterruptedError

_PENALTY = 10.0
_BETAS = (0.5, 0.9)
_DECAY = 1e-6
_AVERAGE = 0.999
_NORM_BATCHES = 40
_ALLOCATION = re.compile(r"alloc\w* memory|out of memory|bad_alloc", re.IGNORECASE)
_log = structlog.get_logger(__name__)


@dataclass
class Trained:
    """What training leaves: the averaged generator, the critic, and one record an epoch."""

    generator: Generator
    critic: Critic
    history: list[dict[str, float]] = field(default_factory=list)


def train(
    table: EncodedTable, context: EncodedTable, layout: Layout, settings: CTGANSettings, *, seed: int, progress: bool
) -> Trained:
    """Train a CTGAN on encoded rows.

    torch's thread count and its handling of denormal numbers are as they were when this returns; its global random
    state is never used.

    Raises:
        TrainingError: If a loss is not finite, or memory runs out.
        TrainingInterruptedError: If training is interrupted.
    """
    with _torch_set_for_training(settings.threads):
        started, training = time.monotonic(), None
        try:
            training = _Training(table, context, layout, settings, seed)
            return training.run(progress)
        except KeyboardInterrupt as error:
            epoch = 1 if training is None else training.step // training.steps + 1
            raise TrainingInterruptedError(
                f"training was interrupted in epoch {epoch} of {settings.epochs}, after "
                f"{time.monotonic() - started:.0f} s; there is no model"
            ) from error
        except (MemoryError, RuntimeError) as error:
            if not isinstance(error, MemoryError) and _ALLOCATION.search(str(error)) is None:
                raise
            raise TrainingError(
                f"training ran out of memory: {len(table):,} rows of {len(layout.columns)} columns, batches of "
                f"{settings.batch_size}, layers of {settings.generator_dim}; make the batch or the layers smaller, "
                f"take fewer rows (maxTrainingRows), exclude columns, or use a larger driver"
            ) from error


class _Training:
    def __init__(
        self, table: EncodedTable, context: EncodedTable, layout: Layout, settings: CTGANSettings, seed: int
    ) -> None:
        self.settings = settings
        self.slots = Slots.of(layout.columns, settings.embedding_threshold)
        self.context_slots = Slots.of(layout.context, settings.embedding_threshold)
        self.rng = torch.Generator().manual_seed(seed)
        self.numpy_rng = np.random.default_rng(seed)
        self.conditioned = self.slots.conditioned(self.context_slots)
        self.conditions = TrainingConditions(table, self.conditioned)
        self.true_conditions = SamplingConditions.of(layout.columns, self.conditioned)
        self.codes, self.scores = table.codes, scores(table)
        self.given_codes, self.given_scores = context.codes, scores(context)
        self.log_frequencies = [
            torch.log(torch.tensor(layout.columns[c].frequencies, dtype=torch.float32).clamp_min(1e-9))
            for c in self.slots.wide
        ]
        noise = settings.embedding_dim
        self.generator = Generator(noise, self.slots, self.context_slots, settings.generator_dim, self.rng)
        self.critic = Critic(self.slots, self.context_slots, settings.discriminator_dim, settings.pac, self.rng)
        self.average = deepcopy(self.generator)
        self.batch = _batch_size(settings, len(table))
        self.steps = -(-len(table) // self.batch)
        self.optimisers = [
            torch.optim.Adam(network.parameters(), settings.learning_rate, betas=_BETAS, weight_decay=decay, fused=True)
            for network, decay in ((self.critic, 0.0), (self.generator, _DECAY))
        ]
        self.step = 0

    def run(self, progress: bool) -> Trained:
        """Train until the epochs, the time or the patience are used up."""
        history: list[dict[str, float]] = []
        started, best = time.monotonic(), (math.inf, 0)
        with tqdm(total=self.settings.epochs, desc="epochs", unit="epoch", disable=not progress) as bar:
            for epoch in range(1, self.settings.epochs + 1):
                record = self._epoch(epoch, started)
                if record is None:
                    break
                history.append(record)
                spent = time.monotonic() - started
                bar.update()
                bar.set_postfix(generator=f"{record['generator_loss']:.2f}", critic=f"{record['critic_loss']:.2f}")
                _log.info("epoch", **record, seconds_left=round(self._seconds_left(epoch, spent), 1))
                if record["distance"] < best[0]:
                    best = (record["distance"], epoch)
                elif self.settings.patience is not None and epoch - best[1] >= self.settings.patience:
                    _log.info("early_stop", epoch=epoch, best_epoch=best[1])
                    break
        self._recompute_norms()
        return Trained(self.average, self.critic, history)

    def _epoch(self, epoch: int, started: float) -> dict[str, float] | None:
        """One pass; None if the time was up before it was through."""
        sums, limit = np.zeros(3), self.settings.max_seconds
        for _ in range(self.steps):
            spent = time.monotonic() - started
            if limit is not None and spent >= limit and self.step:
                _log.info("time_used_up", epoch=epoch, seconds=round(spent, 1))
                return None
            done = self.step / (self.steps * self.settings.epochs)
            self._set_rate(max(done, spent / limit if limit is not None else 0.0))
            losses = np.array(self._train_step())
            if not np.isfinite(losses).all():
                raise TrainingError(
                    f"training diverged in epoch {epoch}: a loss is not finite; lower the learning rate "
                    f"(now {self.settings.learning_rate:g}), or raise the batch size (now {self.batch})"
                )
            sums += losses
        means = (sums / self.steps).tolist()
        return {"epoch": epoch, **dict(zip(("generator_loss", "critic_loss", "distance"), means, strict=True))}

    def _seconds_left(self, epoch: int, spent: float) -> float:
        left = spent / epoch * (self.settings.epochs - epoch)
        return left if self.settings.max_seconds is None else min(left, max(self.settings.max_seconds - spent, 0))

    def _set_rate(self, done: float) -> None:
        """Hold the rate for the first half, then let it fall to zero."""
        rate = self.settings.learning_rate * min(1.0, 2.0 * (1.0 - min(done, 1.0)))
        for optimiser in self.optimisers:
            optimiser.param_groups[0]["lr"] = rate

    def _train_step(self) -> tuple[float, float, float]:
        """A step of the critic, then one of the generator on the same rows; both losses and the critic's gap."""
        places, rows = self.conditions.draw(self.numpy_rng, self.batch)
        candidates = [self._candidates(place, column, rows) for place, column in enumerate(self.slots.wide)]
        with _reduced_precision():
            raw = self.generator(self._generator_input(self.generator, places, rows))
            fake = activate(raw, self.generator, self.critic, candidates, self.rng)
            given = torch.cat([self._given(self.critic, rows), self._one_hot(places)], dim=1)
            critic_loss, gap = self._critic_step(self._real(rows), fake.detach(), given)
            loss = -self.critic(torch.cat([fake, given.detach()], dim=1)).float().mean()
            loss = loss + self._condition_loss(raw, places)
        generator_loss = self._descend(self.optimisers[1], loss)
        self._average_weights()
        self.step += 1
        return generator_loss, critic_loss, gap

    def _critic_step(self, real: Tensor, fake: Tensor, given: Tensor) -> tuple[float, float]:
        judged = self.critic(torch.cat([torch.cat([real, given], dim=1), torch.cat([fake, given], dim=1)]))
        judged_real, judged_fake = judged.float().split(len(judged) // 2)
        gap = judged_real.mean() - judged_fake.mean()
        loss = _PENALTY * gradient_penalty(self.critic, real, fake, given, self.rng) - gap
        return self._descend(self.optimisers[0], loss), gap.item()

    def _descend(self, optimiser: torch.optim.Optimizer, loss: Tensor) -> float:
        optimiser.zero_grad()
        # Only this optimiser's parameters get gradients: the critic's step never reaches the generator, or the reverse.
        loss.backward(inputs=list(optimiser.param_groups[0]["params"]))
        optimiser.step()
        return loss.item()

    def _condition_loss(self, raw: Tensor, places: Places) -> Tensor:
        """Cross entropy between the condition and the logits of its column, so that the generator keeps to it."""
        if not len(places):
            return raw.new_zeros(())
        losses = []
        columns = self.conditions.column_of(places)
        for column, start in enumerate(self.conditioned.starts):
            rows = np.flatnonzero(columns == column)
            if len(rows):
                logits = raw[torch.from_numpy(rows), start : start + self.conditioned.narrow_codes[column]].float()
                losses.append(functional.cross_entropy(logits, torch.from_numpy(places[rows] - start), reduction="sum"))
        return torch.stack(losses).sum() / len(places)

    def _generator_input(self, network: Generator, places: Places, rows: Places) -> Tensor:
        noise = torch.randn(len(rows), self.settings.embedding_dim, generator=self.rng)
        dense = [noise, torch.from_numpy(self.given_scores[rows])]
        for place, column in enumerate(self.context_slots.wide):
            dense.append(network.context_embeddings[place][_tensor(self.given_codes[rows, column])])
        return torch.cat([*dense, self._one_hot(places), self._one_hot_given(rows)], dim=1)

    def _given(self, critic: Critic, rows: Places) -> Tensor:
        parts = [self._one_hot_given(rows), torch.from_numpy(self.given_scores[rows])]
        for place, column in enumerate(self.context_slots.wide):
            parts.append(unit(critic.context_embeddings[place])[_tensor(self.given_codes[rows, column])])
        return torch.cat(parts, dim=1)

    def _real(self, rows: Places) -> Tensor:
        codes = self.codes[rows]
        parts = [_one_hot_rows(codes, self.slots), torch.from_numpy(self.scores[rows])]
        for place, column in enumerate(self.slots.wide):
            parts.append(unit(self.critic.embeddings[place])[_tensor(codes[:, column])])
        return torch.cat(parts, dim=1)

    def _one_hot_given(self, rows: Places) -> Tensor:
        return _one_hot_rows(self.given_codes[rows], self.context_slots)

    def _one_hot(self, places: Places) -> Tensor:
        if not len(places):
            return torch.zeros(self.batch, 0)
        return torch.zeros(len(places), self.conditioned.one_hot).scatter_(1, torch.from_numpy(places)[:, None], 1.0)

    def _candidates(self, place: int, column: int, rows: Places) -> Candidates:
        codes = _tensor(np.unique(self.codes[rows, column]))
        frequency = self.log_frequencies[place][codes]
        among = -torch.expm1(len(rows) * torch.log1p(-frequency.exp().clamp_max(0.999)))
        return Candidates(codes, frequency - among.log())

    @torch.no_grad()
    def _average_weights(self) -> None:
        keep = min(_AVERAGE, (1 + self.step) / (10 + self.step))
        averaged: list[Tensor] = list(self.average.parameters())
        current: list[Tensor] = list(self.generator.parameters())
        torch._foreach_lerp_(averaged, current, 1 - keep)

    @torch.no_grad()
    def _recompute_norms(self) -> None:
        """Statistics of the batch norms for the averaged weights, under conditions as they are when sampling."""
        for norm in self.average.norms:
            assert isinstance(norm, torch.nn.BatchNorm1d)
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over the batches
        self.average.train()
        rows_seen = len(self.codes)
        for _ in range(_NORM_BATCHES):
            rows = self.numpy_rng.integers(0, rows_seen, self.batch)
            places = np.empty(0, np.int64)
            if self.conditioned.narrow:
                places = self.true_conditions.draw(self.numpy_rng.random(self.batch))
            self.average(self._generator_input(self.average, places, rows))
        self.average.eval()


def _batch_size(settings: CTGANSettings, rows: int) -> int:
    """At most as many as there are rows, at least two packs, and whole packs."""
    packs = max(2, min(settings.batch_size, rows) // settings.pac)
    return packs * settings.pac


def _one_hot_rows(codes: np.ndarray[tuple[int, int], np.dtype[np.int32]], slots: Slots) -> Tensor:
    hot = torch.zeros(len(codes), slots.one_hot)
    if slots.narrow:
        places = codes[:, list(slots.narrow)].astype(np.int64) + np.array(slots.starts)
        hot.scatter_(1, torch.from_numpy(places), 1.0)
    return hot


def _tensor(codes: np.ndarray[tuple[int], np.dtype[np.int32]]) -> Tensor:
    return torch.from_numpy(codes.astype(np.int64))


def _reduced_precision() -> torch.autocast:
    """bf16 matrix products where the processor has them; elsewhere they would be slower, not faster."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=_has_bf16())


def _has_bf16() -> bool:
    asked = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, name, bool)() for name in asked)


@contextmanager
def _torch_set_for_training(threads: int | None) -> Iterator[None]:
    """Threads as asked for, and denormal numbers as zeros: they make matrix products up to 100 times slower."""
    before, flushing = torch.get_num_threads(), _flushes_denormals()
    torch.set_flush_denormal(True)
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        torch.set_flush_denormal(flushing)


def _flushes_denormals() -> bool:
    return bool((torch.tensor([1e-38]) * 1e-3).item() == 0.0)
