"""The job file: what the command line can be told, in YAML."""

from __future__ import annotations

import os
from difflib import get_close_matches
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from synthohive_spark.errors import SchemaError


class FitJob(BaseModel):
    """Learn a table and save the model.

    Attributes:
        table: The table to learn.
        model: The model directory to write.
        overwrite: Whether to replace a model that is there.
        params: Params of `SynthesizerTransformer`, by name.
    """

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    table: str
    model: str
    overwrite: bool = False
    params: dict[str, Any] = Field(default_factory=dict)


class SampleJob(BaseModel):
    """Draw rows from a saved model and write them as a table.

    Attributes:
        model: The model directory to read.
        rows: How many rows.
        output_table: The table to write.
        format: "delta", "orc" or "parquet".
        mode: "errorifexists", "append" or "overwrite".
        seed: Fixes the rows; drawn and logged when not given.
        partitions: Partitions, and so files, of the rows; Spark's default when not given.
    """

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model: str
    rows: int = Field(ge=0)
    output_table: str
    format: Literal["delta", "orc", "parquet"] = "delta"
    mode: Literal["errorifexists", "append", "overwrite"] = "errorifexists"
    seed: int | None = None
    partitions: int | None = Field(default=None, ge=1)


JOBS: dict[str, type[FitJob | SampleJob]] = {"fit": FitJob, "sample": SampleJob}


def read_job(command: str, path: str | None, given: dict[str, Any]) -> Any:
    """The job of one command: its section of the file, with what the command line gives put over it.

    Args:
        command: "fit" or "sample".
        path: The YAML file; None for none.
        given: Arguments of the command line; None where one was not given.

    Raises:
        SchemaError: If the file cannot be read, or a key is unknown, missing or of the wrong type.
    """
    section = _section(command, path) if path is not None else {}
    values = {**section, **{name: value for name, value in given.items() if value is not None}}
    if "params" in section and given.get("params"):
        values["params"] = {**section["params"], **given["params"]}
    kind = JOBS[command]
    try:
        return kind(**values)
    except ValidationError as error:
        problems = "; ".join(_problem(command, kind, entry) for entry in error.errors())
        raise SchemaError(problems) from error


def _section(command: str, path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            content = yaml.safe_load(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SchemaError(f"job file {path!r} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise SchemaError(f"job file {os.path.basename(path)!r} must hold sections such as 'fit:' and 'sample:'")
    for name in content:
        if name not in JOBS:
            raise SchemaError(f"job file has an unknown section {name!r}{_near(str(name), list(JOBS))}")
    section = content.get(command)
    if not isinstance(section, dict):
        raise SchemaError(f"job file {os.path.basename(path)!r} has no section {command!r}")
    if not isinstance(section.get("params", {}), dict):
        raise SchemaError("fit.params must be a mapping of Params to values")
    return {str(key): value for key, value in section.items()}


def _problem(command: str, kind: type[BaseModel], entry: Any) -> str:
    key = str(entry["loc"][0])
    if entry["type"] == "extra_forbidden":
        return f"{command} has no setting {key!r}{_near(key, list(kind.model_fields))}"
    if entry["type"] == "missing":
        return f"{command} needs --{key.replace('_', '-')}, or {key!r} in the job file"
    return f"{command}: {key} {entry['msg'].lower()}, got {entry['input']!r}"


def _near(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"
