"""The strings of a table's columns, vaguely, over all rows: what must not be made by chance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.engine.real_values import MULTIPLIER, RealValueFilter, buckets_for
from synthohive_spark.spark.schema import quote

_BITS = 8 * 4096
"""Bits of a bitmap that Spark's bitmap functions fill."""


def real_value_filters(df: DataFrame, distinct: Mapping[str, int], *, seed: int) -> dict[str, RealValueFilter]:
    """A table of marked buckets for each column, by one job; no value comes to the driver.

    Args:
        df: The table.
        distinct: About how many different values each of the wanted columns has.
        seed: Fixes which buckets are marked beside those of the values.
    """
    if not distinct:
        return {}
    names = list(distinct)
    sizes = [buckets_for(int(distinct[name] * 1.1)) for name in names]
    hashes = [
        F.struct(F.lit(i).alias("column"), _bucket(name, size).alias("bucket"))
        for i, (name, size) in enumerate(zip(names, sizes, strict=True))
    ]
    place = F.col("hash.bucket") + 1  # Spark's bitmaps begin at 1
    parts = (
        df.select(F.explode(F.array(*hashes)).alias("hash"))
        .where("hash.bucket IS NOT NULL")
        .groupBy(F.col("hash.column").alias("column"), F.bitmap_bucket_number(place).alias("part"))
        .agg(F.bitmap_construct_agg(F.bitmap_bit_position(place)).alias("bits"))
        .toArrow()
        .to_pylist()
    )
    marked = [np.zeros(max(size, _BITS), bool) for size in sizes]
    for part in parts:
        bits = np.unpackbits(np.frombuffer(part["bits"], np.uint8), bitorder="little")
        start = (part["part"] - 1) * _BITS
        marked[part["column"]][start : start + len(bits)] = bits.astype(bool)
    return {
        name: RealValueFilter.from_marked(marked[i][: sizes[i]], derive_seed(seed, "seen", name))
        for i, name in enumerate(names)
    }


def _bucket(name: str, buckets: int) -> Expression:
    crc = F.crc32(F.rtrim(F.col(quote(name)).cast("string")).cast("binary"))
    return F.shiftright(F.pmod(crc * F.lit(MULTIPLIER), F.lit(1 << 32)), 33 - buckets.bit_length())
