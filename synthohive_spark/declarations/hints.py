"""What a user wrote, checked in words: the nearest known name, whole numbers, what a settings model found wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from synthohive_spark.errors import SchemaError, SerializationError

_MOST_KNOWN = 20
_NEAR = 0.5


def nearest(name: object, known: Iterable[object]) -> str:
    """The end of a message about an unknown name: the nearest known one, or all of them where none is near."""
    names = [str(k) for k in known]
    same_but_case = [known for known in names if known.casefold() == str(name).casefold()]
    close = same_but_case or get_close_matches(str(name), names, n=1, cutoff=_NEAR)
    if close:
        return f"; did you mean {close[0]!r}?"
    listed = ", ".join(names[:_MOST_KNOWN]) + (", ..." if len(names) > _MOST_KNOWN else "")
    return f"; known are {listed or 'none'}"


def whole_number(value: Any, name: str, *, least: int | None = None) -> int:
    """``value`` as an int; anything but a whole number of at least ``least`` is a `SchemaError`."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or (least is not None and int(value) < least):
        bound = "" if least is None else f" of at least {least}"
        raise SchemaError(f"{name} must be a whole number{bound}, got {value!r}")
    return int(value)


def check_all(*checks: Callable[[], object]) -> None:
    """Run all checks, also after one failed; what they find is one `SchemaError` that lists each problem once."""
    problems: list[str] = []
    for check in checks:
        try:
            check()
        except SchemaError as error:
            problems += error.problems
        except SerializationError as error:
            problems.append(str(error))
    if problems:
        problems = list(dict.fromkeys(problems))
        raise SchemaError("; ".join(problems), problems)


def setting_problems(error: ValidationError, model: type[BaseModel], where: str) -> list[str]:
    """A sentence for each setting that ``model`` refused: the key, what is wrong, and the nearest valid key."""
    return [_setting_problem(entry, model, where) for entry in error.errors()]


def _setting_problem(entry: Any, model: type[BaseModel], where: str) -> str:
    path = [str(part) for part in entry["loc"]]
    key, inside = path[-1], ".".join([where, *path[:-1]])
    if entry["type"] == "extra_forbidden":
        return f"{inside} has no setting {key!r}{nearest(key, _fields(model, path[:-1]))}"
    if entry["type"] == "missing":
        return f"{inside} needs the setting {key!r}"
    return f"{inside}: {key} {entry['msg'][0].lower()}{entry['msg'][1:]}, got {entry['input']!r}"


def _fields(model: type[BaseModel], path: list[str]) -> list[str]:
    """Settings of the model at ``path`` inside ``model``; a part that is no field is a key of a mapping of models."""
    for part in path:
        if part in model.model_fields:
            found = _models_in(model.model_fields[part].annotation)
            if found is None:
                break
            model = found
    return list(model.model_fields)


def _models_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _models_in(argument)
        if found is not None:
            return found
    return None
