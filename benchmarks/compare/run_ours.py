"""One run of this package: learn a table, draw as many rows, print the figures as a line of JSON.

Runs in the package's own environment, one process for each run::

    python -m benchmarks.compare.run_ours TRAIN.parquet --seconds 60 --seed 1 --out SYNTHETIC.parquet
    python -m benchmarks.compare.run_ours TRAIN.parquet --engine autoregressive --seed 1 --out SYNTHETIC.parquet
"""

from __future__ import annotations

import argparse
import json
import logging
from importlib import import_module
from typing import Any

from benchmarks.ideas.variants import VARIANTS
from benchmarks.measure import WARM_UP_ROWS, Meter, arguments, keep_within, settings


def main(argv: list[str] | None = None) -> None:
    options = arguments(__doc__, argv)
    keep_within(options.threads)
    import pandas as pd
    import structlog
    import torch

    from synthohive_spark.version import __version__

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    meter = Meter(import_module("synthohive_spark.engine.training.loop"))
    train = pd.read_parquet(options.train)
    model = made(options)
    with meter.fitting():
        model.fit(train, seed=options.seed)
    model.sample(WARM_UP_ROWS, seed=options.seed)
    with meter.drawing(len(train)):
        synthetic = model.sample(len(train), seed=options.seed)
    synthetic.to_parquet(options.out)
    versions = {"synthohive_spark": __version__, "torch": torch.__version__}
    print(json.dumps(meter.figures | {"versions": versions}))


def made(options: argparse.Namespace) -> Any:
    """A model of the engine, not yet trained."""
    from synthohive_spark import CTGAN, Autoregressive

    given = settings(options)
    if options.engine == "ctgan":
        variant = VARIANTS[options.without or "nothing"]()
        return CTGAN(max_seconds=options.seconds, threads=options.threads, **given, **variant)
    foreign = {*given} - {"epochs", "batch_size"}
    if foreign or options.without:
        raise SystemExit("--pac, --width and --without are for the engine ctgan")
    return Autoregressive(max_seconds=options.seconds, threads=options.threads, progress=False, **given)


if __name__ == "__main__":
    main()
