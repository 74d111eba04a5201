"""What a user knows to hold in every row of a table, whether the data shows it or not."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from synthohive_spark.declarations.hints import nearest
from synthohive_spark.errors import SchemaError

_OPERATIONS = (ast.Add, ast.Sub, ast.Mult, ast.Div)


@dataclass(frozen=True)
class Inequality:
    """``low <= high`` wherever neither is null: numbers, or dates and timestamps.

    Attributes:
        low: A column.
        high: A column that never lies below it.
    """

    low: str
    high: str
    kind: str = field(default="inequality", init=False)

    def __post_init__(self) -> None:
        _require_names(self.kind, (self.low, self.high), 2)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it names."""
        return self.low, self.high

    def describe(self) -> str:
        """It in words."""
        return f"{self.low} <= {self.high}"


@dataclass(frozen=True)
class FixedCombinations:
    """Only combinations of values that the rows hold come out: ``["city", "state"]``.

    Attributes:
        columns: The columns.
    """

    columns: tuple[str, ...]
    kind: str = field(default="fixed_combinations", init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", _require_names(self.kind, self.columns, 2))

    def describe(self) -> str:
        """It in words."""
        return f"known combinations of {', '.join(self.columns)}"


@dataclass(frozen=True)
class OneHot:
    """Exactly one of some columns of zeros and ones is one.

    Attributes:
        columns: The columns.
    """

    columns: tuple[str, ...]
    kind: str = field(default="one_hot", init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", _require_names(self.kind, self.columns, 2))

    def describe(self) -> str:
        """It in words."""
        return f"exactly one of {', '.join(self.columns)} is set"


@dataclass(frozen=True)
class Formula:
    """A column of numbers is computed from others: ``Formula("total", "qty * price")``.

    The result is rounded to the digits of the column.

    Attributes:
        column: The column.
        expression: Numbers and columns, ``+ - * /`` and parentheses; a name with other characters than letters, digits
            and underscores stands in backticks.
    """

    column: str
    expression: str
    kind: str = field(default="formula", init=False)

    def __post_init__(self) -> None:
        _require_names(self.kind, (self.column,), 1)
        if self.column in self.names or not self.names:
            raise SchemaError(f"formula {self.expression!r} for {self.column!r} must be made of other columns")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it names."""
        return (self.column, *self.names)

    def describe(self) -> str:
        """It in words."""
        return f"{self.column} = {self.expression}"

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it is made of."""
        return tuple(dict.fromkeys(node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)))

    @property
    def tree(self) -> ast.expr:
        """The expression, of names, numbers and the four operations alone.

        Raises:
            SchemaError: If there is anything else in it.
        """
        pieces, quoted = self.expression.split("`"), dict[str, str]()
        for place in range(1, len(pieces), 2):
            quoted[f"quoted_{place}_"] = pieces[place]
            pieces[place] = f"quoted_{place}_"
        try:
            tree = ast.parse("".join(pieces).strip(), mode="eval").body
        except (SyntaxError, ValueError) as error:
            raise SchemaError(f"formula {self.expression!r} cannot be read: {error}") from error
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                node.id = quoted.get(node.id, node.id)
            if not _is_allowed(node):
                raise SchemaError(
                    f"formula {self.expression!r} may hold columns, numbers, + - * / and parentheses, and nothing else"
                )
        return tree


@dataclass(frozen=True)
class Unique:
    """No two rows hold the same in some columns: ``Unique(["customer", "day"])``; a null tells rows apart.

    A single column is made like a key, and not learned. Of several, the last whole number or date is moved to the next
    free value where two rows would meet. `Synthesizer` keeps it; an engine by itself draws rows one by one.

    Attributes:
        columns: The columns.
    """

    columns: tuple[str, ...]
    kind: str = field(default="unique", init=False)

    def __post_init__(self) -> None:
        names = (self.columns,) if isinstance(self.columns, str) else self.columns
        object.__setattr__(self, "columns", _require_names(self.kind, names, 1))

    def describe(self) -> str:
        """It in words."""
        return f"no two rows have the same {', '.join(self.columns)}"


Dependency = Inequality | FixedCombinations | OneHot | Formula | Unique
KINDS: dict[str, type[Any]] = {
    "inequality": Inequality,
    "fixed_combinations": FixedCombinations,
    "one_hot": OneHot,
    "formula": Formula,
    "unique": Unique,
}


def dependency_of(value: Any) -> Dependency:
    """A declared dependency, or one in a mapping such as ``{kind: inequality, low: start, high: end}``.

    Raises:
        ValueError: If it is neither.
    """
    if isinstance(value, Inequality | FixedCombinations | OneHot | Formula | Unique):
        return value
    if not isinstance(value, Mapping) or value.get("kind") not in KINDS:
        kinds = ", ".join(map(repr, KINDS))
        raise ValueError(
            f"must be an Inequality, FixedCombinations, OneHot, Formula or Unique, or a mapping whose kind is {kinds}"
        )
    kind = KINDS[value["kind"]]
    known = [f.name for f in fields(kind) if f.init]
    given = {key: item for key, item in value.items() if key != "kind"}
    for key in given:
        if key not in known:
            raise ValueError(f"{value['kind']} has no setting {key!r}{nearest(key, known)}")
    if missing := [name for name in known if name not in given]:
        raise ValueError(f"{value['kind']} needs the setting {missing[0]!r}")
    made: Dependency = kind(**given)
    return made


def named_by(dependencies: Sequence[Dependency]) -> Iterator[str]:
    """The columns that dependencies name."""
    for own in dependencies:
        yield from own.columns


def _is_allowed(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, _OPERATIONS)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub)
    return isinstance(node, (ast.Name, ast.Load, ast.USub, *_OPERATIONS))


def _require_names(kind: str, names: Any, least: int) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, Sequence) or not all(isinstance(n, str) for n in names):
        raise SchemaError(f"{kind} takes names of columns, got {names!r}")
    if len(set(names)) < max(least, len(names)):
        raise SchemaError(f"{kind} takes at least {least} different columns, got {list(names)!r}")
    return tuple(names)
