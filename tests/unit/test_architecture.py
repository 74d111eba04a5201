"""The shape of the package: imports go down, circles there are none, files and functions stay short."""

import ast
import pathlib
import statistics
from graphlib import CycleError, TopologicalSorter

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PACKAGE = ROOT / "synthohive_spark"
# The lowest layer first; the longest matching prefix decides. An import may only go down, or stay in its layer.
LAYERS = [
    ("version", "errors", "logs"),
    ("declarations",),
    ("engine",),
    ("engine.codecs",),
    ("engine.temporal", "engine.training"),
    ("engine.dependencies",),
    ("engine.ctgan", "engine.autoregressive"),
    ("engine.sampling",),
    ("engine.table",),
    ("model_directory",),
    ("spark",),
    ("spark.formats",),
    ("spark.tables", "spark.sources"),
    ("stages", "local"),
    ("pii",),
    ("relational", "validation"),
    ("synthesizer", "jobs", "__init__"),
]
LEVELS = {prefix: level for level, prefixes in enumerate(LAYERS) for prefix in prefixes}
APART = [("engine.ctgan", "engine.autoregressive"), ("stages", "local")]
"""Packages of one layer that must not know each other."""
SPARK = {"pyspark", "delta", "py4j"}
FORBIDDEN = {"sparkContext", "_jvm", "_jsc", "rdd", "broadcast", "cache", "persist"}
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}


def imports(path):
    """Modules that a file imports anywhere in it, also those that only type checkers read."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found.extend(n if n.removeprefix("synthohive_spark.") in MODULES else node.module for n in names)
    return found


def ours(path):
    """Modules of this package that a file imports, by their names inside it."""
    names = (name.removeprefix("synthohive_spark.") for name in imports(path) if name.startswith("synthohive_spark."))
    return {name for name in names if name in MODULES}


def level(module):
    matches = [p for p in LEVELS if module == p or module.startswith(f"{p}.")]
    assert matches, f"{module} is in no layer"
    return LEVELS[max(matches, key=len)]


def inside(module, package):
    return module == package or module.startswith(f"{package}.")


@pytest.mark.parametrize("module", MODULES)
def test_imports_only_go_down(module):
    for other in ours(MODULES[module]):
        assert level(other) <= level(module), f"{module} imports {other}, which is above it"


def test_no_circle_between_files():
    graph = {module: ours(path) - {module} for module, path in MODULES.items()}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"files import one another in a circle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize(("one", "other"), [*APART, *[(b, a) for a, b in APART]])
def test_siblings_do_not_know_each_other(one, other):
    for module, path in MODULES.items():
        if inside(module, one):
            assert not [name for name in ours(path) if inside(name, other)], f"{module} knows {other}"


@pytest.mark.parametrize("module", MODULES)
def test_spark_and_torch_stay_in_their_places(module):
    roots = {name.split(".")[0] for name in imports(MODULES[module])}
    if level(module) <= LEVELS["model_directory"] or inside(module, "local"):
        assert not roots & SPARK
    if "torch" in roots:
        assert inside(module, "engine.training") or MODULES[module].name in ("networks.py", "training.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_is_long_and_no_function_either(path):
    assert len(path.read_text().splitlines()) <= 400
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body:
                assert body[-1].end_lineno - body[0].lineno < 60, node.name


def test_half_of_the_files_are_short():
    assert statistics.median(len(path.read_text().splitlines()) for path in FILES if path.name != "__init__.py") < 130


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
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
