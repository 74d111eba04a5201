"""Scores a synthetic table with judges from outside: sdmetrics, scikit-learn and counting.

Runs in the reference environment; prints a line of JSON. All random choices have fixed seeds::

    python -m benchmarks.quality --train T.parquet --holdout H.parquet --synthetic S.parquet --target COLUMN

For columns of numbers, strings and booleans; the target is a number, or has two labels.

    report, shapes, pairs     sdmetrics' QualityReport over 20,000 rows of each table; best is 1
    mean_tvd                  total variation distance of the columns with labels or few numbers; best is 0
    mean_ks                   Kolmogorov-Smirnov distance of the columns of numbers; best is 0
    use, use_real             boosted trees that learned synthetic (real) rows, on the holdout: AUC or R2; best is 1
    detector_auc              boosted trees that tell real from synthetic rows; best is 0.5
    closer_to_train           share of synthetic rows that have their nearest real row in the training rows rather than
                              in as many holdout rows; best is 0.5
    copies, copies_holdout    share of synthetic (holdout) rows that are equal to a training row
    null_rate_error           mean difference of the columns' null rates; best is 0
    outside_range             share of numbers beyond the smallest or largest of the training rows; best is 0
"""

from __future__ import annotations

import argparse
import json
import warnings
from typing import Any

import numpy as np
import pandas as pd
import sdmetrics
import sklearn
from scipy.stats import ks_2samp
from sdmetrics.reports.single_table import QualityReport
from threadpoolctl import threadpool_limits

from benchmarks.quality.models import detector, use
from benchmarks.quality.privacy import closer_to_train, copies
from benchmarks.quality.tables import FEW, labels, numbers, plain, some

_REPORT_ROWS = 20_000


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for part in ("--train", "--holdout", "--synthetic", "--target"):
        parser.add_argument(part, required=True)
    parser.add_argument("--json", help="also write the line to this file")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore")
    with threadpool_limits(options.threads):
        line = json.dumps(score(options.train, options.holdout, options.synthetic, options.target))
    if options.json:
        with open(options.json, "w") as file:
            file.write(line + "\n")
    print(line)


def score(train_path: str, holdout_path: str, synthetic_path: str, target: str) -> dict[str, Any]:
    """All figures of a synthetic table, rounded."""
    raw = pd.read_parquet(train_path)
    train, holdout, synthetic = (
        plain(table, raw) for table in (raw, pd.read_parquet(holdout_path), pd.read_parquet(synthetic_path))
    )
    null_rate_error = (train.isna().mean() - synthetic.isna().mean()).abs().mean()
    used = [c for c in raw if train[c].notna().any()]
    train, holdout, synthetic = train[used], holdout[used], synthetic[used]
    figures = {
        **_report(train, synthetic),
        **_margins(train, synthetic),
        **use(train, holdout, synthetic, target),
        "detector_auc": detector(train, synthetic),
        "closer_to_train": closer_to_train(train, holdout, synthetic),
    }
    rounded = {name: round(float(value), 4) for name, value in figures.items()}
    rounded |= {
        "copies": round(copies(train, synthetic), 5),
        "copies_holdout": round(copies(train, holdout), 5),
        "null_rate_error": round(float(null_rate_error), 5),
        "outside_range": round(_outside(train, synthetic), 6),
    }
    return rounded | {"versions": {"sdmetrics": sdmetrics.__version__, "scikit-learn": sklearn.__version__}}


def _report(train: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, float]:
    kinds = {c: {"sdtype": "numerical" if c in numbers(train) else "categorical"} for c in train}
    report = QualityReport()
    tables = some(train, _REPORT_ROWS), some(synthetic, _REPORT_ROWS)
    report.generate(*tables, {"columns": kinds}, verbose=False)
    shapes, pairs = report.get_properties().set_index("Property")["Score"][["Column Shapes", "Column Pair Trends"]]
    return {"report": report.get_score(), "shapes": shapes, "pairs": pairs}


def _margins(train: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, float]:
    """How far the columns are apart, each for itself."""
    counted = [*labels(train), *(c for c in numbers(train) if train[c].nunique() <= FEW)]
    distances = []
    for name in counted:
        real, drawn = (t[name].value_counts(normalize=True, dropna=False) for t in (train, synthetic))
        distances.append(real.sub(drawn, fill_value=0).abs().sum() / 2)
    gaps = []
    for name in numbers(train):
        real, drawn = train[name].dropna(), synthetic[name].dropna()
        gaps.append(ks_2samp(real, drawn, method="asymp").statistic if len(drawn) else 1.0)
    return {"mean_tvd": np.mean(distances or 0.0), "mean_ks": np.mean(gaps or 0.0)}


def _outside(train: pd.DataFrame, synthetic: pd.DataFrame) -> float:
    real, values, margin = train[numbers(train)], synthetic[numbers(train)], 1e-9
    beyond = (values < real.min() - margin) | (values > real.max() + margin)
    return float(beyond.to_numpy().sum() / max(values.notna().to_numpy().sum(), 1))


if __name__ == "__main__":
    main()
