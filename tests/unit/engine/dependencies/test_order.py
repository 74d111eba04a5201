import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from synthohive_spark.declarations.privacy import Privacy
from tests.helpers.scrambled import count_broken, find, scrambled, table_of

ROWS = 2000
HOUR = 3_600_000_000
DAY = 24 * HOUR


def rng(seed=0):
    return np.random.default_rng(seed)


def times(numbers):
    return pa.array(numbers, pa.int64()).cast(pa.timestamp("us"))


def dates(numbers):
    return pa.array(numbers, pa.int32()).cast(pa.date32())


def count(mask):
    return pc.sum(mask).as_py()


def orders_of(found):
    return [own.describe() for own in found.orders.every]


@pytest.mark.parametrize("rows", [200, 2000, 4000])
def test_a_payment_never_comes_before_its_order_and_as_often_with_it(rows):
    created = rng(1).integers(0, 365 * DAY, rows)
    gap = np.where(rng(2).random(rows) < 0.4, 0, rng(3).exponential(900_000_000, rows).astype(np.int64))
    values = {"created": ("timestamp_ntz", times(created)), "paid": ("timestamp_ntz", times(created + gap))}
    found, table, drawn = scrambled(values)
    assert orders_of(found) == ["paid >= created"]
    assert count_broken(found, table) == count_broken(found, drawn) == {"paid >= created": 0}
    real, made = (pc.equal(t["paid"], t["created"]).to_pandas().mean() for t in (table, drawn))
    assert abs(real - made) < 0.01
    apart = [t["paid"].to_pandas() - t["created"].to_pandas() for t in (table, drawn)]
    assert abs(apart[0].median() - apart[1].median()) < pd.Timedelta(seconds=1)


def test_nulls_of_either_side_stay_and_do_not_hide_the_order():
    start = rng(1).integers(15_000, 18_000, ROWS)
    end = start + rng(2).integers(0, 300, ROWS)
    ends = pd.Series(end, dtype="Int64").mask(rng(3).random(ROWS) < 0.3)
    starts = pd.Series(start, dtype="Int64").mask(rng(4).random(ROWS) < 0.02)
    values = {"start": ("date", dates(starts.array)), "end": ("date", dates(ends.array))}
    found, table, drawn = scrambled(values)
    assert orders_of(found) == ["start <= end"] or orders_of(found) == ["end >= start"]
    assert sum(count_broken(found, drawn).values()) == 0
    assert drawn["end"].null_count == table["end"].null_count
    assert drawn["start"].null_count == table["start"].null_count


def test_low_and_high_prices_lie_around_the_others():
    opened = np.round(rng(1).lognormal(3, 0.5, ROWS), 2)
    close = np.round(opened * np.exp(rng(2).normal(0, 0.03, ROWS)), 2)
    high = np.round(np.maximum(opened, close) * (1 + rng(3).exponential(0.01, ROWS)), 2)
    low = np.round(np.minimum(opened, close) * (1 - rng(4).exponential(0.01, ROWS)), 2)
    own = {"open": opened, "high": np.maximum(high, np.maximum(opened, close)), "low": low, "close": close}
    found, _, drawn = scrambled({name: ("double", v) for name, v in own.items()})
    d = drawn.to_pandas()
    assert (d.low <= d[["open", "close"]].min(axis=1)).all()
    assert (d.high >= d[["open", "close"]].max(axis=1)).all()
    assert len(found.orders.columns) == 3
    assert np.array_equal(np.round(d, 2), d)


def test_decimals_and_integers_keep_their_types_and_digits():
    cents = rng(1).integers(100, 90_000, ROWS)
    paid = np.where(rng(2).random(ROWS) < 0.4, cents, cents - rng(3).integers(0, 90, ROWS))
    price, net = (pa.array([Decimal(int(v)) / 100 for v in own], pa.decimal128(9, 2)) for own in (cents, paid))
    found, table, drawn = scrambled({"price": ("decimal(9,2)", price), "paid": ("decimal(9,2)", net)})
    assert len(orders_of(found)) == 1
    assert count(pc.less(drawn["price"], drawn["paid"])) == 0
    assert abs(count(pc.equal(drawn["price"], drawn["paid"])) - count(pc.equal(table["price"], table["paid"]))) < 20


def test_a_day_is_compared_with_an_instant_by_its_day():
    ordered = rng(1).integers(18_000 * DAY, 19_000 * DAY, ROWS)
    due = ordered // DAY + rng(2).integers(0, 30, ROWS)
    found, _, drawn = scrambled({"ordered": ("timestamp_ntz", times(ordered)), "due": ("date", dates(due))})
    assert orders_of(found) == ["due >= ordered"]
    assert count(pc.less(drawn["due"], drawn["ordered"].cast(pa.date32(), safe=False))) == 0


def test_an_instant_days_later_keeps_its_time_of_day():
    start = rng(1).integers(18_000, 19_000, ROWS) * DAY + 8 * HOUR
    end = (
        start // DAY * DAY + rng(2).integers(2, 40, ROWS) * DAY + 17 * HOUR + rng(3).integers(0, 60, ROWS) * 60_000_000
    )
    found, _, drawn = scrambled({"start": ("timestamp_ntz", times(start)), "end": ("timestamp_ntz", times(end))})
    assert orders_of(found) == ["end >= start"]
    assert [part.name for part in found.orders.columns[0].parts] == ["end", "end\x00time"]
    hours = {t.hour for t in drawn["end"].to_pylist()}
    assert hours == {17}
    assert count(pc.less_equal(drawn["end"], drawn["start"])) == 0


def test_no_value_leaves_the_learned_range_of_its_column():
    low = rng(1).integers(0, 1000, ROWS)
    high = low + rng(2).integers(0, 1000, ROWS)
    found, _, drawn = scrambled({"low": ("int", low), "high": ("int", high)})
    assert len(orders_of(found)) == 1
    own = found.orders.columns[0].column.name
    ends = np.sort({"low": low, "high": high}[own])[[4, -5]]
    assert ends[0] <= drawn[own].to_pandas().min()
    assert drawn[own].to_pandas().max() <= ends[1]


def test_a_value_of_many_rows_is_not_lost_to_a_distance():
    used = np.round(rng(1).uniform(0, 9, ROWS), 3)
    size = np.select([used < 3, used < 6], [3.0, 6.0], 10.0)
    found, _, drawn = scrambled({"size": ("double", size), "used": ("double", used)})
    assert set(drawn["size"].to_pylist()) <= {3.0, 6.0, 10.0}
    assert count(pc.less(drawn["size"], drawn["used"])) == 0


def test_numbers_that_chance_hardly_puts_out_of_order_are_learned_as_they_are():
    games = np.where(rng(1).random(ROWS) < 0.08, rng(2).integers(60, 100, ROWS), 162)
    wins = np.round(games * rng(3).uniform(0.3, 0.7, ROWS)).astype(int)
    values = {"games": ("int", games), "wins": ("int", wins)}
    found, table, drawn = scrambled(values)
    (own,) = found.orders.kept
    assert not found.orders.columns and not count_broken(found, table)[own.describe()]
    assert count_broken(found, drawn) == {own.describe(): 0}
    assert count(pc.less(drawn["games"], drawn["wins"])) == 0
    for name in values:  # moved to a bound where they were out of order, and nowhere else
        assert (np.sort(np.array(table[name])) != np.sort(np.array(drawn[name]))).mean() < 0.1
    touching = np.where(rng(4).random(ROWS) < 0.05, games, wins)
    found, _, _ = scrambled({"games": ("int", games), "wins": ("int", touching)})
    assert len(found.orders.columns) == 1 and not found.orders.kept


def test_numbers_far_from_a_bound_beside_what_others_tell_of_them_are_learned_as_they_are():
    games = rng(1).integers(20, 163, ROWS)
    outs = games * 27 + rng(2).integers(-20, 20, ROWS)
    hits = np.round(outs * rng(3).uniform(0.02, 0.9, ROWS)).astype(int)
    assert np.mean(rng(4).permutation(outs) < hits) > 0.05  # by chance they would often be out of order
    values = {"outs": ("int", outs), "hits": ("int", hits)}
    told = scrambled({**values, "games": ("int", games)})[0].orders
    assert len(told.kept) == 1 and not told.columns
    alone = scrambled(values)[0].orders
    assert len(alone.columns) == 1 and not alone.kept


def test_a_distance_narrower_than_the_number_is_learned_even_where_it_is_long():
    sent = rng(1).integers(0, 400, ROWS)
    due = sent + 300 + rng(2).integers(-2, 3, ROWS)  # chance would put three rows in a hundred out of order
    found, _, _ = scrambled({"sent": ("int", sent), "due": ("int", due)})
    assert len(found.orders.columns) == 1 and not found.orders.columns[0].touching and not found.orders.kept


def test_given_values_stay_and_what_bounds_them_moves():
    created = rng(1).integers(18_000, 19_000, ROWS)
    paid = created + rng(2).integers(0, 10, ROWS)
    shipped = paid + rng(3).integers(0, 10, ROWS)
    values = {"created": ("date", dates(created)), "paid": ("date", dates(paid)), "shipped": ("date", dates(shipped))}
    day = datetime.date(1970, 1, 1) + datetime.timedelta(days=18_500)
    for name in values:
        _, _, drawn = scrambled(values, given={name: [day] * ROWS})
        assert set(drawn[name].to_pylist()) == {day}
        d = drawn.to_pandas()
        assert (d.created <= d.paid).all()
        assert (d.paid <= d.shipped).all()
        assert d[[n for n in values if n != name]].nunique().min() >= 10


def test_a_given_column_bounds_and_is_not_learned():
    start = rng(1).integers(0, 1000, ROWS)
    values = {"start": ("int", start), "end": ("int", start + rng(2).integers(0, 40, ROWS))}
    for name, text in (("start", "end >= start"), ("end", "start <= end")):
        table, columns = table_of(values)
        assert orders_of(find(table, columns, given=[name])) == [text]


def test_ranges_that_lie_apart_and_a_row_that_breaks_it_are_no_order():
    age, year = rng(1).integers(18, 90, ROWS), rng(2).integers(1990, 2024, ROWS)
    assert orders_of(find(*table_of({"age": ("int", age), "year": ("int", year)}))) == []
    start = rng(1).integers(0, 1000, ROWS)
    end = start + rng(2).integers(0, 1000, ROWS)
    end[ROWS // 2] = start[ROWS // 2] - 1
    assert orders_of(find(*table_of({"start": ("int", start), "end": ("int", end)}))) == []


def test_numbers_that_floats_cannot_hold_are_compared_exactly():
    first = [(1 << 60) + i for i in rng(1).integers(0, 1000, ROWS).tolist()]
    second = [i + gap for i, gap in zip(first, rng(2).integers(0, 5, ROWS).tolist(), strict=True)]
    found, _, drawn = scrambled({"first": ("bigint", first), "second": ("bigint", second)})
    assert len(orders_of(found)) == 1
    assert count(pc.less(drawn["second"], drawn["first"])) == 0


def test_the_last_orders_that_are_not_shipped_yet_hide_no_order():
    ordered = np.sort(rng(1).integers(0, 500 * DAY, ROWS))
    shipped = pd.Series(ordered + rng(2).integers(0, HOUR, ROWS)).astype("Int64")
    shipped[-200:] = pd.NA
    values = {"ordered": ("timestamp_ntz", times(ordered)), "shipped": ("timestamp_ntz", times(shipped.array))}
    found, _, drawn = scrambled(values)
    assert orders_of(found) == ["shipped >= ordered"]
    assert sum(count_broken(found, drawn).values()) == 0


def test_orders_hold_beside_products_and_sums():
    listed, quantity = rng(1).integers(100, 900, ROWS), rng(2).integers(1, 9, ROWS)
    price = listed - rng(3).integers(0, 90, ROWS)
    net = quantity * price
    own = {"listed": listed, "price": price, "quantity": quantity, "net": net, "postage": rng(4).integers(0, 9, ROWS)}
    own["total"] = net + own["postage"]
    for seed in range(3):
        values = {name: ("bigint", v) for name, v in own.items()}
        _, _, drawn = scrambled(values, seed=seed, privacy=Privacy(extreme_rows=200))  # so that many prices are moved
        d = drawn.to_pandas()
        assert (d.price <= d.listed).all()
        assert (d.net == d.quantity * d.price).all()
        assert (d.total == d.net + d.postage).all()
