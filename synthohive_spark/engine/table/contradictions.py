"""Whether rows can be given what a user asks for and keep what holds in all learned rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synthohive_spark.engine.dependencies.decided import count_broken
from synthohive_spark.engine.noise import row_words
from synthohive_spark.engine.sampling.cases import Cases
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.table.model import TableModel
from synthohive_spark.errors import SchemaError
from synthohive_spark.logs import get_logger

_ROWS = 32
_MOST_CASES = 20
_log = get_logger(__name__)


def check_possible(model: TableModel, cases: Cases) -> None:
    """Check by a few rows that what is given for two columns or more contradicts nothing that holds in all rows.

    Of more than twenty cases, the first are looked at. What some of the rows break is a warning in the log, and so is
    what all break where each column is given one value: a user may ask for what was never seen.

    Args:
        model: The learned table.
        cases: What is given.

    Raises:
        SchemaError: If a range or a list is given, and all rows of a case break the same rule.
    """
    names = [c.name for c in cases.columns]
    if len(names) < 2 or not set(model.condition_names) <= set(names) or not model.dependencies.describe():
        return
    for domains in cases.domains[:_MOST_CASES]:
        for rule, broken in _broken(model, replace(cases, domains=(domains,), weights=(1.0,), rows=_ROWS)).items():
            if broken == _ROWS and not all(own.is_one for own in domains):
                raise SchemaError(
                    f"given sets {', '.join(map(repr, names))} so that no row keeps what holds in all learned rows: "
                    f"{rule}; change one of them, or leave it out"
                )
            if broken:
                _log.warning("given_breaks", rule=rule, share=broken / _ROWS)


def _broken(model: TableModel, case: Cases) -> dict[str, int]:
    """How many of a few rows break each rule, by the sentence that describes it."""
    numbers = np.arange(_ROWS)
    rows = case.sample(model.generator, Draw(numbers, 0), numbers, {})
    parts = model.dependencies.split(rows)
    encoded = model.encoder.encode(parts, row_words(0, numbers, model.encoder.encode_words))
    return count_broken(model.dependencies, rows, encoded)
