import ast
import pathlib

import pytest

PACKAGE = pathlib.Path(__file__).parents[2] / "synthohive_spark"
# The lowest layer first; the longest matching prefix decides. An import may only go down, or stay.
LAYERS = {
    "version": 0,
    "errors": 0,
    "identifiers": 0,
    "config": 0,
    "constraints": 0,
    "hints": 0,
    "engine": 1,
    "storage": 2,
    "artifacts": 2,
    "model_files": 2,
    "spark": 3,
    "params": 4,
    "persistence": 4,
    "model": 4,
    "transformer": 4,
    "autoregressive": 4,
    "ctgan": 4,
    "pandas_table": 4,
    "training_summary": 4,
    "pii": 5,
    "relational": 5,
    "validation": 5,
    "synthesizer": 6,
    "job_file": 6,
    "jobs": 6,
    "__init__": 6,
}
USES_TORCH = {"networks.py", "training.py"}
WITHOUT_SPARK = {"autoregressive", "ctgan", "pandas_table"}
FORBIDDEN = {"sparkContext", "_jvm", "_jsc", "rdd", "broadcast", "cache", "persist"}
FILES = sorted(PACKAGE.rglob("*.py"))


def imports(path):
    """Modules imported by a file, those for type checkers only aside."""
    found = []

    def visit(node):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            return
        if isinstance(node, ast.Import):
            found.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text()))
    return found


def top(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def ids(path):
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_imports_only_go_down(path):
    own = LAYERS[top(path)]
    for module in imports(path):
        parts = module.split(".")
        if parts[0] == "synthohive_spark" and len(parts) > 1:
            assert LAYERS[parts[1]] <= own, f"{ids(path)} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_spark_and_torch_stay_in_their_places(path):
    roots = {module.split(".")[0] for module in imports(path)}
    if LAYERS[top(path)] <= 2 or top(path) in WITHOUT_SPARK:
        assert not roots & {"pyspark", "delta", "py4j"}
    assert "torch" not in roots or path.name in USES_TORCH


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_no_file_is_long_and_no_function_either(path):
    assert len(path.read_text().splitlines()) <= 400
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body:
                assert body[-1].end_lineno - body[0].lineno < 60, node.name


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_nothing_that_a_connect_session_lacks_and_no_silent_except(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            assert node.attr not in FORBIDDEN, f"{node.attr} in line {node.lineno}"
        if isinstance(node, ast.Call):
            assert getattr(node.func, "id", "") != "print"
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            if ast.unparse(node.type) in ("Exception", "BaseException"):
                assert not all(isinstance(s, ast.Pass) for s in node.body)
