"""The Databricks bundle: whatever it names is there, and the command line takes what it says."""

import ast
import configparser
import pathlib
import re

import pytest
import typer
import yaml

from synthohive_spark.declarations.job import read_job
from synthohive_spark.declarations.names import DatabaseName, TableName
from synthohive_spark.jobs import app
from synthohive_spark.model_directory.storage import Folder

ROOT = pathlib.Path(__file__).parents[2]
BUNDLE = yaml.safe_load((ROOT / "databricks.yml").read_text())
JOBS, PIPELINES = BUNDLE["resources"]["jobs"], BUNDLE["resources"]["pipelines"]
REFERENCE = re.compile(r"\$\{([\w.]+)\}")


def resolved(target):
    """The bundle as the CLI resolves it for a target."""
    own = BUNDLE["targets"][target].get("variables", {})
    values = {f"var.{name}": own.get(name, entry["default"]) for name, entry in BUNDLE["variables"].items()}
    values |= {"bundle.target": target, "bundle.name": BUNDLE["bundle"]["name"], "workspace.file_path": str(ROOT)}
    text = (ROOT / "databricks.yml").read_text()
    for _ in range(2):  # a variable may name the target
        text = REFERENCE.sub(lambda found: str(values[found[1]]), text)
    return yaml.safe_load(text)["resources"]


def parsed(parameters):
    """The command, and its options by the names of its function's arguments."""
    group = typer.main.get_command(app)
    context = group.make_context("synthohive", list(parameters), resilient_parsing=True)
    name, command, rest = group.resolve_command(context, list(parameters))
    return name, command.make_context(name, rest, parent=context).params


@pytest.mark.parametrize("target", BUNDLE["targets"])
def test_every_task_is_a_command_with_names_and_paths_that_can_be(target):
    commands = []
    for task in resolved(target)["jobs"]["synthesize"]["tasks"]:
        name, options = parsed(task["python_wheel_task"]["parameters"])
        commands.append(name)
        if name == "fit":
            TableName.parse(options["table"])
            assert options["overwrite"] and Folder.at(options["model"]).path.startswith("/Volumes/main/shop/models/")
            fitted = options["model"]
        elif name == "sample":
            assert options["model"] == fitted and options["mode"] == "overwrite"
            assert str(TableName.parse(options["output_table"])) != "main.shop.customers"
        else:
            job = read_job(name, options["job"], {})
            DatabaseName.parse(job.target)
            assert job.target != job.source and job.model.startswith(f"/Volumes/main/shop/models/{target}/")
            assert job.report and job.require
    assert commands == ["fit", "sample", "synthesize"]


def test_targets_write_different_schemas():
    written = set()
    for target in BUNDLE["targets"]:
        tasks = {task["task_key"]: task for task in resolved(target)["jobs"]["synthesize"]["tasks"]}
        table = parsed(tasks["sample"]["python_wheel_task"]["parameters"])[1]["output_table"]
        job = read_job("synthesize", parsed(tasks["database"]["python_wheel_task"]["parameters"])[1]["job"], {})
        pipeline = resolved(target)["pipelines"]["synthetic"]
        assert job.target == table.rpartition(".")[0] == f"{pipeline['catalog']}.{pipeline['schema']}"
        written.add(job.target)
    assert len(written) == len(BUNDLE["targets"]) == 2


def test_what_tasks_and_environments_name_is_there():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    entries = setup["options.entry_points"]["console_scripts"].split()
    for job in JOBS.values():
        keys = [task["task_key"] for task in job["tasks"]]
        environments = {own["environment_key"]: own["spec"] for own in job["environments"]}
        assert all(spec["dependencies"] == ["./dist/*.whl"] for spec in environments.values())
        for task in job["tasks"]:
            wheel = task["python_wheel_task"]
            assert wheel["entry_point"] in entries and wheel["package_name"] == setup["metadata"]["name"]
            assert task["environment_key"] in environments
            assert {own["task_key"] for own in task.get("depends_on", [])} < set(keys)
        assert job["schedule"]["quartz_cron_expression"]
    build = BUNDLE["artifacts"]["wheel"]["build"].split()
    assert build[0] == "make" and re.search(rf"^{build[1]}:.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_pipeline_reads_the_settings_that_it_is_given():
    for pipeline in PIPELINES.values():
        for library in pipeline["libraries"]:
            tree = ast.parse((ROOT / library["file"]["path"]).read_text())
            calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
            read = {call.args[0].value for call in calls if ast.unparse(call.func) == "spark.conf.get"}
            assert read == set(pipeline["configuration"])
        (_, fitted) = parsed(resolved("prod")["jobs"]["synthesize"]["tasks"][0]["python_wheel_task"]["parameters"])
        assert resolved("prod")["pipelines"]["synthetic"]["configuration"]["synthohive.model"] == fitted["model"]
