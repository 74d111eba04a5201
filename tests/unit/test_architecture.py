"""The shape of the package: imports go down, circles there are none, files and functions stay short."""

import ast
import functools
import pathlib
import statistics
from graphlib import CycleError, TopologicalSorter

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PACKAGE = ROOT / "synthohive_spark"
# The lowest layer first; the longest matching prefix decides. An import may only go down, or stay in its layer.
LAYERS = [
    ("version", "errors", "logs", "model_directory.storage"),
    ("declarations",),
    ("engine",),
    ("engine.codecs",),
    ("engine.temporal", "engine.training"),
    ("engine.dependencies",),
    ("engine.ctgan", "engine.autoregressive"),
    ("engine.sampling",),
    ("engine.families",),
    ("engine.table",),
    ("model_directory",),
    ("spark",),
    ("spark.formats",),
    ("spark.tables", "spark.sources"),
    ("stages", "local"),
    ("pii",),
    ("relational", "validation"),
    ("doctor",),
    ("synthesizer", "data_source", "mlflow", "examples"),
    ("commands",),
    ("jobs", "__init__"),
]
LEVELS = {prefix: level for level, prefixes in enumerate(LAYERS) for prefix in prefixes}
APART = [("engine.ctgan", "engine.autoregressive"), ("stages", "local")]
"""Packages of one layer that must not know each other."""
SPARK = {"pyspark", "delta", "py4j"}
TORCH_FILES = ("networks.py", "training.py")
FORBIDDEN = {"sparkContext", "_jvm", "_jsc", "rdd", "broadcast", "cache", "persist"}
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}


@functools.cache
def nodes(path):
    return list(ast.walk(ast.parse(path.read_text())))


@functools.cache
def imports(path):
    """Modules that a file imports anywhere in it, also those that only type checkers read."""
    found = []
    for node in nodes(path):
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


def name(path):
    return str(path.relative_to(PACKAGE))


def inside(module, package):
    return module == package or module.startswith(f"{package}.")


def test_imports_only_go_down():
    upward = [
        f"{module} imports {other}, which is above it"
        for module, path in MODULES.items()
        for other in ours(path)
        if level(other) > level(module)
    ]
    assert not upward, "\n".join(upward)


def test_no_circle_between_files():
    graph = {module: ours(path) - {module} for module, path in MODULES.items()}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"files import one another in a circle: {' -> '.join(error.args[1])}")


def test_siblings_do_not_know_each_other():
    acquainted = [
        f"{module} imports {other}"
        for pair in APART
        for one, apart in (pair, pair[::-1])
        for module, path in MODULES.items()
        if inside(module, one)
        for other in ours(path)
        if inside(other, apart)
    ]
    assert not acquainted, "\n".join(acquainted)


def test_spark_and_torch_stay_in_their_places():
    misplaced = []
    for module, path in MODULES.items():
        roots = {name.split(".")[0] for name in imports(path)}
        if level(module) <= LEVELS["model_directory"] or inside(module, "local"):
            misplaced += [f"{module} imports {name}" for name in sorted(roots & SPARK)]
        if "torch" in roots and not inside(module, "engine.training") and path.name not in TORCH_FILES:
            misplaced.append(f"{module} imports torch")
    assert not misplaced, "\n".join(misplaced)


def test_no_file_is_long_and_no_function_either():
    long = [name(path) for path in FILES if len(path.read_text().splitlines()) > 400]
    for path in FILES:
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                if body and body[-1].end_lineno - body[0].lineno >= 60:
                    long.append(f"{name(path)}: {node.name}")
    assert not long, "\n".join(long)


def test_half_of_the_files_are_short():
    assert statistics.median(len(path.read_text().splitlines()) for path in FILES if path.name != "__init__.py") < 130


def is_silent(handler):
    """Whether an except names no class, or names all and does nothing."""
    if handler.type is None:
        return True
    return ast.unparse(handler.type) in ("Exception", "BaseException") and all(
        isinstance(statement, ast.Pass) for statement in handler.body
    )


def test_nothing_that_a_connect_session_lacks_and_no_silent_except():
    found = []
    for path in FILES:
        for node in nodes(path):
            if isinstance(node, ast.Attribute) and node.attr in FORBIDDEN:
                found.append(f"{name(path)}:{node.lineno}: {node.attr}")
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print":
                found.append(f"{name(path)}:{node.lineno}: print")
            if isinstance(node, ast.ExceptHandler) and is_silent(node):
                found.append(f"{name(path)}:{node.lineno}: a silent except")
    assert not found, "\n".join(found)
