"""Orders of columns as an engine sees them: between codes, and parts of ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.integrity import Bounds, Whole, check_distinct, check_equal

Places = npt.NDArray[np.int32]
RANK_CELLS = 512


@dataclass(frozen=True)
class Equality:
    """A column that says in which rows another one equals its nearest bound.

    Attributes:
        column: Its position.
        yes: The code of rows in which it does.
        no: The code of those in which it does not.
    """

    column: Whole
    yes: Whole
    no: Whole


@dataclass(frozen=True)
class CodeOrder:
    """A column whose values lie on one side of those of others.

    Attributes:
        column: Position of the column.
        bounds: Positions of the others.
        above: Whether it lies above them.
        equality: Says where it equals the nearest, if a column does.
    """

    column: Whole
    bounds: Annotated[tuple[Whole, ...], Bounds(1)]
    above: bool
    equality: Equality | None = None

    @property
    def columns(self) -> tuple[int, ...]:
        """All of them."""
        return (self.column, *self.bounds)


@dataclass(frozen=True, eq=False)
class Ends:
    """The first and the last place of what codes stand for, values being counted through in their order.

    The bins of a column with ranks are cut anew, into `RANK_CELLS` equal parts of all its ranks, which count as codes.
    What is no number has all places.

    Attributes:
        first: The first place of each code.
        last: The last place of each code.
    """

    first: Places
    last: Places


@dataclass(frozen=True, eq=False)
class CodeOrders:
    """The orders of a table's generated columns.

    Attributes:
        orders: The orders.
        ends: By position of a column in order with others, where its values lie among those of all such columns.
    """

    orders: tuple[CodeOrder, ...] = ()
    ends: Mapping[Whole, Ends] = field(default_factory=dict)

    def placed(self, order: Sequence[int]) -> list[int]:
        """An order of drawing in which what says whether a column equals its bound comes right before the last of both.

        So it is told by all that is drawn before, and then comes true.

        Args:
            order: Positions of columns.
        """
        placed = list(order)
        for own in self.orders:
            if own.equality is not None and {own.equality.column, *own.columns} <= {*placed}:
                placed.remove(own.equality.column)
                placed.insert(max(map(placed.index, own.columns)), own.equality.column)
        return placed

    def check_beside(self, cells: Sequence[int], codes: Sequence[int]) -> None:
        """Check that the orders are of columns that are there.

        Args:
            cells: How many codes and parts of ranks each column has.
            codes: How many codes each column has.

        Raises:
            ValueError: If they are not.
        """
        check_distinct(((own.column, own.above) for own in self.orders), "columns in order")
        for own in self.orders:
            check_distinct(own.columns, "columns of an order")
            if not {*own.columns} <= self.ends.keys():
                raise ValueError("an order names columns that have no places")
            equality = own.equality
            if equality is not None and (
                equality.column >= len(codes)
                or equality.column in own.columns
                or max(equality.yes, equality.no) >= codes[equality.column]
            ):
                raise ValueError("an equality is not there")
        for column, ends in self.ends.items():
            if column >= len(cells):
                raise ValueError("an order names columns that are not there")
            for places in (ends.first, ends.last):
                check_equal(len(places), cells[column], "places and the codes of a column")

    def to_json(self) -> dict[str, Any]:
        """The orders as plain values."""
        orders = [
            {**vars(o), "bounds": list(o.bounds), "equality": None if o.equality is None else dict(vars(o.equality))}
            for o in self.orders
        ]
        ends = [[column, own.first.tolist(), own.last.tolist()] for column, own in self.ends.items()]
        return {"orders": orders, "ends": ends}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CodeOrders:
        """The orders that `to_json` described."""
        orders = (
            CodeOrder(
                **{
                    **own,
                    "bounds": tuple(own["bounds"]),
                    "equality": None if own["equality"] is None else Equality(**own["equality"]),
                }
            )
            for own in data["orders"]
        )
        ends = {column: Ends(*(_places(own) for own in both)) for column, *both in data["ends"]}
        return cls(tuple(orders), ends)


def _places(numbers: list[int]) -> Places:
    if any(type(number) is not int or number < 0 for number in numbers):
        raise ValueError("places are not numbers")
    return np.array(numbers, np.int32)
