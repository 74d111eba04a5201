"""Which real values a model could know, by the rows that hold them, and the distance of two sides over these alone.

Under ``Privacy.rare_category_rows`` a category of fewer rows is left out: a model draws other categories in place of
it, or imitates it by values that are no real ones. So real rows of such values are set aside; of the synthetic rows as
large a share may hold values that are not kept, and is set aside as well; the rest is compared.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from synthohive_spark.engine.codecs.numeric_fit import SPIKE_SHARE
from synthohive_spark.validation.tables import Compared, Shared

Floors = tuple[float, float | None]
"""Real rows that a value needs to be kept, and those it needs where values of that many hold less than half of all."""


def floors(table: Compared, column: Shared, present: int) -> Floors:
    """How many real rows make a value one that the model of ``table`` could know; 1 where no value was left out.

    Args:
        table: The table.
        column: The column, one of categories.
        present: Its real rows that have a value.
    """
    if table.rare_rows < 2:
        return 1.0, None
    # Of texts of which most are rare, a model keeps only those that a noticeable share of the rows holds.
    imitated = column.type is not None and column.type.is_string
    imitated = imitated and column.name not in table.config.high_cardinality_cols
    return float(table.rare_rows), max(SPIKE_SHARE * present, table.rare_rows, 3.0) if imitated else None


def with_kept(counted: DataFrame, wanted: Sequence[Floors]) -> DataFrame:
    """``counted`` with its ``floor``, whether its values are ``kept``, and the rows of its slot, kept and all.

    Args:
        counted: Values by ``slot``: how many (``n``) of them ``r`` real and ``s`` synthetic rows each hold.
        wanted: The floors of each slot.

    Returns:
        As columns more: ``floor``, ``kept``, and ``kept_r``, ``all_r``, ``kept_s``, ``all_s`` of the slot as doubles.
    """
    r, n, slot = F.col("r"), F.col("n"), Window.partitionBy("slot")
    enough, frequent = (of_slot([pair[i] for pair in wanted]) for i in (0, 1))
    few = F.sum(F.when(r >= enough, n * r).otherwise(0)).over(slot) * 2 < F.sum(n * r).over(slot)
    found = counted.withColumn("floor", F.coalesce(F.when(few, frequent), enough))
    found = found.withColumn("kept", r >= F.col("floor"))
    for side in ("r", "s"):
        rows = (n * F.col(side)).cast("double")
        found = found.withColumn(f"all_{side}", F.sum(rows).over(slot))
        found = found.withColumn(f"kept_{side}", F.sum(F.when(F.col("kept"), rows).otherwise(0)).over(slot))
    return found


def distance() -> Expression:
    """The total variation distance of the values of a slot, an aggregate of what `with_kept` gives.

    Null where a side has no value, or the real one none that is kept.
    """
    all_r, kept_r, all_s, kept_s = (F.col(name) for name in ("all_r", "kept_r", "all_s", "kept_s"))
    left_out, not_known = F.try_divide(all_r - kept_r, all_r), all_s - kept_s
    compared = all_s - F.least(not_known, left_out * all_s)
    apart = F.abs(F.try_divide(F.col("r"), kept_r) - F.try_divide(F.col("s"), compared))
    new = F.try_divide(compared - kept_s, compared)
    # No real value is kept: there is nothing to compare with.
    new = F.when(kept_r > 0, new)
    return (F.sum(F.when(F.col("kept"), F.col("n") * apart).otherwise(0)) + F.max(new)) / 2


def of_slot(values: Sequence[float | None]) -> Expression:
    """The value of each row's slot; null where it is None."""
    # As SQL: a list of many numbers is as many calls to the JVM.
    numbers = ", ".join("CAST(NULL AS DOUBLE)" if v is None else f"{v!r}D" for v in values)
    return F.element_at(F.expr(f"array({numbers})"), F.col("slot") + 1)
