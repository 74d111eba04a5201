"""How settings are written: ``max_seconds`` in Python, ``maxSeconds`` in pyspark.ml, ``keep: true`` in YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from synthohive_spark.errors import SchemaError

_IN_YAML = {"True": "true", "False": "false", "None": "null"}


def camel_case(name: str) -> str:
    """The name of a setting as pyspark.ml writes it.

    >>> camel_case("max_seconds")
    'maxSeconds'
    """
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def snake_case(name: str) -> str:
    """The name of a setting as Python writes it.

    >>> snake_case("maxSeconds")
    'max_seconds'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def in_yaml(text: str) -> str:
    """A sentence with its settings as YAML writes them.

    >>> in_yaml("take the table over as it is with keep=True")
    'take the table over as it is with keep: true'
    """
    return re.sub(r"\b(\w+)=(True|False|None)\b", lambda found: f"{found[1]}: {_IN_YAML[found[2]]}", text)


def in_known_spelling(given: Mapping[Any, Any], known: Iterable[str], where: str) -> dict[str, Any]:
    """``given`` by the names that are ``known``, each of which may have been given in either spelling.

    Args:
        given: Settings by name; a name that is not known in either spelling stays as it is.
        known: The names of all settings.
        where: What the settings belong to, for messages.

    Raises:
        SchemaError: If a name is no text, or a setting is given in both spellings; all are listed.
    """
    spellings = {own: name for name in known for own in (camel_case(name), snake_case(name), name)}
    found: dict[str, Any] = {}
    written: dict[str, str] = {}
    problems = []
    for name, value in given.items():
        if not isinstance(name, str):
            problems.append(f"{where}: the name of a setting must be text, got {name!r}")
            continue
        own = spellings.get(name, name)
        if own in found:
            problems.append(f"{where}: {written[own]} and {name} are two spellings of one setting; give one of them")
        found[own], written[own] = value, name
    if problems:
        raise SchemaError("; ".join(problems), problems)
    return found
