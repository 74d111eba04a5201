"""Text of JSON and YAML to plain values, such that a small text makes neither deep nor large ones."""

from __future__ import annotations

import json
from typing import Any

import yaml

DEEPEST = 64
MOST_BYTES = 16 << 20
"""Bytes of a file of declarations, and of a job file."""
_SHORTEST = 1_000
_ALIASED = 10


def read_json(text: str) -> Any:
    """The values of a JSON text.

    Raises:
        ValueError: If it is no JSON, or nested too deep.
    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError(f"it is nested more than {DEEPEST} deep") from error
    _check_size(value, len(text))
    return value


def read_yaml(text: str) -> Any:
    """The values of a YAML text; an alias stands for no more than can be written out at the text's length.

    Raises:
        ValueError: If it is no YAML, nested too deep, or holds aliases that stand for too much.
    """
    try:
        value = yaml.safe_load(text)
    except RecursionError as error:
        raise ValueError(f"it is nested more than {DEEPEST} deep") from error
    except (yaml.YAMLError, AttributeError, LookupError, TypeError) as error:  # of values that do not fit their tags
        raise ValueError(str(error)) from error
    _check_size(value, _ALIASED * len(text))
    return value


def _check_size(value: Any, characters: int) -> None:
    """Check that values are no deeper than `DEEPEST`, and no more than there are characters, aliases written out."""
    left = max(characters, _SHORTEST)
    level = [value]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for own in level:
            if isinstance(own, dict):
                left -= 2 * len(own)
                below.extend(own)
                below.extend(own.values())
            elif isinstance(own, (list, tuple, set)):
                left -= len(own)
                below.extend(own)
            elif isinstance(own, str):
                left -= len(own) // 8
            if left < 0:
                raise ValueError("its aliases stand for far more than it holds")
        if not below:
            return
        level = below
    raise ValueError(f"it is nested more than {DEEPEST} deep")
