"""One run of this package: learn a table, draw as many rows, print the figures as a line of JSON.

Runs in the package's own environment, one process for each run::

    python -m benchmarks.run_ours TRAIN.parquet --seconds 60 --seed 1 --out SYNTHETIC.parquet
"""

from __future__ import annotations

import json
import logging

from benchmarks.measure import WARM_UP_ROWS, Meter, arguments, keep_within, settings
from benchmarks.variants import VARIANTS


def main(argv: list[str] | None = None) -> None:
    options = arguments(__doc__, argv)
    keep_within(options.threads)
    import pandas as pd
    import structlog
    import torch

    from synthohive_spark import CTGAN
    from synthohive_spark.engine.ctgan import training
    from synthohive_spark.version import __version__

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    torch.set_num_threads(options.threads)
    meter = Meter(training)
    train = pd.read_parquet(options.train)
    taken_back = VARIANTS[options.without or "nothing"]()
    model = CTGAN(max_seconds=options.seconds, **settings(options), **taken_back)
    with meter.fitting():
        model.fit(train, seed=options.seed)
    model.sample(WARM_UP_ROWS, seed=options.seed)
    with meter.drawing(len(train)):
        synthetic = model.sample(len(train), seed=options.seed)
    synthetic.to_parquet(options.out)
    versions = {"synthohive_spark": __version__, "torch": torch.__version__}
    print(json.dumps(meter.figures | {"versions": versions}))


if __name__ == "__main__":
    main()
