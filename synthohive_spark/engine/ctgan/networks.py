"""Generator and critic (CTGAN paper, section 4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from synthohive_spark.engine.ctgan.slots import Slots

TEMPERATURE = 0.2
_LEAK = 0.2


class Linear(nn.Module):
    """A linear layer whose first weights come from a generator of its own, not from torch's global one."""

    def __init__(self, inputs: int, outputs: int, rng: torch.Generator) -> None:
        super().__init__()
        bound = max(inputs, 1) ** -0.5
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound, generator=rng))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound, generator=rng))

    def forward(self, x: Tensor) -> Tensor:
        """``x`` of shape (rows, inputs) to (rows, outputs)."""
        return functional.linear(x, self.weight, self.bias)


class Generator(nn.Module):
    """Residual layers, each with the inputs of all before it, then a linear output layer.

    The input is the noise, ranks and vectors of given columns, the conditional vector, and one-hot given columns, in
    this order. The output has the places of ``slots``: logits, scores before tanh, vectors of the wide columns.
    """

    def __init__(self, noise: int, slots: Slots, context: Slots, widths: Sequence[int], rng: torch.Generator) -> None:
        super().__init__()
        self.slots = slots
        self.context_embeddings = nn.ParameterList(
            [_vectors(context.codes[c], w, rng) for c, w in zip(context.wide, context.embedded, strict=True)]
        )
        size = noise + context.width + slots.conditioned(context).one_hot
        self.hidden, self.norms = nn.ModuleList(), nn.ModuleList()
        for width in widths:
            self.hidden.append(Linear(size, width, rng))
            self.norms.append(nn.BatchNorm1d(width))
            size += width
        self.output = Linear(size, slots.width, rng)
        self.embeddings = nn.ParameterList(
            [_vectors(slots.codes[c], w, rng) for c, w in zip(slots.wide, slots.embedded, strict=True)]
        )

    def forward(self, x: Tensor) -> Tensor:
        """Inputs of shape (rows, inputs) to what stands in the slots, shape (rows, outputs)."""
        for linear, norm in zip(self.hidden, self.norms, strict=True):
            x = torch.cat([x, torch.relu(norm(linear(x)))], dim=1)
        made: Tensor = self.output(x)
        return made


class Critic(nn.Module):
    """Judges packs of rows, higher for real ones; without dropout, whose noise its gradient penalty would fight.

    It reads what the generator makes, the given columns and the conditional vector. Codes of wide columns reach it as
    vectors of its own, of unit length.
    """

    def __init__(self, slots: Slots, context: Slots, widths: Sequence[int], pac: int, rng: torch.Generator) -> None:
        super().__init__()
        self.pac = pac
        size = (slots.width + context.width + slots.conditioned(context).one_hot) * pac
        self.hidden = nn.ModuleList()
        for width in widths:
            self.hidden.append(Linear(size, width, rng))
            size = width
        self.output = Linear(size, 1, rng)
        self.embeddings = nn.ParameterList(
            [_vectors(slots.codes[c], w, rng) for c, w in zip(slots.wide, slots.embedded, strict=True)]
        )
        self.context_embeddings = nn.ParameterList(
            [_vectors(context.codes[c], w, rng) for c, w in zip(context.wide, context.embedded, strict=True)]
        )

    def forward(self, rows: Tensor) -> Tensor:
        """Rows of shape (rows, inputs) to judgements of shape (rows / pac, 1)."""
        x = rows.reshape(len(rows) // self.pac, -1)
        for linear in self.hidden:
            x = functional.leaky_relu(linear(x), _LEAK)
        judged: Tensor = self.output(x)
        return judged


@dataclass(frozen=True)
class Candidates:
    """The codes of a wide column that take part in one training step.

    A softmax over all codes of a wide column would cost more than the rest of the step, so it runs over the codes that
    the step's real rows hold, each logit lowered by the logarithm of how likely its code was to be among them (sampled
    softmax: Jean et al., "On Using Very Large Target Vocabulary for Neural Machine Translation", 2015).
    """

    codes: Tensor
    offset: Tensor


def activate(
    raw: Tensor, generator: Generator, critic: Critic, candidates: Sequence[Candidates], rng: torch.Generator
) -> Tensor:
    """Rows as the critic reads them: Gumbel softmax of the codes, tanh of the scores, vectors of the wide columns."""
    slots = generator.slots
    sizes = [*slots.narrow_codes, slots.ranks, *slots.embedded]
    parts = list(raw.float().split(sizes, dim=1))
    narrow, scores, wide = parts[: len(slots.narrow)], parts[len(slots.narrow)], parts[len(slots.narrow) + 1 :]
    made = [_gumbel_softmax(logits, rng) for logits in narrow]
    made.append(torch.tanh(scores))
    for place, vectors in enumerate(wide):
        chosen = candidates[place]
        logits = vectors @ generator.embeddings[place][chosen.codes].T + chosen.offset
        made.append(_gumbel_softmax(logits, rng) @ unit(critic.embeddings[place][chosen.codes]))
    return torch.cat(made, dim=1)


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, given: Tensor, rng: torch.Generator) -> Tensor:
    """Mean of (norm of the critic's gradient - 1) squared between real and fake packs (Gulrajani et al., 2017).

    Args:
        critic: The critic.
        real: Real rows, shape (rows, width).
        fake: Generated rows of the same shape.
        given: What both have: given columns and conditional vector.
        rng: Where between the two to look.
    """
    packs = len(real) // critic.pac
    share = torch.rand(packs, 1, generator=rng).repeat_interleave(critic.pac, dim=0)
    between = torch.lerp(fake.detach(), real.detach(), share).requires_grad_()
    judged = critic(torch.cat([between, given.detach()], dim=1))
    (slope,) = torch.autograd.grad(judged.float().sum(), between, create_graph=True)
    norm = slope.reshape(packs, -1).norm(2, dim=1)
    return torch.mean((norm - 1) ** 2)


def unit(vectors: Tensor) -> Tensor:
    """The vectors, each of length 1, so that no code is nearer to nothing than another."""
    return functional.normalize(vectors, dim=1)


def _vectors(codes: int, width: int, rng: torch.Generator) -> nn.Parameter:
    return nn.Parameter(torch.randn(codes, width, generator=rng) * width**-0.5)


def _gumbel_softmax(logits: Tensor, rng: torch.Generator) -> Tensor:
    noise = torch.empty_like(logits).exponential_(generator=rng).clamp_min_(1e-20).log_()
    return torch.softmax((logits - noise) / TEMPERATURE, dim=1)
