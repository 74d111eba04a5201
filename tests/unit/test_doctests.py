"""The examples in docstrings are true."""

import doctest
import pathlib
from importlib import import_module

PACKAGE = pathlib.Path(__file__).parents[2] / "synthohive_spark"


def test_every_example_in_a_docstring_is_true():
    holding = [path for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text()]
    assert len(holding) >= 4
    for path in holding:
        module = import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
        result = doctest.testmod(module)
        assert result.attempted > 0 and result.failed == 0, path
