"""This package with one of its ideas taken back, to see what the idea alone is worth."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

_ENGINE = "synthohive_spark.engine"


def replace_name(module: str, name: str, value: Any) -> None:
    """Put ``value`` in the place of a name, such as ``"Trainer.set_rate"``, of a module of the engine.

    Raises:
        AttributeError: If the name is gone, since a variant would then compare nothing with nothing.
    """
    owner: Any = import_module(f"{_ENGINE}.{module}")
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    getattr(owner, last)
    setattr(owner, last, value)


def _without_calibration() -> dict[str, Any]:
    replace_name("ctgan.model", "calibrate", lambda sampler, *_, **__: sampler)
    return {}


def _without_averaging() -> dict[str, Any]:
    replace_name("ctgan.training", "_AVERAGE", 0.0)
    return {}


def _without_falling_rate() -> dict[str, Any]:
    replace_name("ctgan.training", "CTGANTrainer.prepare_step", lambda *_: None)
    return {}


def _without_spread() -> dict[str, Any]:
    for module in ("ctgan.networks", "ctgan.training"):
        replace_name(module, "SPREAD", 1.0)
    return {}


def _without_bf16() -> dict[str, Any]:
    import torch

    replace_name("ctgan.training", "product_type", lambda _: torch.float32)
    return {}


def _without_flushing() -> dict[str, Any]:
    replace_name("training.torch_process", "torch.set_flush_denormal", lambda _: True)
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
