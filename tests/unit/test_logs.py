"""A library is quiet until its user turns it on."""

import subprocess
import sys

import pytest

# Three fits in one process: as it comes, then with the standard library turned on, then with structlog.
FITS = """
import logging, sys
import pandas as pd
import structlog
from synthohive_spark import CTGAN

table = pd.DataFrame({"a": [1, 2, 3, 4] * 30, "b": list("xyxy") * 30, "c": [f"n{i}" for i in range(120)]})
for set_up in (lambda: None, lambda: logging.basicConfig(level=logging.INFO), structlog.configure):
    set_up()
    CTGAN(epochs=2, progress=False).fit(table, seed=1).sample(3)
    for stream in (sys.stdout, sys.stderr):
        print("---", file=stream, flush=True)
"""


@pytest.fixture(scope="module")
def said():
    """What each fit printed, and what it showed on stderr."""
    done = subprocess.run([sys.executable, "-c", FITS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return list(zip(done.stdout.split("---\n"), done.stderr.split("---\n"), strict=True))


def test_nothing_is_printed_and_warnings_show(said):
    printed, shown = said[0]
    assert printed == ""
    assert "text_column column='c'" in shown and "epoch" not in shown and "sampling_seed" not in shown


def test_the_standard_library_turns_it_on(said):
    printed, shown = said[1]
    assert printed == "" and "INFO:synthohive_spark.engine.seeds:sampling_seed seed=" in shown
    assert "INFO:synthohive_spark.engine.training.loop:trained ended_by='epochs' epoch=2" in shown


def test_structlog_says_where_events_go(said):
    printed, shown = said[2]
    assert "trained" in printed and "ended_by=epochs" in printed and "text_column" not in shown


COMMAND = """
import logging
from synthohive_spark.logs import get_logger, show_logs
{setup}
show_logs()
show_logs()
log = get_logger("synthohive_spark.jobs")
log.debug("unseen")
log.info("written", table="t")
"""


def logged_by_a_command(setup=""):
    done = subprocess.run([sys.executable, "-c", COMMAND.format(setup=setup)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_a_command_shows_its_log_once_unless_the_user_chose_otherwise():
    assert logged_by_a_command() == ("", "INFO written table='t'\n")
    assert logged_by_a_command("logging.basicConfig(level=logging.WARNING)") == ("", "")


def test_what_a_fit_logs_says_what_it_is_about_whichever_thread_logs_it(caplog):
    import pandas as pd

    from synthohive_spark import CTGAN
    from synthohive_spark.logs import get_logger, logged_about

    caplog.set_level("DEBUG", logger="synthohive_spark")
    texts = {f"t{k}": [f"{'abcdefgh'[k] * 3}{i}" for i in range(120)] for k in range(8)}
    with logged_about(table="orders"):
        CTGAN(epochs=1, progress=False, threads=4).fit(pd.DataFrame({"a": [1, 2, 3] * 40, **texts}), seed=1)
        get_logger("synthohive_spark.tests").info("written", table="other")
        with logged_about(part=2):
            get_logger("synthohive_spark.tests").info("begun")
    events = {line.partition(" ")[0] for line in caplog.messages}
    assert events >= {"text_column", "epoch", "trained", "written"}
    own = [line for line in caplog.messages if line.partition(" ")[0] not in ("written", "begun")]
    assert all(line.partition(" ")[2].startswith("table='orders'") for line in own), own
    assert caplog.messages[-2:] == ["written table='other'", "begun table='orders' part=2"]
    get_logger("synthohive_spark.tests").info("over")
    assert caplog.messages[-1] == "over"


def test_a_value_of_any_length_is_cut(caplog):
    from synthohive_spark.logs import get_logger

    get_logger("synthohive_spark.tests").warning("read", text="a" * 5_000 + "z", nested=[["b" * 5_000]], count=10**30)
    (line,) = caplog.messages
    assert len(line) < 2_200 and "aaa ... aaa" in line and "aaaz'" in line and "bbb ... bbb" in line
    assert line.endswith(f"count={10**30}")
