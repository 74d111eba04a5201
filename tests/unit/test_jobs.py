import inspect
import pathlib
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from synthohive_spark import commands
from synthohive_spark.commands import ending
from synthohive_spark.declarations.job import Gate, read_job
from synthohive_spark.errors import SchemaError, TrainingError
from synthohive_spark.jobs import app
from synthohive_spark.relational.fit_params import fit_params
from synthohive_spark.validation.report import ValidationReport
from synthohive_spark.version import __version__

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
        (["fit", "--job", "ftp://host/job.yaml"], "job file 'ftp://host/job.yaml' cannot be read"),
        (["fit", "--table", "t", "--model", "ftp://host/m"], "path 'ftp://host/m' cannot be reached"),
        (["fit", "--tabel", "t"], "No such option"),
        (["train"], "No such command"),
        (["propose"], "synthohive: Missing option '--database'"),
        (["propose", "--database", "a.b.c"], "database name 'a.b.c' has 3 parts"),
        (["propose", "--database", "shop", "--output", "ftp://x"], "path 'ftp://x' cannot be reached"),
        (["report", "--real", "shop"], "report needs --synthetic, or 'synthetic' in the job file"),
        (["report", "--real", "a b", "--synthetic", "made"], "database name 'a b' is not valid"),
        (
            ["report", "--real", "a", "--synthetic", "b", "--metadata", "no.yaml"],
            "metadata file 'no.yaml' cannot be read",
        ),
        (
            ["report", "--real", "a", "--synthetic", "b", "--require", "max_tdv=1"],
            "report.require has no setting 'max_tdv'; did you mean 'max_tvd'?",
        ),
        (["report", "--real", "a", "--synthetic", "b", "--require", "max_tvd"], "--require must be NAME=VALUE"),
        (["doctor", "--format", "csv"], "--format 'csv' is not known; known are delta, orc, parquet"),
        (["doctor", "--database", "a;b"], "database name 'a;b' is not valid"),
        (["synthesize", "--source", "a"], "synthesize needs --target, or 'target' in the job file"),
        (["synthesize", "--source", "a;b", "--target", "made"], "database name 'a;b' is not valid"),
        (
            ["synthesize", "--source", "a", "--target", "b", "--rows", "x"],
            "--rows must be COUNT or TABLE=COUNT, got 'x'",
        ),
        (["synthesize", "--source", "a", "--target", "b", "--rows", "5", "--rows", "6"], "--rows must be TABLE=COUNT"),
        (
            ["synthesize", "--source", "a", "--target", "b", "--rows", "t=-1"],
            "synthesize.rows: t input should be greater than or equal to 0, got -1",
        ),
        (["sample", "--model", "nomodel", "--rows", "5", "--output-table", "t"], "there is no model in 'nomodel'"),
        (["fit", "--table", "t", "--model", "m", "--engine", "gan"], "engine 'gan' is not known"),
        (
            ["fit", "--table", "t", "--model", "m", "--param", "epoch=3"],
            "there is no Param 'epoch'; did you mean 'epochs'",
        ),
        (
            ["fit", "--table", "t t", "--model", "m", "--param", "epochs=-1", "--param", "batchSize=0"],
            "customers synthohive: epochs must be a whole number of at least 1, got -1 synthohive: batch_size must",
        ),
    ],
)
def test_bad_arguments_end_with_2_before_spark_starts(arguments, message):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert all(line.startswith("synthohive: ") for line in result.output.splitlines())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("fti:\n  table: t\n", "unknown section 'fti'; did you mean 'fit'?"),
        ("fit:\n  tabel: t\n  model: m\n", "fit has no setting 'tabel'; did you mean 'table'?"),
        ("sample:\n  model: m\n", "has no section 'fit'"),
        ("[1, 2]", "must hold sections"),
        ("fit: {", "cannot be read"),
        ("fit:\n  table: [t]\n  model: m\n", "fit: table must be text, got ['t']"),
        (
            "fit: {table: 2024-01-01, model: 5}",
            "fit: table must be text; put it in quotes, got datetime.date(2024, 1, 1)",
        ),
        ("fit: {table: t, model: 5}", "fit: model must be text; put it in quotes, got 5"),
        ("fit: {table: t, model: m, 2024-01-01: x}", "fit: the name of a setting must be text, got datetime.date"),
        ("fit: {table: t, model: m, params: {1: 2}}", "fit.params: the name of a setting must be text, got 1"),
        ("fit: {table: t, model: m}\nsample: {}\n2024-01-01: {}", "unknown section datetime.date(2024, 1, 1)"),
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


HASHED = "tables: {customers: {pk: id, pii: {email: hash, name: fake}}, orders: {pk: id, pii: {note: hash}}}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [],
            "customers.email, orders.note: the rule 'hash' needs a secret key; put one into an environment variable",
        ),
        ([], "name that by --hash-key-env, or 'hash_key_env' in the job file"),
        (["--hash-key-env", "NOT_SET_X"], "names the environment variable 'NOT_SET_X', which is not set"),
        (["--hash-key-env", "deadbeef01"], "must be the name of an environment variable that is set, not the key"),
    ],
)
def test_hashed_columns_without_a_key_are_refused_with_the_way_out_and_without_the_key(tmp_path, arguments, message):
    (tmp_path / "shop.yaml").write_text(HASHED)
    options = ["--source", "shop", "--target", "made", "--metadata", str(tmp_path / "shop.yaml"), *arguments]
    result = invoke("synthesize", *options)
    assert result.exit_code == 2 and message in result.output and "deadbeef01" not in result.output


def test_the_key_of_hashed_columns_comes_from_the_variable_that_the_command_line_names(tmp_path, monkeypatch):
    (tmp_path / "shop.yaml").write_text(HASHED)
    monkeypatch.setenv("SHOP_KEY", "s3cret!")
    jobs = []
    monkeypatch.setattr(commands.database, "_synthesize", lambda settings, local: jobs.append(settings))
    options = ["--source", "shop", "--target", "made", "--metadata", str(tmp_path / "shop.yaml")]
    result = invoke("synthesize", *options, "--hash-key-env", "SHOP_KEY")
    assert result.exit_code == 0, result.output
    assert jobs[0].hash_key_env == "SHOP_KEY" and "s3cret!" not in repr(jobs[0])


def test_privacy_comes_from_the_file_and_the_command_line_name_by_name(tmp_path, monkeypatch):
    path = tmp_path / "job.yaml"
    path.write_text(
        "synthesize: {source: shop, target: made, privacy: {rareCategoryRows: 20, extreme_rows: 9}}\n"
        "report: {real: shop, synthetic: made, privacy: {rare_category_rows: 0}}\n"
    )
    jobs = []
    monkeypatch.setattr(commands.database, "_synthesize", lambda settings, local: jobs.append(settings))
    monkeypatch.setattr(commands.database, "_report", lambda settings, local: jobs.append(settings))
    arguments = (["synthesize", "--privacy", "extremeRows=0"], ["report"], ["report", "--privacy", "extreme_rows=7"])
    for command, *more in arguments:
        result = invoke(command, "--job", str(path), *more)
        assert result.exit_code == 0, result.output
    plain = invoke("synthesize", "--source", "shop", "--target", "made")
    assert plain.exit_code == 0, plain.output
    assert [(job.privacy.rare_category_rows, job.privacy.extreme_rows) for job in jobs] == [
        (20, 0),
        (0, 5),
        (0, 7),
        (5, 5),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--privacy", "rare_rows=5"], "synthesize.privacy has no setting 'rare_rows'"),
        (
            ["--privacy", "extreme_rows=-1"],
            "synthesize.privacy: extreme_rows input should be greater than or equal to 0, got -1",
        ),
        (
            ["--privacy", "extreme_rows=many"],
            "synthesize.privacy: extreme_rows input should be a valid integer, got 'many'",
        ),
        (["--privacy", "5"], "--privacy must be NAME=VALUE, got '5'"),
        (
            ["--param", "rareCategoryRows=20"],
            "fit has no parameter 'rareCategoryRows'; give it as --privacy rare_category_rows=NUMBER",
        ),
    ],
)
def test_a_privacy_setting_that_is_wrong_is_named(arguments, message):
    result = invoke("synthesize", "--source", "shop", "--target", "made", *arguments)
    assert result.exit_code == 2 and message in result.output, result.output


def test_rows_of_a_table_that_is_not_declared_are_refused(tmp_path):
    (tmp_path / "job.yaml").write_text(
        "synthesize:\n  source: shop\n  target: made\n  rows: {customer: 5}\n"
        "  metadata: {tables: {customers: {pk: id}}}\n"
    )
    result = invoke("synthesize", "--job", str(tmp_path / "job.yaml"))
    assert result.exit_code == 2 and "did you mean 'customers'?" in result.output


def synthesize_job(folder, *lines):
    path = folder / "job.yaml"
    path.write_text("\n  ".join(["synthesize:", "source: shop", "target: made", *lines]))
    return path


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("scale: 0", "synthesize: scale input should be greater than 0, got 0"),
        ("report: ftp://host/report.html", "path 'ftp://host/report.html' cannot be reached"),
        ("model: ftp://host/m", "path 'ftp://host/m' cannot be reached"),
        ("scale: .nan", "scale input should be less than 1000000000, got nan"),
        ("scale: true", "scale input should be a valid number, got True"),
        ("rows: {customers: 5}\n  scale: 2", "scale value error, cannot stand beside rows; give one of them, got 2"),
        ("rows: {customers: -1}", "synthesize.rows: customers input should be greater than or equal to 0, got -1"),
        ("rows: {customers: true}", "synthesize.rows: customers input should be a valid integer, got True"),
        ("require: {max_orphans: 1.5}", "synthesize.require: max_orphans input should be less than or equal to 1"),
        ("require: {max_orphan_error: -1}", "max_orphan_error input should be greater than or equal to 0, got -1"),
        ("require: {max_doubled_keys: much}", "max_doubled_keys input should be a valid number"),
        ("require: {min_cardinality: 90}", "min_cardinality input should be less than or equal to 1, got 90"),
        ("require: {min_hop: 0.9}", "synthesize.require has no setting 'min_hop'; did you mean 'min_hops'?"),
        (
            "metadata: {tables: {a: {owner: b_id, fk: {b_id: b.id}}, b: {owner: a_id, fk: {a_id: a.id}}}}",
            "form a circle",
        ),
        ("metadata: {tables: {orders: {fk: {id: customer.id}}, customers: {pk: id}}}", "did you mean 'customers'?"),
    ],
)
def test_what_is_wrong_about_linked_tables_is_told_before_spark_starts(tmp_path, line, message):
    result = invoke("synthesize", "--job", str(synthesize_job(tmp_path, line)))
    assert result.exit_code == 2 and message in result.output


def test_a_job_can_scale_its_tables_and_hold_links_against_limits(tmp_path):
    gate = "require: {max_orphans: null, max_orphan_error: 0.1, max_doubled_keys: 0, min_cardinality: 0.9, min_hops: 1}"
    job = read_job("synthesize", str(synthesize_job(tmp_path, "scale: 10", gate)), {})
    assert job.scale == 10 and job.rows is None
    assert (job.require.max_orphans, job.require.max_orphan_error, job.require.max_doubled_keys) == (None, 0.1, 0)
    assert (job.require.min_cardinality, job.require.min_hops) == (0.9, 1)


def test_the_gate_of_a_job_is_the_gate_of_a_report():
    limits = dict(inspect.signature(ValidationReport.require).parameters)
    del limits["self"]
    assert Gate().model_dump() == {name: limit.default for name, limit in limits.items()}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("model: 5", "synthesize: model must be text; put it in quotes, got 5"),
        ("engine: 5", "synthesize: engine must be text; put it in quotes, got 5"),
        ("rows: {2024-01-01: 5}", "[key] must be text; put it in quotes, got datetime.date(2024, 1, 1)"),
        ("rows: many", "rows must be a number of rows, or a mapping of tables to such numbers, got 'many'"),
        ("rows: -1", "synthesize: rows must be at least 0, got -1"),
        ("metadata: 5", "metadata value error, must be a file, or a mapping with the key 'tables', got 5"),
        (
            "metadata: {tables: {1: {pk: 2024-01-01}}}",
            "pk must be the name of a column, or a list of them, got datetime",
        ),
        (
            "rows: 5\n  metadata: {tables: {a: {pk: x}, b: {pk: x}}}",
            "rows 5 must say of which table, as in a=5: the tables",
        ),
        ("metadata: {tables: {}}", "metadata declares no table; leave it out to have declarations proposed"),
        ("params: {max_seconds: 5, maxSeconds: 6}", "max_seconds and maxSeconds are two spellings of one setting"),
        ("params: {maxSecond: 5}", "fit has no parameter 'maxSecond'; did you mean 'max_seconds'?"),
        ("require: {max_tvd: 0.1, maxTvd: 0.2}", "max_tvd and maxTvd are two spellings of one setting"),
    ],
)
def test_what_yaml_makes_of_names_and_settings_is_told_in_one_line(tmp_path, line, message):
    result = invoke("synthesize", "--job", str(synthesize_job(tmp_path, line)))
    assert result.exit_code == 2 and message in result.output
    assert all(line.startswith("synthohive: ") for line in result.output.splitlines())


def test_a_source_by_other_names_than_text_is_refused(tmp_path):
    (tmp_path / "job.yaml").write_text("synthesize: {source: {1: x}, target: 2024-01-01}")
    result = invoke("synthesize", "--job", str(tmp_path / "job.yaml"))
    assert result.exit_code == 2 and "must be a database, or a mapping of tables" in result.output
    assert "target must be text; put it in quotes, got datetime.date(2024, 1, 1)" in result.output


def test_the_version_and_the_help_of_each_command():
    assert invoke("--version").output == f"synthohive {__version__}\n"
    assert invoke().exit_code == 0 and "doctor" in invoke().output
    required = {"fit": 2, "sample": 3, "synthesize": 2, "report": 2, "propose": 1, "doctor": 0}
    for command, number in required.items():
        shown = " ".join(invoke(command, "--help").output.split())
        assert shown.count("[required") == number, command
        assert f"Examples: synthohive {command}" in shown and "\b" not in shown


def test_the_examples_of_the_help_are_right(tmp_path, monkeypatch):
    """All that can be checked of them before Spark starts; then it would, and what it would do is left out."""
    monkeypatch.chdir(tmp_path)
    for name in ("customers", "shop"):
        (tmp_path / f"{name}_job.yaml").write_text(
            "fit: {table: t, model: m}\nsynthesize: {source: shop, target: made}\n"
        )
    (tmp_path / "shop.yaml").write_text("tables: {customers: {pk: id}}")
    for module in (commands.table, commands.database):
        monkeypatch.setattr(module, "run", lambda work: None)
    shown = "".join(invoke(name, "--help").output for name in ("fit", "synthesize", "report", "propose"))
    examples = [line.split()[1:] for line in shown.splitlines() if line.startswith("    synthohive ")]
    assert len(examples) == 9
    for arguments in examples:
        result = invoke(*arguments)
        assert result.exit_code == 0, (arguments, result.output)


def test_both_spellings_are_taken_and_the_command_line_wins_in_either(tmp_path):
    (tmp_path / "job.yaml").write_text(
        "fit: {table: t, model: m, params: {max_seconds: 5, exclude_cols: [a], seed: 1}}\n"
        "sample: {model: m, rows: 5, outputTable: made}\n"
    )
    known = ["maxSeconds", "excludeCols", "seed"]
    job = read_job("fit", str(tmp_path / "job.yaml"), {"params": {"maxSeconds": 9}}, known)
    assert job.params == {"maxSeconds": 9, "excludeCols": ["a"], "seed": 1}
    assert read_job("sample", str(tmp_path / "job.yaml"), {}).output_table == "made"
    given = {"source": "a", "target": "b", "params": {"batchSize": 3, "pac": 1}, "require": {"maxTvd": 0.3}}
    job = read_job("synthesize", None, given, fit_params())
    assert job.params == {"batch_size": 3, "pac": 1} and job.require.max_tvd == 0.3


def test_what_the_command_line_says_of_sizes_and_gates_wins(tmp_path):
    path = str(synthesize_job(tmp_path, "scale: 10", "require: {max_tvd: 0.3, min_hops: 0.5}", "overwrite: true"))
    job = read_job("synthesize", path, {"rows": 5, "require": {"min_hops": 0.7}, "overwrite": False})
    assert (job.rows, job.scale, job.overwrite) == (5, None, False)
    assert (job.require.max_tvd, job.require.min_hops) == (0.3, 0.7)


def test_an_unexpected_error_is_one_line_and_its_trace_is_for_developers(caplog):
    caplog.set_level("DEBUG", logger="synthohive_spark")
    app = typer.Typer(cls=ending.OneLineGroup)
    app.callback()(lambda: None)
    app.command("fail")(lambda: ending.run(lambda: {}["first\nsecond"]))
    result = CliRunner().invoke(app, ["fail"])
    assert (result.exit_code, result.output) == (1, "synthohive: KeyError: 'first\\nsecond'\n")
    assert [record.levelname for record in caplog.records] == ["DEBUG"]
    assert "Traceback (most recent call last)" in caplog.text and "in run" in caplog.text


@pytest.mark.parametrize("command", ["fit", "synthesize"])
def test_a_model_that_is_there_names_the_option_that_replaces_it(tmp_path, command):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "metadata.json").write_text("{}")
    names = {"fit": ["--table", "t"], "synthesize": ["--source", "shop", "--target", "made"]}
    result = invoke(command, *names[command], "--model", str(tmp_path / "model"))
    assert result.exit_code == 1
    assert "is there already; give --overwrite to replace the model in it" in result.output


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (
            SchemaError("it has no rows to learn from; take the table over as it is with keep=True"),
            "it has no rows to learn from; take the table over as it is with keep: true",
        ),
        (
            SchemaError("give both overwrite=True and allow_source=True"),
            "give both --overwrite and 'allow_source: true",
        ),
        (SchemaError("table t is stored as orc, not delta; give format='orc', or another"), "give --format orc, or"),
        (
            SchemaError("table t exists already; choose mode 'append' or 'overwrite'"),
            "--mode append or --mode overwrite",
        ),
        (
            TrainingError("table 'a': no rows (learned and kept: b, c; fit(..., tables=[...]) learns the others)"),
            "table 'a': no rows",
        ),
    ],
)
def test_a_way_out_is_one_that_the_command_line_has(error, shown):
    assert shown in ending.cause(error) and "fit(" not in ending.cause(error)


def test_a_package_that_is_missing_is_named_with_its_extra():
    error = ModuleNotFoundError("No module named 'delta'", name="delta")
    assert ending.cause(error) == "there is no module 'delta' here; install this package with its extra 'spark'"


def test_settings_are_checked_also_where_the_engine_is_not_known():
    arguments = ["--engine", "gan", "--param", "epochs=-1", "--param", "epoch=3"]
    result = invoke("fit", "--table", "t", "--model", "m", *arguments)
    assert result.exit_code == 2
    for part in ("engine 'gan' is not known", "epochs must be", "there is no Param 'epoch'; did you mean 'epochs'"):
        assert result.output.count(part) == 1, part
