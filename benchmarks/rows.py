"""Ten drawn rows beside real ones, of flights, of orders and of stays in a hospital, for a person to read.

    python -m benchmarks.rows [--real] [--seconds 60]

Orders and stays are made here, as such tables are: what a reader knows of them holds in every row.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from benchmarks.tables import SHIPPED
from synthohive_spark import Autoregressive

ROWS = 8_000
FIRST = ["James", "Mary", "Robert", "Linda", "John", "Susan", "David", "Karen", "Ana", "Luis", "Mei", "Omar", "Priya"]
LAST = ["Smith", "Johnson", "Garcia", "Brown", "Nguyen", "Lopez", "Khan", "Novak", "Rossi", "Silva", "Tanaka", "Weber"]
WARDS = {"Cardiology": "Heart failure", "Surgery": "Hernia", "Neurology": "Stroke", "Pediatrics": "Asthma"}


def orders(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Orders of a shop: people, dates, amounts, a currency."""
    rng = np.random.default_rng(seed)
    first, last = rng.choice(FIRST, rows), rng.choice(LAST, rows)
    country = rng.choice(["DE", "FR", "GB", "US"], rows, p=[0.4, 0.2, 0.15, 0.25])
    currency = pd.Series(country).map({"DE": "EUR", "FR": "EUR", "GB": "GBP", "US": "USD"})
    ordered = pd.Timestamp("2023-01-02") + pd.to_timedelta(rng.integers(0, 700, rows), unit="D")
    ordered += pd.to_timedelta(np.clip(rng.normal(15, 4, rows), 0, 23.9) * 3600, unit="s").floor("s")
    shipped = ordered + pd.to_timedelta(rng.exponential(30 * 3600, rows) + 1800, unit="s").floor("s")
    quantity = 1 + rng.poisson(1.2, rows)
    price = rng.choice([4.99, 9.99, 14.5, 19.99, 24.95, 49.0, 79.9, 129.0], rows)
    discount = rng.choice([0.0, 0.05, 0.1], rows, p=[0.7, 0.2, 0.1])
    net = np.round(quantity * price * (1 - discount), 2)
    postage = np.where(net > 50, 0.0, 4.9)
    return pd.DataFrame(
        {
            "order_no": [f"{d:%Y%m%d}-{i:05d}" for i, d in enumerate(ordered)],
            "customer": [f"{a} {b}" for a, b in zip(first, last, strict=True)],
            "email": [
                f"{a}.{b}{n}@{h}".lower()
                for a, b, n, h in zip(
                    first, last, rng.integers(1, 99, rows), rng.choice(["mail.com", "post.org"], rows), strict=True
                )
            ],
            "first_name": first,
            "last_name": last,
            "country": country,
            "currency": currency,
            "ordered": ordered,
            "shipped": pd.Series(shipped).mask(rng.random(rows) < 0.06),
            "quantity": quantity,
            "unit_price": price,
            "discount": discount,
            "net": net,
            "postage": postage,
            "total": np.round(net + postage, 2),
            "shown": [f"{v:,.2f} {c}" for c, v in zip(currency, net + postage, strict=True)],
        }
    )


def stays(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Stays of patients: birth before admission before discharge, wards and diagnoses, lengths and costs."""
    rng = np.random.default_rng(seed)
    ward = rng.choice(list(WARDS), rows, p=[0.3, 0.35, 0.2, 0.15])
    adult = np.clip(rng.normal(58, 17, rows), 16, 99).astype(int)
    age = np.where(ward == "Pediatrics", rng.integers(0, 16, rows), adult)
    admitted = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 900 * 1440, rows), unit="min")
    nights = rng.poisson(np.where(ward == "Surgery", 3, 5), rows)
    discharged = admitted.normalize() + pd.to_timedelta(nights * 1440 + rng.integers(9 * 60, 15 * 60, rows), unit="min")
    discharged = np.where(discharged < admitted, admitted + pd.Timedelta(hours=3), discharged)
    born = admitted.normalize() - pd.to_timedelta(age * 365.25 + rng.integers(1, 364, rows), unit="D").floor("D")
    daily = np.where(ward == "Surgery", 820.0, 540.0)
    kind = rng.choice(3, rows, p=[0.6, 0.3, 0.1])
    return pd.DataFrame(
        {
            "born": born.strftime("%d.%m.%Y"),
            "sex": rng.choice(["F", "M"], rows),
            "ward": ward,
            "diagnosis": [WARDS[w] if rng.random() < 0.6 else "Observation" for w in ward],
            "admitted": admitted,
            "discharged": pd.to_datetime(discharged),
            "nights": nights,
            "daily_rate": daily,
            "cost": np.round(nights * daily, 2),
            "is_planned": (kind == 0).astype(int),
            "is_emergency": (kind == 1).astype(int),
            "is_transfer": (kind == 2).astype(int),
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", action="store_true", help="print real rows as well")
    parser.add_argument("--seconds", type=float, default=60.0, help="longest fit")
    arguments = parser.parse_args()
    tables = {"flights": pd.read_parquet(SHIPPED).sample(40_000, random_state=0), "orders": orders(), "stays": stays()}
    for name, table in tables.items():
        model = Autoregressive(progress=False, max_seconds=arguments.seconds).fit(table, seed=1)
        print(f"\n{name}: what holds in every row\n")
        print("\n".join(f"- {text}" for text in model.dependencies))
        for title, rows in (("real", table.head(10)), ("drawn", model.sample(10, seed=2))):
            if title == "drawn" or arguments.real:
                print(f"\n{title}\n")
                print(rows.to_string(index=False))


if __name__ == "__main__":
    main()
