"""One run of the reference package: learn a table, draw as many rows, print the figures as a line of JSON.

Runs in the reference environment, one process for each run::

    python -m benchmarks.compare.run_reference TRAIN.parquet --epochs 10 --seed 1 --out SYNTHETIC.parquet

Around it, outside the clock, stands what its users do by hand. It takes no nulls: in strings and booleans they become
the word "missing", in numbers the median. Strings and booleans are named as its discrete columns. Of what it draws,
whole numbers are rounded and kept in the range of the training rows, "missing" becomes null again, and dtypes are
restored. Dates are not handled.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchmarks.measure import WARM_UP_ROWS, Meter, arguments, keep_within, settings

if TYPE_CHECKING:
    import pandas as pd

_MISSING = "missing"
_MOST_EPOCHS = 1_000_000


def main(argv: list[str] | None = None) -> None:
    options = arguments(__doc__, argv)
    keep_within(options.threads)
    import ctgan
    import pandas as pd
    import torch
    from ctgan.synthesizers import ctgan as loop

    torch.set_num_threads(options.threads)
    meter = Meter(loop, options.seconds)
    train = pd.read_parquet(options.train)
    rows, discrete = filled(train)
    given = settings(options)
    if options.seconds is not None:
        given["epochs"] = _MOST_EPOCHS  # the meter ends the loop
    model = ctgan.CTGAN(**given)
    model.set_random_state(options.seed)
    with meter.fitting():
        model.fit(rows, discrete)
    model.sample(WARM_UP_ROWS)
    with meter.drawing(len(train)):
        synthetic = model.sample(len(train))
    tidied(synthetic, train).to_parquet(options.out)
    versions = {"ctgan": ctgan.__version__, "torch": torch.__version__}
    print(json.dumps(meter.figures | {"versions": versions}))


def filled(train: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The rows without nulls, and the names of the discrete columns."""
    rows = train.copy()
    discrete = list(train.select_dtypes(["object", "bool", "boolean"]))
    for name in rows:
        column = train[name]
        if name in discrete:
            rows[name] = column.astype(object).where(column.notna(), _MISSING)
        elif _whole(column):
            rows[name] = column.fillna(round(column.median())).astype("int64")
        else:
            rows[name] = column.fillna(column.median())
    return rows, discrete


def tidied(synthetic: pd.DataFrame, train: pd.DataFrame) -> pd.DataFrame:
    """The drawn rows with the columns, nulls and dtypes of the training rows."""
    columns: dict[str, Any] = {}
    for name, real in train.items():
        column = synthetic[name]
        if column.dtype == object:
            column = column.where(column != _MISSING, None)
        elif _whole(real):
            column = column.round().clip(real.min(), real.max())
        columns[str(name)] = column.astype(real.dtype)
    return synthetic.assign(**columns)[list(train)]


def _whole(column: pd.Series[Any]) -> bool:
    return column.dtype.kind in "iu"


if __name__ == "__main__":
    main()
