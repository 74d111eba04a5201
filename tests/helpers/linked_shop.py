"""A made database with every kind of link, of which all that should hold is known."""

import datetime

import numpy as np
import pandas as pd

from synthohive_spark import Metadata

EPOCH = datetime.date(2020, 1, 1)


TABLES = {
    "countries": {"pk": "code", "keep": True},
    "customers": {"pk": "id", "fk": {"country": "countries.code"}},
    "profiles": {"pk": "customer_id", "fk": {"customer_id": "customers.id"}},
    "products": {"pk": "sku"},
    "orders": {"pk": "id", "fk": {"customer_id": "customers.id"}},
    "items": {"pk": ["order_id", "line"], "fk": {"order_id": "orders.id", "sku": "products.sku"}},
    "returns": {"pk": "id", "fk": {"order_id": "orders.id", "customer_id": "customers.id"}},
    "complaints": {"pk": "id", "fk": {"customer_id": "customers.id", "sku": "products.sku"}},
    "tagged": {"pk": ["order_id", "sku"], "fk": {"order_id": "orders.id", "sku": "products.sku"}},
    "notes": {"pk": "id", "fk": {("order_id", "sku"): "tagged.(order_id, sku)"}},
    "employees": {"pk": "id", "fk": {"manager_id": "employees.id", "department": "departments.id"}},
    "departments": {"pk": "id", "fk": {"head_id": "employees.id"}},
    "people": {"pk": "ssn", "pii": {"ssn": "fake"}},
    "visits": {"pk": "id", "fk": {"ssn": "people.ssn"}},
    "weather": {},
}


def declared(names=tuple(TABLES)):
    """The declarations of these tables."""
    metadata = Metadata()
    for name in names:
        metadata.add_table(name, **TABLES[name])
    return metadata


def links(names=tuple(TABLES)):
    """All links of these tables: the table, its columns, the other table, its columns."""
    declarations = declared(names).tables.items()
    return [(name, link.columns, link.parent, link.parent_columns) for name, own in declarations for link in own.fk]


def orphans(drawn, name, columns, parent, parent_columns):
    """How many rows hold a key that no row of the other table has; a key with a null is none."""
    keys = drawn[name][list(columns)].dropna().astype(object)
    there = drawn[parent][list(parent_columns)].astype(object)
    return int((~pd.MultiIndex.from_frame(keys).isin(pd.MultiIndex.from_frame(there))).sum())


def tables(seed=0):
    """The tables as pandas frames."""
    rng = np.random.default_rng(seed)
    made = {}
    made["countries"] = pd.DataFrame(
        {"code": ["AT", "BE", "CH", "DE"], "name": ["Austria", "Belgium", "Swiss", "Germany"]}
    )
    n = 300
    vip = rng.random(n) < 0.3
    joined = rng.integers(0, 1000, n)
    made["customers"] = pd.DataFrame(
        {
            "id": np.arange(1001, 1001 + n),
            "country": rng.choice(made["countries"].code, n, p=[0.1, 0.2, 0.3, 0.4]),
            "vip": vip,
            "joined": [EPOCH + datetime.timedelta(int(d)) for d in joined],
        }
    )
    has = np.flatnonzero(rng.random(n) < 0.6)
    made["profiles"] = pd.DataFrame({"customer_id": 1001 + has, "newsletter": rng.random(len(has)) < 0.5})
    m = 60
    made["products"] = pd.DataFrame(
        {
            "sku": [f"SKU-{i:05d}" for i in rng.permutation(90_000)[:m]],
            "category": rng.choice(["book", "film", "game"], m),
            "price": np.round(rng.lognormal(3, 0.5, m), 2),
        }
    )
    per_customer = np.where(vip, rng.poisson(6, n), rng.poisson(1, n))
    owner = np.repeat(np.arange(n), per_customer)
    gaps = rng.integers(1, 60, len(owner))
    day = joined[owner] + pd.Series(gaps).groupby(owner).cumsum().to_numpy()
    lag = np.random.default_rng(99).integers(0, 9, len(owner))
    currency = rng.choice(["EUR", "CHF", "USD"], n)
    orders = pd.DataFrame(
        {
            "id": np.arange(1, len(owner) + 1),
            "customer_id": 1001 + owner,
            "ordered": [EPOCH + datetime.timedelta(int(d)) for d in day],
            "currency": currency[owner],
            "shipped": [
                EPOCH + datetime.timedelta(int(d)) for d in day + np.random.default_rng(99).integers(0, 9, len(owner))
            ],
        }
    )
    made["orders"] = orders
    lines = rng.integers(1, 5, len(orders))
    order = np.repeat(orders.id.to_numpy(), lines)
    line = np.arange(len(order)) - np.repeat(np.cumsum(lines) - lines, lines) + 1
    sku = np.concatenate([rng.choice(made["products"].sku, k, replace=False) for k in lines])
    made["items"] = pd.DataFrame(
        {"order_id": order, "line": line, "sku": sku, "quantity": rng.integers(1, 9, len(order))}
    )
    back = np.flatnonzero(rng.random(len(orders)) < 0.4)
    made["returns"] = pd.DataFrame(
        {
            "id": np.arange(len(back)),
            "order_id": orders.id.to_numpy()[back],
            "customer_id": orders.customer_id.to_numpy()[back],
            "returned": [orders.ordered[i] + datetime.timedelta(int(rng.integers(0, 30))) for i in back],
        }
    )
    c = 400
    kind = rng.choice(["product", "service"], c)
    made["complaints"] = pd.DataFrame(
        {
            "id": np.arange(c) * 10,
            "customer_id": rng.choice(made["customers"].id, c),
            "sku": np.where(kind == "product", rng.choice(made["products"].sku, c), None),
            "kind": kind,
        }
    )
    pairs = made["items"][["order_id", "sku"]].sample(frac=0.3, random_state=1)
    made["tagged"] = pairs.assign(tag=rng.choice(["gift", "rush"], len(pairs))).reset_index(drop=True)
    noted = made["tagged"].sample(frac=0.8, replace=True, random_state=2)
    made["notes"] = pd.DataFrame(
        {
            "id": np.arange(len(noted)),
            "order_id": noted.order_id,
            "sku": noted.sku,
            "length": rng.integers(1, 100, len(noted)),
        }
    ).reset_index(drop=True)
    e = 200
    manager = [None if i < 8 else int(rng.integers(0, max(1, i // 5))) for i in range(e)]
    made["employees"] = pd.DataFrame(
        {
            "id": np.arange(e),
            "manager_id": pd.array([None if i is None else i for i in manager], "Int64"),
            "department": rng.integers(0, 20, e) * 100,
            "level": rng.choice(["a", "b"], e),
        }
    )
    made["departments"] = pd.DataFrame(
        {"id": np.arange(20) * 100, "head_id": rng.choice(e, 20), "size": rng.choice(["small", "large"], 20)}
    )
    p = 200
    made["people"] = pd.DataFrame(
        {
            "ssn": [f"{rng.integers(100, 999)}-{rng.integers(10, 99)}-{i:04d}" for i in range(p)],
            "age": rng.integers(18, 90, p),
        }
    )
    who = rng.choice(p, 600)
    made["visits"] = pd.DataFrame(
        {"id": np.arange(600), "ssn": made["people"].ssn.to_numpy()[who], "ward": rng.choice(["x", "y"], 600)}
    )
    made["weather"] = pd.DataFrame({"wind": rng.integers(0, 9, 150)})
    return made


def frames(spark, names=tuple(TABLES), seed=0):
    """The tables as Spark frames."""
    made = tables(seed)
    return {name: spark.createDataFrame(made[name]) for name in names}
