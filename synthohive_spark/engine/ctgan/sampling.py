"""The generator on numpy: what travels to the executors. Nothing of torch is needed, and nothing of it is here.

Arrays are held with one column for each row of the batch, so that the many small steps over a column's codes run along
contiguous memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.ctgan.conditions import SamplingConditions
from synthohive_spark.engine.ctgan.slots import RANK_SCALE, Slots, scores
from synthohive_spark.engine.interface import EncodedTable
from synthohive_spark.engine.noise import Words, normal_cdf, normal_words, normals, uniforms

Floats = npt.NDArray[np.float32]
_GROUP = 64


@dataclass(frozen=True)
class Layer:
    """A linear layer with its batch norm folded in.

    Attributes:
        dense: Weights of the dense inputs and of the layers before, shape (outputs, inputs).
        sparse: Weights of the one-hot inputs, shape (outputs, inputs): a condition picks a column.
        bias: Shape (outputs, 1).
    """

    dense: Floats
    sparse: Floats
    bias: Floats


@dataclass(frozen=True)
class RankTable:
    """Generated scores of a column to ranks: evenly spread over the interval that the code's real ranks fill.

    Attributes:
        quantiles: Of the generated scores given each code, shape (knots, codes), not decreasing along knots.
        low: Where each code's ranks begin.
        high: Where they end.
    """

    quantiles: Floats
    low: Floats
    high: Floats

    def ranks(self, codes: npt.NDArray[np.int64], score: Floats) -> Floats:
        """The rank of each row, given its code and its generated score."""
        knots = self.quantiles[:, codes]
        last = len(knots) - 1
        left = np.clip((knots <= score).sum(axis=0) - 1, 0, last - 1)
        rows = np.arange(len(score))
        below, above = knots[left, rows], knots[left + 1, rows]
        share = np.clip((score - below) / np.maximum(above - below, 1e-6), 0, 1)
        return np.asarray(self.low[codes] + (left + share) / last * (self.high[codes] - self.low[codes]), np.float32)


@dataclass(frozen=True)
class CTGANSampler:
    """A trained generator.

    Attributes:
        slots: Places of the columns in the generator's output.
        context: Places of the given columns in its input.
        noise: Width of the noise.
        layers: The residual layers, then the output layer.
        embeddings: Vectors of the codes of each wide column, shape (codes, width).
        context_embeddings: The same for the wide given columns.
        biases: What is added to the logits of each column, shape (codes, 1); calibrated.
        rank_tables: One for each column with a rank.
        ranked: Whether each column has a rank.
        conditions: Draws the conditional vector.
    """

    slots: Slots
    context: Slots
    noise: int
    layers: tuple[Layer, ...]
    embeddings: tuple[Floats, ...]
    context_embeddings: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    rank_tables: tuple[RankTable, ...]
    ranked: tuple[bool, ...]
    conditions: SamplingConditions

    @property
    def noise_words(self) -> int:
        """Words of the noise vector, of the condition, and of each column's code."""
        return normal_words(self.noise) + 1 + len(self.slots.codes)

    def draw(self, words: Words, context: EncodedTable) -> EncodedTable:
        """See `synthohive_spark.engine.interface.Sampler.draw`."""
        rows, columns = len(words), len(self.slots.codes)
        if not columns:
            return EncodedTable(np.zeros((rows, 0), np.int32), np.zeros((rows, 0), np.float32))
        raw = self.forward(*self.inputs(words, context))
        draws = uniforms(words[:, -columns:]).astype(np.float32)
        codes = np.empty((columns, rows), np.int64)
        for column in range(columns):
            codes[column] = pick(self.logits(raw, column), draws[:, column])
        raw_scores = self.scores(raw)
        places = [i for i, ranked in enumerate(self.ranked) if ranked]
        ranks = np.empty((len(places), rows), np.float32)
        for row, column in enumerate(places):
            ranks[row] = self.rank_tables[row].ranks(codes[column], raw_scores[row])
        return EncodedTable(np.ascontiguousarray(codes.T), np.ascontiguousarray(ranks.T))

    def inputs(self, words: Words, context: EncodedTable) -> tuple[Floats, list[npt.NDArray[np.int64]]]:
        """The dense inputs, shape (inputs, rows), and for each one-hot input the place of its one.

        The one-hot inputs are the conditional vector or, where columns are given, those instead of it.
        """
        used = normal_words(self.noise)
        dense = [normals(words[:, :used], self.noise)]
        if self.context.ranks:
            dense.append(scores(context))
        for column, vectors in zip(self.context.wide, self.context_embeddings, strict=True):
            dense.append(vectors[context.codes[:, column]])
        places = []
        if self.slots.conditioned(self.context).narrow:
            places.append(self.conditions.draw(uniforms(words[:, used])))
        for column, start in zip(self.context.narrow, self.context.starts, strict=True):
            places.append(context.codes[:, column].astype(np.int64) + start)
        return np.ascontiguousarray(np.concatenate(dense, axis=1).T), places

    def forward(self, dense: Floats, places: list[npt.NDArray[np.int64]]) -> Floats:
        """What the output layer makes, shape (outputs, rows)."""
        inputs = dense
        for layer in self.layers[:-1]:
            hidden = np.maximum(_linear(layer, inputs, places), 0)
            inputs = np.concatenate([inputs, hidden])
        return _linear(self.layers[-1], inputs, places)

    def logits(self, raw: Floats, column: int) -> Floats:
        """Calibrated logits of a column's codes, a new array of shape (codes, rows), given the output layer's."""
        if column in self.slots.narrow:
            start = self.slots.starts[self.slots.narrow.index(column)]
            return raw[start : start + self.slots.codes[column]] + self.biases[column]
        place = self.slots.wide.index(column)
        start = self.slots.one_hot + self.slots.ranks + sum(self.slots.embedded[:place])
        vectors = raw[start : start + self.slots.embedded[place]]
        made = self.embeddings[place] @ vectors
        made += self.biases[column]
        return made

    def scores(self, raw: Floats) -> Floats:
        """Generated scores in tanh's range, shape (ranks, rows)."""
        return np.tanh(raw[self.slots.one_hot : self.slots.one_hot + self.slots.ranks])


def pick(logits: Floats, uniform: Floats) -> npt.NDArray[np.int64]:
    """A code for each row, by inverting the distribution function of softmax(logits) at its uniform number.

    Args:
        logits: Shape (codes, rows); overwritten.
        uniform: Numbers in (0, 1), shape (rows,).
    """
    logits -= logits.max(axis=0)
    odds = np.exp(logits, out=logits)
    codes, rows = odds.shape
    if codes <= 2 * _GROUP:
        return _invert(odds, uniform)[0]
    # Many codes: first a group of them, then one in the group, so that no long running sums are needed.
    groups = np.stack([odds[start : start + _GROUP].sum(axis=0) for start in range(0, codes, _GROUP)])
    group, uniform = _invert(groups, uniform)
    members = group * _GROUP + np.arange(_GROUP)[:, None]
    own = odds[np.minimum(members, codes - 1), np.arange(rows)]
    own[members >= codes] = 0
    return np.asarray(np.minimum(group * _GROUP + _invert(own, uniform)[0], codes - 1))


def _invert(odds: Floats, uniform: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """The code for each row, and where in the code's share its number lies, again in (0, 1)."""
    cumulative = np.cumsum(odds, axis=0)
    target = uniform * cumulative[-1]
    code = np.minimum((cumulative <= target).sum(axis=0), len(odds) - 1)
    rows = np.arange(len(uniform))
    share = odds[code, rows]
    rest = (target - cumulative[code, rows] + share) / np.maximum(share, np.float32(1e-30))
    return code, np.clip(rest, 0, 1)


def ranks_of_scores(score: Floats) -> Floats:
    """The ranks that scores in tanh's range stand for."""
    return normal_cdf(score * np.float32(RANK_SCALE))


def _linear(layer: Layer, inputs: Floats, places: list[npt.NDArray[np.int64]]) -> Floats:
    made = layer.dense @ inputs
    made += layer.bias
    for place in places:
        made += layer.sparse[:, place]
    return made
