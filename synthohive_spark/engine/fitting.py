"""Fitting the codecs of a table; apart from the codecs, which travel to executors without what is imported here."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import structlog

from synthohive_spark.config import Privacy
from synthohive_spark.engine.codecs.categorical import CategoricalCodec
from synthohive_spark.engine.codecs.interface import Codec
from synthohive_spark.engine.codecs.made import MadeCodec
from synthohive_spark.engine.codecs.mixture_fit import fit_mixture
from synthohive_spark.engine.codecs.numeric_fit import fit_numeric
from synthohive_spark.engine.codecs.text import TextCodec
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.encoder import TableEncoder, stack, whole, with_frequencies
from synthohive_spark.engine.facts import ColumnFacts, TableFacts
from synthohive_spark.engine.interface import EncodedTable
from synthohive_spark.engine.noise import derive_seed, row_words
from synthohive_spark.engine.rules import ColumnRules
from synthohive_spark.engine.seen import SeenValues
from synthohive_spark.errors import SchemaError

NUMERIC_ENCODINGS = ("rank", "mixture")
_FEWEST_TEXTS = 9
_log = structlog.get_logger(__name__)


def fit_encoder(
    table: pa.Table,
    columns: tuple[Column, ...],
    *,
    facts: TableFacts,
    privacy: Privacy,
    seed: int,
    rules: ColumnRules = ColumnRules(),  # noqa: B008  (frozen, so one shared default is safe)
    numeric_encoding: str = "rank",
    most_values: int = 0,
) -> tuple[TableEncoder, EncodedTable]:
    """Fit a codec for each column, in parallel, and encode the rows.

    Args:
        table: The training rows.
        columns: The columns to encode.
        facts: Facts about all rows, of which ``table`` may be a sample.
        privacy: What the codecs may keep.
        seed: Fixes the draws of ties and of rows whose value is not kept; each column has a seed of its own.
        rules: Columns that are not to be learned as their values suggest.
        numeric_encoding: How numbers, dates and timestamps are encoded: "rank" (spikes and quantiles, `NumericCodec`)
            or "mixture" (modes of a Gaussian mixture, `MixtureCodec`).
        most_values: See `synthohive_spark.engine.interface.Encoding`.

    Raises:
        SchemaError: If the settings leave a column without any value, or ``numeric_encoding`` is not known.
    """
    check_numeric_encoding(numeric_encoding)
    jobs = joblib.Parallel(n_jobs=min(os.cpu_count() or 1, 4), prefer="threads")
    fit = partial(
        _fit_column,
        facts=facts,
        privacy=privacy,
        seed=seed,
        rules=rules,
        numeric_encoding=numeric_encoding,
        most_values=most_values,
    )
    fitted = jobs(joblib.delayed(fit)(column, whole(table.column(column.name))) for column in columns)
    encoder = TableEncoder(columns, tuple(codec for codec, _, _ in fitted))
    varying = [(codec, codes, ranks) for codec, codes, ranks in fitted if len(codec.frequencies) > 1 or codec.ranked]
    ranks = [ranks for codec, _, ranks in varying if codec.ranked]
    return encoder, stack([codes for _, codes, _ in varying], ranks, table.num_rows)


def check_numeric_encoding(name: str) -> None:
    """An encoding of numbers that is not known is a `SchemaError` that lists the known ones."""
    if name not in NUMERIC_ENCODINGS:
        raise SchemaError(
            f"numeric_encoding {name!r} (numericEncoding) is not known; choose one of {', '.join(NUMERIC_ENCODINGS)}"
        )


def _fit_column(
    column: Column,
    values: pa.Array,
    facts: TableFacts,
    privacy: Privacy,
    seed: int,
    rules: ColumnRules,
    numeric_encoding: str,
    most_values: int,
) -> tuple[Codec, Any, Any]:
    own_facts = facts.columns.get(column.name, ColumnFacts(values.null_count))
    codec: Any
    if column.name in rules.made:
        codec = rules.made[column.name]
        codec = codec.with_nulls(own_facts.nulls, facts.rows) if isinstance(codec, MadeCodec) else codec
    elif column.type.is_string or column.type.name == "boolean":
        codec = _fit_values(column, values, own_facts, privacy, seed, rules)
    else:
        if numeric_encoding == "mixture":
            own_seed = derive_seed(seed, "mixture", column.name)
            codec = fit_mixture(column.type, values, own_facts, privacy, seed=own_seed)
        else:
            codec = fit_numeric(column.type, values, own_facts, privacy, most_values)
        if codec.size == 0:
            raise _nothing_left(column, privacy)
    words = row_words(derive_seed(seed, "codec", column.name), np.arange(len(values)), codec.encode_words)
    codes, ranks = codec.encode(values, words)
    if not codec.frequencies:
        codec = with_frequencies(codec, codes)
    return codec, codes, ranks


def _fit_values(
    column: Column, values: pa.Array, facts: ColumnFacts, privacy: Privacy, seed: int, rules: ColumnRules
) -> Codec:
    """A categorical codec or, for nearly unique strings, a text codec."""
    present = values.drop_null()
    counts = facts.frequencies
    if counts is None:
        counted = pc.value_counts(present)
        counts = dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))
        nulls = values.null_count
    else:
        nulls = facts.nulls
    at_least = max(privacy.rare_category_rows, 1)
    imitated = column.name in rules.imitated
    if (
        column.type.is_string
        and (imitated or _nearly_unique(counts, at_least))
        and column.name not in rules.categorical
    ):
        if not imitated:
            _log.warning("text_column", column=column.name, reason="nearly every row has a value of its own")
        texts = present.to_pylist()
        seen = facts.seen or SeenValues.of(counts, derive_seed(seed, "seen", column.name))
        return TextCodec.fit(column.type, texts, values.null_count, at_least, privacy.extreme_rows, seen)
    codec = CategoricalCodec.fit(column.type, counts, nulls, at_least)
    if not codec.frequencies:
        raise _nothing_left(column, privacy)
    return codec


def _nearly_unique(counts: Any, at_least: int) -> bool:
    rows = sum(counts.values())
    if rows < _FEWEST_TEXTS:
        return False
    kept = sum(count for count in counts.values() if count >= at_least)
    return len(counts) > rows / 2 or (kept < rows / 2 and len(counts) >= _FEWEST_TEXTS)


def _nothing_left(column: Column, privacy: Privacy) -> SchemaError:
    return SchemaError(
        f"column {column.name!r} has too few rows of any one value to be learned with "
        f"rare_category_rows={privacy.rare_category_rows} and extreme_rows={privacy.extreme_rows} "
        f"(rareCategoryRows, extremeRows): lower them, or exclude the column"
    )
