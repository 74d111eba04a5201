"""Seeds that a user leaves open."""

from __future__ import annotations

import secrets
from typing import Any

from synthohive_spark.declarations.hints import whole_number
from synthohive_spark.logs import get_logger

_log = get_logger(__name__)
_BITS = 31


def given_or_drawn(seed: Any, name: str) -> int:
    """``seed``, or one that is drawn and logged at INFO where it is None.

    Args:
        seed: What the user gave.
        name: What it is logged as: "training_seed" or "sampling_seed".

    Raises:
        SchemaError: If ``seed`` is no whole number.
    """
    if seed is None:
        seed = secrets.randbits(_BITS)
        _log.info(name, seed=seed)
    return whole_number(seed, "seed")
