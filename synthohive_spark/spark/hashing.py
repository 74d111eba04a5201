"""Keyed hashes of strings, on the executors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyspark.sql import Column as Expression
from pyspark.sql import functions as F


def keyed_hash(value: Expression, key: bytes) -> Expression:
    """HMAC-SHA256 (RFC 2104) of a string under ``key``, as 64 hexadecimal digits; null stays null.

    A function rather than SQL, whose plans would show the key.
    """
    return F.udf(_hasher(key), "string")(value)


def _hasher(key: bytes) -> Callable[[Any], Any]:
    def hashed(text: Any) -> Any:
        import hashlib  # noqa: PLC0415  (the function travels without this module)
        import hmac  # noqa: PLC0415

        return None if text is None else hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    return hashed
