"""Names of what a model of a linked table has beside the table's own columns.

They begin with a character that names of real columns hardly have; a table with such a column is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MARK = "@"
PLACE = "@place"
"""How many siblings come before a row."""
LEFT = "@left"
"""How many siblings come after a row."""
_ANCESTOR = re.compile(r"@up\d+\.")
CELL = "@cell"
"""Which cell of its own table a row belongs to; references go to cells."""


ORPHAN = "--"
"""The cell of a row that is not there."""
_CELL_DIGITS = 5


def cell_label(cell: int) -> str:
    """The category that stands for a cell."""
    return f"{cell:0{_CELL_DIGITS}d}"


def count_name(child: str, columns: Sequence[str]) -> str:
    """How many rows of ``child`` have a row's key in ``columns``."""
    return f"@n.{child}.{','.join(columns)}"


def cell_name(columns: Sequence[str]) -> str:
    """The cell of the row that the foreign key ``columns`` refers to."""
    return f"@cell.{','.join(columns)}"


def same_name(columns: Sequence[str]) -> str:
    """Whether the row that the foreign key ``columns`` refers to has the same ancestor."""
    return f"@same.{','.join(columns)}"


def previous_name(column: str) -> str:
    """What the sibling before holds."""
    return f"@prev.{column}"


def step_name(column: str) -> str:
    """How much a value lies above that of the sibling before, or of an ancestor."""
    return f"@step.{column}"


def gap_name(column: str) -> str:
    """How far a value lies from another one of its row."""
    return f"@gap.{column}"


def clock_name(column: str) -> str:
    """The time of day of a column that is learned by days."""
    return f"@clock.{column}"


def within_name(column: str) -> str:
    """The day in its month or year of a column that is learned by these."""
    return f"@within.{column}"


def rest_name(column: str) -> str:
    """What the rows before leave of a parent's sum for a row and the siblings after it."""
    return f"@rest.{column}"


def ancestor_name(level: int, column: str) -> str:
    """What the owner (level 1), its owner (2), and so on, holds."""
    return f"@up{level}.{column}"


def rank_name(column: str) -> str:
    """How many siblings before a row hold the same in a column."""
    return f"@nth.{column}"


def key_name(column: str) -> str:
    """A foreign key's column, as the owner link fills it."""
    return f"@key.{column}"


def is_key_name(name: str) -> bool:
    """Whether a name is one of `key_name`."""
    return name.startswith(key_name(""))


def is_ancestor_name(name: str) -> bool:
    """Whether a name is one of `ancestor_name`."""
    return _ANCESTOR.match(name) is not None


def one_level_up(name: str) -> str:
    """What the owner calls what a row calls by a name of `ancestor_name`."""
    level, column = _level(name)
    return column if level == 1 else ancestor_name(level - 1, column)


def one_level_down(name: str) -> str:
    """What the children of a row call what the row calls by a name, its own or one of `ancestor_name`."""
    level, column = _level(name) if is_ancestor_name(name) else (0, name)
    return ancestor_name(level + 1, column)


def _level(name: str) -> tuple[int, str]:
    level, column = name.removeprefix("@up").split(".", 1)
    return int(level), column
