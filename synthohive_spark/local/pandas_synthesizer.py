"""A table on pandas: what the engines are without Spark."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.declarations.declarations import Declarations
from synthohive_spark.declarations.dependencies import Unique
from synthohive_spark.declarations.hints import check_all, nearest, whole_number
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.declarations.violations import Violation, violation_text
from synthohive_spark.engine.codecs.rules import ColumnRules
from synthohive_spark.engine.codecs.sequence import SequenceCodec
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.domain import broken, check_bounds
from synthohive_spark.engine.integrity import check_loaded
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.seeds import given_or_drawn
from synthohive_spark.engine.table.conditions import Given, read_conditions
from synthohive_spark.engine.table.fit import check_encoding, fit_table
from synthohive_spark.engine.table.model import TableModel
from synthohive_spark.engine.table.registry import engine_class, make_engine
from synthohive_spark.engine.table.request import FitRequest
from synthohive_spark.engine.training.checkpoint import check_checkpoint_dir
from synthohive_spark.engine.training.summary import TrainingSummary
from synthohive_spark.errors import SchemaError, SynthoHiveError
from synthohive_spark.local.levels import Levels, check_levels, levels_of, with_levels
from synthohive_spark.local.on_the_class import on_the_class_too
from synthohive_spark.local.pandas_columns import arrow_of, check_dtypes, given_values, learnable, restore, series_of
from synthohive_spark.local.ways_out import require_frame, require_names
from synthohive_spark.logs import get_logger
from synthohive_spark.model_directory.table_files import checked_parts, read_table_model, write_table_model

_log = get_logger(__name__)


class PandasSynthesizer:
    """Learns a pandas DataFrame and draws rows like it; the engines' classes say which engine and with which settings.

    Args:
        metadata: What is declared of the table: key, constraints, columns to leave out or to take as given. Optional.
        categorical: Columns that are learned by their values, however many there are: strings, and numbers that are
            names, such as zip codes.
        checkpoint_dir: A folder in which the state of training is kept while it runs; a fit of the same rows with the
            same settings and seed resumes from there after an interruption.
        numeric_encoding: How numbers are encoded.
        privacy: What the model may keep of the rows.
        progress: Whether to show a progress bar.
        **settings: Settings of the engine; None leaves one at the engine's default.

    Raises:
        SchemaError: If a setting is unknown or out of range, or ``numeric_encoding`` is not known.
    """

    engine: ClassVar[str]

    def __init__(
        self,
        metadata: Declarations | None = None,
        *,
        categorical: Sequence[str] = (),
        checkpoint_dir: str | None = None,
        numeric_encoding: str = "rank",
        privacy: Privacy = Privacy(),  # noqa: B008  (frozen, so one shared default is safe)
        progress: bool = True,
        **settings: Any,
    ) -> None:
        check_all(
            lambda: check_encoding(numeric_encoding, engine_class(self.engine)),
            lambda: make_engine(self.engine, settings),
            lambda: check_checkpoint_dir(checkpoint_dir),
        )
        self.metadata = metadata
        self.categorical = tuple(categorical)
        self.numeric_encoding = numeric_encoding
        self.privacy = privacy
        self.progress = progress
        self.settings = make_engine(self.engine, settings).settings
        self.checkpoint_dir = checkpoint_dir
        self.model: TableModel | None = None
        self._summary: TrainingSummary | None = None
        self._constraints: dict[str, Constraint] = {}
        self._dtypes: dict[str, str] = {}
        self._levels: Levels = {}
        self._key: Column | None = None

    def fit(self, pdf: pd.DataFrame, table_name: str = "table", seed: int | None = None) -> Self:
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
        require_frame(pdf, "fit")
        require_names(pdf.columns)
        started = time.monotonic()
        seed = given_or_drawn(seed, "training_seed")
        declared = self.metadata.table(table_name) if self.metadata is not None else TableDeclaration()
        _check_columns(pdf, declared, self.categorical)
        key = _key_column(pdf, declared)
        table, columns = learnable(pdf, {*declared.dropped, *declared.pk})
        _check_constraints(declared.constraints, columns if key is None else (*columns, key))
        levels = levels_of(pdf[[c.name for c in columns]], self.privacy.min_rows)
        self.model = fit_table(
            table,
            make_engine(self.engine, vars(self.settings)),
            FitRequest(
                columns,
                seed,
                conditions=declared.context,
                rules=ColumnRules(
                    categorical=frozenset([*declared.high_cardinality_cols, *self.categorical, *levels]),
                    unrelated=frozenset(declared.independent),
                    declared=declared.dependencies,
                    independent=frozenset(declared.independent),
                ),
                privacy=self.privacy,
                numeric_encoding=self.numeric_encoding,
                progress=self.progress,
                checkpoint_dir=self.checkpoint_dir,
                started=started,
            ),
        )
        self._summary = TrainingSummary.of(
            self.model.fitted,
            rows=len(pdf),
            training_rows=len(pdf),
            seconds=time.monotonic() - started,
            seed=seed,
            dependencies=self.model.told,
        )
        self._constraints = dict(declared.constraints)
        self._key = key
        kept = [c for c in pdf.columns if c not in declared.dropped]
        self._dtypes = {name: str(pdf[name].dtype) for name in kept}
        self._levels = levels
        return self

    def sample(
        self,
        n: int,
        context: pd.DataFrame | None = None,
        seed: int | None = None,
        enforce_constraints: bool = False,
        *,
        given: Given | None = None,
        keys: bool = False,
    ) -> pd.DataFrame:
        """Draw ``n`` rows with the columns, order and dtypes of the learned table, its declared key aside.

        Args:
            n: How many rows.
            context: The declared context columns, one row for each row to draw; where the engine takes any condition,
                any other learned columns as well.
            seed: Fixes the rows; drawn and logged when None.
            enforce_constraints: Whether to leave out rows that break a declared constraint; one warning says how many.
            given: Values that are the same in all rows, or pairs of such values and weights; see
                `synthohive_spark.SynthesizerTransformerModel.sample`. Instead of ``context``.
            keys: Whether to make the declared primary key as well: 0 to n-1 in its type, at its place.

        Raises:
            SchemaError: If ``n`` is no whole number of at least 0, a key of its type cannot number the rows, or
                ``context`` or ``given`` does not fit the learned columns.
        """
        model = self._fitted()
        n = whole_number(n, "n", least=0)
        seed = given_or_drawn(seed, "sampling_seed")
        if given is not None and context is not None:
            raise SchemaError("context and given were both set; put what is given into one of them")
        cases, draw = read_conditions(model, given), Draw(np.arange(n), seed)
        if cases is None:
            rows = model.generator.sample(replace(draw, conditions=_conditions(model, context, n)))
        else:
            rows = cases.over(n).sample(model.generator, draw, draw.row_ids, {})
        if enforce_constraints:
            rows = _without_violations(rows, self._constraints)
        return self._as_pandas(rows, keys)

    def impute(self, pdf: pd.DataFrame, cols: Sequence[str] | None = None, seed: int | None = None) -> pd.DataFrame:
        """``pdf`` with a value drawn for each null, given all that its row holds; nothing else is changed.

        Args:
            pdf: Rows with all learned columns; other columns stay as they are.
            cols: The learned columns to fill; all when None. A null in another column is taken for what the row holds.
            seed: Fixes the values, which also depend on a row's position; drawn and logged when None.

        Raises:
            SchemaError: If the engine takes no condition but those it was learned with, a column is not there, or holds
                values that its learned type has not.
        """
        model = self._fitted()
        require_frame(pdf, "impute")
        names = [c.name for c in model.columns]
        model.check_given(names, "impute")
        fill = [c for c in names if c not in model.condition_names] if cols is None else list(cols)
        for name in (*names, *fill):
            if name not in pdf.columns or name not in names:
                raise SchemaError(f"impute needs the learned column {name!r}{nearest(name, pdf.columns)}")
        known = pa.table([given_values(pdf[c.name], c, "impute") for c in model.columns], names=names)
        seed = given_or_drawn(seed, "sampling_seed")
        rows = model.generator.sample(Draw(np.arange(len(pdf)), seed, known, fill=frozenset(fill)))
        filled = pdf.copy()
        for name in fill:
            missing = pdf[name].isna()
            if missing.any():
                dtype = pdf[name].dtype
                drawn = restore(series_of(rows.column(name)), str(dtype))
                drawn = with_levels(drawn, dtype) if isinstance(dtype, pd.CategoricalDtype) else drawn
                drawn = drawn.set_axis(pdf.index)
                filled[name] = pdf[name].where(~missing, drawn)
        return filled

    @property
    def dependencies(self) -> tuple[str, ...]:
        """What holds in all learned rows and in every row that is drawn, such as ``end >= start in all 900 rows``."""
        return self._fitted().told

    @property
    def training_summary(self) -> TrainingSummary:
        """What the last fit did; raises `SynthoHiveError` before one."""
        if self._summary is None:
            raise SynthoHiveError("this model was not trained here: call fit")
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
            "levels": self._levels,
            "key": None if self._key is None else self._key.to_json(),
            "constraints": {name: c.to_json() for name, c in self._constraints.items()},
        }
        write_table_model(path, model, {"pandas": own}, overwrite=overwrite)

    @on_the_class_too
    def load(self, path: str) -> Self:
        """Read a model directory: ``CTGAN.load(path)``, or, into an object that is there, ``model.load(path)``.

        Returns:
            The object.

        Raises:
            SerializationError: If the directory, or a file in it, is missing or altered.
        """
        model, metadata = read_table_model(path)
        with checked_parts("what a model on pandas has beside its table"):
            own: dict[str, Any] = metadata.get("pandas", {})
            dtypes, levels, key = own.get("dtypes", {}), own.get("levels", {}), own.get("key")
            key = None if key is None else Column.from_json(key)
            constraints = {name: Constraint(**bounds) for name, bounds in own.get("constraints", {}).items()}
            columns = (*model.columns, *([] if key is None else [key]))
            check_loaded(key, Column | None, "key")
            check_dtypes(dtypes, {c.name: c.type.arrow for c in columns})
            check_levels(levels, {c.name: c.type.arrow for c in columns})
            check_bounds(constraints, {c.name: c.type.arrow for c in columns})
        self.model, self._dtypes, self._key, self._constraints = model, dtypes, key, constraints
        self._levels = levels
        return self

    def _fitted(self) -> TableModel:
        if self.model is None:
            raise SynthoHiveError("this model has not learned a table yet: call fit or load first")
        return self.model

    def _as_pandas(self, rows: pa.Table, keys: bool) -> pd.DataFrame:
        arrays = {name: rows.column(name) for name in rows.column_names}
        if keys and self._key is not None:
            arrays[self._key.name] = _numbered(self._key, rows.num_rows)
        pdf = pd.DataFrame({name: series_of(array) for name, array in arrays.items()})
        names = [name for name in self._dtypes or rows.column_names if name in arrays]
        made = {name: restore(pdf[name], self._dtypes.get(name)) for name in names}
        kinds = {name: pd.CategoricalDtype(own, ordered=True) for name, own in self._levels.items() if name in made}
        made |= {name: with_levels(made[name], kind) for name, kind in kinds.items()}
        return pd.DataFrame(made)


def _key_column(pdf: pd.DataFrame, declared: TableDeclaration) -> Column | None:
    """The declared key; one of a type that cannot be learned is made as text."""
    if not declared.pk:
        return None
    try:
        return Column(declared.pk[0], arrow_of(pdf[declared.pk[0]])[1])
    except SchemaError:
        return Column(declared.pk[0], ColumnType("string"))


def _numbered(key: Column, n: int) -> pa.Array:
    """Keys that count from 0, in the type of the real ones."""
    codec = SequenceCodec(key.type)
    if key.type.name == "boolean" or n > codec.capacity:
        raise SchemaError(f"the key {key.name!r} of type {key.type} cannot number {n:,} rows; leave keys=True out")
    return codec.decode(np.zeros(n, np.int32), np.zeros(n, np.float32), np.arange(n, dtype=np.uint64)[:, None])


def _check_columns(pdf: pd.DataFrame, declared: TableDeclaration, categorical: Iterable[str]) -> None:
    for name in categorical:
        if name not in pdf.columns:
            raise SchemaError(f"categorical names {name!r}, which is no column{nearest(name, pdf.columns)}")
    for setting, name in declared.named():
        if name not in pdf.columns:
            raise SchemaError(
                f"column {name!r} is declared but not in the table ({setting}){nearest(name, pdf.columns)}"
            )
    if unique := [own for own in declared.dependencies if isinstance(own, Unique)]:
        raise SchemaError(f"{unique[0].describe()}: an engine on pandas draws rows one by one; Synthesizer keeps it")
    if len(declared.pk) > 1:
        raise SchemaError(
            f"a table on pandas has a primary key of one column, not {declared.pk!r}; Synthesizer makes any"
        )
    made = [name for name, rule in declared.pii.items() if rule.action != "drop"]
    if made:
        raise SchemaError(
            f"a table on pandas only drops personal columns: give pii={{{made[0]!r}: 'drop'}}, or use Synthesizer"
        )


def _check_constraints(constraints: Mapping[str, Constraint], columns: Sequence[Column]) -> None:
    learned = {c.name: c.type.arrow for c in columns}
    try:
        check_bounds({name: own for name, own in constraints.items() if name in learned}, learned)
    except ValueError as error:
        raise SchemaError(str(error)) from error


def _conditions(model: TableModel, context: pd.DataFrame | None, n: int) -> pa.Table | None:
    if context is None and not model.conditions:
        return None
    wanted = [c.name for c in model.conditions]
    if context is not None:
        require_frame(context, "context")
    if context is None or any(name not in context.columns for name in wanted):
        raise SchemaError(f"the model needs a context with the columns {', '.join(wanted)}")
    if len(context) != n:
        raise SchemaError(f"context has {len(context)} rows for n={n}; give one row for each row to draw")
    given = [c for c in model.columns if c.name in context.columns]
    model.check_given([c.name for c in given], "context")
    return pa.table([given_values(context[c.name], c, "context") for c in given], names=[c.name for c in given])


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
