"""Generator and critic (CTGAN paper, section 4.4).

Both read one-hot vectors (the conditional vector, given columns) by looking up a row of weights for each one in them,
which is what a product with a one-hot vector comes to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from synthohive_spark.engine.ctgan.slots import SPREAD, Slots

TEMPERATURE = 0.2
PENALTY = 10.0
_LEAK = 0.2
_leaky_backward = torch.ops.aten.leaky_relu_backward


class Generator(nn.Module):
    """Residual layers, each with the inputs of all before it, then a linear output layer.

    The input is the noise and the ranks of given columns, and the places of the ones in the conditional vector and in
    the one-hot given columns. The output has the places of ``slots``: logits, then scores before tanh.
    """

    def __init__(self, noise: int, slots: Slots, context: Slots, widths: Sequence[int], rng: torch.Generator) -> None:
        super().__init__()
        self.slots = slots
        places = slots.conditioned(context).one_hot + context.one_hot
        size = noise + context.ranks
        self.hidden, self.norms, tables = nn.ModuleList(), nn.ModuleList(), []
        for width in widths:
            self.hidden.append(_linear(size, places, width, rng))
            tables.append(_uniform((places, width), size + places, rng))
            self.norms.append(nn.BatchNorm1d(width, device=rng.device))
            size += width
        self.output = _linear(size, places, slots.width, rng)
        tables.append(_uniform((places, slots.width), size + places, rng))
        self.given = nn.Parameter(torch.cat(tables, dim=1))

    def forward(self, dense: Tensor, places: Tensor) -> Tensor:
        """What stands in the slots.

        Args:
            dense: Noise and ranks, shape (rows, inputs).
            places: Where the ones of the one-hot inputs are, shape (rows, ones).
        """
        widths = [layer.bias.shape[0] for layer in (*self.hidden, self.output)]
        looked_up = _look_up(self.given, places, dense).split(widths, dim=1)
        x = dense
        for linear, norm, given in zip(self.hidden, self.norms, looked_up, strict=False):
            x = torch.cat([x, torch.relu(norm(linear(x) + given))], dim=1)
        made: Tensor = self.output(x) + looked_up[-1]
        return made


@dataclass(frozen=True)
class CriticStep:
    """What a step of the critic found: its loss, and by how much it rates real packs above generated ones."""

    loss: Tensor
    distance: Tensor


class Critic:
    """Judges packs of rows, higher for real ones; without dropout, whose noise its gradient penalty would fight.

    Its layers are linear but for leaky rectifiers, whose slopes are constants once a pack is judged. The slope of a
    judgement, which the gradient penalty (Gulrajani et al., 2017) and the generator's step need, is then a product of
    matrices, and so is the penalty's own gradient: no graph has to be differentiated twice.

    Args:
        slots: Places of the columns in a row.
        context: Places of the given columns.
        widths: Widths of the hidden layers.
        pac: Rows in a pack.
        rng: Source of the first weights.
        dtype: Of the matrix products; the weights themselves are float32.
    """

    def __init__(
        self, slots: Slots, context: Slots, widths: Sequence[int], pac: int, rng: torch.Generator, dtype: torch.dtype
    ) -> None:
        self.pac, self.row, self.generated = pac, slots.width + context.ranks, slots.width
        self.places = slots.conditioned(context).one_hot + context.one_hot
        shapes: dict[str, tuple[int, ...]] = {}
        sizes = (self.row * pac, *widths, 1)
        for i, (inputs, outputs) in enumerate(pairwise(sizes)):
            shapes[f"hidden.{i}.weight"], shapes[f"hidden.{i}.bias"] = (outputs, inputs), (outputs,)
        shapes["given"] = (self.places * pac, sizes[1])
        fan_in = [sizes[0] + self.places * pac, *sizes[1:-1]]
        fans = [fan for fan in fan_in for _ in range(2)] + fan_in[:1]
        first = [_uniform(shape, fan, rng).flatten() for shape, fan in zip(shapes.values(), fans, strict=True)]
        self.flat = torch.cat(first)
        self.flat.grad = torch.zeros_like(self.flat)
        self.state = _views(self.flat, shapes)
        self._gradients = _views(self.flat.grad, shapes)
        self._rounded = self.flat if dtype == torch.float32 else self.flat.to(dtype)
        rounded = _views(self._rounded, shapes)
        self._weights = [rounded[f"hidden.{i}.weight"] for i in range(len(widths) + 1)]
        self._biases = [rounded[f"hidden.{i}.bias"] for i in range(len(widths) + 1)]
        self._given = rounded["given"]
        self.dtype = dtype

    def refresh(self) -> None:
        """Take up weights that an optimiser changed."""
        if self._rounded is not self.flat:
            self._rounded.copy_(self.flat)

    def learn(self, rows: Tensor, places: Tensor, share: Tensor) -> CriticStep:
        """Gradients of the Wasserstein loss with gradient penalty, put where an optimiser finds them.

        Args:
            rows: Real rows, generated rows, and room for rows between them, shape (3, rows, width); overwritten.
            places: Where the ones of the one-hot inputs are, shape (rows, ones); the same for all three.
            share: How far from the generated towards the real pack to look, shape (packs, 1, 1).
        """
        packs = rows.shape[1] // self.pac
        real, fake, between = rows.view(3, packs, self.pac, self.row)
        torch.lerp(fake, real, share.to(self.dtype), out=between)
        layers = self._judge(rows.view(3 * packs, -1), self._packed(places))
        judged = layers.pop().float().view(3, packs).mean(dim=1)
        sign = torch.ones(3, packs, dtype=self.dtype, device=rows.device)
        sign[0], sign[1] = -1 / packs, 1 / packs
        slopes = self._descend(layers, sign.view(-1, 1))
        slope = (slopes[0][2 * packs :] @ self._weights[0]).float()
        slope.view(packs, self.pac, self.row)[..., self.generated :] = 0
        norm = slope.norm(2, dim=1, keepdim=True)
        # From here on the last third of every layer holds the penalty's gradient in place of the row between.
        up = slope.mul_(2 * PENALTY / packs * (1 - 1 / norm.clamp_min(1e-12))).to(self.dtype)
        for layer, weight, following in zip(layers, self._weights, [*layers[1:], None], strict=True):
            layer[2 * packs :] = up
            if following is not None:
                up = _leaky_backward(up @ weight.T, following[2 * packs :], _LEAK, True)
        self._accumulate(layers, [*slopes, sign.view(-1, 1)], self._packed(places), 2 * packs)
        distance = judged[0] - judged[1]
        return CriticStep(PENALTY * ((norm - 1) ** 2).mean() - distance, distance)

    def slope(self, rows: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """Mean judgement of generated ``rows``, and its gradient in their columns, shape (rows, columns)."""
        packs = len(rows) // self.pac
        layers = self._judge(rows.to(self.dtype).view(packs, -1), self._packed(places))
        judged = layers.pop().float().mean()
        top = torch.full((packs, 1), 1 / packs, dtype=self.dtype, device=rows.device)
        slope = self._descend(layers, top)[0] @ self._weights[0]
        return judged, slope.view(len(rows), self.row)[:, : self.generated].float()

    def _packed(self, places: Tensor) -> Tensor:
        """Places in the one-hot inputs of a pack, shape (packs, ones in a pack)."""
        if self.pac == 1:
            return places
        member = torch.arange(self.pac, device=places.device)[:, None] * self.places
        return (places.view(-1, self.pac, places.shape[1]) + member).view(len(places) // self.pac, -1)

    def _judge(self, x: Tensor, places: Tensor) -> list[Tensor]:
        """Inputs of every layer, then the judgements; ``x`` may hold several packs for each of ``places``."""
        layers = [x]
        given = _look_up(self._given, places, x) + self._biases[0]
        first = x @ self._weights[0].T
        first.view(-1, *given.shape).add_(given)
        layers.append(functional.leaky_relu_(first, _LEAK))
        for weight, bias in zip(self._weights[1:-1], self._biases[1:-1], strict=True):
            layers.append(functional.leaky_relu_(torch.addmm(bias, layers[-1], weight.T), _LEAK))
        layers.append(torch.addmm(self._biases[-1], layers[-1], self._weights[-1].T))
        return layers

    def _descend(self, layers: list[Tensor], top: Tensor) -> list[Tensor]:
        """Slopes of ``top`` times the judgement at the output of every hidden layer, before its rectifier."""
        slopes: list[Tensor] = [top]
        for layer, weight in zip(layers[:0:-1], self._weights[:0:-1], strict=True):
            slopes.insert(0, _leaky_backward(slopes[0] @ weight, layer, _LEAK, True))
        return slopes[:-1]

    def _accumulate(self, layers: list[Tensor], slopes: list[Tensor], places: Tensor, judged: int) -> None:
        for i, (layer, slope) in enumerate(zip(layers, slopes, strict=True)):
            self._gradients[f"hidden.{i}.weight"].copy_(slope.T @ layer)
            torch.sum(slope[:judged], dim=0, dtype=torch.float32, out=self._gradients[f"hidden.{i}.bias"])
        given = self._gradients["given"].zero_()
        both = slopes[0][:judged].float().view(2, *slopes[0][judged:].shape).sum(dim=0)
        for ones in places.T:
            given.index_add_(0, ones, both)


def activate(raw: Tensor, slots: Slots, rng: torch.Generator) -> Tensor:
    """Rows as the critic reads them: Gumbel softmax of the codes (Jang et al., 2017), enlarged tanh of the scores."""
    logits, scores = raw.split([slots.one_hot, slots.ranks], dim=1)
    noise = torch.rand(logits.shape, generator=rng, device=rng.device).clamp_min_(1e-20).log_().neg_().log_()
    blocks = ((logits - noise) / TEMPERATURE).split(slots.codes, dim=1)
    return torch.cat([*(torch.softmax(block, dim=1) for block in blocks), SPREAD * torch.tanh(scores)], dim=1)


def condition_loss(raw: Tensor, slots: Slots, places: Tensor, columns: Tensor) -> Tensor:
    """Cross entropy between the condition and the logits of its column, so that the generator keeps to it.

    Args:
        raw: What the generator made, shape (rows, width).
        slots: Places of the columns.
        places: The place of each row's condition.
        columns: The column that each row's condition names.
    """
    starts, codes = torch.tensor([slots.starts, slots.codes], device=raw.device)[:, columns]
    member = torch.arange(max(slots.codes), device=raw.device)
    outside = member >= codes[:, None]
    logits = raw.gather(1, (starts[:, None] + member).masked_fill_(outside, 0)).masked_fill(outside, -torch.inf)
    return functional.cross_entropy(logits, places - starts)


def _linear(inputs: int, places: int, outputs: int, rng: torch.Generator) -> nn.Linear:
    """A layer whose first weights come from a generator of its own, not from torch's global one."""
    layer = nn.Linear(inputs, outputs, device="meta").to_empty(device=rng.device)
    for parameter in (layer.weight, layer.bias):
        parameter.data = _uniform(tuple(parameter.shape), inputs + places, rng)
    return layer


def _uniform(shape: tuple[int, ...], fan_in: int, rng: torch.Generator) -> Tensor:
    bound = max(fan_in, 1) ** -0.5
    return torch.empty(shape, device=rng.device).uniform_(-bound, bound, generator=rng)


def _look_up(table: Tensor, places: Tensor, like: Tensor) -> Tensor:
    """Sum of the table's rows at each row's places; zeros where there are none."""
    if not places.shape[1]:
        return torch.zeros(len(places), table.shape[1], dtype=like.dtype, device=like.device)
    if places.shape[1] == 1:
        return functional.embedding(places[:, 0], table)
    return functional.embedding(places, table).sum(dim=1)


def _views(flat: Tensor, shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    parts = flat.split([torch.Size(shape).numel() for shape in shapes.values()])
    return {name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}
