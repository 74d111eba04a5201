"""This package with one of its ideas taken back, to see what the idea alone is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def _without_calibration() -> dict[str, Any]:
    from synthohive_spark.engine.ctgan import model

    model.calibrate = lambda sampler, *_, **__: sampler
    return {}


def _without_averaging() -> dict[str, Any]:
    from synthohive_spark.engine.ctgan import training

    training._AVERAGE = 0.0
    return {}


def _without_falling_rate() -> dict[str, Any]:
    from synthohive_spark.engine.ctgan import training

    training._Training._set_rate = lambda *_: None
    return {}


def _without_spread() -> dict[str, Any]:
    from synthohive_spark.engine.ctgan import networks, training

    networks.SPREAD = training.SPREAD = 1.0
    return {}


def _without_bf16() -> dict[str, Any]:
    from synthohive_spark.engine.ctgan import training

    training._has_bf16 = lambda: False
    return {}


def _without_flushing() -> dict[str, Any]:
    import torch

    torch.set_flush_denormal = lambda _: True
    return {}


VARIANTS: dict[str, Callable[[], dict[str, Any]]] = {
    "nothing": dict,
    "calibration": _without_calibration,
    "pac 1 (pac 10)": lambda: {"pac": 10},
    "code and rank (mixtures)": lambda: {"numeric_encoding": "mixture"},
    "falling rate": _without_falling_rate,
    "averaged generator": _without_averaging,
    "enlarged scores": _without_spread,
    "bf16 products": _without_bf16,
    "flushed denormals": _without_flushing,
}
"""What is taken back; in parentheses what comes in its place. Each makes its change and returns settings."""
