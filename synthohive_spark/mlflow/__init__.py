"""MLflow: what a fit and a report found, logged to a run, and learned tables as registered models.

It needs the extra ``mlflow``, and nothing else in the package imports it.
"""

from __future__ import annotations

from synthohive_spark.errors import SynthoHiveError

try:
    import mlflow  # noqa: F401
except ImportError as error:
    if error.name != "mlflow":
        raise
    raise SynthoHiveError(
        "synthohive_spark.mlflow needs MLflow, which is not installed: pip install '.[mlflow]' from the clone, or "
        "install the wheel with [mlflow] behind its name"
    ) from error

from synthohive_spark.mlflow.models import load_model, log_model, save_model
from synthohive_spark.mlflow.predict import _load_pyfunc
from synthohive_spark.mlflow.runs import log_fit, log_report

__all__ = ["_load_pyfunc", "load_model", "log_fit", "log_model", "log_report", "save_model"]
