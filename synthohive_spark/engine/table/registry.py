"""The engines by name. Adding one is a folder and one line here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from inspect import cleandoc
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from synthohive_spark.declarations.hints import check_all
from synthohive_spark.engine.settings import TrainingSettings
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
    if name not in ENGINES:
        # What all engines have can be checked all the same.
        shared = {field.name for field in fields(TrainingSettings)} & given.keys()
        check_all(lambda: engine_class(name), lambda: TrainingSettings.of({own: given[own] for own in shared}, name))
    engine = engine_class(name)
    return engine(engine.settings_class.of(given, name))


@dataclass(frozen=True)
class Setting:
    """A setting of one or several engines; every door takes it from here.

    Attributes:
        name: Its name in snake case.
        type: ``int``, ``float``, ``str``, ``bool``, or ``tuple`` for a sequence of whole numbers.
        doc: What it means, for the first engine that has it.
        engines: The engines that have it.
    """

    name: str
    type: type
    doc: str
    engines: tuple[str, ...]


def engine_settings() -> dict[str, Setting]:
    """The settings of all engines by name, from the fields and the docstrings of their settings classes."""
    found: dict[str, Setting] = {}
    for engine in ENGINES:
        kind = engine_class(engine).settings_class
        hints, docs = get_type_hints(kind), _documented(kind)
        for field in fields(kind):
            earlier = found.get(field.name)
            engines = (engine,) if earlier is None else (*earlier.engines, engine)
            doc = docs.get(field.name, "") if earlier is None else earlier.doc
            found[field.name] = Setting(field.name, _plain_type(hints[field.name]), doc, engines)
    return found


def _plain_type(hint: Any) -> type:
    """The type of a setting that is set."""
    if get_origin(hint) in (Union, UnionType):
        hint = next(own for own in get_args(hint) if own is not type(None))
    plain: type = get_origin(hint) or hint
    return plain


def _documented(kind: type) -> dict[str, str]:
    """What the "Attributes" of the docstrings of a class and its bases say."""
    found: dict[str, str] = {}
    for own in reversed(kind.__mro__):
        section = re.search(r"^Attributes:\n((?:[ ]+.*\n?|\n)+)", cleandoc(own.__doc__ or ""), re.MULTILINE)
        for name, text in re.findall(
            r"^ {4}(\w+): ((?:.*\n?)(?: {8}.*\n?)*)", section.group(1) if section else "", re.M
        ):
            found[name] = " ".join(text.split())
    return found
