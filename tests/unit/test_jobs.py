import pathlib
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from synthohive_spark.declarations.job import read_job
from synthohive_spark.jobs import app

EXAMPLE = str(pathlib.Path(__file__).parents[2] / "conf" / "synthohive.yaml")


def invoke(*arguments):
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "--model", "m"], "fit needs --table, or 'table' in the job file"),
        (["fit", "--table", "a;drop table x", "--model", "m"], "table name 'a;drop table x' is not valid"),
        (["fit", "--table", "t", "--model", "m", "--param", "epochs"], "--param must be NAME=VALUE, got 'epochs'"),
        (["sample", "--model", "m", "--rows", "5", "--output-table", "db\n"], "is not valid"),
        (["sample", "--model", "m", "--rows", "-5", "--output-table", "t"], "greater than or equal to 0, got -5"),
        (["sample", "--model", "m", "--output-table", "t"], "sample needs --rows"),
        (
            ["sample", "--model", "m", "--rows", "5", "--output-table", "t", "--format", "csv"],
            "'delta', 'orc' or 'parquet'",
        ),
        (["sample", "--model", "m", "--rows", "5", "--output-table", "t", "--mode", "replace"], "'errorifexists'"),
        (["fit", "--job", "/nowhere.yaml"], "job file '/nowhere.yaml' cannot be read"),
        (["fit", "--tabel", "t"], "No such option"),
        (["train"], "No such command"),
        (["sample", "--model", "nomodel", "--rows", "5", "--output-table", "t"], "there is no model in 'nomodel'"),
        (["fit", "--table", "t", "--model", "m", "--engine", "gan"], "engine 'gan' is not known"),
        (
            ["fit", "--table", "t", "--model", "m", "--param", "epoch=3"],
            "there is no Param 'epoch'; did you mean 'epochs'",
        ),
        (
            ["fit", "--table", "t t", "--model", "m", "--param", "epochs=-1", "--param", "batchSize=0"],
            "underscores synthohive: epochs must be a whole number of at least 1, got -1 synthohive: batch_size must",
        ),
    ],
)
def test_bad_arguments_end_with_2_before_spark_starts(arguments, message):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split()).replace("│ ", "")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("fti:\n  table: t\n", "unknown section 'fti'; did you mean 'fit'?"),
        ("fit:\n  tabel: t\n  model: m\n", "fit has no setting 'tabel'; did you mean 'table'?"),
        ("sample:\n  model: m\n", "has no section 'fit'"),
        ("[1, 2]", "must hold sections"),
        ("fit: {", "cannot be read"),
        ("fit:\n  table: [t]\n  model: m\n", "fit: table input should be a valid string"),
    ],
)
def test_a_job_file_that_is_wrong(tmp_path, content, message):
    (tmp_path / "job.yaml").write_text(content)
    result = invoke("fit", "--job", str(tmp_path / "job.yaml"))
    assert result.exit_code == 2 and message in result.output


def test_the_command_line_wins_over_the_example_job_file():
    job = read_job("fit", EXAMPLE, {"table": "other.t", "params": {"epochs": 3}})
    assert (job.table, job.model, job.overwrite) == ("other.t", "./syntho_models/customers", True)
    assert job.params == {"epochs": 3, "seed": 42, "maxSeconds": 600, "excludeCols": ["notes"]}
    job = read_job("sample", EXAMPLE, {"rows": 5, "mode": None})
    assert (job.rows, job.mode, job.format, job.seed) == (5, "overwrite", "delta", 7)


def test_bad_arguments_start_no_spark_and_load_no_torch():
    code = (
        "import sys\nfrom synthohive_spark.jobs import app\n"
        "try:\n    app(['fit', '--table', '', '--model', 'm'])\n"
        "except SystemExit as end:\n    from pyspark import SparkContext\n"
        "    print(end.code, SparkContext._gateway is None, 'torch' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert shown.stdout.strip() == "2 True False"


def test_everything_that_is_wrong_in_a_job_comes_at_once(tmp_path):
    (tmp_path / "job.yaml").write_text(
        "synthesize:\n  source: shop\n  target: a;b\n  engine: autoregressive\n  hash_key_env: NO_SUCH_VARIABLE\n"
        "  params: {epochs: 0, pac: 2, dropout: 3, epoch: 1, max_training_rows: 0, numeric_encoding: ranks}\n"
        "  metadata: {tables: {customers: {pk: id, pkk: id}}}\n"
    )
    result = invoke("synthesize", "--job", str(tmp_path / "job.yaml"))
    assert result.exit_code == 2
    for part in (
        "'a;b' is not valid",
        "NO_SUCH_VARIABLE",
        "'pkk'",
        "did you mean 'pk'",
        "fit has no parameter 'epoch'",
        "the engine 'autoregressive' has no setting 'pac'",
        "epochs must be a whole number of at least 1, got 0",
        "dropout must be a number from 0 to below 1, got 3",
        "maxTrainingRows must be at least 1, got 0",
        "numeric_encoding 'ranks' (numericEncoding) is not known",
    ):
        assert result.output.count(part) == 1, part
    assert all(line.startswith("synthohive: ") for line in result.output.splitlines())


def test_rows_of_a_table_that_is_not_declared_are_refused(tmp_path):
    (tmp_path / "job.yaml").write_text(
        "synthesize:\n  source: shop\n  target: made\n  rows: {customer: 5}\n"
        "  metadata: {tables: {customers: {pk: id}}}\n"
    )
    result = invoke("synthesize", "--job", str(tmp_path / "job.yaml"))
    assert result.exit_code == 2 and "did you mean 'customers'?" in result.output


def test_settings_are_checked_also_where_the_engine_is_not_known():
    arguments = ["--engine", "gan", "--param", "epochs=-1", "--param", "epoch=3"]
    result = invoke("fit", "--table", "t", "--model", "m", *arguments)
    assert result.exit_code == 2
    for part in ("engine 'gan' is not known", "epochs must be", "there is no Param 'epoch'; did you mean 'epochs'"):
        assert result.output.count(part) == 1, part
