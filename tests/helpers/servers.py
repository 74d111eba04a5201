"""Servers in processes of their own, reached on a port of this machine."""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.request

LIMIT = 180.0  # seconds that a start may take on a busy machine


def free_port():
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return any_port.getsockname()[1]


@contextlib.contextmanager
def running(command, port, log, **environment):
    """A server, from when it answers until the block ends, with every process that it started.

    Args:
        command: What starts it.
        port: Where it answers.
        log: The file that takes what it says.
        environment: Variables of its environment beside this process's own.
    """
    with open(log, "wb") as said:
        env = {**os.environ, **environment}
        server = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, start_new_session=True, env=env)
    try:
        _await(server, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _await(server, port, log):
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()[-4000:]
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise AssertionError(f"no answer on port {port}: {log.read_text()[-4000:]}")


def put(url):
    """Ask for a URL by PUT, as an object store makes a bucket."""
    urllib.request.urlopen(urllib.request.Request(url, method="PUT")).close()
