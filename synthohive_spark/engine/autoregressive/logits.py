"""What logits become where not all of their categories may be drawn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.autoregressive.head import Floats
from synthohive_spark.engine.autoregressive.parts import Codes


def weigh(logits: Floats, weights: npt.NDArray[np.float64], parent: Codes | None) -> None:
    """Make categories as likely, in place, as they are where so much of each is allowed.

    Args:
        logits: Shape (categories, rows).
        weights: Of the categories; of a linked part, for each category of ``parent``.
        parent: Categories of the part it is linked to.
    """
    with np.errstate(divide="ignore"):
        logs = np.log(weights).astype(np.float32)
    allowed = logits + (logs[:, None] if parent is None else logs[parent].T)
    some = np.isfinite(allowed).any(axis=0)
    logits[:, some] = allowed[:, some]


def rule_out(logits: Floats, ruled_out: npt.NDArray[np.bool_], *, keep_null: bool = False) -> None:
    """Rule out categories in place, except in rows that would have none left; null may stay as likely as it is."""
    left = np.isfinite(logits) & ~ruled_out
    before = _log_sum(logits[1:]) if keep_null else None
    logits[ruled_out & left.any(axis=0)] = -np.inf
    if before is not None:
        after = _log_sum(logits[1:])
        with np.errstate(invalid="ignore"):
            logits[0] += np.where(np.isfinite(after), after - before, 0)


def _log_sum(logits: Floats) -> Floats:
    """The logarithm of the sum of what logits stand for, shape (rows,)."""
    most = logits.max(axis=0)
    most = np.where(np.isfinite(most), most, 0)
    with np.errstate(divide="ignore"):
        made: Floats = most + np.log(np.exp(logits - most).sum(axis=0))
    return made
