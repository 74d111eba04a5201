"""What happens to columns of personal data."""

from __future__ import annotations

from dataclasses import dataclass

from synthohive_spark.declarations.hints import nearest
from synthohive_spark.errors import SchemaError

PII_ACTIONS = ("drop", "mask", "hash", "fake")
PII_KINDS = (
    *("name", "first_name", "last_name", "username", "email", "phone", "card", "iban", "number", "ip"),
    *("company", "title", "address", "city", "country", "text"),
)


@dataclass(frozen=True)
class PiiRule:
    """What happens to a column of personal data.

    Attributes:
        action: "drop" (the column is left out), "mask" (letters and digits become ``*``), "hash" (HMAC-SHA256 under
            a key given to fit) or "fake" (made-up values of the same kind).
        kind: What a fake is: "name" (a person's), "first_name", "last_name", "username", "email", "phone", "card",
            "iban", "number" (of a person or an account), "ip", "company", "title" (of a job), "address", "city",
            "country" or "text"; None to find out from the column's name and values.
        locale: Locale of the fakes, such as "de_DE". Default "en_US".

    Raises:
        SchemaError: If the action or the kind is not known.
    """

    action: str
    kind: str | None = None
    locale: str = "en_US"

    def __post_init__(self) -> None:
        if self.action not in PII_ACTIONS:
            raise SchemaError(f"pii action {self.action!r} is not known{nearest(self.action, PII_ACTIONS)}")
        if self.kind is not None and self.kind not in PII_KINDS:
            raise SchemaError(f"pii kind {self.kind!r} is not known{nearest(self.kind, PII_KINDS)}")
        if not isinstance(self.locale, str):
            raise SchemaError(f"pii locale must be a string such as 'en_US', got {self.locale!r}")
