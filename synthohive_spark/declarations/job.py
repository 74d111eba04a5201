"""The job file: what the command line can be told, in YAML."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WrapValidator,
    field_validator,
)
from pydantic_core import PydanticCustomError

from synthohive_spark.declarations.documents import MOST_BYTES, read_yaml
from synthohive_spark.declarations.hints import nearest, setting_problems
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.declarations.spelling import in_known_spelling
from synthohive_spark.errors import SchemaError, SerializationError
from synthohive_spark.model_directory.storage import read_file

Format = Literal["delta", "orc", "parquet"]
FORMATS: tuple[str, ...] = get_args(Format)
_OTHER_THAN_TEXT = (bool, int, float, datetime.date)
"""What YAML makes of a text that is not in quotes."""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    hint = "; put it in quotes" if isinstance(value, _OTHER_THAN_TEXT) else ""
    raise PydanticCustomError("text", f"must be text{hint}")


def _rows(value: Any, tables: Callable[[Any], Any]) -> Any:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Mapping):
        raise PydanticCustomError("rows", "must be a number of rows, or a mapping of tables to such numbers")
    if isinstance(value, int) and value < 0:
        raise PydanticCustomError("rows", "must be at least 0")
    return value if isinstance(value, int) else tables(value)


def _tables(value: Any) -> Any:
    if isinstance(value, str) or (
        isinstance(value, dict) and value and all(isinstance(own, str) for entry in value.items() for own in entry)
    ):
        return value
    raise ValueError("must be a database, or a mapping of tables to table names or paths")


def _declarations(value: Any) -> Any:
    if value is None or isinstance(value, str | dict):
        return value
    raise ValueError("must be a file, or a mapping with the key 'tables'")


def _is_weighted(pair: Any) -> bool:
    return (
        isinstance(pair, list | tuple)
        and len(pair) == 2
        and isinstance(pair[0], dict)
        and type(pair[1]) in (int, float)
    )


def _conditions(value: Any) -> Any:
    if value is None or isinstance(value, dict) or (isinstance(value, list) and all(map(_is_weighted, value))):
        return value
    raise PydanticCustomError("given", "must be a mapping of columns to what they hold, or pairs of it and weights")


Text = Annotated[str, BeforeValidator(_text)]
_Tables = Annotated[Any, AfterValidator(_tables)]
_Declared = Annotated[Any, AfterValidator(_declarations)]
_Count = Annotated[int, Field(ge=0, strict=True)]
_Seed = Annotated[int, Field(strict=True)]
_Share = Annotated[float, Field(ge=0, le=1, strict=True)]


class FitJob(BaseModel):
    """Learn a table and save the model.

    Attributes:
        table: The table to learn.
        model: The model directory to write.
        overwrite: Whether to replace a model that is there.
        params: Params of `SynthesizerTransformer`, by name: ``maxSeconds`` or ``max_seconds``.
    """

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    table: Text
    model: Text
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
        given: What columns hold in all rows, a value, a list or ``{between: [18, 30]}``, or pairs of it and weights;
            see `SynthesizerTransformerModel.sample`.
    """

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model: Text
    rows: _Count
    output_table: Text
    format: Format = "delta"
    mode: Literal["errorifexists", "append", "overwrite"] = "errorifexists"
    seed: _Seed | None = None
    partitions: int | None = Field(default=None, ge=1, strict=True)
    given: Annotated[dict[str, Any] | list[tuple[dict[str, Any], float]] | None, BeforeValidator(_conditions)] = None


class Gate(BaseModel):
    """Limits of ``ValidationReport.require``, each a number from 0 to 1; null switches a check off.

    Attributes:
        max_tvd: Of each column's total variation distance.
        max_ks: Of each column's Kolmogorov-Smirnov distance.
        max_null_rate_error: Of the difference of each column's null rates.
        max_copies: Of each table's share of copied rows.
        max_key_faults: Of each table's share of rows whose primary key is a duplicate or has a null.
        max_broken: Of each table's share of rows that break what holds in every learned row.
        same_schema: Whether a column that is missing, too many or of another type is a failure.
        max_orphans: Of each link's share of keys that meet no row; not asked of tables with ``orphans: keep``.
        max_orphan_error: Of the difference of the real and the synthetic share of such keys, of these tables.
        max_doubled_keys: Of each table's share of rows whose primary key an earlier row has.
        min_cardinality: Of each link's similarity of the numbers of children.
        min_hops: Of how columns of tables one, two and three links apart go together.
        min_two_paths: Of how often two chains of links from a table to another meet the same row.
        max_detector_auc: Of how well a classifier tells each table's synthetic rows from real ones.
    """

    model_config = ConfigDict(extra="forbid")

    max_tvd: _Share | None = 0.1
    max_ks: _Share | None = 0.1
    max_null_rate_error: _Share | None = 0.02
    max_copies: _Share | None = 0.0
    max_key_faults: _Share | None = 0.0
    max_broken: _Share | None = 0.0
    same_schema: bool = True
    max_orphans: _Share | None = 0.0
    max_orphan_error: _Share | None = 0.02
    max_doubled_keys: _Share | None = None
    min_cardinality: _Share | None = None
    min_hops: _Share | None = None
    min_two_paths: _Share | None = None
    max_detector_auc: _Share | None = None


class PrivacySettings(BaseModel):
    """What a model may keep of the rows: the settings of `Privacy`."""

    model_config = ConfigDict(extra="forbid")

    rare_category_rows: _Count = Privacy.rare_category_rows
    extreme_rows: _Count = Privacy.extreme_rows


class SynthesizeJob(BaseModel):
    """Learn a database, draw it, compare it, and write it.

    Attributes:
        source: The database to learn, or a mapping of tables to table names or paths.
        target: The database to write; made if it is not there.
        metadata: A YAML or JSON file of declarations, or the declarations themselves (``tables: ...``); proposed from
            the catalog when not given.
        model: The model directory to write; none when not given.
        overwrite_model: Whether to replace a model that is there.
        engine: The engine that learns the tables.
        seed: Fixes the fit; drawn and logged when not given.
        params: Parameters of ``Synthesizer.fit``, by name: ``max_seconds`` or ``maxSeconds``.
        parallelism: How many tables to learn at a time.
        privacy: What a model may keep of the rows, by the names of `Privacy`, such as ``{rare_category_rows: 20}``.
        hash_key_env: The environment variable that holds the key of hashed columns.
        rows: How many rows of which tables, such as ``{customers: 10000}``; every table that is linked with one of
            these comes out in proportion. A number alone is of the root, where there is one. All tables as large as the
            real ones when not given.
        scale: Rows of every table in units of the real ones, in place of ``rows``.
        sampling_seed: Fixes the rows; drawn and logged when not given.
        enforce_constraints: Whether to check the declared constraints.
        on_violation: "drop", "raise" or "resample".
        report: Where to write the report, an HTML page or JSON; nowhere when not given.
        require: The gate that the report must pass before anything is written; none when not given.
        format: "delta", "orc" or "parquet".
        overwrite: Whether to replace tables that are there.
        allow_source: Whether the target may be the source; ``overwrite`` must be true as well.
        progress: Whether to show progress bars; on a terminal alone when not given.
    """

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    source: _Tables
    target: Text
    metadata: _Declared = None
    model: Text | None = None
    overwrite_model: bool = False
    engine: Text = "ctgan"
    seed: _Seed | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    parallelism: int = Field(default=1, ge=1, strict=True)
    privacy: PrivacySettings = PrivacySettings()
    hash_key_env: Text | None = None
    rows: Annotated[dict[Text, _Count] | None, WrapValidator(_rows)] = None  # or a number
    scale: float | None = Field(default=None, gt=0, lt=1e9, strict=True)
    sampling_seed: _Seed | None = None
    enforce_constraints: bool = False
    on_violation: Literal["drop", "raise", "resample"] = "drop"
    report: Text | None = None
    require: Gate | None = None
    format: Format = "delta"
    overwrite: bool = False
    allow_source: bool = False
    progress: bool | None = None

    @field_validator("scale")
    @classmethod
    def _rows_or_scale(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None and info.data.get("rows") is not None:
            raise ValueError("cannot stand beside rows; give one of them")
        return value


class ReportJob(BaseModel):
    """Compare synthetic tables with real ones.

    Attributes:
        real: The real database, or a mapping of tables to table names or paths.
        synthetic: The synthetic one, likewise.
        output: Where to write the report, an HTML page, or JSON where it ends with ``.json``; nowhere when not given.
        metadata: A YAML or JSON file of declarations, or the declarations themselves (``tables: ...``); proposed from
            the real tables when not given.
        privacy: The settings that the synthetic database was learned with; values they kept from it are no error.
        require: The gate that the report must pass; none when not given.
    """

    model_config = ConfigDict(extra="forbid")

    real: _Tables
    synthetic: _Tables
    output: Text | None = None
    metadata: _Declared = None
    privacy: PrivacySettings = PrivacySettings()
    require: Gate | None = None


JOBS: dict[str, type[BaseModel]] = {
    "fit": FitJob,
    "sample": SampleJob,
    "synthesize": SynthesizeJob,
    "report": ReportJob,
}


def read_job(command: str, path: str | None, given: Mapping[str, Any], params: Collection[str] = ()) -> Any:
    """The job of one command: its section of the file, with what the command line gives put over it.

    Settings, params and limits may be given in either spelling, ``max_seconds`` or ``maxSeconds``.

    Args:
        command: "fit", "sample", "synthesize" or "report".
        path: The YAML file; None for none.
        given: Arguments of the command line; None where one was not given. Of ``params``, ``privacy`` and ``require``
            those that are given win, one by one; ``rows`` and ``scale`` replace each other.
        params: The names that ``params`` may hold.

    Raises:
        SchemaError: If the file cannot be read, or a key is unknown, missing, of the wrong type or given twice.
    """
    kind = JOBS[command]
    section = in_known_spelling(_section(command, path) if path is not None else {}, kind.model_fields, command)
    own = {name: value for name, value in given.items() if value is not None}
    if own.keys() & {"rows", "scale"}:
        section = {name: value for name, value in section.items() if name not in ("rows", "scale")}
    values = {**section, **own}
    names = (("params", params), ("privacy", PrivacySettings.model_fields), ("require", Gate.model_fields))
    for name, known in names:
        parts = [part[name] for part in (section, own) if isinstance(part.get(name), Mapping)]
        if parts and isinstance(values[name], Mapping):
            values[name] = {}
            for part in parts:
                values[name] |= in_known_spelling(part, known, f"{command}.{name}")
    try:
        return kind(**values)
    except ValidationError as error:
        problems = [
            _missing(text, error.errors()[i], given) for i, text in enumerate(setting_problems(error, kind, command))
        ]
        raise SchemaError("; ".join(problems), problems) from error


def _section(command: str, path: str) -> dict[str, Any]:
    try:
        content = read_yaml(read_file(path, MOST_BYTES).decode())
    except (SerializationError, ValueError) as error:
        raise SchemaError(f"job file {path!r} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise SchemaError(f"job file {os.path.basename(path)!r} must hold sections such as 'fit:' and 'sample:'")
    for name in content:
        if name not in JOBS:
            raise SchemaError(f"job file has an unknown section {name!r}{nearest(name, JOBS)}")
    section = content.get(command)
    if not isinstance(section, dict):
        raise SchemaError(f"job file {os.path.basename(path)!r} has no section {command!r}")
    if not isinstance(section.get("params", {}), dict):
        raise SchemaError(f"{command}.params must be a mapping of names to values")
    return section


def _missing(text: str, entry: Any, given: Mapping[str, Any]) -> str:
    """The sentence about a setting that is missing, where the command line could have given it."""
    key = str(entry["loc"][-1])
    if entry["type"] != "missing" or key not in given:
        return text
    return f"{text.split(' ', maxsplit=1)[0]} needs --{key.replace('_', '-')}, or {key!r} in the job file"
