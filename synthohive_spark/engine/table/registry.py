"""The engines by name. Adding one is a folder and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from synthohive_spark.errors import SchemaError

ENGINES = {
    "ctgan": ("synthohive_spark.engine.ctgan.model", "CTGANEngine"),
    "autoregressive": ("synthohive_spark.engine.autoregressive.model", "AutoregressiveEngine"),
}


def engine_class(name: str) -> Any:
    """The class of the engine called ``name``; an unknown name is a `SchemaError` that lists the known ones."""
    if name not in ENGINES:
        raise SchemaError(f"engine {name!r} is not known; choose one of {', '.join(sorted(ENGINES))}")
    module, attribute = ENGINES[name]
    return getattr(import_module(module), attribute)


def make_engine(name: str, given: Mapping[str, Any]) -> Any:
    """The engine called ``name`` with the settings ``given``; None leaves a setting at the engine's own default.

    Raises:
        SchemaError: If the engine is not known, or has no such setting, or one is out of range.
    """
    engine = engine_class(name)
    return engine(engine.settings_class.of(given, name))
