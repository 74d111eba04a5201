"""Filling nulls of a table whose rows, in a draw, would follow from another's."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.engine.families.names import MARK
from synthohive_spark.spark.schema import spark_type
from synthohive_spark.stages.model import SynthesizerTransformerModel


def impute_linked(
    model: SynthesizerTransformerModel, df: DataFrame, cols: Sequence[str] | None, seed: int | None
) -> DataFrame:
    """``df`` with its nulls filled; of what other tables would say of a row, nothing is known.

    Args:
        model: The model of the table's rows.
        df: Its rows.
        cols: The columns to fill; all learned ones when None.
        seed: Fixes the values.
    """
    marked = [c for c in model.columns if c.name.startswith(MARK)]
    if not marked:
        return model.impute(df, cols, seed)
    own = [
        c.name for c in model.columns if not c.name.startswith(MARK) and c.name not in model.table_model.condition_names
    ]
    blank = df.withColumns({c.name: F.lit(None).cast(spark_type(c.type)) for c in marked})
    return model.impute(blank, own if cols is None else cols, seed).drop(*[c.name for c in marked])
