"""A library is quiet until its user turns it on."""

import subprocess
import sys

FIT = """
import logging, sys
import pandas as pd
from synthohive_spark import CTGAN
{setup}
table = pd.DataFrame({{"a": [1, 2, 3, 4] * 30, "b": list("xyxy") * 30, "c": [f"n{{i}}" for i in range(120)]}})
CTGAN(epochs=2, progress=False).fit(table, seed=1).sample(3)
"""


def run(setup=""):
    done = subprocess.run([sys.executable, "-c", FIT.format(setup=setup)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_nothing_is_printed_and_warnings_show():
    printed, shown = run()
    assert printed == ""
    assert "text_column column='c'" in shown and "epoch" not in shown and "sampling_seed" not in shown


def test_the_standard_library_turns_it_on():
    printed, shown = run("logging.basicConfig(level=logging.INFO)")
    assert printed == "" and "INFO:synthohive_spark.local.pandas_synthesizer:sampling_seed seed=" in shown
    assert "INFO:synthohive_spark.engine.training.loop:trained ended_by='epochs' epoch=2" in shown


def test_structlog_says_where_events_go():
    printed, shown = run("import structlog; structlog.configure()")
    assert "trained" in printed and "ended_by=epochs" in printed and "text_column" not in shown
