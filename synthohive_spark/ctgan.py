"""CTGAN on pandas: the package's engine without Spark."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import structlog

from synthohive_spark.config import Constraint, Privacy, TableConfig
from synthohive_spark.constraints import Violation, violation_text
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.ctgan.settings import CTGANSettings
from synthohive_spark.engine.fitting import check_numeric_encoding
from synthohive_spark.engine.redraw import broken
from synthohive_spark.engine.registry import engine_class
from synthohive_spark.engine.table_model import TableModel, fit_table
from synthohive_spark.errors import ConstraintViolationError, SchemaError, SynthoHiveError
from synthohive_spark.hints import nearest, whole_number
from synthohive_spark.model_files import read_table_model, write_table_model
from synthohive_spark.training_summary import TrainingSummary

if TYPE_CHECKING:
    from synthohive_spark.relational.metadata import Metadata

_NAMES = {
    pa.int8(): "tinyint",
    pa.int16(): "smallint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.string(): "string",
    pa.large_string(): "string",
    pa.date32(): "date",
}
_log = structlog.get_logger(__name__)


class CTGAN:
    """Conditional tabular GAN (Xu et al., "Modeling Tabular data using Conditional GAN", NeurIPS 2019) on pandas.

    Args:
        metadata: What is declared of the table: key, constraints, columns to leave out or to take as given. Optional.
        epochs: Passes over the rows; None for as many as suit their number, or fit into ``max_seconds``. Default None.
        batch_size: Rows in a training step. Default 500.
        pac: Rows the critic judges together (PacGAN). Default 1.
        embedding_dim: Width of the generator's noise. Default 128.
        generator_dim: Widths of the generator's residual layers. Default (256, 256).
        discriminator_dim: Widths of the critic's layers. Default (256, 256).
        embedding_threshold: A categorical column of more values than this is learned by groups of them. Default 256.
        max_seconds: Train for at most this many seconds; None for no limit.
        learning_rate: Step size of both optimisers. Default 4e-4.
        device: Where to train: "cpu", "cuda", or "auto" for CUDA where torch finds it. Default "auto".
        checkpoint_dir: A folder in which the state of training is kept while it runs; a fit of the same rows with the
            same settings and seed goes on from there after an interruption.
        numeric_encoding: "rank" for spikes and quantiles, which follow a column closely, or "mixture" for the paper's
            mode-specific normalisation. Default "rank".
        privacy: What the model may keep of the rows.
        progress: Whether to show a progress bar. Default True.

    Raises:
        SchemaError: If a setting is out of range, or ``numeric_encoding`` is not known.
    """

    def __init__(
        self,
        metadata: Metadata | None = None,
        *,
        epochs: int | None = None,
        batch_size: int = 500,
        pac: int = 1,
        embedding_dim: int = 128,
        generator_dim: tuple[int, ...] = (256, 256),
        discriminator_dim: tuple[int, ...] = (256, 256),
        embedding_threshold: int = 256,
        max_seconds: float | None = None,
        learning_rate: float = 4e-4,
        device: str = "auto",
        checkpoint_dir: str | None = None,
        numeric_encoding: str = "rank",
        privacy: Privacy = Privacy(),  # noqa: B008  (frozen, so one shared default is safe)
        progress: bool = True,
    ) -> None:
        check_numeric_encoding(numeric_encoding)
        self.metadata = metadata
        self.numeric_encoding = numeric_encoding
        self.privacy = privacy
        self.progress = progress
        self.settings = CTGANSettings(
            epochs=epochs,
            batch_size=batch_size,
            pac=pac,
            embedding_dim=embedding_dim,
            generator_dim=generator_dim,
            discriminator_dim=discriminator_dim,
            embedding_threshold=embedding_threshold,
            max_seconds=max_seconds,
            learning_rate=learning_rate,
            device=device,
        )
        self.checkpoint_dir = checkpoint_dir
        self.model: TableModel | None = None
        self._summary: TrainingSummary | None = None
        self._constraints: dict[str, Constraint] = {}
        self._dtypes: dict[str, str] = {}
        self._key: str | None = None

    def fit(self, pdf: pd.DataFrame, table_name: str = "table", seed: int | None = None) -> CTGAN:
        """Learn ``pdf``.

        Args:
            pdf: The rows. Column names must be strings.
            table_name: The declared table that the rows are of.
            seed: Fixes codecs, weights and order of training; drawn and logged when None.

        Returns:
            This object.

        Raises:
            SchemaError: If the table is not declared, or a column cannot be learned.
            TrainingError: If there are no rows, or training cannot end in a model.
        """
        started = time.monotonic()
        declared = self.metadata.table(table_name) if self.metadata is not None else TableConfig()
        if seed is None:
            seed = secrets.randbits(31)
            _log.info("training_seed", seed=seed)
        _check_columns(pdf, declared)
        table, columns = _learnable(pdf, {*declared.dropped, *declared.pk})
        self.model = fit_table(
            table,
            columns,
            engine_class("ctgan")(self.settings),
            engine_name="ctgan",
            seed=seed,
            conditions=declared.context,
            privacy=self.privacy,
            progress=self.progress,
            numeric_encoding=self.numeric_encoding,
            checkpoint_dir=self.checkpoint_dir,
        )
        fitted = self.model.fitted
        self._summary = TrainingSummary(
            history=tuple(fitted.history),
            rows=len(pdf),
            training_rows=len(pdf),
            seconds=time.monotonic() - started,
            training_seed=seed,
            checks=tuple(fitted.checks),
        )
        self._constraints = dict(declared.constraints)
        self._key = declared.pk[0] if declared.pk else None
        kept = [c for c in pdf.columns if c not in declared.dropped]
        self._dtypes = {name: str(pdf[name].dtype) for name in kept}
        return self

    def sample(
        self,
        n: int,
        context: pd.DataFrame | None = None,
        seed: int | None = None,
        enforce_constraints: bool = False,
    ) -> pd.DataFrame:
        """Draw ``n`` rows with the columns, order and dtypes of the learned table.

        Args:
            n: How many rows.
            context: The declared context columns, one row for each row to draw.
            seed: Fixes the rows; drawn and logged when None.
            enforce_constraints: Whether to leave out rows that break a declared constraint; one warning says how many.

        Raises:
            SchemaError: If ``n`` is no whole number of at least 0, or ``context`` does not fit the learned columns.
        """
        model = self._fitted()
        n = whole_number(n, "n", least=0)
        if seed is None:
            seed = secrets.randbits(31)
            _log.info("sampling_seed", seed=seed)
        conditions = _conditions(model, context, int(n))
        rows = model.generator.rows(np.arange(n), conditions, seed=seed)
        if enforce_constraints:
            rows = _without_violations(rows, self._constraints)
        return self._as_pandas(rows)

    @property
    def training_summary(self) -> TrainingSummary:
        """What the last fit did; raises `SynthoHiveError` before one."""
        if self._summary is None:
            raise SynthoHiveError("this CTGAN was not trained here: call fit")
        return self._summary

    def save(self, path: str, overwrite: bool = False) -> None:
        """Write the model directory.

        Args:
            path: Where to.
            overwrite: Whether to replace a model that is there.

        Raises:
            SerializationError: If the path holds something and ``overwrite`` is False, or cannot be written.
        """
        model = self._fitted()
        own = {
            "dtypes": self._dtypes,
            "key": self._key,
            "constraints": {name: vars(c) for name, c in self._constraints.items()},
        }
        write_table_model(path, model, {"pandas": own}, overwrite=overwrite)

    def load(self, path: str) -> CTGAN:
        """Read a model directory into this object, and return it.

        Raises:
            SerializationError: If the directory, or a file in it, is missing or altered.
        """
        self.model, metadata = read_table_model(path)
        own: dict[str, Any] = metadata.get("pandas", {})
        self._dtypes = own.get("dtypes", {})
        self._key = own.get("key")
        self._constraints = {name: Constraint(**bounds) for name, bounds in own.get("constraints", {}).items()}
        return self

    def _fitted(self) -> TableModel:
        if self.model is None:
            raise SynthoHiveError("this CTGAN has not learned a table yet: call fit or load first")
        return self.model

    def _as_pandas(self, rows: pa.Table) -> pd.DataFrame:
        arrays = {name: rows.column(name) for name in rows.column_names}
        if self._key is not None:
            arrays[self._key] = pa.array(np.arange(rows.num_rows))
        pdf = pd.DataFrame(
            {name: pd.Series(pd.array(_plain(arrays[name]), dtype=pd.ArrowDtype(arrays[name].type))) for name in arrays}
        )
        names = list(self._dtypes) or rows.column_names
        return pd.DataFrame({name: _restore(pdf[name], self._dtypes.get(name)) for name in names})


def _plain(values: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray:
    return values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])


def _restore(values: pd.Series[Any], dtype: str | None) -> pd.Series[Any]:
    """The values in the dtype that the learned column had."""
    arrow = values.array._pa_array if hasattr(values.array, "_pa_array") else pa.chunked_array([pa.array(values)])
    plain: pd.Series[Any] = arrow.to_pandas()
    if dtype is None or str(plain.dtype) == dtype:
        return plain
    if dtype == "object":
        return plain.astype(object)
    whole = dtype.startswith(("int", "uint")) or dtype[0].isupper()
    try:
        return (values if whole else plain).astype(dtype)  # type: ignore[call-overload,no-any-return]
    except (TypeError, ValueError, OverflowError) as error:
        raise ConstraintViolationError(
            f"column {values.name!r}: a generated value cannot be cast back to {dtype}: {error}"
        ) from error


def _check_columns(pdf: pd.DataFrame, declared: TableConfig) -> None:
    for setting, name in declared.named():
        if name not in pdf.columns:
            raise SchemaError(
                f"column {name!r} is declared but not in the table ({setting}){nearest(name, pdf.columns)}"
            )
    if len(declared.pk) > 1:
        raise SchemaError(f"CTGAN makes a primary key of one column, not {declared.pk!r}; Synthesizer makes any")
    made = [name for name, rule in declared.pii.items() if rule.action != "drop"]
    if made:
        raise SchemaError(f"CTGAN only drops personal columns: give pii={{{made[0]!r}: 'drop'}}, or use Synthesizer")


def _learnable(pdf: pd.DataFrame, left_out: set[str]) -> tuple[pa.Table, tuple[Column, ...]]:
    arrays, columns = [], []
    for name in pdf.columns:
        if name in left_out:
            continue
        array, type_ = _arrow(pdf[name])
        arrays.append(array)
        columns.append(Column(str(name), type_))
    return pa.table(arrays, names=[c.name for c in columns]), tuple(columns)


def _arrow(values: pd.Series[Any]) -> tuple[pa.Array, ColumnType]:
    """A pandas column in the nearest type the package learns."""
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise SchemaError(f"column {values.name!r} holds values of several types; make them one type") from error
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    kind = array.type
    if pa.types.is_null(kind):
        array, kind = array.cast(pa.string()), pa.string()
    if pa.types.is_timestamp(kind):
        type_ = ColumnType("timestamp_ntz" if kind.tz is None else "timestamp")
    elif pa.types.is_decimal128(kind):
        type_ = ColumnType("decimal", precision=kind.precision, scale=kind.scale)
    elif pa.types.is_unsigned_integer(kind):
        type_ = ColumnType("bigint")
    elif kind in _NAMES:
        type_ = ColumnType(_NAMES[kind])
    else:
        raise SchemaError(f"column {values.name!r} has type {values.dtype}, which cannot be learned; exclude it")
    return array.cast(type_.arrow, safe=False), type_


def _conditions(model: TableModel, context: pd.DataFrame | None, n: int) -> pa.Table | None:
    if not model.conditions:
        if context is not None:
            raise SchemaError("context was given, but the model was learned without context columns")
        return None
    names = [c.name for c in model.conditions]
    if context is None or any(name not in context.columns for name in names):
        raise SchemaError(f"the model needs a context with the columns {', '.join(names)}")
    if len(context) != n:
        raise SchemaError(f"context has {len(context)} rows for n={n}; give one row for each row to draw")
    given = [_cast(context[c.name], c) for c in model.conditions]
    return pa.table(given, names=names)


def _cast(values: pd.Series[Any], column: Column) -> pa.Array:
    try:
        return _arrow(values)[0].cast(column.type.arrow)
    except pa.ArrowInvalid as error:
        raise SchemaError(f"context column {column.name!r} cannot be cast to {column.type}") from error


def _without_violations(rows: pa.Table, constraints: dict[str, Constraint]) -> pa.Table:
    """The rows that keep all constraints; one warning says which bounds the others break."""
    found, valid = [], np.ones(rows.num_rows, bool)
    for name, bounds in constraints.items():
        for bound, mask in broken(rows.column(name), bounds).items():
            if mask.any():
                own = rows.column(name).filter(pa.array(mask))
                worst = (pc.max if bound.startswith("max") else pc.min)(own).as_py()
                found.append(Violation(name, str(worst), bound, int(mask.sum())))
                valid &= ~mask
    if found:
        _log.warning("constraint_violations", violations=violation_text(found), rows_left_out=int((~valid).sum()))
    return rows.filter(pa.array(valid)) if found else rows
