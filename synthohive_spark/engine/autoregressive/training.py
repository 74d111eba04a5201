"""Training: maximum likelihood of each part given those before it, in an order of the columns drawn for every batch.

In the second half of a training, half of the batches take the order in which rows will be drawn: it gets more practice,
and any other can still come first when columns are given.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from synthohive_spark.engine.autoregressive.networks import Dropout, Heads, known_parts
from synthohive_spark.engine.autoregressive.parts import Parts
from synthohive_spark.engine.autoregressive.settings import AutoregressiveSettings, widths_for
from synthohive_spark.engine.dependencies.functional import decided_next
from synthohive_spark.engine.encoded_table import Layout
from synthohive_spark.engine.limits import Limits
from synthohive_spark.engine.training.progress import Progress, halvings
from synthohive_spark.engine.training.torch_process import (
    Arrays,
    below,
    device_of,
    optimiser_arrays,
    product_type,
    restore_optimiser,
)

_BETAS = (0.9, 0.99)
_AVERAGE = 0.99
_WARM_UP = 100
_HELD_OUT, _MOST_HELD_OUT = (0.1, 0.2), (50, 20_000)
_FEWEST_HELD_OUT = 5
_ORDERS = 8
_SETTLED, _PRACTICE = 0.5, 0.5
_CANDIDATES, _MOVES = 16, 64
_SEARCH_SHARE = 0.1
_JUDGED, _JUDGED_PARTS = (200, 2_000), 40_000
_CHECK_STEPS = (25, 250)
_HALVINGS = 3
_PRIOR = 0.1


class AutoregressiveTrainer:
    """An autoregressive model in training; see `synthohive_spark.engine.training.trainer.Trainer`.

    Args:
        rows: Categories of the parts, shape (rows, parts).
        parts: What they are.
        settings: How to train.
        seed: Fixes first weights and order.
        limits: Of time and threads.
        layout: The encoded row; what it says of what is drawn before what counts.
    """

    def __init__(
        self,
        rows: npt.NDArray[np.int16],
        parts: Parts,
        settings: AutoregressiveSettings,
        seed: int,
        limits: Limits = Limits(),  # noqa: B008  (frozen, so one shared default is safe)
        layout: Layout = Layout(()),  # noqa: B008
    ) -> None:
        self.parts, self.settings, self.device = parts, settings, device_of(settings.device)
        self.rng = np.random.default_rng(seed)
        rng = torch.Generator(self.device).manual_seed(seed)
        self.learned, held_out = split(len(rows), self.rng)
        self.rows = torch.from_numpy(rows).to(self.device)
        self.held_out = torch.from_numpy(held_out).to(self.device)
        dtype = product_type(self.device)
        widths = widths_for(len(parts.sizes))
        learned = rows[self.learned]
        self.heads = Heads(parts, shares_of(learned, parts), odds_of(learned, parts), widths, rng, dtype)
        self.weights: list[Tensor] = list(self.heads.parameters())
        self.average = [weight.detach().clone() for weight in self.weights]
        self.batch = settings.batch_for(len(self.learned))
        self.drop = None
        if dropout := settings.dropout_for(len(self.learned)):
            self.drop = Dropout(dropout, self.batch * self.heads.count * widths[1], rng, self.rng, dtype)
        plain = [w for name, w in self.heads.named_parameters() if "bias" in name or name == "embedding"]
        decayed = [w for name, w in self.heads.named_parameters() if not ("bias" in name or name == "embedding")]
        decay = settings.decay_for(len(self.learned))
        groups = [{"params": decayed, "weight_decay": decay}, {"params": plain, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, settings.learning_rate, betas=_BETAS, fused=True)
        steps = -(-len(self.learned) // self.batch)
        self.progress = Progress(
            steps,
            settings.epochs_for(len(self.learned)),
            limits,
            patience=settings.patience,
            losses=("loss",),
            halvings=_HALVINGS,
            adaptive=settings.epochs is None,
            check_steps=min(max(steps, _CHECK_STEPS[0]), _CHECK_STEPS[1]),
        )
        self.learning_rate = settings.learning_rate
        self.order = self.rng.permutation(self.learned)
        self.columns = np.arange(parts.given, len(parts.columns))
        self.layout = layout
        shuffled = np.random.default_rng(seed + 1)
        self.masks = [self._known(shuffled.permutation(self.columns)) for _ in range(_ORDERS)]
        self.drawing: npt.NDArray[np.int64] | None = None

    def prepare_step(self) -> None:
        """Raise the rate in the first steps, halve it where the score stays, let it fall to zero in the second half.

        At half of the training the order of drawing is chosen.
        """
        state = self.progress
        if self.drawing is None and state.done >= _SETTLED:
            self.drawing = self._drawing_order()
        rate = self.settings.learning_rate * min(1.0, (state.step + 1) / _WARM_UP)
        rate *= 0.5 ** halvings(state.checks) * min(1.0, 2.0 * (1.0 - state.done))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.learning_rate = rate

    def step(self) -> Tensor:
        """A step on the next rows of the epoch."""
        start = self.progress.step % self.progress.steps * self.batch
        chosen = torch.from_numpy(self.order[start : start + self.batch]).to(self.device)
        order = self.rng.permutation(self.columns)
        if self.drawing is not None and self.rng.random() < _PRACTICE:
            order = self.drawing
        known = self._known(order)
        losses = self.heads.losses(self.rows[chosen].long(), known, self.drop, practice=True)
        loss = losses.sum() / len(chosen)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        keep = min(_AVERAGE, (1 + self.progress.step) / (10 + self.progress.step))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.weights, 1 - keep)
        return loss.detach()[None]

    def judge(self) -> tuple[float, Arrays]:
        """The averaged model: how likely it finds the rows held out, and its arrays.

        Once there is an order of drawing, it counts as much as all others.
        """
        masks = self.masks
        if self.drawing is not None:
            masks = [*masks[: len(masks) // 2], *[self._known(self.drawing)] * (len(masks) // 2)]
        with self._averaged():
            shares = torch.tensor_split(self.held_out, len(masks))
            total = sum(self._loss(rows, known) for known, rows in zip(masks, shares, strict=True))
            arrays = {name: array.numpy(force=True).copy() for name, array in self.heads.state_dict().items()}
        return -total / len(self.held_out), arrays

    def end_epoch(self) -> None:
        """Put the rows in another order."""
        self.order = self.rng.permutation(self.learned)

    def finish(self) -> Arrays:
        """The order of drawing."""
        return {"order": self._drawing_order() if self.drawing is None else self.drawing}

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """The averaged weights in place of the current ones."""
        own = [weight.detach().clone() for weight in self.weights]
        with torch.no_grad():
            torch._foreach_copy_(self.weights, self.average)
            yield
            torch._foreach_copy_(self.weights, own)

    def _drawing_order(self) -> npt.NDArray[np.int64]:
        """The order of drawing under which the rows held out are likeliest, as far as a short search finds it.

        A perfect model would find them as likely in any order; where columns determine each other, ours does not. Of a
        budget of time the search takes a small share at most.
        """
        allowed = self.progress.allowed
        until = math.inf if allowed is None else time.monotonic() + _SEARCH_SHARE * allowed
        rng = np.random.default_rng(self.progress.step)
        rows = self.held_out[: max(_JUDGED[0], min(_JUDGED[1], _JUDGED_PARTS // len(self.parts.sizes)))]
        order, lowest = self.columns, math.inf
        with self._averaged():
            for attempt in range(_CANDIDATES + _MOVES):
                tried = rng.permutation(self.columns) if attempt < _CANDIDATES else _moved(order, rng)
                tried = self._placed(tried)
                loss = self._loss(rows, self._known(tried))
                if loss < lowest:
                    order, lowest = tried, loss
                if time.monotonic() >= until:
                    break
        return order

    def _placed(self, order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """An order with the columns in their places that have to be before others.

        Those with rare categories go first: what goes with a class in several columns goes together by it alone.
        """
        rare = {self.parts.column_of[term.part] for term in self.parts.terms}
        own = (np.array(sorted(order, key=lambda column: column not in rare)) - self.parts.given).tolist()
        first = self.layout.first
        placed = [*first, *self.layout.orders.placed([place for place in own if place not in first])]
        return np.array(decided_next(placed, self.layout.functional), np.int64) + self.parts.given

    def _loss(self, rows: Tensor, known: Tensor) -> float:
        """The loss of the rows of these numbers, summed."""
        parts = (some for some in rows.split(self.batch) if len(some))
        return sum(float(self.heads.losses(self.rows[some].long(), known).sum()) for some in parts)

    def _known(self, order: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(known_parts(self.parts, order).astype(np.float32)).to(self.device)

    def state_dict(self) -> tuple[Arrays, dict[str, Any]]:
        """Everything that the rest of the training depends on, as arrays and plain values."""
        tensors = {f"heads.{name}": weight for name, weight in self.heads.state_dict().items()}
        tensors |= {f"average.{i}": weight for i, weight in enumerate(self.average)}
        tensors |= {f"optimiser.{name}": value for name, value in optimiser_arrays(self.optimiser).items()}
        arrays = {name: tensor.numpy(force=True).copy() for name, tensor in tensors.items()}
        orders = {"order": self.order} if self.drawing is None else {"order": self.order, "drawing": self.drawing}
        return arrays | orders, {"rng": self.rng.bit_generator.state}

    def load_state_dict(self, arrays: Arrays, plain: dict[str, Any]) -> None:
        """Go back to the state that `state_dict` described."""
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        self.heads.load_state_dict(below("heads.", tensors))
        torch._foreach_copy_(self.average, [tensors[f"average.{i}"] for i in range(len(self.average))])
        restore_optimiser(self.optimiser, below("optimiser.", tensors))
        self.order, self.drawing = arrays["order"], arrays.get("drawing")
        self.rng.bit_generator.state = plain["rng"]


def split(rows: int, rng: np.random.Generator) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows to learn from and rows held out: a tenth, for a short table up to a fifth; all are both below 25 rows."""
    order = rng.permutation(rows)
    least = min(int(rows * _HELD_OUT[1]), _MOST_HELD_OUT[0])
    size = min(max(int(rows * _HELD_OUT[0]), least), _MOST_HELD_OUT[1])
    if size < _FEWEST_HELD_OUT:
        return order, order
    return order[size:], order[:size]


def _moved(order: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """The order with one column moved to another place."""
    source, target = rng.integers(0, len(order), 2)
    return np.insert(np.delete(order, source), target, order[source])


def shares_of(rows: npt.NDArray[np.int16], parts: Parts) -> list[npt.NDArray[np.float64]]:
    """The shares of each drawn part's categories, given those of the part it is linked to; none is zero."""
    found = []
    for part in range(parts.first_drawn, len(parts.sizes)):
        size, parent = parts.sizes[part], parts.parents[part]
        counts = np.bincount(rows[:, part], minlength=size) + _PRIOR
        if parent >= 0:
            both = rows[:, parent].astype(np.int64) * size + rows[:, part]
            pairs = np.bincount(both, minlength=parts.sizes[parent] * size).reshape(-1, size)
            counts = pairs + _PRIOR / size + 2 * counts / counts.sum()
        found.append(counts / counts.sum(axis=-1, keepdims=True))
    return found


def odds_of(rows: npt.NDArray[np.int16], parts: Parts) -> dict[int, float]:
    """By part that echoes another, how often it does for each time that it does not."""
    found = {}
    for part in parts.echo_of:
        echoed = parts.echoed(rows, part)
        hits = (echoed == rows[:, part]).sum()
        found[part] = float((hits + 1) / ((echoed >= 0).sum() - hits + 1))
    return found
