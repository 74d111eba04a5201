"""Fitting a categorical codec: the values that enough rows hold, with their shares."""

from __future__ import annotations

import numpy as np

from synthohive_spark.engine.codecs.categorical import CategoricalCodec
from synthohive_spark.engine.codecs.column_sample import ColumnSample


def fit_categorical(sample: ColumnSample) -> CategoricalCodec:
    """Keep the values that enough rows hold; one without any code means that the settings left no value."""
    counts, nulls = sample.counts, sample.nulls
    kept = sorted(value for value, count in counts.items() if count >= sample.at_least)
    rows = np.array([counts[value] for value in kept], np.float64)
    if kept:  # the rows of the others are drawn from the kept ones
        rows *= sum(counts.values()) / rows.sum()
    elif nulls:
        nulls += sum(counts.values())
    shares = np.concatenate([[nulls], rows] if nulls else [rows])
    shares = shares / shares.sum() if shares.sum() else shares
    kind = "boolean" if sample.column.type.name == "boolean" else "categorical"
    return CategoricalCodec(sample.column.type, tuple(kept), bool(nulls), tuple(shares.tolist()), kind)
