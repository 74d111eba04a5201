"""The network: an embedding for each category of each part, and for each part that is drawn a small head.

A head reads the embeddings of the parts that are known before its own and gives logits of its part's categories. All
heads are one product with masked weights, so any order of the columns costs the same (masks as in MADE: Germain et al.,
2015; an order for every batch as in the deep NADE: Uria, Murray and Larochelle, 2014).

Where much is given and many parts are drawn, the heads read a summary of what is given, a linear one that they share:
fewer products, and rows held out are likelier by it (TabularARGN embeds its context once, too: Tiwald et al., 2025).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from synthohive_spark.engine.autoregressive.parts import Parts
from synthohive_spark.engine.autoregressive.rare import Term

_SMALL = 0.01
_FEWEST_SUMMARISED = 8


class Heads(nn.Module):
    """Embeddings and heads.

    Args:
        parts: What is read and drawn.
        shares: For each drawn part the shares of its categories, given those of the part it is linked to where there
            is one: shape (categories,) or (categories of the other, categories).
        odds: By part that echoes another, how often it does for each time that it does not.
        widths: Widths of an embedding and of a head.
        rng: Draws the first weights.
        dtype: Type of matrix products.
    """

    def __init__(
        self,
        parts: Parts,
        shares: list[npt.NDArray[np.float64]],
        odds: Mapping[int, float],
        widths: tuple[int, int],
        rng: torch.Generator,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.parts, self.dtype = parts, dtype
        self.width, self.hidden = widths
        self.first, self.count = parts.first_drawn, len(parts.sizes) - parts.first_drawn
        read_of = [(part, i) for part, width in enumerate(parts.widths(self.width)) for i in range(width)]
        self.places = torch.tensor([part * self.width + i for part, i in read_of], device=rng.device)
        self.given = sum(part < self.first for part, _ in read_of)
        summary = self.hidden if self.count >= _FEWEST_SUMMARISED and self.given > 2 * self.hidden else 0
        first = [0] * summary or [part for part, _ in read_of[: self.given]]  # a summary is as known as the first part
        part_of = first + [part for part, _ in read_of[self.given :]]
        self.part_of = torch.tensor(part_of, device=rng.device)
        read, heads, hidden = len(part_of), self.count, self.hidden
        starts = np.concatenate([[0], np.cumsum(parts.sizes)[:-1]])
        self.starts = torch.from_numpy(starts).to(rng.device)

        def normal(*shape: int, scale: float) -> nn.Parameter:
            return nn.Parameter(torch.randn(*shape, generator=rng, device=rng.device) * scale)

        def zeros(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.zeros(*shape, device=rng.device))

        self.embedding = normal(sum(parts.sizes), self.width, scale=0.3)
        self.summary = normal(self.given, summary, scale=2 * self.given**-0.5) if summary else None
        self.read = normal(read, heads * hidden, scale=2 * read**-0.5)
        self.read_bias = zeros(heads, 1, hidden)
        self.inner = normal(heads, hidden, hidden, scale=hidden**-0.5)
        self.inner_bias = zeros(heads, 1, hidden)
        self.out = nn.ParameterList([normal(hidden, size, scale=_SMALL) for size in parts.sizes[self.first :]])
        self.out_bias = nn.ParameterList(
            [nn.Parameter(torch.log(torch.from_numpy(own)).float().to(rng.device)) for own in shares]
        )
        self.gate = nn.ParameterDict({str(part - self.first): normal(hidden, scale=_SMALL) for part in odds})
        self.gate_bias = nn.ParameterDict(
            {str(part - self.first): nn.Parameter(torch.tensor(math.log(o)).to(rng.device)) for part, o in odds.items()}
        )
        echoes = ((part - self.first, *echo) for part, echo in parts.echo_of.items())
        self.echoes = {head: (given, torch.from_numpy(table).to(rng.device)) for head, given, table in echoes}
        self.terms = {
            part - self.first: [TermTensors(term, rng.device) for term in terms]
            for part, terms in parts.terms_of.items()
        }

    def losses(
        self,
        rows: Tensor,
        known: Tensor,
        drop: Dropout | None = None,
        *,
        practice: bool = False,
    ) -> Tensor:
        """The cross entropy of each drawn part in each row, summed over the rows, shape (drawn parts,).

        Args:
            rows: Categories of the parts, shape (rows, parts).
            known: Whether a head reads a part, shape (parts, drawn parts).
            drop: Leaves out hidden units.
            practice: Whether logits are to be learned where an echo says the same, too.
        """
        # Taken by index, each head's gradient would be as large as that of all heads.
        hidden = self._heads(rows, known, drop).unbind()
        losses = []
        for i in range(self.count):
            logits = (hidden[i] @ self.out[i].to(self.dtype)).float()
            parent, drawn = self.parts.parents[self.first + i], rows[:, self.first + i]
            logits = logits + (self.out_bias[i] if parent < 0 else self.out_bias[i][rows[:, parent]])
            for term in self.terms.get(i, ()):
                term.add(logits, rows, known[:, i])
            if i in self.echoes:
                given, table = self.echoes[i]
                own = self._gated_loss(i, logits, hidden[i], table[rows[:, given]], drawn, practice=practice)
                losses.append(own.sum())
            else:
                losses.append(functional.cross_entropy(logits, drawn, reduction="sum"))
        return torch.stack(losses)

    def _gated_loss(
        self, head: int, logits: Tensor, hidden: Tensor, echoed: Tensor, drawn: Tensor, *, practice: bool
    ) -> Tensor:
        """The cross entropy in each row of a part that holds what is echoed, or anything as the logits say."""
        gate = (hidden @ self.gate[str(head)].to(self.dtype)).float() + self.gate_bias[str(head)]
        plain = -functional.cross_entropy(logits, drawn, reduction="none")
        other = torch.where(echoed >= 0, plain + functional.logsigmoid(-gate), plain)
        likely = torch.where(echoed == drawn, torch.logaddexp(other, functional.logsigmoid(gate)), other)
        return -(likely + plain if practice else likely)

    def _heads(self, rows: Tensor, known: Tensor, drop: Dropout | None) -> Tensor:
        """What the heads make before their last layer, shape (drawn parts, rows, hidden)."""
        embedded = functional.embedding(rows + self.starts, self.embedding)
        read = embedded.view(len(rows), len(self.parts.sizes) * self.width)[:, self.places].to(self.dtype)
        if self.summary is not None:
            read = torch.cat([read[:, : self.given] @ self.summary.to(self.dtype), read[:, self.given :]], dim=1)
        weights = self.read.view(len(self.part_of), self.count, self.hidden)
        masked = (weights * known[self.part_of][:, :, None]).view(len(self.part_of), -1).to(self.dtype)
        first = (read @ masked).view(len(rows), self.count, self.hidden).transpose(0, 1)
        first = functional.relu(first + self.read_bias.to(self.dtype))
        if drop is not None:
            first = first * drop(first)
        second = torch.bmm(first, self.inner.to(self.dtype)) + self.inner_bias.to(self.dtype)
        made = first + functional.relu(second)
        return made if drop is None else made * drop(made)


class TermTensors:
    """A term on torch.

    Args:
        term: The term.
        device: Where tensors are.
    """

    def __init__(self, term: Term, device: torch.device) -> None:
        self.read = [term.part, *term.others[:-1]]
        self.categories = torch.from_numpy(term.categories.astype(np.int64)).to(device)
        self.rest = torch.from_numpy(term.logs[-1]).to(device)
        self.beside = torch.from_numpy(term.logs[:-1] - term.logs[-1]).to(device)

    @torch.no_grad()
    def add(self, logits: Tensor, rows: Tensor, known: Tensor) -> None:
        """Add it to logits, in place; a constant, so that no gradient changes.

        Args:
            logits: Shape (rows, categories).
            rows: Categories of the parts, shape (rows, parts).
            known: Whether the head reads each part.
        """
        if not all(known[part] for part in self.read):
            return
        linked = self.read[1:]
        logits += self.rest[tuple(rows[:, part] for part in linked)]
        which, there = torch.nonzero(rows[:, self.read[0]] == self.categories[:, None], as_tuple=True)
        logits.index_add_(0, there, self.beside[(which, *(rows[there, part] for part in linked))])


class Dropout:
    """Dropout by slices of one long random mask, since drawing a mask for every step takes as long as its products.

    Args:
        share: Share of the units to leave out.
        size: Most units of a layer.
        rng: Draws the mask.
        numpy_rng: Draws where a slice begins.
        dtype: Type of the mask.
    """

    def __init__(
        self, share: float, size: int, rng: torch.Generator, numpy_rng: np.random.Generator, dtype: torch.dtype
    ) -> None:
        kept = torch.rand(2 * size, generator=rng, device=rng.device) >= share
        self._mask = (kept / (1 - share)).to(dtype)
        self._rng = numpy_rng

    def __call__(self, units: Tensor) -> Tensor:
        """A mask of the shape of ``units``."""
        start = int(self._rng.integers(0, len(self._mask) - units.numel()))
        return self._mask[start : start + units.numel()].view(units.shape)


def known_parts(parts: Parts, order: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Whether each part is known when each drawn one is drawn, shape (parts, drawn parts).

    Args:
        parts: The parts.
        order: The drawn columns in the order in which they are drawn, by their place among all columns.
    """
    place = np.full(len(parts.columns), -1)
    place[order] = np.arange(len(order))
    of_part = place[list(parts.column_of)]
    known: npt.NDArray[np.bool_] = of_part[:, None] < of_part[None, parts.first_drawn :]
    for part in range(parts.first_drawn, len(parts.sizes)):
        if parts.parents[part] >= 0:
            known[parts.parents[part], part - parts.first_drawn] = True
    return known
