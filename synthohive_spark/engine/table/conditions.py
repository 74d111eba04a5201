"""Conditions that are the same for many rows: what some columns hold, each with a share of the rows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from synthohive_spark.declarations.between import Between
from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.engine.codecs.categorical import CategoricalCodec
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.domain import Domain
from synthohive_spark.engine.sampling.cases import Cases
from synthohive_spark.engine.table.contradictions import check_possible
from synthohive_spark.engine.table.model import TableModel
from synthohive_spark.errors import SchemaError

Given = Mapping[str, Any] | Sequence[tuple[Mapping[str, Any], float]]
_FORM = '{"income": ">50K"} or [({"income": ">50K"}, 1), ({"income": "<=50K"}, 1)]'
_MOST_CASES = 10_000


def read_conditions(model: TableModel, given: Given | None) -> Cases | None:
    """The conditions that a user wrote; None where there are none.

    Args:
        model: The learned table.
        given: A mapping of columns to a value, a list of values or a `Between`, or pairs of it and a weight.

    Raises:
        SchemaError: If it has another form, a column or a value is not one that the model knows, or a range and what
            else is given cannot both hold.
    """
    if given is None or (isinstance(given, Mapping) and not given):
        return None
    pairs = [(given, 1)] if isinstance(given, Mapping) else list(given)
    if not pairs or not all(isinstance(p, Sequence) and len(p) == 2 and isinstance(p[0], Mapping) for p in pairs):
        raise SchemaError(f"given must be values by column, or pairs of them with a weight, such as {_FORM}")
    names = list(pairs[0][0])
    for values, weight in pairs:
        if set(values) != set(names):
            raise SchemaError(f"every condition in given must name the same columns, got {names} and {list(values)}")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < math.inf:
            raise SchemaError(f"a weight in given must be a number above 0, got {weight!r}")
    model.check_given(names, "given")
    columns = tuple(c for c in model.columns if c.name in names)
    domains: list[tuple[Domain, ...]] = []
    weights: list[float] = []
    for values, weight in pairs:
        own = list(itertools.product(*(_domains(model, c, values[c.name]) for c in columns)))
        domains += own
        weights += [weight / len(own)] * len(own)
        if len(domains) > _MOST_CASES:
            raise SchemaError(f"given has more than {_MOST_CASES:,} cases; list fewer values")
    cases = Cases(columns, tuple(domains), tuple(weights))
    check_possible(model, cases)
    return cases


def _domains(model: TableModel, column: Column, asked: Any) -> list[Domain]:
    """What a column may hold: one domain, or one for each of several values that are drawn with equal shares."""
    if isinstance(asked, Mapping):
        asked = _between(column, asked)
    if isinstance(asked, Between):
        return [_range(model, column, asked)]
    if not isinstance(asked, list | tuple | set | frozenset):
        return [Domain(values=(_value(model, column, asked),))]
    if not asked:
        raise SchemaError(f"given sets {column.name!r} to an empty list; name the values that it may hold")
    _check_free(model, column, asked)
    values = tuple(dict.fromkeys(_value(model, column, value) for value in asked))
    together = Domain(values=values)
    # Values that the model draws by themselves keep their shares; others are given, each as often.
    return [together] if model.generator.tells(column.name, together) else [Domain(values=(v,)) for v in values]


def _between(column: Column, asked: Mapping[str, Any]) -> Between:
    """A range as a file or a command line writes it: ``{between: [18, 30]}``."""
    ends = asked.get("between")
    if list(asked) != ["between"] or not isinstance(ends, list | tuple) or len(ends) != 2:
        raise SchemaError(f"given sets {column.name!r} to {asked!r}; a range is {{'between': [18, 30]}}")
    return Between(*ends)


def _range(model: TableModel, column: Column, asked: Between) -> Domain:
    _check_free(model, column, asked)
    if not column.type.is_quantitative:
        raise SchemaError(
            f"given sets {column.name!r} of type {column.type} to {asked}, which takes numbers and times; "
            f"list its values"
        )
    bounds = [float(b) if isinstance(b, Decimal) else b for b in (asked.low, asked.high)]
    constraint = Constraint(min=bounds[0], max=bounds[1])
    for bound in bounds:
        if bound is not None and isinstance(bound, int | float) == column.type.is_temporal:
            raise SchemaError(
                f"given sets {column.name!r} of type {column.type} to {asked}; {bound!r} is none of its type"
            )
    domain = Domain(constraint)
    if any(not allowed.weights.any() for allowed in model.generator.allowed({column.name: domain}).values()):
        raise SchemaError(f"given sets {column.name!r} to {asked}, where the model knows no value of it")
    return domain


def _check_free(model: TableModel, column: Column, asked: Any) -> None:
    if column.name in model.condition_names:
        raise SchemaError(
            f"given sets {column.name!r} to {asked!r}, but the model was learned with it as a condition column: give "
            f"one value, or pairs of values with weights"
        )


def _value(model: TableModel, column: Column, value: Any) -> Any:
    """The value in the column's type; one that the model cannot know is a `SchemaError`."""
    if value is None:
        if not model.holds_nulls(column.name):
            raise SchemaError(f"given sets {column.name!r} to None, but the column had no nulls when it was learned")
        return None
    try:
        cast = pa.scalar(value).cast(column.type.arrow)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise SchemaError(f"given sets {column.name!r} of type {column.type} to {value!r}: {error}") from error
    codec = model.codecs.get(column.name)
    joint = column.name in model.dependencies.joint
    if isinstance(codec, CategoricalCodec) and not joint and cast.as_py() not in codec.values:
        raise SchemaError(
            f"given sets {column.name!r} to {value!r}, which is not among the {len(codec.values)} values that the "
            f"model kept of it; look at its spelling (values of fewer than rareCategoryRows rows are not kept)"
        )
    return cast.as_py()
