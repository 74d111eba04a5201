"""A small database with personal data in it, made up the same way every time."""

import datetime
from decimal import Decimal

FIRST = ["Ada", "Björn", "Carla", "Dmitri", "Emilia", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Liam", "Mona"]
LAST = ["Abbott", "Berger", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Huang", "Ivanov", "Jensen", "Keller"]
WORDS = ["late", "parcel", "phoned", "about", "refund", "asked", "twice", "very", "kind", "order", "again", "window"]
SCHEMA = """
    customer_id STRING, name STRING, email STRING, phone STRING, card STRING, address STRING, notes STRING,
    username STRING, region STRING, age INT, spent DECIMAL(10,2), joined DATE
"""
PERSONAL = ("name", "email", "phone", "card", "address")


def luhn(digits):
    doubled = [int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits))]
    return digits + str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)


def customer(i):
    first, last = FIRST[i % 13], LAST[i // 13 % 11]
    middle = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i // 143]
    return (
        f"CUST-{i:05d}",
        f"{first} {middle}. {last}",
        f"{first}.{last}{i}@mail{i % 7}.org".lower().replace("ö", "o"),
        f"+1-202-{200 + i % 700}-{1000 + i * 7}",
        luhn(f"4539{i * 7919 % 10**11:011d}"),
        f"{i % 90 + 1} {LAST[i % 11]} Street, Springfield {10000 + i}",
        " ".join(WORDS[(i * k + k * k) % 12] for k in range(1, 9)) + f" {i}",
        None if i % 6 == 0 else f"{first.lower()}{i * 31}",
        ("north", "south", "west")[i % 3],
        20 + (i * i) % 50,
        Decimal(i % 97 * 100 + i % 13) / 100,
        datetime.date(2020, 1, 1) + datetime.timedelta(days=i % 365),
    )


def make_database(spark, name, customers=600):
    """Write the tables ``customers`` and ``orders``."""
    from synthohive_spark import write_table

    spark.sql(f"CREATE DATABASE IF NOT EXISTS {name}")
    frame = spark.createDataFrame([customer(i) for i in range(customers)], SCHEMA)
    write_table(frame, f"{name}.customers")
    orders = spark.range(900).selectExpr(
        "id + 1000 AS order_id",
        f"concat('CUST-', lpad(CAST(id * 7 % {customers} AS STRING), 5, '0')) AS customer_id",
        "CAST(id % 40 AS DOUBLE) / 4 - 1 AS price",
        "CAST(1 + id % 12 AS SMALLINT) AS quantity",
    )
    write_table(orders, f"{name}.orders")
