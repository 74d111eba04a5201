"""Keyed hashes of strings, on the executors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from pyspark.sql import Column as Expression
from pyspark.sql import functions as F
from pyspark.sql import types as T


def keyed_hash(value: Expression, key: bytes) -> Expression:
    """HMAC-SHA256 (RFC 2104) of a string under ``key``, as 64 hexadecimal digits; null stays null.

    A function rather than SQL, whose plans would show the key.
    """
    shell = _hasher(key)
    shell.__annotations__ = {"values": pd.Series, "return": pd.Series}
    udf: Any = F.pandas_udf(shell, returnType=T.StringType())  # type: ignore[attr-defined]
    hashed: Expression = udf(value)
    return hashed


def _hasher(key: bytes) -> Callable[..., Any]:
    def hashed(values):  # type: ignore[no-untyped-def]
        import hashlib  # noqa: PLC0415  (the function travels without this module)
        import hmac  # noqa: PLC0415

        def one(text):  # type: ignore[no-untyped-def]
            return None if text is None else hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

        return values.map(one)

    return hashed
