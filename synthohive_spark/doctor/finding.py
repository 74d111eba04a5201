"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARNING, MEND = "ok", "warning", "mend"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        level: "ok"; "warning" for what may be meant so, or could not be checked; "mend" for what has to be mended.
        what: What was looked at.
        text: What was found and, unless all is well, what to do.
    """

    level: str
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.level:<7}  {self.what}: {' '.join(self.text.split())}"
