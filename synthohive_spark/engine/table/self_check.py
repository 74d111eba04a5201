"""A model that was read from files, tried out: parts that do not agree are found here and not when rows are drawn."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from synthohive_spark.engine.arrays import null_mask
from synthohive_spark.engine.codecs.encoder import TableEncoder
from synthohive_spark.engine.codecs.interface import Codec
from synthohive_spark.engine.codecs.numeric_common import EDGE
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.encoded_table import EncodedTable
from synthohive_spark.engine.integrity import check_distinct, check_equal, check_loaded
from synthohive_spark.engine.noise import row_words
from synthohive_spark.engine.table.model import TableModel

_ROWS = 5
_CHUNK = 4_096


def check_model(model: TableModel) -> None:
    """Check that the parts of a model agree, and that a row of every code can be made, and read again.

    Raises:
        ValueError: If parts do not agree; whatever else is raised says that, too.
    """
    for name in ("columns", "condition_names", "encoder", "context_encoder", "layout", "dependencies", "told"):
        check_loaded(getattr(model, name), _HINTS.get(name, object), name)
    names = [c.name for c in model.columns]
    check_distinct(names, "columns")
    check_equal([c.name for c in model.conditions], list(model.condition_names), "condition columns")
    given = set(model.condition_names)
    for encoder, blocks, columns in (
        (model.encoder, model.layout.columns, [c for c in model.columns if c.name not in given]),
        (model.context_encoder, model.layout.context, model.conditions),
    ):
        check_equal(encoder.columns, model.dependencies.split_columns(columns), "codecs and columns")
        check_equal(encoder.blocks, blocks, "codecs and layout")
        for column, codec in zip(encoder.columns, encoder.codecs, strict=True):
            check_codec(column, codec)
    if any(name not in names for own in model.dependencies.entities for name in own.columns):
        raise ValueError("an entity is of columns that are not there")
    rows = _rows_of_all_codes(model)
    parts = model.dependencies.split(pa.table({name: rows[name] for name in names}))
    for encoder in (model.encoder, model.context_encoder):
        encoder.encode(parts, row_words(0, np.arange(parts.num_rows), encoder.encode_words))


_HINTS = {
    "columns": tuple[Column, ...],
    "condition_names": tuple[str, ...],
    "encoder": TableEncoder,
    "context_encoder": TableEncoder,
    "told": tuple[str, ...],
}


def check_codec(column: Column, codec: Codec) -> None:
    """Check that a row of every code, at the ends of its ranks and in the middle, becomes a value and a code again.

    Raises:
        ValueError: If it does not; whatever else is raised says that, too.
    """
    codes = np.tile(np.arange(codec.size, dtype=np.int32), 3)
    ranks = np.repeat(np.array([EDGE, 0.5, 1 - EDGE], np.float32), codec.size)
    words = row_words(0, np.arange(len(codes)), max(codec.decode_words, codec.encode_words))
    values = codec.decode(codes, ranks, words[:, : codec.decode_words])
    _check_types([column], {column.name: values})
    nulls = null_mask(values)
    if (nulls != ((codes == 0) & codec.has_null)).any():
        raise ValueError(f"column {column.name!r} has nulls where it can have none, or none where it must")
    again, places = codec.encode(values, words[:, : codec.encode_words])
    if len(again) and (again.min() < 0 or again.max() >= codec.size or not np.isfinite(places).all()):
        raise ValueError(f"values of column {column.name!r} have no code")


def _rows_of_all_codes(model: TableModel) -> dict[str, pa.Array]:
    """The first rows of those in which each column has each of its codes, all of which were made."""
    encoders = model.encoder, model.context_encoder
    most = max((codec.size for encoder in encoders for codec in encoder.codecs), default=0)
    most = max(most, _ROWS)
    first: dict[str, pa.Array] = {}
    for start in range(0, most, _CHUNK):
        made: dict[str, pa.Array] = {}
        for encoder in encoders:
            ids = np.arange(start, min(most, start + _CHUNK))
            sizes = np.array([block.codes for block in encoder.blocks], np.int64)
            codes = (ids[:, None] % sizes).astype(np.int32)
            ranks = np.full((len(ids), sum(block.ranked for block in encoder.blocks)), 0.5, np.float32)
            made |= encoder.decode(EncodedTable(codes, ranks), row_words(0, ids, encoder.decode_words))
        restored = model.dependencies.restore(made, {}, frozenset())
        _check_types(model.columns, restored)
        first = first or restored
    return first


def _check_types(columns: tuple[Column, ...] | list[Column], arrays: Mapping[str, pa.Array | pa.ChunkedArray]) -> None:
    for column in columns:
        values = arrays[column.name]
        check_equal(values.type, column.type.arrow, f"the type of column {column.name!r} and of its values")
        values.validate(full=True)
