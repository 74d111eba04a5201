"""A driver that is killed while it trains: the next fit goes on from the checkpoint, to the same model."""

import os
import pathlib
import signal
import subprocess
import sys
import textwrap

from structlog.testing import capture_logs

from synthohive_spark import SynthesizerTransformer

EPOCHS = 6
SETTINGS = {"engine": "autoregressive", "epochs": EPOCHS, "batchSize": 100, "seed": 3, "idCol": "id"}
COLUMNS = ("id", "CAST(id % 7 AS INT) AS n", "IF(id % 2 = 0, 'a', 'b') AS k")
SCRIPT = """
    import os, signal
    from pyspark.sql import SparkSession
    from synthohive_spark import SynthesizerTransformer
    from synthohive_spark.engine.training import checkpoint

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    saved = []
    save = checkpoint.Checkpoint.save

    def save_and_die(self, arrays, plain):
        save(self, arrays, plain)
        saved.append(plain)
        if len(saved) == 15:  # one after each step
            os.kill(os.getpid(), signal.SIGKILL)

    checkpoint.Checkpoint.is_due = property(lambda self: True)
    checkpoint.Checkpoint.save = save_and_die
    estimator = SynthesizerTransformer(checkpointDir={folder!r}, showProgress=False, **{settings!r})
    estimator.fit(spark.range(600).selectExpr(*{columns!r}))
"""


def test_a_fit_goes_on_where_the_driver_was_killed(spark, tmp_path):
    folder = str(tmp_path / "checkpoints")
    script = textwrap.dedent(SCRIPT).format(folder=folder, settings=SETTINGS, columns=COLUMNS)
    env = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, cwd=tmp_path)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-3000:]
    assert len(list(pathlib.Path(folder).glob("training-*.safetensors"))) == 1
    shop = spark.range(600).selectExpr(*COLUMNS)
    estimator = SynthesizerTransformer(showProgress=False, **SETTINGS)
    with capture_logs() as logs:
        resumed = estimator.copy({estimator.checkpointDir: folder}).fit(shop)
    assert [e["event"] for e in logs].count("resumed") == 1
    begun = next(e for e in logs if e["event"] == "resumed")
    assert 0 < begun["epoch"] < EPOCHS
    whole = estimator.fit(shop)
    assert resumed.table_model.fitted.files == whole.table_model.fitted.files
    assert os.listdir(folder) == []
