"""What a second thread of a fit is worth, alone and beside busy processes.

Run as ``python -m benchmarks.threads``; it trains 162 times for a few seconds. Each size is a CTGAN with two hidden
layers of one width and one batch size, trained with 1 and 2 threads in turn, a process each, first alone and then
beside one busy loop and two. The figures are steps a second, and the ratio of 2 threads to 1 in the same round: above
1 a second thread pays.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.markdown import markdown_table, short

WIDTHS, BATCHES = (64, 256, 512), (128, 500, 2048)
LOADS = (0, 1, 2)
_ROWS, _WARM_UP = 20_000, 5


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS)
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES)
    parser.add_argument("--seconds", type=float, default=3.0, help="of training for each figure")
    parser.add_argument("--rounds", type=int, default=3, help="medians over so many")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.one is not None:
        print(steps_per_second(**json.loads(options.one)))
        return
    lines = []
    for width in options.widths:
        for batch in options.batches:
            cells = [width, batch]
            for load in LOADS:
                with busy(load):
                    rounds = [compared(width, batch, options.seconds) for _ in range(options.rounds)]
                one, two = (statistics.median(found) for found in zip(*rounds, strict=True))
                ratio = statistics.median(second / first for first, second in rounds)
                cells += [short(one), short(two), f"{ratio:.2f}"]
            lines.append(cells)
    head = ["width", "batch", *(f"{what}, beside {load}" for load in LOADS for what in ("1", "2", "ratio"))]
    print(markdown_table(head, lines))


def compared(width: int, batch: int, seconds: float) -> tuple[float, float]:
    """Steps a second with 1 and with 2 threads, one after the other."""
    found = []
    for threads in (1, 2):
        size = json.dumps({"width": width, "batch": batch, "seconds": seconds, "threads": threads})
        command = [sys.executable, "-m", "benchmarks.threads", "--one", size]
        found.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    return found[0], found[1]


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """So many processes that do nothing but compute, and end with this one however it ends."""
    loop = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: pass"
    started = [subprocess.Popen([sys.executable, "-c", loop]) for _ in range(loops)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def steps_per_second(width: int, batch: int, seconds: float, threads: int) -> float:
    """Of a CTGAN on made-up rows of 10 columns, after some steps of warm-up."""
    import numpy as np

    from synthohive_spark.engine.code_links import Block
    from synthohive_spark.engine.ctgan.settings import CTGANSettings
    from synthohive_spark.engine.ctgan.training import CTGANTrainer
    from synthohive_spark.engine.encoded_table import EncodedTable, Layout
    from synthohive_spark.engine.training.threads import limited_threads
    from synthohive_spark.engine.training.torch_process import torch_training

    rng, columns = np.random.default_rng(0), 10
    blocks = tuple(Block(str(i), (0.1,) * 10, False) for i in range(columns))
    rows = EncodedTable(rng.integers(0, 10, (_ROWS, columns)).astype(np.int16), np.zeros((_ROWS, 0), np.float32))
    given = EncodedTable(np.zeros((_ROWS, 0), np.int16), np.zeros((_ROWS, 0), np.float32))
    settings = CTGANSettings(epochs=1000, batch_size=batch, generator_dim=(width,) * 2, discriminator_dim=(width,) * 2)
    with limited_threads(threads), torch_training(threads, None, lambda: 1, "a benchmark"):
        trainer = CTGANTrainer(rows, given, Layout(blocks, ()), settings, 0)
        steps, started = -_WARM_UP, time.monotonic()
        while steps < 1 or time.monotonic() - started < seconds:
            if steps == 0:
                started = time.monotonic()
            trainer.step()
            steps += 1
        return steps / (time.monotonic() - started)


if __name__ == "__main__":
    main()
