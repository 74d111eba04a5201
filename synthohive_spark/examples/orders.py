"""A furniture shop in five countries: customers, their orders, the lines of these, and how they were paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from synthohive_spark.examples.people import people, rows_of

SCHEMAS = {
    "countries": "code STRING, country STRING, currency STRING, vat DECIMAL(4,1)",
    "products": "sku STRING, product STRING, category STRING, price DECIMAL(10,2)",
    "customers": "customer_id BIGINT, name STRING, email STRING, country STRING, kind STRING, joined DATE, "
    "newsletter BOOLEAN",
    "orders": "order_id BIGINT, customer_id BIGINT, ordered_at TIMESTAMP, channel STRING, status STRING, "
    "goods DECIMAL(10,2), shipping DECIMAL(10,2), total DECIMAL(10,2)",
    "items": "order_id BIGINT, line INT, sku STRING, quantity INT, unit_price DECIMAL(10,2), amount DECIMAL(10,2)",
    "payments": "payment_id BIGINT, order_id BIGINT, method STRING, outcome STRING, paid_at TIMESTAMP, "
    "amount DECIMAL(10,2)",
}
_COUNTRIES = [
    ("AT", "Austria", "EUR", "20.0"),
    ("CH", "Switzerland", "CHF", "8.1"),
    ("DE", "Germany", "EUR", "19.0"),
    ("FR", "France", "EUR", "20.0"),
    ("NL", "Netherlands", "EUR", "21.0"),
]
_WOODS, _COLOURS = ["oak", "ash", "walnut", "black", "white"], ["red", "sand", "blue", "green", "grey"]
_PRODUCTS = [
    ("CHR", "chair", _WOODS, {"Dining chair": 89, "Office chair": 249, "Armchair": 379, "Bar stool": 119}),
    ("CHR", "chair", _COLOURS, {"Folding chair": 39}),
    ("DSK", "desk", _WOODS, {"Writing desk": 299, "Standing desk": 649, "Corner desk": 459, "Workbench": 349}),
    ("LMP", "lamp", _COLOURS, {"Desk lamp": 49, "Floor lamp": 129, "Pendant lamp": 99, "Wall lamp": 59}),
    ("SHF", "shelf", _WOODS, {"Wall shelf": 45, "Bookcase": 229, "Sideboard": 499, "Coat rack": 69}),
    ("TEX", "textile", _COLOURS, {"Cushion": 19, "Throw": 49, "Rug": 179, "Curtain": 65}),
]
_DOMAINS = ["example.org", "example.net", "example.com"]
_START, _END = np.datetime64("2021-01-01"), np.datetime64("2025-01-01")


def tables(rows: int = 1500, seed: int = 0) -> dict[str, pd.DataFrame]:
    """The tables by name; ``rows`` customers, and what they have ordered."""
    rng = np.random.default_rng(seed)
    customers = _customers(rng, rows)
    products = _products(rng)
    orders, items = _orders_and_items(rng, customers, products)
    return {
        "countries": pd.DataFrame(
            [(*row[:3], Decimal(row[3])) for row in _COUNTRIES], columns=["code", "country", "currency", "vat"]
        ),
        "products": products,
        "customers": customers,
        "orders": orders,
        "items": items,
        "payments": _payments(rng, orders, customers.set_index("customer_id").kind),
    }


def _customers(rng: np.random.Generator, n: int) -> pd.DataFrame:
    country = rng.choice(["DE", "NL", "CH", "AT", "FR"], n, p=[0.44, 0.2, 0.13, 0.12, 0.11])
    business = rng.random(n) < 0.18
    firsts, families = people(rng, country, rng.random(n) < 0.55)
    numbers = rng.integers(1, 100, n)
    mails = [f"{a}.{b}{k}".lower() for a, b, k in zip(firsts, families, numbers, strict=True)]
    # The shop grows: twice as many join at the end as at the beginning.
    days = (1277 * (np.sqrt(1 + 3 * rng.random(n)) - 1)).astype(int)
    return pd.DataFrame(
        {
            "customer_id": 10_001 + np.arange(n),
            "name": [f"{a} {b}" for a, b in zip(firsts, families, strict=True)],
            "email": [f"{mail}@{_DOMAINS[i % 3]}" for i, mail in enumerate(mails)],
            "country": country,
            "kind": np.where(business, "business", "private"),
            "joined": (_START + np.sort(days)).astype(object),
            "newsletter": rng.random(n) < np.where(business, 0.25, 0.45),
        }
    )


def _products(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for code, category, looks, names in _PRODUCTS:
        for name, base in names.items():
            for look in rng.choice(looks, 4, replace=False):
                price = round(base * rng.uniform(0.9, 1.15)) - Decimal("0.10")
                rows.append((f"{code}-{rng.integers(1000, 9999)}", f"{name}, {look}", category, price))
    return pd.DataFrame(rows, columns=["sku", "product", "category", "price"]).drop_duplicates("sku", ignore_index=True)


def _orders_and_items(
    rng: np.random.Generator, customers: pd.DataFrame, products: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    popular = {
        kind: _popularity(rng, products, often)
        for kind, often in (("private", ("lamp", "textile", "shelf")), ("business", ("chair", "desk", "lamp")))
    }
    orders: list[tuple[Any, ...]] = []
    items: list[tuple[Any, ...]] = []
    for customer in rows_of(customers):
        business = customer.kind == "business"
        for when in _days_of_orders(rng, np.datetime64(customer.joined), business):
            order_id = 500_001 + len(orders)
            hour = rng.normal(11.5, 2) if business else rng.normal(18, 3.5)
            clock = np.timedelta64(int(np.clip(hour, 6, 23.5) * 3600), "s")
            goods = Decimal(0)
            lines = 1 + rng.poisson(1.6 if business else 0.9)
            for line, p in enumerate(rng.choice(len(products), lines, replace=False, p=popular[customer.kind]), 1):
                quantity = _quantity(rng, products.category[p], business)
                price = products.price[p]
                items.append((order_id, line, products.sku[p], quantity, price, price * quantity))
                goods += price * quantity
            shipping = Decimal(0) if goods >= 250 else Decimal("14.90" if customer.country == "CH" else "5.90")
            channel = rng.choice(["web", "app", "phone"], p=[0.5, 0.08, 0.42] if business else [0.55, 0.4, 0.05])
            status = rng.choice(["delivered", "returned", "cancelled"], p=[0.9, 0.07, 0.03])
            if when > _END - np.timedelta64(10, "D") and status != "cancelled":
                status = "shipped"
            at = pd.Timestamp(when + clock)
            orders.append((order_id, customer.customer_id, at, channel, status, goods, shipping, goods + shipping))
    names = [[part.split()[0] for part in SCHEMAS[table].split(", ")] for table in ("orders", "items")]
    return pd.DataFrame(orders, columns=names[0]), pd.DataFrame(items, columns=names[1])


def _popularity(rng: np.random.Generator, products: pd.DataFrame, often: tuple[str, ...]) -> np.ndarray:
    weights = rng.pareto(1.8, len(products)) + 0.2
    weights *= np.where(products.category.isin(often), 3.0, 0.7)
    return np.asarray(weights / weights.sum())


def _days_of_orders(rng: np.random.Generator, joined: np.datetime64, business: bool) -> list[np.datetime64]:
    """More than half order first on the day they join, and some never order."""
    if rng.random() < (0.05 if business else 0.15):
        return []
    gap = 14 + rng.gamma(2, 65) if business else 30 + rng.gamma(2, 210)
    day = joined + np.timedelta64(int(rng.exponential(20)) if rng.random() < 0.4 else 0, "D")
    days = []
    while day < _END:
        if business and (day.astype("datetime64[D]").astype(int) + 3) % 7 >= 5:
            day += np.timedelta64(2, "D")
        days.append(day.astype("datetime64[s]"))
        day += np.timedelta64(1 + int(rng.exponential(gap)), "D")
    return [d for d in days if d < _END]


def _quantity(rng: np.random.Generator, category: str, business: bool) -> int:
    if category == "chair":
        return int(rng.choice([4, 6, 8, 10, 12, 20] if business else [1, 2, 2, 4, 4, 6]))
    if category == "desk":
        return 1 + int(rng.poisson(2.5 if business else 0.02))
    return 1 + int(rng.poisson(2 if business else 0.4))


def _payments(rng: np.random.Generator, orders: pd.DataFrame, kinds: pd.Series) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for order in rows_of(orders):
        if order.status == "cancelled" and rng.random() < 0.6:
            continue
        business = kinds[order.customer_id] == "business"
        shares = [0.2, 0.05, 0.7, 0.05] if business else [0.42, 0.38, 0.15, 0.05]
        method = rng.choice(["card", "wallet", "invoice", "transfer"], p=shares)
        days = {"invoice": rng.normal(21, 7), "transfer": rng.normal(2.5, 1)}.get(method, 0)
        at = order.ordered_at + pd.Timedelta(seconds=int(max(days, 0) * 86_400 + rng.exponential(90) + 15))
        if method == "card" and rng.random() < 0.09:
            rows.append((order.order_id, method, "declined", at, order.total))
            method = rng.choice(["card", "wallet"])
            at += pd.Timedelta(seconds=int(rng.exponential(240) + 20))
        rows.append((order.order_id, method, "paid", at, order.total))
        if order.status in ("returned", "cancelled"):
            at += pd.Timedelta(seconds=int(rng.gamma(4, 3 if order.status == "returned" else 0.5) * 86_400))
            rows.append((order.order_id, method, "refunded", at, order.total))
    return pd.DataFrame([(9_000_001 + i, *row) for i, row in enumerate(rows)], columns=_PAYMENTS)


_PAYMENTS = ["payment_id", "order_id", "method", "outcome", "paid_at", "amount"]
