"""Ctrl-C, a lost executor and too little memory, in processes of their own."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

HEAD = """
    import os, sys, threading, time
    import structlog
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F
    from synthohive_spark import Constraint, Metadata, Synthesizer
    from synthohive_spark.errors import TrainingError, TrainingInterruptedError
"""


def start(script, tmp_path):
    env = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    code = textwrap.dedent(HEAD) + textwrap.dedent(script)
    with (tmp_path / "stderr").open("w") as stderr:  # a file, for a pipe that nobody reads fills up
        return subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=stderr, text=True, env=env, cwd=tmp_path
        )


def finish(process, tmp_path):
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 0, (tmp_path / "stderr").read_text()[-4000:]
    return out


def test_ctrl_c_stops_fit_sample_and_report_at_once(tmp_path):
    process = start(
        """
        spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
        real = spark.range(500).selectExpr("id AS key", "id % 10 AS x")
        metadata = Metadata().add_table("t", pk="key", constraints={"x": Constraint(min=1)})
        synthesizer = Synthesizer(metadata, spark, progress=False).fit({"t": real}, epochs=1, seed=1)
        many = synthesizer.sample({"t": 10**10}, seed=1)

        watching = threading.Event()

        def active_jobs():
            return spark.sparkContext.statusTracker().getActiveJobsIds()

        def say_when_a_job_runs():
            while watching.is_set() and not active_jobs():
                time.sleep(0.05)
            if watching.is_set():
                print("running", flush=True)

        said = threading.Event()

        def interrupted(what, work, kind, job=True):
            said.clear()
            while active_jobs():  # cancelled ones take a moment to end
                time.sleep(0.05)
            if job:
                watching.set()
                threading.Thread(target=say_when_a_job_runs, daemon=True).start()
            try:
                work()
            except kind as error:
                watching.clear()
                print("stopped", what, type(error).__name__, str(error).splitlines()[:1], flush=True)

        def say_when_an_epoch_is_over(logger, method, event):
            if event["event"] == "epoch" and event["epoch"] == 2 and not said.is_set():
                said.set()
                print("running", flush=True)
            raise structlog.DropEvent

        structlog.configure(processors=[say_when_an_epoch_is_over])
        endless = lambda: synthesizer.fit({"t": real}, epochs=10**9, seed=1)
        heavy = spark.range(10**11).selectExpr("id AS key", "id % 10 AS x")
        interrupted("reading", lambda: synthesizer.fit({"t": heavy}, epochs=1), TrainingInterruptedError)
        interrupted("sample", lambda: synthesizer.sample({"t": 10**10}, enforce_constraints=True), KeyboardInterrupt)
        interrupted("report", lambda: synthesizer.generate_validation_report({"t": real}, many), KeyboardInterrupt)
        interrupted("epochs", endless, TrainingInterruptedError, job=False)
        two = Synthesizer(Metadata().add_table("t", pk="key").add_table("u", pk="key"), spark, progress=False)
        beside = lambda: two.fit({"t": real, "u": real}, epochs=10**9, seed=1, parallelism=2)
        interrupted("threads", beside, TrainingInterruptedError, job=False)
        print("rows", synthesizer.sample({"t": 7}, seed=1)["t"].count())
        """,
        tmp_path,
    )
    stopped = []
    for line in process.stdout:
        if line.startswith("running"):
            process.send_signal(signal.SIGINT)
        elif line.startswith("stopped"):
            stopped.append(line.split()[1:3])
            if stopped[-1][0] in ("epochs", "threads"):
                assert "table 't': training was interrupted in epoch" in line
        elif line.startswith("rows"):
            assert line.split() == ["rows", "7"]
    assert process.wait(timeout=60) == 0, (tmp_path / "stderr").read_text()[-4000:]
    assert stopped == [
        ["reading", "TrainingInterruptedError"],
        ["sample", "KeyboardInterrupt"],
        ["report", "KeyboardInterrupt"],
        ["epochs", "TrainingInterruptedError"],
        ["threads", "TrainingInterruptedError"],
    ]


def test_a_lost_executor_ends_in_a_typed_error(tmp_path):
    out = finish(
        start(
            """
            spark = (SparkSession.builder.master("local-cluster[1,1,1024]").config("spark.ui.enabled", "false")
                     .config("spark.executor.memory", "1g").config("spark.task.maxFailures", "1").getOrCreate())

            @F.udf("long")
            def kills_its_executor(value):
                import os, signal

                def parent(pid):
                    return int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])

                pid = os.getpid()
                while "java" not in os.readlink(f"/proc/{pid}/exe"):
                    pid = parent(pid)
                os.kill(pid, signal.SIGKILL)

            table = spark.range(100).select(kills_its_executor("id").alias("x"))
            try:
                Synthesizer(Metadata().add_table("t"), spark, progress=False).fit({"t": table}, epochs=1, seed=1)
            except TrainingError as error:
                print(type(error.__cause__).__name__, str(error))
            """,
            tmp_path,
        ),
        tmp_path,
    )
    assert "table 't': Spark could not read the training rows" in out and "ExecutorLostFailure" in out


@pytest.mark.parametrize(
    ("limit", "settings"),
    [
        ("", "generator_dim=(10**6, 10**6)"),
        ("resource.setrlimit(resource.RLIMIT_AS, (room(), room()))", "batch_size=400_000, generator_dim=(4096, 4096)"),
    ],
    ids=["layers", "batch"],
)
def test_too_little_memory_ends_in_a_typed_error(tmp_path, limit, settings):
    out = finish(
        start(
            f"""
            import resource
            import numpy as np, pandas as pd, torch
            from synthohive_spark import CTGAN

            def room():
                used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
                return used + 2 * 2**30

            rows = pd.DataFrame({{"x": np.arange(400_000) % 1000, "y": np.arange(400_000) % 7}})
            model = CTGAN(epochs=1, progress=False, {settings})
            torch.zeros(1000, 1000) @ torch.zeros(1000, 1000)
            {limit}
            try:
                model.fit(rows, seed=1)
            except TrainingError as error:
                print(error)
            """,
            tmp_path,
        ),
        tmp_path,
    )
    assert "training ran out of memory: 398,000 rows of 2 columns" in out
    assert "make the batch or the layers smaller" in out
