"""Draw families of the worked example of orders, real ones beside drawn ones, as the README shows them.

python scripts/run_examples.py docs/examples/orders.md
python scripts/draw_linked_tables.py docs/linked_tables.svg
"""

from __future__ import annotations

import argparse
import os
import pathlib
from collections.abc import Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from synthohive_spark.spark.session import embedded_session

_INK, _FAINT, _LINE = "#1f2933", "#52606d", "#9aa5b1"
_SIDES = {"furniture": ("real", "#dbe9f6"), "furniture_synthetic": ("synthetic", "#fde8d0")}
_WIDTH, _LINE_HEIGHT, _GAP = 500, 19, 12
_CUSTOMER, _ORDER, _ITEM = (6, 124), (156, 126), (308, 188)
"""Where the boxes of each table begin, and how wide they are."""

Family = tuple[Row, list[tuple[Row, list[Row]]]]


def families(spark: SparkSession, database: str) -> list[Family]:
    """A private and a business customer with two or three orders of five lines together."""
    customers, orders, items, products = (
        spark.table(f"{database}.{name}") for name in ("customers", "orders", "items", "products")
    )
    sizes = orders.join(items, "order_id").groupBy("customer_id")
    sizes = sizes.agg(F.countDistinct("order_id").alias("orders"), F.count("*").alias("lines"))
    few = customers.join(sizes, "customer_id").where("orders BETWEEN 2 AND 3 AND lines = 5")
    return [_family(few.where(f"kind = '{kind}'"), orders, items, products) for kind in ("private", "business")]


def _family(customers: DataFrame, orders: DataFrame, items: DataFrame, products: DataFrame) -> Family:
    customer = customers.orderBy(F.xxhash64("customer_id")).first()
    if customer is None:
        raise SystemExit("no customer has two or three orders of five lines")
    made = []
    for order in orders.where(F.col("customer_id") == customer.customer_id).orderBy("ordered_at").collect():
        lines = items.where(F.col("order_id") == order.order_id).join(products, "sku").orderBy("line").collect()
        made.append((order, lines))
    return customer, made


def draw(axes: Axes, found: Sequence[Family], title: str, colour: str) -> float:
    """One side: customers on the left, their orders, and the lines of these; how high it is."""
    axes.text(_CUSTOMER[0], -8, title, fontsize=15, fontweight="bold", color=_INK, va="bottom")
    top = 6.0
    for customer, orders in found:
        height = sum(_height(lines) for _, lines in orders) + _GAP * (len(orders) - 1)
        text = [customer.name, f"{customer.kind}, {customer.country}", f"since {customer.joined}"]
        middle = _box(axes, _CUSTOMER, top + height / 2, text, colour)
        for order, lines in orders:
            at = top + _height(lines) / 2
            text = [f"{order.ordered_at:%Y-%m-%d}", f"{order.total:,.2f} {order.status}"]
            _line(axes, _CUSTOMER, middle, _ORDER, at)
            _box(axes, _ORDER, at, text, colour)
            for place, line in enumerate(lines):
                y = top + (_height(lines) - _LINE_HEIGHT * len(lines)) / 2 + _LINE_HEIGHT * (place + 0.5)
                _line(axes, _ORDER, at, _ITEM, y)
                words = f"{line.quantity} \u00d7 {line.product}"
                axes.text(_ITEM[0] + 4, y, words, fontsize=9, color=_INK, va="center")
                axes.text(sum(_ITEM), y, f"{line.amount:,.2f}", fontsize=9, color=_FAINT, va="center", ha="right")
            top += _height(lines) + _GAP
        top += 14
    axes.axis("off")
    return top - 14


def _height(lines: Sequence[Row]) -> float:
    return max(_LINE_HEIGHT * len(lines), 38)


def _box(axes: Axes, place: tuple[int, int], middle: float, text: Sequence[str], colour: str) -> float:
    height = 15 * len(text) + 6
    box = FancyBboxPatch(
        (place[0], middle - height / 2), place[1], height, boxstyle="round,pad=0,rounding_size=5", fc=colour, ec="none"
    )
    axes.add_patch(box)
    for number, words in enumerate(text):
        y = middle + 15 * (number - (len(text) - 1) / 2)
        weight = "bold" if number == 0 else "normal"
        axes.text(place[0] + 7, y, words, fontsize=9, color=_INK, va="center", fontweight=weight)
    return middle


def _line(axes: Axes, left: tuple[int, int], start: float, right: tuple[int, int], end: float) -> None:
    x0, x1 = sum(left), right[0]
    middle = (x0 + x1) / 2
    path = Path([(x0, start), (middle, start), (middle, end), (x1, end)], [1, 4, 4, 4])
    axes.add_patch(PathPatch(path, fc="none", ec=_LINE, lw=1.2))


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(".work/examples"), help="of the example")
    arguments = parser.parse_args()
    picture = arguments.picture.resolve()
    os.chdir(arguments.folder)
    spark = embedded_session(".")
    # The same file each time.
    matplotlib.rcParams["svg.hashsalt"] = "linked tables"
    figure = Figure(figsize=(12.2, 4.1), facecolor="white")
    sides = [figure.add_axes((0.005 + 0.5 * number, 0.02, 0.49, 0.96)) for number in range(len(_SIDES))]
    height = max(draw(axes, families(spark, name), *_SIDES[name]) for axes, name in zip(sides, _SIDES, strict=True))
    for axes in sides:
        axes.set(xlim=(0, _WIDTH), ylim=(height, -30))
    figure.savefig(picture, metadata={"Date": None} if picture.suffix == ".svg" else None, dpi=100)


if __name__ == "__main__":
    main()
