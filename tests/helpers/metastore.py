"""A Hive metastore that several processes share, and sessions in processes of their own."""

import contextlib
import json
import os
import pathlib
import queue
import signal
import socket
import subprocess
import sys
import threading
import time

import pyspark

LIMIT = 180.0  # seconds that anything here may take on a busy machine
_JARS = pathlib.Path(pyspark.__file__).parent / "jars"
_SESSION = """
import json, os, pathlib, sys, traceback
from delta import configure_spark_with_delta_pip
from pyspark.sql import SparkSession
folder, port, root = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
os.environ["PYSPARK_PYTHON"] = sys.executable
settings = {
    "spark.master": "local[2]", "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR", "spark.driver.memory": "1g", "spark.sql.shuffle.partitions": "2",
    "spark.hadoop.hive.metastore.uris": f"thrift://127.0.0.1:{port}",
    "spark.sql.warehouse.dir": f"file:{root}/warehouse", "spark.local.dir": str(folder),
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.databricks.delta.snapshotPartitions": "1",
}
builder = configure_spark_with_delta_pip(SparkSession.builder)
for key, value in settings.items():
    builder = builder.config(key, value)
spark = builder.enableHiveSupport().getOrCreate()
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
print("{}", file=answers, flush=True)
for line in sys.stdin:
    scope = {"spark": spark, "answer": None}
    try:
        exec(json.loads(line), scope)
        answer = {"answer": scope["answer"]}
    except Exception as error:
        answer = {"error": type(error).__name__, "message": str(error), "trace": traceback.format_exc()}
    print(json.dumps(answer), file=answers, flush=True)
"""


class Failed(AssertionError):
    """What was run in another session raised; ``error`` is the name of the class."""

    def __init__(self, error, message, trace):
        super().__init__(f"{error}: {message}\n{trace}")
        self.error, self.message = error, message


class Metastore:
    """A metastore's server; `stop` ends it and every session that was opened."""

    def __init__(self, root):
        self.root, self.port, self.sessions = pathlib.Path(root), _free_port(), []
        conf = self.root / "conf"
        conf.mkdir()
        (self.root / "warehouse").mkdir()
        settings = {
            "javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={self.root}/metastore;create=true",
            "datanucleus.schema.autoCreateAll": "true",
            "hive.metastore.schema.verification": "false",
            "hive.async.log.enabled": "false",
            "datanucleus.connectionPoolingType": "NONE",  # pyspark ships none of the pools
            "hive.metastore.warehouse.dir": f"file:{self.root}/warehouse",
        }
        entries = [f"<property><name>{k}</name><value>{v}</value></property>" for k, v in settings.items()]
        (conf / "hive-site.xml").write_text(f"<configuration>{''.join(entries)}</configuration>")
        context = "org.apache.logging.log4j.core.selector.ClassLoaderContextSelector"
        command = [
            *("java", "-Xmx512m", f"-Dderby.stream.error.file={self.root}/derby.log"),
            *(f"-Dlog4j2.contextSelector={context}", "-cp", f"{conf}:{_JARS}/*"),
            *("org.apache.hadoop.hive.metastore.HiveMetaStore", "-p", str(self.port)),
        ]
        # The server ends when its input does, which is when this process does, however it ends.
        self._command = ["sh", "-c", '"$@" & server=$!; cat > /dev/null; kill -9 $server', "sh", *command]
        self.start()

    def start(self):
        """Start the server, and wait until it answers."""
        with open(self.root / "metastore.log", "ab") as log:
            self.server = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        wait_until(self._answers)

    def kill(self):
        """End the server at once."""
        self.server.stdin.close()
        self.server.wait()
        wait_until(lambda: not self._answers())

    def session(self, name):
        """A Spark session in a process of its own, which is starting."""
        folder = self.root / name
        folder.mkdir()
        session = Session(folder, self)
        self.sessions.append(session)
        return session

    def stop(self):
        for session in self.sessions:
            session.kill()
        self.kill()

    def _answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Session:
    """Runs Python in its process, one piece after another; the code finds ``spark``, and may set ``answer``."""

    def __init__(self, folder, metastore):
        self._log = folder / "log"
        with open(self._log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _SESSION, str(folder), str(metastore.port), str(metastore.root)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "TZ": "UTC"},
                start_new_session=True,  # so that the JVM goes with it
            )
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self._started = self._ended = False

    def start(self, code):
        """Send code, and do not wait for it."""
        if not self._started:
            self._next()
            self._started = True
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()

    def result(self):
        """What the code that was sent set ``answer`` to."""
        answer = self._next()
        if "error" in answer:
            raise Failed(answer["error"], answer["message"], answer["trace"])
        return answer["answer"]

    def run(self, code):
        self.start(code)
        return self.result()

    def wait_for(self, path):
        """Wait until the code that was sent makes the file ``path``."""
        wait_until(lambda: path.exists() or not self._lines.empty())
        if not path.exists():
            self.result()

    def died(self):
        """Wait until the process has killed itself."""
        # Not reaped yet, so that its number is still its own when the JVM's group is ended.
        wait_until(lambda: os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG))
        self.kill()
        assert self.process.returncode == -signal.SIGKILL

    def kill(self):
        """End the process at once, with its JVM."""
        if self._ended:  # its number may be another's by now
            return
        self._ended = True
        with contextlib.suppress(ProcessLookupError):  # the JVM ends with its parent, too
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _next(self):
        line = self._lines.get(timeout=LIMIT)
        assert line, f"the session ended: {self._log.read_text()[-2000:]}"
        return json.loads(line)


def wait_until(condition):
    """Wait until ``condition()`` holds; a test fails when that takes too long."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
