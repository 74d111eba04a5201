"""Training: WGAN-GP with training-by-sampling (CTGAN paper, section 4.4), one critic and one generator step a batch."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor

from synthohive_spark.engine.ctgan.conditions import SamplingConditions, TrainingConditions
from synthohive_spark.engine.ctgan.networks import Critic, Generator, activate, condition_loss
from synthohive_spark.engine.ctgan.rare import RareCodes
from synthohive_spark.engine.ctgan.settings import CTGANSettings
from synthohive_spark.engine.ctgan.slots import SPREAD, Slots, scores
from synthohive_spark.engine.encoded_table import EncodedTable, Layout
from synthohive_spark.engine.limits import Limits
from synthohive_spark.engine.training.progress import Progress
from synthohive_spark.engine.training.torch_process import (
    Arrays,
    below,
    device_of,
    optimiser_arrays,
    product_type,
    restore_optimiser,
)

_BETAS = (0.5, 0.9)
_DECAY = 1e-6
_AVERAGE = 0.999
_NORM_BATCHES = 40
NOISE = 0.005
"""Scores that differ by less are equal, and of equal ones the latest counts: the rate has fallen furthest there."""
_LOSSES = ("generator_loss", "critic_loss", "distance")


class CTGANTrainer:
    """A CTGAN in training; see `synthohive_spark.engine.training.trainer.Trainer`.

    Args:
        table: The rows.
        context: Their given columns.
        layout: The true frequencies.
        settings: How to train.
        seed: Fixes first weights and order.
        score: How good the averaged generator's arrays are, higher for better; the best are kept.
        limits: Of time and threads.
        rare: Codes that are drawn under their own condition.
    """

    def __init__(
        self,
        table: EncodedTable,
        context: EncodedTable,
        layout: Layout,
        settings: CTGANSettings,
        seed: int,
        score: Callable[[Arrays], float] = lambda _: 0.0,
        limits: Limits = Limits(),  # noqa: B008  (frozen, so one shared default is safe)
        rare: RareCodes = RareCodes.none(),  # noqa: B008
    ) -> None:
        self.settings, self.device, self.score = settings, device_of(settings.device), score
        self.learning_rate = settings.learning_rate
        self.slots, self.context_slots = Slots.of(layout.columns), Slots.of(layout.context)
        self.rng = torch.Generator(self.device).manual_seed(seed)
        self.numpy_rng = np.random.default_rng(seed)
        self.conditioned = self.slots.conditioned(self.context_slots)
        self.conditions = TrainingConditions(table, self.conditioned)
        self.true_conditions = SamplingConditions.of(layout.columns, self.conditioned, rare)
        self.codes, self.scores = self._tensor(table.codes), self._tensor(scores(table) * SPREAD)
        self.given_codes, self.given_scores = self._tensor(context.codes), self._tensor(scores(context))
        self.starts = self._tensor(np.array(self.slots.starts, np.int64))
        self.given_starts = self._tensor(np.array(self.context_slots.starts, np.int64) + self.conditioned.one_hot)
        self.dtype = product_type(self.device)
        noise, networks = settings.embedding_dim, (self.slots, self.context_slots)
        self.generator = Generator(noise, *networks, settings.generator_dim, self.rng)
        self.critic = Critic(*networks, settings.discriminator_dim, settings.pac, self.rng, self.dtype)
        self.average = deepcopy(self.generator)
        self.batch = settings.batch_for(len(table))
        self.rows = torch.empty(3, self.batch, self.critic.row, dtype=self.dtype, device=self.device)
        self.optimisers = [
            torch.optim.Adam(weights, settings.learning_rate, betas=_BETAS, weight_decay=decay, fused=True)
            for weights, decay in (([self.critic.flat], 0.0), (list(self.generator.parameters()), _DECAY))
        ]
        steps = -(-len(table) // self.batch)
        self.progress = Progress(
            steps,
            settings.epochs_for(len(table)),
            limits,
            patience=settings.patience,
            losses=_LOSSES,
            noise=NOISE,
        )

    def prepare_step(self) -> None:
        """Hold the rate for the first half, then let it fall to zero."""
        rate = self.learning_rate * min(1.0, 2.0 * (1.0 - self.progress.done))
        for optimiser in self.optimisers:
            optimiser.param_groups[0]["lr"] = rate

    def step(self) -> Tensor:
        """A step of the critic, then one of the generator on the same rows; both losses and the critic's distance."""
        drawn, rows = self.conditions.draw(self.numpy_rng, self.batch)
        chosen, conditions = self._tensor(rows), self._tensor(drawn)
        places = self._places(conditions, chosen)
        with self._reduced_precision():
            raw = self.generator(self._dense(chosen), places).float()
        fake = activate(raw, self.slots, self.rng)
        real = self._fill(self.rows, chosen, fake.detach())
        share = torch.rand(self.batch // self.settings.pac, 1, 1, generator=self.rng, device=self.device)
        found = self.critic.learn(real, places, share)
        self.optimisers[0].step()
        self.critic.refresh()
        self.optimisers[1].zero_grad()
        judged, slope = self.critic.slope(self._with_given(fake.detach(), chosen), places)
        loss = -judged
        if len(conditions):
            missed = condition_loss(raw, self.conditioned, conditions, self._tensor(self.conditions.column_of(drawn)))
            loss = loss + missed.detach()
            torch.autograd.backward([fake, missed], [-slope, torch.ones_like(missed)])
        else:
            fake.backward(-slope)
        self.optimisers[1].step()
        self._average_weights()
        return torch.stack([loss, found.loss, found.distance])

    def _fill(self, room: Tensor, chosen: Tensor, fake: Tensor) -> Tensor:
        """Real and generated rows in ``room``, which is for the rows between as well."""
        hot, width = self.slots.one_hot, self.slots.width
        room[0, :, :hot] = 0
        room[0].scatter_(1, self.codes[chosen] + self.starts, 1.0)
        room[0, :, hot:width] = self.scores[chosen]
        room[1, :, :width] = fake
        room[:2, :, width:] = self.given_scores[chosen]
        return room

    def _with_given(self, fake: Tensor, chosen: Tensor) -> Tensor:
        return torch.cat([fake, self.given_scores[chosen]], dim=1) if self.context_slots.ranks else fake

    def _dense(self, chosen: Tensor) -> Tensor:
        noise = torch.randn(len(chosen), self.settings.embedding_dim, generator=self.rng, device=self.device)
        return torch.cat([noise, self.given_scores[chosen]], dim=1) if self.context_slots.ranks else noise

    def _places(self, conditions: Tensor, chosen: Tensor) -> Tensor:
        """Where the ones of the one-hot inputs are: the condition's, or those of the given columns."""
        if len(conditions):
            return conditions[:, None]
        return self.given_codes[chosen] + self.given_starts

    @torch.no_grad()
    def _average_weights(self) -> None:
        keep = min(_AVERAGE, (1 + self.progress.step) / (10 + self.progress.step))
        averaged: list[Tensor] = list(self.average.parameters())
        current: list[Tensor] = list(self.generator.parameters())
        torch._foreach_lerp_(averaged, current, 1 - keep)

    def end_epoch(self) -> None:
        """Nothing is prepared: rows are drawn anew for every step."""

    def judge(self) -> tuple[float, Arrays]:
        """The averaged generator's score, and its arrays."""
        arrays = self._averaged()
        return self.score(arrays), arrays

    def finish(self) -> Arrays:
        """The critic as it is."""
        return {name: array.numpy(force=True).copy() for name, array in self.critic.state.items()}

    @torch.no_grad()
    def _averaged(self) -> Arrays:
        """The averaged generator, its batch norms' statistics those of conditions as they are when sampling."""
        for norm in self.average.norms:
            assert isinstance(norm, torch.nn.BatchNorm1d)
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over the batches
        rng, self.rng = self.rng, torch.Generator(self.device).manual_seed(self.progress.step)
        numpy_rng = np.random.default_rng(self.progress.step)
        for _ in range(_NORM_BATCHES):
            chosen = self._tensor(numpy_rng.integers(0, len(self.codes), self.batch))
            drawn = np.empty(0, np.int64)
            if self.conditioned.codes:
                drawn = self.true_conditions.draw(numpy_rng.random(self.batch))
            self.average(self._dense(chosen), self._places(self._tensor(drawn), chosen))
        self.rng = rng
        return {name: array.numpy(force=True).copy() for name, array in self.average.state_dict().items()}

    def state_dict(self) -> tuple[Arrays, dict[str, Any]]:
        """Everything that the rest of the training depends on, as arrays and plain values."""
        tensors = {f"generator.{k}": v for k, v in self.generator.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        tensors |= {"critic": self.critic.flat, "rng": self.rng.get_state()}
        for i, optimiser in enumerate(self.optimisers):
            tensors |= {f"optimiser.{i}.{k}": v for k, v in optimiser_arrays(optimiser).items()}
        arrays = {name: tensor.numpy(force=True).copy() for name, tensor in tensors.items()}
        return arrays, {"numpy_rng": self.numpy_rng.bit_generator.state}

    def load_state_dict(self, arrays: Arrays, plain: dict[str, Any]) -> None:
        """Go back to the state that `state_dict` described."""
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        self.generator.load_state_dict(below("generator.", tensors))
        self.average.load_state_dict(below("average.", tensors))
        self.critic.flat.copy_(tensors["critic"])
        self.critic.refresh()
        self.rng.set_state(tensors["rng"])
        self.numpy_rng.bit_generator.state = plain["numpy_rng"]
        for i, optimiser in enumerate(self.optimisers):
            restore_optimiser(optimiser, below(f"optimiser.{i}.", tensors))

    def _tensor(self, array: Any) -> Tensor:
        return torch.from_numpy(array).to(self.device)

    def _reduced_precision(self) -> torch.autocast:
        """bf16 matrix products where the processor has them; elsewhere they would be slower, not faster."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.dtype == torch.bfloat16)
