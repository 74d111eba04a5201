"""Load mutants of model directories, and tell of those that raise other errors than ours, hang or take much memory.

    python scripts/fuzz_model_directories.py 100000 [first]

Each mutant is made from its number, so one that is reported can be made again by giving that number as the first.
"""

from __future__ import annotations

import argparse
import collections
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from synthohive_spark import SynthoHiveError
from tests.helpers.mutants import Mutants
from tests.helpers.small_models import KINDS

SECONDS, MEGABYTES = 20, 400


class Hung(BaseException):
    """Raised where a load takes too long."""


def _alarm(*_: object) -> None:
    raise Hung


def main() -> None:
    """See the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("first", type=int, nargs="?", default=0)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, _alarm)
    found: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        mutants = {}
        for name, (make, draw) in KINDS.items():
            make(str(Path(folder) / name))
            draw(str(Path(folder) / name))
            mutants[name] = (Mutants(Path(folder) / name), draw)
        names = sorted(mutants)
        outside = Path(folder) / "outside"
        outside.write_text("untouched")
        started = time.monotonic()
        for number in range(arguments.first, arguments.first + arguments.count):
            own, load = mutants[names[number % len(names)]]
            said = own.write(number, Path(folder) / "mutant" / "m")
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            signal.alarm(SECONDS)
            try:
                load(str(Path(folder) / "mutant" / "m"))
                outcome = "loaded"
            except SynthoHiveError as error:
                outcome = type(error).__name__
                if len(str(error)) > 4_000:
                    print(f"LONG MESSAGE {number} {names[number % len(names)]}: {said[:300]}", flush=True)
            except (Exception, Hung) as error:
                outcome = f"UNTYPED {type(error).__name__}"
                print(
                    f"{number} {names[number % len(names)]}: {said[:500]}\n{traceback.format_exc()[-1500:]}", flush=True
                )
            signal.alarm(0)
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            if grown > MEGABYTES:
                print(f"MEMORY {number} {names[number % len(names)]}: {grown:.0f} MB, {said[:500]}", flush=True)
            if outside.read_text() != "untouched":
                print(f"TOUCHED {number}: {said[:500]}", flush=True)
            found[outcome] += 1
            shutil.rmtree(Path(folder) / "mutant", ignore_errors=True)
            if number % 1000 == 999:
                print(number + 1, dict(found), f"{time.monotonic() - started:.0f} s", flush=True)
    print(dict(found))


if __name__ == "__main__":
    main()
