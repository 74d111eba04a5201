"""One run of mostlyai-engine: learn a table, draw as many rows, print the figures as a line of JSON.

Runs in an environment of its own (``.work/bench/mostlyai``), one process for each run::

    python -m benchmarks.compare.run_mostlyai TRAIN.parquet --seed 1 --out SYNTHETIC.parquet

All settings are the package's own, but for one: a rare category becomes another one instead of a placeholder, which the
judges would count against it. Its drawn rows get the training rows' dtypes back, outside the clock.
"""

from __future__ import annotations

import json
import tempfile
import time
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from benchmarks.measure import WARM_UP_ROWS, Memory, arguments, keep_within

if TYPE_CHECKING:
    import pandas as pd


def main(argv: list[str] | None = None) -> None:
    options = arguments(__doc__, argv)
    keep_within(options.threads)
    import pandas as pd
    import torch
    from mostlyai import engine

    torch.set_num_threads(options.threads)
    memory, train = Memory(), pd.read_parquet(options.train)
    engine.set_random_state(options.seed)
    limits: dict[str, Any] = {} if options.epochs is None else {"max_epochs": options.epochs}
    if options.seconds is not None:
        limits["max_training_time"] = options.seconds / 60
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        engine.split(tgt_data=train, workspace_dir=folder, model_type="TABULAR")
        engine.analyze(workspace_dir=folder)
        engine.encode(workspace_dir=folder)
        prepared = time.monotonic()
        engine.train(workspace_dir=folder, **limits)
        fitted, peak = time.monotonic(), memory.peak
        draw = partial(engine.generate, workspace_dir=folder, rare_category_replacement_method="SAMPLE")
        draw(sample_size=WARM_UP_ROWS)
        warmed = time.monotonic()
        draw(sample_size=len(train))
        drawn = time.monotonic()
        synthetic = pd.read_parquet(f"{folder}/SyntheticData")
    tidied(synthetic, train).to_parquet(options.out)
    figures = {
        "preparation_s": prepared - started,
        "fit_s": fitted - started,
        "fit_peak_mb": peak,
        "rows_per_s": len(train) / (drawn - warmed),
        "peak_mb": memory.peak,
        "versions": {"mostlyai-engine": version("mostlyai-engine"), "torch": torch.__version__},
    }
    print(json.dumps(figures))


def tidied(synthetic: pd.DataFrame, train: pd.DataFrame) -> pd.DataFrame:
    """The drawn rows with the columns and dtypes of the training rows."""
    columns: dict[str, Any] = {}
    for name, real in train.items():
        column = synthetic[name]
        if real.dtype == object:
            column = column.astype(object).where(column.notna(), None)
        columns[str(name)] = column.astype(real.dtype)
    return synthetic.assign(**columns)[list(train)]


if __name__ == "__main__":
    main()
