"""The settings that a fit of a database takes by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from synthohive_spark.declarations.hints import nearest
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.declarations.spelling import camel_case, snake_case
from synthohive_spark.engine.table.registry import engine_settings
from synthohive_spark.errors import SchemaError

_FIT_PARAMS = ("max_training_rows", "numeric_encoding", "checkpoint_dir")


def fit_params() -> list[str]:
    """The names that `Synthesizer.fit` takes as ``**params``."""
    return [*engine_settings(), *_FIT_PARAMS]


def stage_params(given: Mapping[str, Any]) -> dict[str, Any]:
    """Params of the stage for parameters of `Synthesizer.fit`; all unknown ones are one `SchemaError`."""
    known = fit_params()
    problems = [_unknown(name, known) for name in given if name not in known]
    if problems:
        raise SchemaError("; ".join(problems), problems)
    return {camel_case(name): value for name, value in given.items()}


def _unknown(name: str, known: Sequence[str]) -> str:
    if (own := snake_case(name)) in (field.name for field in fields(Privacy)):
        return f"fit has no parameter {name!r}; give it as privacy=Privacy({own}=...)"
    return f"fit has no parameter {name!r}{nearest(name, known)}"
