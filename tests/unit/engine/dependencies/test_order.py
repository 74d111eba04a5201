import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from synthohive_spark.declarations.dependencies import Inequality
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


def test_decimals_may_equal_floats_of_as_many_digits():
    rng = np.random.default_rng(0)
    cents = rng.integers(1, 100_000, 3_000)
    more = np.where(rng.random(3_000) < 0.3, 0, rng.integers(1, 5_000, 3_000))
    paid = pa.array([Decimal(int(v)) / 100 for v in cents + more], pa.decimal128(9, 2))
    found, table, drawn = scrambled({"paid": ("decimal(9,2)", paid), "net": ("double", cents / 100)})
    assert [own.describe() for own in found.orders.every] in (["paid >= net"], ["net <= paid"])
    assert sum(count_broken(found, table).values()) == sum(count_broken(found, drawn).values()) == 0
    equal = pc.equal(drawn["net"], drawn["paid"].cast(pa.float64()))
    assert pc.mean(equal).as_py() == pytest.approx(0.3, abs=0.05)


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


@pytest.mark.parametrize("declared", [False, True])
def test_what_is_paid_is_never_above_a_total_that_is_computed(declared):
    quantity, price = rng(1).integers(1, 6, ROWS), rng(2).integers(100, 9_000, ROWS)
    total = quantity * price
    paid = np.where(rng(3).random(ROWS) < 0.4, total, np.round(total * rng(4).random(ROWS)).astype(int))
    own = {"quantity": quantity, "price": price, "total": total, "paid": paid}
    values = {name: ("bigint", v) for name, v in own.items()}
    rules = {"declared": (Inequality("paid", "total"),)} if declared else {}
    found, _, drawn = scrambled(values, **rules)
    assert orders_of(found) == ["paid <= total"]
    d = drawn.to_pandas()
    assert (d.total == d.quantity * d.price).all()
    assert (d.paid <= d.total).all()
    assert abs(count(pc.equal(drawn["paid"], drawn["total"])) - (paid == total).sum()) < 20


def test_a_given_amount_moves_what_the_total_that_bounds_it_is_made_of():
    net, tax = rng(1).integers(100, 9_000, ROWS), rng(2).integers(0, 900, ROWS)
    paid = np.round((net + tax) * rng(3).random(ROWS)).astype(int)
    own = {"net": net, "tax": tax, "total": net + tax, "paid": paid}
    asked = np.full(ROWS, 5_000)
    _, _, drawn = scrambled({name: ("bigint", v) for name, v in own.items()}, given={"paid": asked})
    d = drawn.to_pandas()
    assert (d.paid == 5_000).all()
    assert (d.total == d.net + d.tax).all()
    assert (d.total >= 5_000).all()


def test_what_is_often_null_in_the_middle_hides_no_order_around_it():
    start = rng(1).integers(18_000 * DAY, 19_000 * DAY, ROWS)
    middle = start + rng(2).integers(0, 3 * HOUR, ROWS)
    end = middle + rng(3).integers(0, 3 * HOUR, ROWS)
    middle = pd.Series(middle).astype("Int64").mask(rng(4).random(ROWS) < 0.7)
    values = {"start": ("timestamp_ntz", times(start)), "middle": ("timestamp_ntz", times(middle.array))}
    values["end"] = ("timestamp_ntz", times(end))
    for rules in ({}, {"declared": tuple(Inequality(*pair) for pair in (("start", "middle"), ("middle", "end")))}):
        _, _, drawn = scrambled(values, **rules)
        for low, high in (("start", "middle"), ("middle", "end"), ("start", "end")):
            assert not count(pc.less(drawn[high], drawn[low]))


def test_instants_whole_days_apart_stay_so_and_equal_ones_equal():
    start = rng(1).integers(18_000 * 86_400, 19_000 * 86_400, ROWS) * 1_000_000
    gap = rng(2).choice([0, 1, 3, 7, 14], ROWS, p=[0.2, 0.2, 0.2, 0.2, 0.2]) * DAY
    for own in (gap, np.full(ROWS, 14 * DAY), np.where(rng(3).random(ROWS) < 0.3, gap, gap + 12_345_000_000)):
        values = {"start": ("timestamp_ntz", times(start)), "end": ("timestamp_ntz", times(start + own))}
        _, _, drawn = scrambled(values)
        apart = (drawn["end"].to_pandas() - drawn["start"].to_pandas()).dt.total_seconds()
        assert abs((apart % 86_400 == 0).mean() - (own % DAY == 0).mean()) < 0.02
        assert abs((apart == 0).mean() - (own == 0).mean()) < 0.02


def test_on_the_same_day_the_distance_is_learned():
    start = rng(1).integers(18_000 * 1_440, 19_000 * 1_440, ROWS) * 60_000_000
    gap = np.where(rng(2).random(ROWS) < 0.4, rng(3).integers(60, 90, ROWS), rng(4).integers(3_000, 60_000, ROWS))
    values = {"start": ("timestamp_ntz", times(start)), "end": ("timestamp_ntz", times(start + gap * 60_000_000))}
    _, _, drawn = scrambled(values)
    apart = (drawn["end"].to_pandas() - drawn["start"].to_pandas()).dt.total_seconds() / 60
    assert apart.min() >= 60


def test_a_number_that_others_tell_better_than_its_distance_is_learned_itself_and_as_often_equal():
    level = rng(1).integers(1, 6, ROWS)
    career = 6 * level + rng(2).integers(0, 5, ROWS)
    here = np.where(rng(3).random(ROWS) < 0.3, career, np.floor(career * rng(4).random(ROWS)).astype(int))
    values = {"level": ("int", level), "career": ("int", career), "here": ("int", here)}
    found, _, drawn = scrambled(values)
    (own,) = found.orders.columns
    assert own.touching and own.describe() == "career >= here"
    assert [part.name for part in own.parts] == ["career", "career\x00equal"]
    equal = count(pc.equal(drawn["career"], drawn["here"])) / ROWS
    assert 0.28 <= equal <= 0.36  # some of the others are equal by chance
    assert not count(pc.less(drawn["career"], drawn["here"]))


def test_each_column_is_learned_beside_one_other_where_that_can_be():
    years = rng(1).gamma(4, 3, ROWS)
    own = {"years": years, **{f"part {i}": years * np.sqrt(rng(i).random(ROWS)) for i in (2, 3, 4)}}
    found, table, drawn = scrambled({name: ("double", np.round(v, 1)) for name, v in own.items()})
    assert {o.describe() for o in found.orders.columns} == {f"part {i} <= years" for i in (2, 3, 4)}
    assert pc.mean(drawn["years"]).as_py() == pytest.approx(pc.mean(table["years"]).as_py())
    assert not any(count_broken(found, drawn).values())


def test_values_of_many_rows_stay_and_the_others_move():
    low = rng(1).choice([30_000, 40_000, 60_000], ROWS)
    high = low + rng(2).choice([15_000, 20_000], ROWS)
    own = {"low": low, "pay": low + (rng(3).random(ROWS) * (high - low) // 500).astype(int) * 500, "high": high}
    found, _, drawn = scrambled({name: ("int", v) for name, v in own.items()})
    assert not any(count_broken(found, drawn).values())
    for name in ("low", "high"):
        assert set(drawn[name].to_pylist()) <= set(own[name].tolist())


def test_what_is_left_to_pay_of_a_product_is_the_rest():
    quantity, price = rng(1).integers(1, 6, ROWS), rng(2).integers(100, 9_000, ROWS)
    total = quantity * price
    paid = np.where(rng(3).random(ROWS) < 0.4, total, np.round(total * rng(4).random(ROWS)).astype(int))
    own = {"quantity": quantity, "price": price, "total": total, "paid": paid, "open": total - paid}
    found, _, drawn = scrambled({name: ("bigint", v) for name, v in own.items()})
    assert "total = quantity * price" in found.describe()
    assert len(found.relations.linear) == 1 and found.relations.linear[0].column in ("paid", "open")
    d = drawn.to_pandas()
    assert (d.total == d.quantity * d.price).all()
    assert (d.total == d.paid + d.open).all()
    assert d[["paid", "open"]].min().min() >= 0
    assert abs((d.open == 0).mean() - (paid == total).mean()) < 0.02


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("whole", ["bigint", "int"])
def test_a_given_number_whose_distance_is_none_moves_its_bound_no_further_than_it_must(whole):
    low = rng(1).integers(0, 100, ROWS)
    high = np.where(np.arange(ROWS) % 10 == 0, np.nan, low + 20 * rng(2).random(ROWS))
    asked = np.where(np.arange(ROWS) % 7 == 0, np.nan, low[::-1] - 1.5)
    _, _, drawn = scrambled({"low": (whole, low), "high": ("double", pa.array(high))}, given={"high": pa.array(asked)})
    d = drawn.to_pandas()
    assert not (d.low > d.high).any() and d.low.min() == -2 and np.array_equal(d.high, asked, equal_nan=True)
