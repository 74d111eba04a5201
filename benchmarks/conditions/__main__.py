"""What the autoregressive engine makes of conditions, gaps and exact dependencies; on one thread.

Runs in the package's own environment, with the files that ``make bench`` leaves in ``.work/bench/data``::

    python -m benchmarks.conditions TRAIN.parquet HOLDOUT.parquet --target COLUMN

Three parts:

given     Rows drawn given a value of one column, for all values of all columns but the target that enough rows have:
          how far the shares of the target are from those of the training rows, and whether each row has the value.
nulls     A fifth of each column of the holdout rows, in turn, is held back and filled again, by this package and by
          scikit-learn's IterativeImputer.
links     How often rows break what holds in all training rows: functions between columns, nulls together, a sum.

Writes ``conditional-NAME.json`` and ``conditional-NAME.md`` to ``.work/bench``, named after the training file.
"""

from __future__ import annotations

import argparse
import json
import logging
import pathlib
import time
from typing import TYPE_CHECKING, Any

from benchmarks.measure import keep_within

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("given", "nulls", "links")


def main(argv: list[str] | None = None) -> None:
    options = arguments(argv)
    keep_within(1)
    import pandas as pd
    import structlog
    import torch

    from benchmarks.compare.bench import WORK, machine
    from benchmarks.conditions.report import markdown

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    torch.set_num_threads(1)
    train, holdout = (pd.read_parquet(path).head(options.rows) for path in (options.train, options.holdout))
    name = pathlib.Path(options.train).stem.removesuffix(".train")
    results = {"table": name, "rows": [len(train), len(holdout)], "machine": machine(), "seed": options.seed}
    results |= measured(train, holdout, options)
    WORK.mkdir(parents=True, exist_ok=True)
    (WORK / f"conditional-{name}.json").write_text(json.dumps(results, indent=1))
    text = markdown(results)
    (WORK / f"conditional-{name}.md").write_text(text)
    print(text)


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", help="parquet file of the rows to learn")
    parser.add_argument("holdout", help="parquet file of the rows held out")
    parser.add_argument("--target", required=True, help="the column whose shares are looked at under conditions")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--least", type=int, default=500, help="a value of fewer training rows is no condition")
    parser.add_argument("--draws", type=int, default=15, help="how many fillings are combined")
    parser.add_argument("--rows", type=int, help="take at most so many rows of each file, to try this out")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=int, help="train for so long, not with the defaults")
    length.add_argument("--seconds", type=float, help="train for so long, not with the defaults")
    return parser.parse_args(argv)


def measured(train: pd.DataFrame, holdout: pd.DataFrame, options: argparse.Namespace) -> dict[str, Any]:
    """The results of the chosen parts."""
    from benchmarks.conditions.dependencies import dependencies_broken
    from benchmarks.conditions.given import conditions_honoured
    from benchmarks.conditions.nulls import nulls_filled

    def fit(table: pd.DataFrame) -> Any:
        from synthohive_spark import Autoregressive

        model = Autoregressive(epochs=options.epochs, max_seconds=options.seconds, progress=False)
        return model.fit(table, seed=options.seed)

    results: dict[str, Any] = {}
    if {"given", "nulls"} & {*options.parts}:
        started = time.monotonic()
        model = fit(train)
        results["fit_s"] = time.monotonic() - started
    if "given" in options.parts:
        results["given"] = conditions_honoured(model, train, options.target, options.least, options.seed)
    if "nulls" in options.parts:
        results["nulls"] = nulls_filled(model, train, holdout, options.draws, options.seed)
    if "links" in options.parts:
        results["links"] = dependencies_broken(fit, train, holdout, options.target, options.seed)
    return results


if __name__ == "__main__":
    main()
