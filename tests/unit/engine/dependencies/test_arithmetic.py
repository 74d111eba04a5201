"""Means, weighted sums, products with terms, powers, and what is rounded to whole numbers."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark.engine.dependencies.linear_rounded import is_beyond_chance
from tests.helpers.scrambled import count_broken, find, scrambled, table_of

ROWS = 2000
CENT, TENTH = 0.00501, 0.0501


def rng(seed=0):
    return np.random.default_rng(seed)


def scores(count, rows=ROWS, digits=0):
    level = rng(99).normal(60, 12, rows)
    marks = (np.clip(np.round(level + rng(i).normal(0, 8, rows), digits), 0, 100) for i in range(count))
    return {f"s{i}": own.astype(int) if not digits else own for i, own in enumerate(marks)}


def told(values, **settings):
    """What is said of drawn rows, and these, after it was seen that none of real and drawn rows breaks it."""
    found, table, drawn = scrambled(values, **settings)
    assert not any(count_broken(found, table).values())
    assert not any(count_broken(found, drawn).values())
    return [own.describe() for own in (*found.relations.linear, *found.relations.products)], drawn.to_pandas()


@pytest.mark.parametrize("terms", [2, 3, 4, 6])
@pytest.mark.parametrize(("type_", "digits"), [("double", 2), ("double", 1), ("double", 0), ("int", 0)])
def test_a_mean_of_several_columns_is_theirs_to_its_digits(terms, type_, digits):
    marks = scores(terms, 300, digits=terms % 2)
    mean = np.round(sum(marks.values()) / terms, digits)
    kind = "double" if terms % 2 else "int"
    values = {name: (kind, own) for name, own in marks.items()} | {
        "mean": (type_, mean.astype(int if type_ == "int" else float))
    }
    said, d = told(values)
    assert [text.removesuffix(", rounded") for text in said] == [f"mean = ({' + '.join(marks)}) / {terms}"]
    assert (np.abs(d["mean"] - sum(d[name] for name in marks) / terms) <= 0.5 * 10.0**-digits + 1e-9).all()
    assert d["mean"].nunique() > 20


def test_what_is_half_way_is_rounded_as_it_was():
    marks = scores(2)
    half = (marks["s0"] + marks["s1"]) / 2
    for mean, again in ((np.rint(half), np.rint), (np.floor(half + 0.5), lambda h: np.floor(h + 0.5))):
        _, d = told({n: ("int", own) for n, own in marks.items()} | {"mean": ("int", mean.astype(int))})
        assert (d["mean"] == again((d.s0 + d.s1) / 2)).all()


def test_decimals_and_floats_of_any_value_have_means_too():
    marks = scores(3, digits=2)
    mean = sum(marks.values()) / 3
    exact = pa.array([Decimal(f"{m:.1f}") for m in mean], pa.decimal128(9, 1))
    for type_, own, slack in (("decimal(9,1)", exact, TENTH), ("double", mean, 1e-9)):
        said, d = told({n: ("double", mark) for n, mark in marks.items()} | {"mean": (type_, own)})
        assert len(said) == 1 and said[0].startswith("mean = (s0 + s1 + s2) / 3")
        assert (np.abs(d["mean"].astype(float) - (d.s0 + d.s1 + d.s2) / 3) < slack).all()


def test_a_mean_is_told_in_rows_without_nulls_and_a_given_one_moves_a_term():
    marks = {
        n: pd.Series(own, dtype=float).mask(rng(i).random(ROWS) < 0.1) for i, (n, own) in enumerate(scores(3).items())
    }
    values = {n: ("int", own) for n, own in marks.items()} | {"mean": ("double", np.round(sum(marks.values()) / 3, 1))}
    said, d = told(values)
    assert said == ["mean = (s0 + s1 + s2) / 3, rounded"]
    assert d["mean"].isna().sum() == values["mean"][1].isna().sum()
    _, d = told(values, given={"mean": [60.0] * ROWS, "s0": [50] * ROWS})
    d = d.dropna()
    assert (d["mean"] == 60).all() and (d.s0 == 50).all() and (np.abs(50 + d.s1 + d.s2 - 180) <= 0.15).all()


@pytest.mark.parametrize("weights", [(0.4, 0.6), (0.5, 0.35, 0.15), (1.5, -0.25, 0.75, 0.1)])
def test_weights_of_a_rounded_sum_are_found(weights):
    marks = scores(len(weights))
    grade = np.round(sum(w * own for w, own in zip(weights, marks.values(), strict=True)), 1)
    said, d = told({n: ("int", own) for n, own in marks.items()} | {"grade": ("double", grade)})
    assert len(said) == 1 and said[0].startswith("grade = ")
    made = sum(w * d[name] for w, name in zip(weights, marks, strict=True))
    assert (np.abs(d.grade - made) < TENTH).all()


def test_whole_numbers_are_rounded_up_down_or_to_the_nearest():
    a, b = np.round(rng(1).gamma(2, 90, ROWS), 2), np.round(rng(2).gamma(2, 60, ROWS), 2)
    values = {
        "a": ("double", a),
        "b": ("double", b),
        "down": ("int", np.floor(a + 1e-9).astype(int)),
        "both": ("bigint", np.floor(a + b + 1e-9).astype(int)),
        "up": ("int", np.ceil(b - 1e-9).astype(int)),
    }
    said, d = told(values)
    assert sorted(said) == ["both = a + b, rounded down", "down = a, rounded down", "up = b, rounded up"]
    assert (d.down == np.floor(d.a + 1e-9)).all() and (d.up == np.ceil(d.b - 1e-9)).all()
    assert (d.both == np.floor(d.a + d.b + 1e-6)).all()
    said, d = told({"a": values["a"], "b": values["b"], "near": ("int", np.rint(a + b).astype(int))})
    assert said == ["near = a + b, rounded"]
    assert (np.abs(d.near - d.a - d.b) <= 0.5 + 1e-9).all()


SHOP = {
    "qty": ("int", rng(1).integers(1, 12, ROWS)),
    "price": ("double", np.round(rng(2).gamma(2, 20, ROWS), 2)),
    "vat": ("double", rng(3).choice([0.07, 0.1, 0.19], ROWS)),
    "post": ("double", rng(4).choice([0, 4.9, 7.5, 14.25], ROWS)),
    "off": ("double", np.round(rng(5).random(ROWS) * 10, 2)),
}


@pytest.mark.parametrize(
    ("names", "total", "text"),
    [
        (["post"], lambda d: d.qty * d.price + d.post, "qty * price + post"),
        (["off"], lambda d: d.qty * d.price - d.off, "qty * price - off"),
        (["post", "off"], lambda d: d.qty * d.price + d.post - d.off, "qty * price + post - off"),
        (["vat", "post"], lambda d: d.qty * d.price * (1 + d.vat) + d.post, "qty * price * (1 + vat) + post"),
        ([], lambda d: d.qty * d.price + 12.9, "qty * price + 12.9"),
    ],
)
@pytest.mark.parametrize("nulls", [0.0, 0.15])
def test_a_term_is_added_to_a_product_or_taken_off(names, total, text, nulls):
    frame = pd.DataFrame({n: own for n, (_, own) in SHOP.items() if n in ("qty", "price", *names)})
    frame["price"] = frame.price.mask(rng(6).random(ROWS) < nulls)
    frame["total"] = total(frame).round(2)
    values = {n: (SHOP.get(n, ("double",))[0], own) for n, own in frame.items()}
    said, d = told(values)
    assert said == [f"total = {text}"]
    there = d.dropna()
    assert len(there) > ROWS / 2 and (np.abs(there.total - total(there)) < CENT).all()
    assert there.total.between(frame.total.min(), frame.total.max()).all()


def test_a_given_total_is_made_up_for():
    frame = pd.DataFrame({n: own for n, (_, own) in SHOP.items() if n in ("qty", "price", "off")})
    values = {n: SHOP[n] for n in frame} | {"net": ("double", (frame.qty * frame.price - frame.off).round(2))}
    d = scrambled(values, given={"net": [100.0] * ROWS, "qty": [4] * ROWS})[2].to_pandas()
    assert (d.net == 100).all() and (d.qty == 4).all()
    off = np.abs(4 * d.price - d.off - 100)
    assert (off < CENT).mean() > 0.99 and off.max() < 0.0401  # four prices are no multiple of a cent


def test_a_product_is_rounded_down():
    qty, price = SHOP["qty"], SHOP["price"]
    values = {"qty": qty, "price": price, "euros": ("int", np.floor(qty[1] * price[1] + 1e-9).astype(int))}
    said, d = told(values)
    assert said == ["euros = qty * price, rounded down"]
    assert (d.euros == np.floor(d.qty * d.price + 1e-6)).all()


def test_squares_cubes_and_circles():
    height, weight = np.round(rng(1).normal(172, 9, ROWS)), np.round(rng(2).normal(75, 12, ROWS), 1)
    width, edge = np.round(rng(3).uniform(5, 80, ROWS), 1), np.round(rng(4).uniform(-5, 9, ROWS), 1)
    values = {
        "height": ("int", height.astype(int)),
        "weight": ("double", weight),
        "bmi": ("double", np.round(weight / (height / 100) ** 2, 1)),
        "width": ("double", width),
        "area": ("double", np.round(np.pi / 4 * width**2, 2)),
        "edge": ("double", edge),
        "volume": ("double", np.round(edge**3, 3)),
    }
    said, d = told(values)
    assert sorted(said) == ["area = 0.785398 * width^2", "bmi = 10000 * weight / height^2", "volume = edge^3"]
    assert (np.abs(d.bmi - d.weight / (d.height / 100) ** 2) < TENTH).all()
    assert (np.abs(d.area - np.pi / 4 * d.width**2) < CENT).all()
    assert (np.abs(d.volume - d.edge**3) < 0.000501).all()
    assert d.edge.min() < -4 and d.bmi.between(values["bmi"][1].min(), values["bmi"][1].max()).all()
    _, d = told(values, given={"bmi": [25.0] * ROWS, "height": [200] * ROWS})
    assert (np.abs(d.weight - 100) < 0.21).all()


@pytest.mark.parametrize("type_", ["int", "double"])
def test_a_factor_that_is_moved_stays_on_its_grid_and_in_its_range(type_):
    km, litres = rng(1).integers(5, 400, ROWS) * 5 + 3, rng(2).integers(2, 60, ROWS) / 2
    rate = np.round(100 * litres / km, 1)
    said, d = told({"km": (type_, km), "litres": ("double", litres), "rate": ("double", rate)})
    assert said == ["rate = 100 * litres / km"]
    assert (d.km % 5 == 3).all() and (d.litres * 2 % 1 == 0).all()
    assert d.km.between(km.min(), km.max()).all() and d.litres.between(litres.min(), litres.max()).all()
    assert d.rate.between(rate.min(), rate.max()).all()
    assert (np.abs(d.rate - 100 * d.litres / d.km) < TENTH).all()


def test_columns_that_nearly_tell_each_other_are_in_no_relation():
    for seed in range(3):
        marks = scores(4, digits=1)
        off = rng(seed).random(ROWS) < 0.005
        near = np.round(sum(marks.values()) / 4 + 0.3 * off, 1)
        qty, price = SHOP["qty"][1], SHOP["price"][1]
        total = np.round(qty * price + SHOP["post"][1] + 0.5 * off, 2)
        values = {n: ("double", own) for n, own in marks.items()}
        values |= {"near": ("double", near), "qty": SHOP["qty"], "price": SHOP["price"], "total": ("double", total)}
        values |= {
            "post": SHOP["post"],
            "class": ("int", (near // 25).astype(int)),
            "passed": ("int", (near > 55).astype(int)),
        }
        found = find(*table_of(values))
        assert [own.describe() for own in (*found.relations.linear, *found.relations.products)] == []


def test_few_rows_and_few_values_speak_for_nothing():
    for rows in (50, 60, 80):
        for seed in range(6):
            columns = {f"c{i}": ("int", rng(100 * seed + i).integers(0, 4 + i, rows)) for i in range(8)}
            columns |= {
                f"d{i}": ("double", np.round(rng(100 * seed + i + 50).normal(50, 9, rows), 1)) for i in range(8)
            }
            found = find(*table_of(columns))
            assert [own.describe() for own in (*found.relations.linear, *found.relations.products)] == []


@pytest.mark.parametrize(("rows", "count"), [(50, 0), (ROWS, 1)])
def test_a_mean_of_few_values_takes_more_rows_than_chance_could_round(rows, count):
    marks = {f"s{i}": rng(i).integers(0, 3, rows) for i in range(3)}
    mean = np.rint(sum(marks.values()) / 3).astype(int)
    found = find(*table_of({n: ("int", own) for n, own in (marks | {"mean": mean}).items()}))
    assert [own.describe() for own in found.relations.linear] == ["mean = (s0 + s1 + s2) / 3, rounded"] * count
    assert is_beyond_chance(mean, 3, 4) == bool(count)


def test_a_mean_is_found_among_many_columns():
    values = {f"c{i}": ("double", np.round(rng(i).normal(50, 9, ROWS), 1)) for i in range(120)}
    values["c7"] = ("double", np.round(sum(values[f"c{i}"][1] for i in (30, 60, 90)) / 3, 1))
    said, _ = told(values)
    assert said == ["c7 = (c30 + c60 + c90) / 3, rounded"]


@pytest.mark.parametrize(
    ("digits", "factor", "to", "told"),
    [
        (1, 1 / 1.609344, 1, "b = 0.621371 * a, rounded"),
        (1, 1.609344, 1, "b = 1.60934 * a, rounded"),
        (2, 2.20462, 2, "b = 2.20462 * a, rounded"),
        (1, 0.4536, 1, "b = 0.4536 * a, rounded"),
        (0, 0.4536, 1, "b = 0.4536 * a, rounded"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_another_unit_is_told_with_all_its_digits(digits, factor, to, told, turned):
    a = np.round(rng(1).gamma(2, 300, ROWS), digits)
    b = np.round(a * factor, to)
    values = {"a": ("double", a), "b": ("double", b)}
    found, table, drawn = scrambled(dict(reversed(values.items())) if turned else values)
    assert [own.describe() for own in found.relations.linear] == [told]
    assert not any(count_broken(found, table).values())
    assert not any(count_broken(found, drawn).values())


def test_what_hardly_changes_a_digit_is_no_term():
    few, other = rng(2).integers(1, 20, 2000), np.round(rng(1).gamma(2, 20, 2000), 2)
    values = {"other": ("double", other), "few": ("int", few), "made": ("double", np.round(few * 1.609344, 3))}
    found, _, _ = scrambled(values)
    assert found.relations.linear == ()


@pytest.mark.parametrize("days", [1500, 2200])
def test_what_one_term_tells_is_no_rounded_sum_of_two(days):
    """Quarters of a calendar are near a sum of its months and days, but each month tells its quarter."""
    day = pd.to_datetime("2018-01-01") + pd.to_timedelta(rng(1).integers(0, days, 2 * ROWS), "D")
    months, quarters = day.year * 100 + day.month, day.year * 10 + day.quarter
    serial = (day - pd.Timestamp("1899-12-30")).days
    values = {
        "ym": ("int", months),
        "yq": ("int", quarters),
        "serial": ("int", serial),
        "any": ("int", rng(2).integers(0, 99, 2 * ROWS)),
    }
    found, _, drawn = scrambled(values)
    assert [own.describe() for own in found.relations.linear] == []
    assert set(drawn.to_pandas().yq % 10) == {1, 2, 3, 4}
    assert {c.column for c in found.relations.derived} == {"ym", "yq"}


@pytest.mark.parametrize("factor", [4.184, 2.5])
def test_a_rounded_sum_is_found_beside_itself_in_another_unit(factor):
    food = {n: np.round(rng(i).gamma(2, 9, ROWS), 1) for i, n in enumerate(("fat", "carbs", "fibre"))}
    kcal = np.round(9 * food["fat"] + 4 * food["carbs"] + 2 * food["fibre"])
    values = {n: ("double", own) for n, own in food.items()}
    values |= {"kcal": ("int", kcal.astype(int)), "other": ("int", np.round(kcal * factor).astype(int))}
    said, d = told(values)
    assert "kcal = 9 * fat + 4 * carbs + 2 * fibre, rounded" in said
    assert np.abs(d.kcal - (9 * d.fat + 4 * d.carbs + 2 * d.fibre)).max() < 0.501
    assert np.abs(d.other - d.kcal * factor).max() < 0.501


@pytest.mark.parametrize(("rounding", "word"), [(np.floor, "down"), (np.ceil, "up")])
def test_what_was_multiplied_and_rounded_one_way_is_computed_rather_than_divided(rounding, word):
    """Miles are their award divided and rounded, too, where that is half of them at least; the award is coarser."""
    miles, multiplier = rng(1).integers(100, 9000, ROWS), rng(2).choice([0.5, 1, 1.25, 2], ROWS, p=[0.3, 0.4, 0.2, 0.1])
    award = rounding(miles * multiplier).astype(int)
    said, d = told({"miles": ("int", miles), "multiplier": ("double", multiplier), "award": ("int", award)})
    assert said == [f"award = miles * multiplier, rounded {word}"]
    assert (d.award == rounding(d.miles * d.multiplier)).all()
