"""The flavour: a model directory inside an MLflow model, with a signature that follows from the learned schema."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow.models import Model, ModelSignature
from mlflow.models.model import ModelInfo

from synthohive_spark.errors import SchemaError, SerializationError
from synthohive_spark.mlflow.signature import inferred_signature
from synthohive_spark.version import __version__

if TYPE_CHECKING:
    from synthohive_spark.stages.model import SynthesizerTransformerModel
    from synthohive_spark.synthesizer import Synthesizer

FLAVOR = "synthohive_spark"
_LOADER = "synthohive_spark.mlflow"
_TABLE, _DATABASE = "table", "database"
_DATA = "data/model"
_DRAWING = ("numpy", "pandas", "pyarrow", "pydantic", "pyyaml", "safetensors", "structlog")
_DRAWING_DATABASES = ("jinja2", "joblib", "pyspark", "scikit-learn", "scipy", "threadpoolctl", "tqdm")


def log_model(
    model: SynthesizerTransformerModel | Synthesizer,
    name: str = "model",
    *,
    registered_model_name: str | None = None,
    table: str | None = None,
    signature: ModelSignature | None = None,
    pip_requirements: Sequence[str] | None = None,
    **more: Any,
) -> ModelInfo:
    """Log a learned table or database as a model of the active run.

    Args:
        model: The learned table, or the `Synthesizer`.
        name: The model's name. Default "model".
        registered_model_name: The registered model of which this is to be a version, such as ``main.shop.customers`` in
            Unity Catalog; None to register nothing.
        table: Of a database, the table that the Python function draws unless it is told otherwise; the first one when
            None.
        signature: What goes in and comes out; inferred from the learned schema when None.
        pip_requirements: What drawing rows needs, this package aside; by default the versions that are installed here.
        **more: Further arguments of ``mlflow.pyfunc.save_model``, such as ``code_paths``, ``extra_pip_requirements``,
            ``metadata`` or ``input_example``.

    Returns:
        What MLflow says of the model; ``model_uri`` loads it.

    Raises:
        SchemaError: If it is no model of these kinds, has learned nothing, or ``table`` is not learned.
    """
    logged: ModelInfo = Model.log(
        artifact_path=None,
        flavor=sys.modules[__name__],
        name=name,
        registered_model_name=registered_model_name,
        model=model,
        table=table,
        signature=signature,
        pip_requirements=pip_requirements,
        **more,
    )
    return logged


def save_model(
    model: SynthesizerTransformerModel | Synthesizer,
    path: str | os.PathLike[str],
    *,
    mlflow_model: Model | None = None,
    table: str | None = None,
    signature: ModelSignature | None = None,
    pip_requirements: Sequence[str] | None = None,
    **more: Any,
) -> None:
    """Write a learned table or database as an MLflow model: the model directory with an ``MLmodel`` beside it.

    Args:
        model: As for `log_model`.
        path: A local folder that is not there yet.
        mlflow_model: What else the ``MLmodel`` is to say.
        table: As for `log_model`.
        signature: As for `log_model`.
        pip_requirements: As for `log_model`.
        **more: As for `log_model`.

    Raises:
        SchemaError: As `log_model` does.
    """
    described = Model() if mlflow_model is None else mlflow_model
    kind = _kind(model, table)
    described.add_flavor(FLAVOR, kind=kind, data=_DATA, package_version=__version__)
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, os.path.basename(_DATA))
        model.save(data)
        mlflow.pyfunc.save_model(
            path=os.fspath(path),
            loader_module=_LOADER,
            data_path=data,
            mlflow_model=described,
            signature=inferred_signature(data, table) if signature is None else signature,
            pip_requirements=_requirements(kind) if pip_requirements is None else list(pip_requirements),
            **more,
        )


def load_model(
    model_uri: str, *, spark: Any = None, dst_path: str | None = None
) -> SynthesizerTransformerModel | Synthesizer:
    """The learned table or database of an MLflow model, as it was before it was logged.

    Args:
        model_uri: Where it is: ``models:/main.shop.customers/1``, ``runs:/<run>/model``, or a path.
        spark: The session of a `Synthesizer`; the active one when None.
        dst_path: A local folder to download to; a temporary one when None.

    Raises:
        SerializationError: If it is a model of another flavour, or a file of it is missing or altered.
    """
    from synthohive_spark.stages.model import SynthesizerTransformerModel as Table  # noqa: PLC0415  (Spark loads here)
    from synthohive_spark.synthesizer import Synthesizer as Database  # noqa: PLC0415

    folder = mlflow.artifacts.download_artifacts(artifact_uri=model_uri, dst_path=dst_path)
    flavors = Model.load(folder).flavors
    if FLAVOR not in flavors:
        raise SerializationError(f"{model_uri!r} is no model of this package; it has the flavours {', '.join(flavors)}")
    data = os.path.join(folder, _DATA)
    return Database.load(data, spark) if flavors[FLAVOR].get("kind") == _DATABASE else Table.load(data)


def _kind(model: Any, table: str | None) -> str:
    """Whether it is a table or a database; anything else is a `SchemaError`."""
    from synthohive_spark.stages.model import SynthesizerTransformerModel as Table  # noqa: PLC0415
    from synthohive_spark.synthesizer import Synthesizer as Database  # noqa: PLC0415

    if not isinstance(model, Table | Database):
        raise SchemaError(
            f"MLflow takes a SynthesizerTransformerModel or a Synthesizer that has learned, got {type(model).__name__}"
        )
    if isinstance(model, Table) and table is not None:
        raise SchemaError(f"table={table!r} is for a database; this is the model of a single table")
    return _DATABASE if isinstance(model, Database) else _TABLE


def _requirements(kind: str) -> list[str]:
    """What drawing rows imports, in the versions that are installed here."""
    names = (*_DRAWING, *(_DRAWING_DATABASES if kind == _DATABASE else ()))
    return [f"{name}=={version(name)}" for name in names]
