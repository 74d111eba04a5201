"""Benchmarks that take something back name what is there."""

import subprocess
import sys

import pandas as pd
import pytest

from benchmarks.conditions.dependencies import without_dependencies
from benchmarks.ideas.variants import VARIANTS, replace_name
from synthohive_spark import Autoregressive


def test_every_variant_finds_what_it_replaces():
    """Each in turn, in a process of their own, since they change modules."""
    code = (
        "from benchmarks.ideas.variants import VARIANTS\nfor make in VARIANTS.values(): assert isinstance(make(), dict)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(VARIANTS) == 9


def test_a_name_that_is_gone_is_an_error():
    with pytest.raises(AttributeError, match="has_bf16"):
        replace_name("ctgan.training", "has_bf16", lambda: False)


def test_without_dependencies_none_is_found():
    table = pd.DataFrame({"age": [*range(120)] * 3, "minor": [a < 18 for a in range(120)] * 3})
    table["twice"] = table["age"] * 2
    found = Autoregressive(epochs=1, progress=False).fit(table, seed=1).model.dependencies
    with without_dependencies():
        none = Autoregressive(epochs=1, progress=False).fit(table, seed=1).model.dependencies
    assert len(found.describe()) >= 2 and none.describe() == []
