"""Learn a table on the driver, draw its synthetic copy on the executors.

Names are resolved when they are first used, so that importing the package loads neither torch nor pyspark.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from synthohive_spark.version import __version__ as __version__

if TYPE_CHECKING:
    from synthohive_spark.data_source import register_data_source
    from synthohive_spark.declarations.between import Between
    from synthohive_spark.declarations.constraint import Constraint
    from synthohive_spark.declarations.dependencies import FixedCombinations, Formula, Inequality, OneHot, Unique
    from synthohive_spark.declarations.privacy import Privacy
    from synthohive_spark.errors import (
        ConstraintViolationError,
        QualityError,
        SchemaError,
        SerializationError,
        SynthoHiveError,
        TrainingError,
    )
    from synthohive_spark.local.autoregressive import Autoregressive
    from synthohive_spark.local.ctgan import CTGAN
    from synthohive_spark.relational.metadata import Metadata
    from synthohive_spark.spark.tables import read_table, write_table
    from synthohive_spark.stages.estimator import SynthesizerTransformer
    from synthohive_spark.stages.model import SynthesizerTransformerModel
    from synthohive_spark.stages.pipelines import load_pipeline
    from synthohive_spark.synthesizer import Synthesizer

__all__ = [
    "CTGAN",
    "Autoregressive",
    "Between",
    "Constraint",
    "ConstraintViolationError",
    "FixedCombinations",
    "Formula",
    "Inequality",
    "Metadata",
    "OneHot",
    "Privacy",
    "QualityError",
    "SchemaError",
    "SerializationError",
    "Synthesizer",
    "SynthesizerTransformer",
    "SynthesizerTransformerModel",
    "SynthoHiveError",
    "TrainingError",
    "Unique",
    "load_pipeline",
    "read_table",
    "register_data_source",
    "write_table",
]

_HOMES = {
    "Autoregressive": "local.autoregressive",
    "Between": "declarations.between",
    "CTGAN": "local.ctgan",
    "Constraint": "declarations.constraint",
    "ConstraintViolationError": "errors",
    "FixedCombinations": "declarations.dependencies",
    "Formula": "declarations.dependencies",
    "Inequality": "declarations.dependencies",
    "Metadata": "relational.metadata",
    "OneHot": "declarations.dependencies",
    "Privacy": "declarations.privacy",
    "QualityError": "errors",
    "SchemaError": "errors",
    "SerializationError": "errors",
    "Synthesizer": "synthesizer",
    "SynthesizerTransformer": "stages.estimator",
    "SynthesizerTransformerModel": "stages.model",
    "SynthoHiveError": "errors",
    "TrainingError": "errors",
    "Unique": "declarations.dependencies",
    "load_pipeline": "stages.pipelines",
    "read_table": "spark.tables",
    "register_data_source": "data_source",
    "write_table": "spark.tables",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
