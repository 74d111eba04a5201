"""Tables in Markdown, and numbers short enough for their cells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def markdown_table(head: list[str], rows: Iterable[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"
