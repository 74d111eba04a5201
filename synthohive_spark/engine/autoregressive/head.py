"""What gives the logits of one part, on numpy.

Arrays are held with one column for each row of the batch, so that the many small steps over a part's categories run
along contiguous memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.autoregressive.parts import Codes, Parts

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Gate:
    """How likely a part is to echo another.

    Attributes:
        weights: Shape (1, hidden).
        bias: Shape (1, 1).
        after: What is added to logits once the echo is in them, shape (categories, 1).
    """

    weights: Floats
    bias: Floats
    after: Floats

    def with_echo(self, logits: Floats, hidden: Floats, echoed: Codes) -> Floats:
        """Logits in which what is echoed in each row, -1 for nothing, is as likely as the gate says."""
        logits -= logits.max(axis=0)
        logits -= np.log(np.exp(logits).sum(axis=0))
        gate = (self.weights @ hidden + self.bias)[0]
        there = np.flatnonzero(echoed >= 0)
        logits -= np.where(echoed >= 0, np.logaddexp(0, gate), np.float32(0))
        cells = echoed[there], there
        logits[cells] = np.logaddexp(logits[cells], -np.logaddexp(0, -gate[there]))
        logits += self.after
        return logits


@dataclass(frozen=True)
class Head:
    """What gives the logits of one part.

    Attributes:
        read: Weights of the embeddings, in the order of `AutoregressiveSampler.slots`, shape (hidden, read).
        read_bias: Shape (hidden, 1).
        inner: Shape (hidden, hidden).
        inner_bias: Shape (hidden, 1).
        out: Shape (categories, hidden).
        out_bias: Shape (categories, 1), or (categories, categories of the linked part).
        gate: Of a part that echoes another.
    """

    read: Floats
    read_bias: Floats
    inner: Floats
    inner_bias: Floats
    out: Floats
    out_bias: Floats
    gate: Gate | None = None

    def logits(self, known: Floats, parent: Codes | None, echoed: Codes | None = None) -> Floats:
        """Logits of the categories, shape (categories, rows).

        Args:
            known: The first rows of what can be read.
            parent: Categories of the linked part.
            echoed: What the part echoes in each row.
        """
        kind = known.dtype
        hidden: Floats = self.read[:, : len(known)].astype(kind, copy=False) @ known
        hidden += self.read_bias
        np.maximum(hidden, 0, out=hidden)
        inner = self.inner.astype(kind, copy=False) @ hidden
        inner += self.inner_bias
        hidden += np.maximum(inner, 0, out=inner)
        made: Floats = self.out.astype(kind, copy=False) @ hidden
        made += self.out_bias if parent is None else self.out_bias[:, parent]
        return made if self.gate is None or echoed is None else self.gate.with_echo(made, hidden, echoed)

    def check(self, parts: Parts, part: int) -> None:
        """Check that what was read from files are the weights of a part.

        Raises:
            ValueError: If they are not.
        """
        hidden, categories, parent = len(self.read), parts.sizes[part], parts.parents[part]
        biases = 1 if parent < 0 else parts.sizes[parent]
        shapes = {
            "read_bias": (hidden, 1),
            "inner": (hidden, hidden),
            "inner_bias": (hidden, 1),
            "out": (categories, hidden),
            "out_bias": (categories, biases),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} of part {part} is not of shape {shape}")

    @property
    def arrays(self) -> tuple[Floats, ...]:
        """All weights."""
        own = self.read, self.read_bias, self.inner, self.inner_bias, self.out, self.out_bias
        return own if self.gate is None else (*own, self.gate.weights, self.gate.bias, self.gate.after)
