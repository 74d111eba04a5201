"""The libraries of the extra ``pii``: imported where they are used, so that the package works without them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from synthohive_spark.errors import SchemaError


@contextmanager
def pii_extra() -> Iterator[None]:
    """A block of imports from the extra ``pii``: faker, phonenumbers and python-stdnum.

    Raises:
        SchemaError: If one of them is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise SchemaError(
            f"finding and faking personal data needs the extra 'pii', and {error.name!r} of it cannot be imported: "
            "pip install '.[pii]' from the clone, or install the wheel with [pii] behind its name"
        ) from error
