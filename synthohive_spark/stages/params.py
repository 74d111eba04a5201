"""Params of the stages: what an estimator is told and its model keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.ml.param import Param, Params, TypeConverters

from synthohive_spark.declarations.hints import nearest
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.declarations.spelling import camel_case
from synthohive_spark.engine.table.registry import engine_settings
from synthohive_spark.errors import SchemaError

_CONVERTERS: dict[type, Any] = {
    int: TypeConverters.toInt,
    float: TypeConverters.toFloat,
    str: TypeConverters.toString,
    bool: TypeConverters.toBoolean,
    tuple: TypeConverters.toListInt,
}


def _param(name: str, doc: str, converter: Any) -> Param[Any]:
    return Param(Params._dummy(), name, doc, typeConverter=converter)


class SynthesizerParams(Params):
    """Params that the estimator and its model share; a Param that has no default and is not set means "none"."""

    engine = _param("engine", "name of the engine that learns the table", TypeConverters.toString)
    numericEncoding = _param(
        "numericEncoding", "how numbers are encoded: rank (spikes and quantiles) or mixture", TypeConverters.toString
    )
    seed = _param("seed", "fixes a fit; unset: drawn and logged as training_seed", TypeConverters.toInt)
    maxTrainingRows = _param(
        "maxTrainingRows", "most rows brought to the driver; a larger table is sampled", TypeConverters.toInt
    )
    checkpointDir = _param(
        "checkpointDir",
        "folder of the driver in which training is kept, to resume after an interruption",
        TypeConverters.toString,
    )
    conditionCols = _param(
        "conditionCols", "columns that are given by the seats, not generated", TypeConverters.toListString
    )
    excludeCols = _param("excludeCols", "columns that are neither learned nor made", TypeConverters.toListString)
    categoricalCols = _param(
        "categoricalCols",
        "columns that are learned by their values, however many there are",
        TypeConverters.toListString,
    )
    passthroughCols = _param(
        "passthroughCols",
        "columns of the seats that transform puts before the learned ones",
        TypeConverters.toListString,
    )
    idCol = _param(
        "idCol",
        "column that identifies a row: not learned, the source of a row's noise, numbered from 0 by sample",
        TypeConverters.toString,
    )
    samplingSeed = _param("samplingSeed", "seed of the rows that transform makes", TypeConverters.toInt)
    rareCategoryRows = _param(
        "rareCategoryRows",
        "a category held by fewer rows is neither kept nor drawn; 0 turns this off",
        TypeConverters.toInt,
    )
    extremeRows = _param(
        "extremeRows", "a range ends at the value of this rank from either end; 0 keeps the ends", TypeConverters.toInt
    )
    showProgress = _param("showProgress", "whether training shows a progress bar", TypeConverters.toBoolean)

    def _set_defaults(self) -> None:
        self._setDefault(
            engine="ctgan",
            numericEncoding="rank",
            maxTrainingRows=1_000_000,
            conditionCols=[],
            excludeCols=[],
            categoricalCols=[],
            passthroughCols=[],
            samplingSeed=0,
            rareCategoryRows=5,
            extremeRows=5,
            showProgress=True,
        )

    def _chosen(self) -> dict[str, Any]:
        """The settings of the engine that are set, by their names."""
        return {name: self._optional(self.getParam(camel_case(name))) for name in engine_settings()}

    def _set_named(self, params: Mapping[str, Any]) -> None:
        """Set Params by name; None leaves a Param as it is.

        Raises:
            SchemaError: If there is no such Param, or a value is of the wrong type; all such Params are listed.
        """
        problems = []
        for name, value in params.items():
            if not self.hasParam(name):
                problems.append(f"there is no Param {name!r}{nearest(name, [p.name for p in self.params])}")
            elif value is not None:
                try:
                    self._set(**{name: value})
                except TypeError as error:
                    problems.append(f"Param {name!r} has a value of the wrong type: {error}")
        if problems:
            raise SchemaError("; ".join(problems), problems)

    def _optional(self, param: Param[Any]) -> Any:
        """The value of ``param``, None where it is unset and has no default."""
        return self.getOrDefault(param) if self.isDefined(param) else None

    def _privacy(self) -> Privacy:
        return Privacy(self.getOrDefault(self.rareCategoryRows), self.getOrDefault(self.extremeRows))

    def _positive(self, param: Param[Any]) -> int:
        value = int(self.getOrDefault(param))
        if value < 1:
            raise SchemaError(f"{param.name} must be at least 1, got {value}")
        return value


def _getter(name: str) -> Any:
    def get(self: SynthesizerParams) -> Any:
        return self._optional(self.getParam(name))

    get.__name__ = f"get{name[0].upper()}{name[1:]}"
    get.__doc__ = f"The value of ``{name}``; None where it is unset."
    return get


def _define() -> None:
    """A Param for each setting of an engine, and a getter for each Param."""
    for setting in engine_settings().values():
        name = camel_case(setting.name)
        setattr(SynthesizerParams, name, _param(name, setting.doc, _CONVERTERS[setting.type]))
    names = [name for name in dir(SynthesizerParams) if isinstance(getattr(SynthesizerParams, name), Param)]
    for name in names:
        getter = _getter(name)
        setattr(SynthesizerParams, getter.__name__, getter)


_define()
