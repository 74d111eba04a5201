"""A method that makes its object first where it is called on the class."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

Own = TypeVar("Own")
Given = ParamSpec("Given")
Made = TypeVar("Made")


class on_the_class_too(Generic[Own, Given, Made]):
    """Decorates a method: ``Class.method()`` is ``Class().method()``."""

    def __init__(self, method: Callable[Concatenate[Own, Given], Made]) -> None:
        self._method = method
        update_wrapper(self, method)  # type: ignore[arg-type]

    def __get__(self, instance: Own | None, owner: type[Own]) -> Callable[Given, Made]:
        own: Any = owner() if instance is None else instance
        return partial(self._method, own)
