import subprocess
import sys

import pytest

import synthohive_spark


def test_every_public_name_resolves_and_is_listed_once():
    names = synthohive_spark.__all__
    assert [getattr(synthohive_spark, name).__name__ for name in names] == names
    assert len(set(names)) == len(names) and set(names) <= set(dir(synthohive_spark))


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Nope'"):
        _ = synthohive_spark.Nope


def test_importing_the_package_imports_neither_torch_nor_pyspark():
    code = "import sys, synthohive_spark; print([m for m in ('torch', 'pyspark') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
