import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthohive_spark.engine.dependencies.dependencies import columns_of
from synthohive_spark.engine.dependencies.formats import NumberFormat, TimeFormat
from synthohive_spark.engine.dependencies.typed import written_from_json
from synthohive_spark.engine.integrity import check_loaded
from tests.helpers.scrambled import count_broken, scrambled

ROWS = 1000


def rng(seed=0):
    return np.random.default_rng(seed)


def days(form, rows=ROWS):
    return (
        (pd.Timestamp("2019-01-01") + pd.to_timedelta(rng(1).integers(0, 1800, rows), unit="D")).strftime(form).tolist()
    )


def instants(form):
    minutes = pd.to_timedelta(rng(1).integers(0, 1800 * 1440, ROWS), unit="min")
    return (pd.Timestamp("2019-01-01") + minutes).strftime(form).tolist()


def named(form, names):
    """Days of the first nine months with the names of these."""
    some = pd.Timestamp("2019-01-01") + pd.to_timedelta(rng(1).integers(0, 1800, ROWS), unit="D")
    months = names.split()
    return [form.format(day=d.day, month=months[d.month - 1], year=d.year) for d in some if d.month < 10]


def texts(values, *others):
    return scrambled({"x": ("string", values), **{n: ("string", v) for n, v in others}})


def typed(found):
    return [(own.column.name, [str(part.type) for part in own.parts]) for own in found.written]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (days("%Y-%m-%d"), "date"),
        (days("%d/%m/%Y"), "date"),
        (days("%b %d, %Y"), "date"),
        (days("%Y%m%d"), "date"),
        (days("%Y-%m-%dT10:20:30Z"), "timestamp_ntz"),
        (
            [
                f"{h:02d}:{m:02d}"
                for h, m in zip(rng(1).integers(0, 24, ROWS), rng(2).integers(0, 60, ROWS), strict=True)
            ],
            "bigint",
        ),
        ([f"${v:,.2f}" for v in rng(1).lognormal(12, 1, ROWS)], "double"),
        ([f"-€{v:.2f}" if i % 3 else f"€{v:.2f}" for i, v in enumerate(rng(1).lognormal(5, 1, ROWS))], "double"),
        ([f"{v:,.1f}".translate(str.maketrans(",.", ".,")) for v in rng(1).lognormal(9, 1, ROWS)], "double"),
        ([f"{v} kg" for v in rng(1).integers(0, 5000, ROWS)], "bigint"),
        ([str(v) for v in rng(1).integers(0, 2 * ROWS, ROWS)], "bigint"),
        (days("%-m/%-d/%Y"), "date"),
        (days("%-d.%-m.%Y"), "date"),
        (days("%a, %d %b %Y"), "date"),
        (days("%Y年%-m月%-d日"), "date"),
        (days("%Y%j"), "date"),
        (named("{day}. {month} {year}", "Januar Februar März April Mai Juni Juli August September"), "date"),
        (named("{day:02d} {month} {year}", "janvier février mars avril mai juin juillet août septembre"), "date"),
        (named("{day} de {month} de {year}", "enero febrero marzo abril mayo junio julio agosto septiembre"), "date"),
        ([f"{v:+.1f}°C" for v in rng(1).normal(0, 9, ROWS)], "double"),
        ([f"{v:+d}" for v in rng(1).integers(-300, 900, ROWS)], "bigint"),
        ([f"{v:.1e}" for v in rng(1).lognormal(0, 9, ROWS)], "double"),
        ([f"{v:.2E}" for v in rng(1).normal(0, 1e-5, ROWS)], "double"),
    ],
)
def test_what_is_written_in_one_format_is_learned_as_what_it_says_and_written_again(values, kind):
    found, table, drawn = texts(values)
    assert typed(found) == [("x", [kind])]
    assert sorted(drawn["x"].to_pylist()) == sorted(table["x"].to_pylist())
    (own,) = found.written
    assert own.split({"x": drawn["x"].combine_chunks()})[0].null_count == 0


def test_the_day_of_the_week_is_that_of_the_date():
    found, _, drawn = texts(days("%A, %d %B %Y"), ("y", days("%d/%m/%Y")[::-1]))
    made = found.written[0].join([pa.array([19_882, 19_883], pa.int32()).cast(pa.date32())])
    assert made.to_pylist() == ["Saturday, 08 June 2024", "Sunday, 09 June 2024"]
    assert not any(text != pd.Timestamp(text).strftime("%A, %d %B %Y") for text in drawn["x"].to_pylist())


@pytest.mark.parametrize("wrong", ["+5,3", "5.3", "+-5.3", "+5.31"])
def test_one_number_without_the_sign_or_with_other_digits_is_no_format(wrong):
    found, _, _ = texts([*(f"{v:+.1f}" for v in rng(1).normal(0, 9, ROWS)), wrong])
    assert typed(found) == []


@pytest.mark.parametrize(
    ("form", "zeros"),
    [
        ("%-m/%-d/%Y %-I:%M %p", False),
        ("%d/%m/%Y %-H:%M", False),
        ("%Y-%m-%dT%H:%M:%S+02:00", True),
        ("%a, %d %b %Y %H:%M:%S -0500", True),
    ],
)
def test_instants_are_read_and_written_again(form, zeros):
    values = instants(form)
    found, _, drawn = texts(values)
    assert typed(found) == [("x", ["timestamp_ntz"])]
    (own,) = found.written
    assert own.join(own.split({"x": pa.array(values)})).to_pylist() == values
    made = drawn["x"].combine_chunks()
    assert own.join(own.split({"x": made})).equals(made) and not made.null_count
    assert any(" 0" in v or v.startswith("0") or "-0" in v for v in made.to_pylist()) is (zeros or form[1] == "d")


def test_two_offsets_stay():
    values = [v if i % 3 else v[:-5] + "01:00" for i, v in enumerate(instants("%Y-%m-%dT%H:%M:%S+02:00"))]
    found, table, drawn = texts(values)
    assert typed(found) == [("x", ["timestamp_ntz", "string"])]
    assert sorted(v[-6:] for v in drawn["x"].to_pylist()) == sorted(v[-6:] for v in table["x"].to_pylist())
    assert found.written[0].split({"x": drawn["x"].combine_chunks()})[0].null_count == 0


def test_days_of_a_year_in_integers():
    found, _, _ = scrambled({"x": ("int", [int(v) for v in days("%Y%j")])})
    assert typed(found) == [("x", ["date"])]


@pytest.mark.parametrize("form", ["%d%m%Y", "%m%d%Y"])
@pytest.mark.parametrize("rows", [60, ROWS])
def test_integers_that_begin_with_the_day_or_month_are_dates(form, rows):
    values = [int(v) for v in days(form)[:rows]]
    assert {len(str(v)) for v in values} == {7, 8}
    values[::9] = [None] * len(values[::9])
    found, table, drawn = scrambled({"x": ("int", values)})
    assert typed(found) == [("x", ["date"])]
    assert sorted(drawn["x"].drop_null().to_pylist()) == sorted(table["x"].drop_null().to_pylist())
    assert found.split(table)["x"].null_count == len(values[::9])
    wrong = [value if value != values[1] else 31_022_024 for value in values]
    assert typed(scrambled({"x": ("int", wrong)})[0]) == []


def test_years_and_months_beside_dates_in_integers_are_no_times_of_day():
    made = pd.to_datetime("2018-01-01") + pd.to_timedelta(rng(1).integers(0, 2200, ROWS), "D")
    of = {name: ("int", made.strftime(form).astype(int)) for name, form in [("day", "%Y%m%d"), ("month", "%Y%m")]}
    found, _, drawn = scrambled(of)
    assert typed(found) == [("day", ["date"])]
    assert "month is the year and month of day" in found.describe()
    assert (drawn["month"].to_numpy() == drawn["day"].to_numpy() // 100).all()


def test_words_between_numbers_and_between_days_are_kept():
    numbers = [f"{v:.2f}" for v in rng(1).gamma(2, 300, ROWS)]
    for values in (numbers, days("%Y-%m-%d")):
        mixed = [("N/A", "", v, v, v)[i % 5] for i, v in enumerate(values)]
        mixed[::50] = [None] * len(mixed[::50])
        found, table, drawn = texts(mixed)
        assert typed(found) == [("x", ["double"])]
        assert set(found.written[0].words) == {"N/A", ""}
        assert sorted(map(str, drawn["x"].to_pylist())) == sorted(map(str, table["x"].to_pylist()))


@pytest.mark.parametrize(
    "values",
    [
        [f"{v:05d}" for v in rng(1).integers(0, 99_999, ROWS)],  # zip codes
        [str(v) for v in rng(1).integers(10_000, 99_999, ROWS)],
        [str(v) for v in rng(1).integers(1, 40, ROWS)],  # lines of a bus
        [*days("%Y-%m-%d")[:-1], "yesterday"],
        [f"user{v}" for v in rng(1).permutation(9 * ROWS)[:ROWS]],
        [str(v) for v in rng(1).permutation(9 * ROWS)[:ROWS]],
        [f"A{v}" if v % 2 else f"B{v}" for v in range(ROWS)],
    ],
)
def test_codes_and_what_is_not_all_one_format_are_left_as_they_are(values):
    assert typed(texts(values)[0]) == []


def test_integers_that_are_days_or_times_of_day():
    day = [int(d) for d in days("%Y%m%d")]
    clock = rng(2).integers(0, 24, ROWS) * 100 + rng(3).integers(0, 60, ROWS)
    number = rng(4).integers(0, 2359, ROWS)
    found, _, drawn = scrambled({"day": ("int", day), "clock": ("smallint", clock), "number": ("int", number)})
    assert typed(found) == [("day", ["date"]), ("clock", ["bigint"])]
    assert sorted(drawn["day"].to_pylist()) == sorted(day)
    assert sorted(drawn["clock"].to_pylist()) == sorted(clock.tolist())
    assert scrambled({"day": ("int", day)}, categorical=frozenset(["day"]))[0].written == ()


def test_days_that_are_strings_are_in_order():
    start = rng(1).integers(0, 1500, ROWS)
    made = [
        pd.Timestamp("2019-01-01") + pd.to_timedelta(d, unit="D") for d in (start, start + rng(2).integers(0, 30, ROWS))
    ]
    first, last = (own.strftime("%d.%m.%Y").tolist() for own in made)
    found, _, drawn = scrambled({"first": ("string", first), "last": ("string", last)})
    assert [own.describe() for own in found.orders.columns] == ["last >= first"]
    d = drawn.to_pandas().apply(pd.to_datetime, format="%d.%m.%Y")
    assert (d["first"] <= d["last"]).all()


def in_pairs(value):
    whole, cents = f"{value:.2f}".split(".")
    first, groups = whole[:-3], [whole[-3:]]
    while first:
        first, groups = first[:-2], [first[-2:], *groups]
    return ",".join(groups) + "." + cents


AMOUNTS = {
    "French": (lambda v: f"{v:,.2f}".replace(",", "\u202f").replace(".", ",") + "\u00a0€", 2),
    "French, no-break spaces": (lambda v: f"{v:,.2f}".replace(",", "\u00a0").replace(".", ",") + " €", 2),
    "Swiss": (lambda v: f"CHF {v:,.2f}".replace(",", "'"), 2),
    "Swiss, typographic": (lambda v: f"CHF {v:,.2f}".replace(",", "\u2019"), 2),
    "Indian": (lambda v: "₹" + in_pairs(v), 2),
    "filled up with zeros": (lambda v: f"{v:010.2f}", 2),
    "many digits": (lambda v: f"{v:.9f}", 9),
    "as many digits as there are": (lambda v: f"{v:g} kg", 3),
    "thousands": (lambda v: f"{v / 1000:.1f}k", 2),
}


@pytest.mark.parametrize("name", AMOUNTS)
@pytest.mark.parametrize("nulls", [0.0, 0.1])
def test_amounts_in_text_are_those_of_the_number_beside_them(name, nulls):
    made, digits = AMOUNTS[name]
    numbers = rng(1).lognormal(9 if digits == 2 else 3, 1.4, ROWS).round(digits)
    numbers = numbers if digits != 3 else numbers.clip(0, 999).round(2)
    gone = rng(2).random(ROWS) < nulls
    text = [None if out else made(v) for v, out in zip(numbers, gone, strict=True)]
    values = {"x": ("string", text), "n": ("double", pa.array(numbers, mask=gone))}
    found, _, drawn = scrambled(values)
    assert [len(own.parts) for own in found.written] == [1]
    pairs = [(row["x"], row["n"]) for row in drawn.to_pylist() if None not in row.values()]
    assert len(pairs) >= ROWS * (1 - nulls) ** 2 - ROWS / 20
    assert all(text == made(number) for text, number in pairs)
    _, _, drawn = scrambled(values, given={"x": [next(own for own in text if own)] * ROWS})
    assert {row["n"] for row in drawn.to_pylist() if row["n"] is not None} <= set(
        numbers[~gone][:1]
    ) or name == "thousands"


DURATIONS = {
    "days, hours, minutes": lambda v: f"{v // 1440}d {v % 1440 // 60}h {v % 60}m",
    "hours, minutes": lambda v: f"{v // 60} h {v % 60:02d} min",
    "ISO 8601": lambda v: f"P{v // 1440}DT{v % 1440 // 60}H{v % 60}M",
    "ISO 8601, hours": lambda v: f"PT{v // 60}H{v % 60}M",
    "ISO 8601, hours if any": lambda v: f"PT{v // 60}H{v % 60}M" if v >= 60 else f"PT{v}M",
    "what there is": lambda v: " ".join(f"{n} {unit}" for n, unit in ((v // 60, "h"), (v % 60, "min")) if n) or "0 min",
    "long clock": lambda v: f"{v // 3600:02d}:{v // 60 % 60:02d}:{v % 60:02d}",
    "minutes": lambda v: f"{v // 60}:{v % 60:02d}",
}


@pytest.mark.parametrize("name", DURATIONS)
@pytest.mark.parametrize("given", [False, True])
def test_durations_in_text_are_those_of_the_number_beside_them(name, given):
    made = DURATIONS[name]
    numbers = rng(1).exponential(4000, ROWS).astype(int) * (30 if name == "long clock" else 1)
    gone = rng(2).random(ROWS) < 0.1
    text = [None if out else made(v) for v, out in zip(numbers, gone, strict=True)]
    values = {"x": ("string", text), "n": ("int", pa.array(numbers, pa.int32(), mask=gone))}
    found, _, drawn = scrambled(values, given={"x": [made(77)] * ROWS} if given else None)
    assert found.describe()[0] == "x is learned as durations"
    pairs = [(row["x"], row["n"]) for row in drawn.to_pylist() if None not in row.values()]
    assert len(pairs) > ROWS / 2
    assert all(text == made(number) for text, number in pairs)
    assert not given or {number for _, number in pairs} == {77}
    (own,) = found.written
    check_loaded(own)
    with pytest.raises(ValueError):
        check_loaded(replace(own, form=replace(own.form, units=own.form.units[::-1])))


@pytest.mark.parametrize(
    "made", [lambda v: f"{v // 60}:{v % 60}", lambda v: f"{v % 90}m {v // 90}h", lambda v: f"{v // 90}h {v % 90}m"]
)
def test_scores_and_units_that_do_not_descend_or_overflow_are_no_durations(made):
    found, _, _ = texts([made(v) for v in rng(1).exponential(4000, ROWS).astype(int)])
    assert "x is learned as durations" not in found.describe()


def test_an_amount_and_its_text_are_in_no_product_of_each_other():
    area, each = rng(1).integers(20, 200, ROWS), rng(2).lognormal(8, 0.4, ROWS).round(2)
    price = (area * each).round(2)
    values = {"price": ("double", price), "text": ("string", [f"${v:,.2f}" for v in price])}
    values |= {"area": ("double", area), "size": ("string", [f"{v} m²" for v in area])}
    found, _, drawn = scrambled(values)
    assert set(count_broken(found, drawn)) == {"text = price", "size = area"}
    assert set(count_broken(found, drawn).values()) == {0}


CURRENCIES = {
    "GBP": lambda v: f"£{v:,.2f}",
    "EUR": lambda v: f"{v:,.2f} €".translate(str.maketrans(",.", ".,")),
    "JPY": lambda v: f"¥{v:,.0f}",
    "PLN": lambda v: f"{v:.2f} zł",
}


def test_amounts_of_several_currencies_keep_their_shares_and_forms():
    which = rng(1).choice(list(CURRENCIES), ROWS, p=[0.5, 0.3, 0.15, 0.05])
    numbers = [round(v, 0 if c == "JPY" else 2) for c, v in zip(which, rng(2).lognormal(7, 1, ROWS), strict=True)]
    text = [CURRENCIES[c](v) for c, v in zip(which, numbers, strict=True)]
    found, table, drawn = scrambled({"x": ("string", text), "n": ("double", numbers)})
    assert typed(found) == [("x", ["double", "string"])]
    assert found.describe()[0] == "x is learned as numbers in 4 formats"
    assert all(row["x"] in [made(row["n"]) for made in CURRENCIES.values()] for row in drawn.to_pylist())
    symbols = [sorted(set(t) & set("£€¥ł")) for t in drawn["x"].to_pylist()]
    assert sorted(symbols) == sorted(sorted(set(t) & set("£€¥ł")) for t in text)
    (own,) = found.written
    assert written_from_json(json.loads(json.dumps(own.to_json()))) == own
    check_loaded(own)
    some = [None, "£1,234.50", "1.234,50 €", "$5.00"]
    assert [part.to_pylist() for part in own.split({"x": pa.array(some)})] == [
        [None, 1234.5, 1234.5, None],
        [None, "£#", "# €", None],
    ]
    with pytest.raises(ValueError):
        check_loaded(replace(own, forms=(*own.forms, TimeFormat("%Y-%m-%d"))))


@pytest.mark.parametrize(
    "values",
    [
        [f"{c}{v}" for c, v in zip(rng(1).choice(list("ABC"), ROWS), rng(2).integers(0, 900, ROWS), strict=True)],
        [
            f"{c}{v:.1f}"
            for c, v in zip(rng(1).choice(list("ABC"), ROWS), rng(2).integers(100, 999, ROWS) / 10, strict=True)
        ],
        ["1 day" if v == 1 else f"{v} days" for v in rng(2).integers(0, 90, ROWS)],
        [f"{v:05d}" if i % 3 else f"{v + 100_000}" for i, v in enumerate(rng(2).integers(0, 90_000, ROWS))],
        [f"€{v:.2f}" if i else f"${v:.2f}" for i, v in enumerate(rng(2).lognormal(3, 1, ROWS))],
    ],
)
def test_rooms_words_of_one_and_of_many_codes_and_a_lone_currency_are_no_amounts(values):
    assert all(kinds == ["double"] for _, kinds in typed(texts(values)[0]))  # at most numbers but for a word


def test_json_of_one_shape():
    rows = [
        {"id": int(i), "who": {"tier": str(t), "ok": bool(i % 2)}, "at": [float(s), None if i % 3 else 1]}
        for i, t, s in zip(
            rng(1).integers(0, 10**6, ROWS),
            rng(2).choice(["gold", "tin"], ROWS),
            rng(3).random(ROWS).round(3),
            strict=True,
        )
    ]
    for dumped in ([json.dumps(row) for row in rows], [json.dumps(row, separators=(",", ":")) for row in rows]):
        found, _, drawn = texts(dumped)
        assert typed(found) == [("x", ["bigint", "string", "boolean", "double", "bigint"])]
        for text in drawn["x"].to_pylist():
            row = json.loads(text)
            assert json.dumps(row, separators=(",", ":") if "," in text and ", " not in text else None) == text
            assert list(row) == ["id", "who", "at"]
            assert row["who"]["tier"] in ("gold", "tin")
        some = [None if i % 10 == 0 else text for i, text in enumerate(dumped)]
        assert texts(some)[2]["x"].null_count == ROWS // 10
    assert typed(texts([*dumped[:-1], "{}"])[0]) == []


def readings(nulls=0.0):
    """Columns, and JSON whose leaves they are, or are computed from or read as times."""
    macs = np.array([f"00:1B:44:{a:02X}:{b:02X}" for a, b in rng(1).integers(0, 256, (ROWS // 5, 2))])[
        rng(2).integers(0, ROWS // 5, ROWS)
    ]
    temp, bat = rng(3).normal(21, 4, ROWS).round(1), rng(4).integers(5, 101, ROWS)
    days_ = pd.Series(pd.Timestamp("2023-01-01") + pd.to_timedelta(rng(5).integers(0, 400, ROWS), "D"))
    rows = [
        {"id": m, "m": {"t": float(t), "f": round(float(t) * 2 + 30, 1)}, "bat": int(b), "ok": bool(b > 20), "day": d}
        for m, t, b, d in zip(macs, temp, bat, days_.dt.strftime("%d.%m.%Y"), strict=True)
    ]
    texts_ = [json.dumps(row) if keep >= nulls else None for row, keep in zip(rows, rng(6).random(ROWS), strict=True)]
    return {
        "mac": ("string", macs.tolist()),
        "temp": ("double", temp),
        "bat": ("tinyint", bat),
        "month": ("int", days_.dt.month),
        "js": ("string", texts_),
    }


def assert_agree(drawn):
    """Assert it of rows with all leaves, and count them: which are null together is told by codes, not by values."""
    rows = [(json.loads(row["js"]), row) for row in drawn.to_pylist() if row["js"] is not None]
    rows = [(own, row) for own, row in rows if None not in (*own.values(), *own["m"].values())]
    for own, row in rows:
        assert json.dumps(own) == row["js"]
        assert (own["id"], own["m"]["t"], own["bat"]) == (row["mac"], row["temp"], row["bat"])
        assert own["m"]["f"] == pytest.approx(own["m"]["t"] * 2 + 30)
        assert own["ok"] == (own["bat"] > 20)
        assert pd.to_datetime(own["day"], format="%d.%m.%Y").month == row["month"]
    return len(rows)


@pytest.mark.parametrize("nulls", [0.0, 0.2])
def test_leaves_of_json_agree_with_columns(nulls):
    found, table, drawn = scrambled(readings(nulls))
    assert set(count_broken(found, table).values()) == set(count_broken(found, drawn).values()) == {0}
    assert "js = mac" in found.describe()
    assert drawn["js"].null_count == table["js"].null_count
    assert assert_agree(drawn) == ROWS if not nulls else assert_agree(drawn) > ROWS / 5


def test_leaves_of_given_json_stay_and_move_numbers():
    values = readings()
    text = values["js"][1][0]
    _, _, drawn = scrambled(values, given={"js": [text] * ROWS, "mac": [json.loads(text)["id"]] * ROWS})
    assert set(drawn["js"].to_pylist()) == {text}
    assert assert_agree(drawn) == ROWS
    _, _, drawn = scrambled(values, given={"temp": [12.5] * ROWS})
    assert set(drawn["temp"].to_pylist()) == {12.5}
    assert assert_agree(drawn) == ROWS


def test_leaves_of_json_that_is_unrelated_are_in_no_relation():
    found, _, drawn = scrambled(readings(), unrelated=frozenset(["js"]))
    assert not any("js" in name for own in found.in_values for name in columns_of(own))
    assert all(json.loads(text) for text in drawn["js"].to_pylist())


def test_given_strings_are_read():
    values = {"x": ("string", [f"{v:.2f} EUR" for v in rng(1).gamma(2, 30, ROWS)])}
    found, _, drawn = scrambled(values, given={"x": ["12.50 EUR"] * ROWS})
    assert set(drawn["x"].to_pylist()) == {"12.50 EUR"}
    split = found.split(pa.table({"x": ["12.50 EUR", "what?", None]}))
    assert split["x"].to_pylist() == [12.5, None, None]


def test_addresses_are_valid_and_of_known_networks():
    network = rng(1).choice(["10.20", "192.168", "84.7"], ROWS)
    values = [f"{own}.{c}.{d}" for own, (c, d) in zip(network, rng(2).integers(0, 256, (ROWS, 2)), strict=True)]
    found, _, drawn = texts([None if i % 9 == 0 else v for i, v in enumerate(values)])
    assert typed(found) == [("x", ["int", "int"])]
    made = [v for v in drawn["x"].to_pylist() if v is not None]
    assert {v.rsplit(".", 2)[0] for v in made} == set(network)
    assert all(0 <= int(part) < 256 for v in made for part in v.split("."))
    assert typed(texts([*values[:-1], "10.20.300.1"])[0]) == []


def test_given_columns_of_several_parts_come_out_as_they_are():
    rows = [
        {"id": int(i), "tier": str(t)} for i, t in zip(range(ROWS), rng(2).choice(["gold", "tin"], ROWS), strict=True)
    ]
    address = [f"10.{a}.{b}.{c}" for a, b, c in rng(3).integers(0, 256, (ROWS, 3))]
    values = {"x": ("string", [json.dumps(row) for row in rows]), "ip": ("string", address)}
    _, _, drawn = scrambled(values, given={"x": ['{"id": 5, "tier": "gold"}'] * ROWS, "ip": ["10.1.2.3"] * ROWS})
    assert set(drawn["x"].to_pylist()) == {'{"id": 5, "tier": "gold"}'}
    assert set(drawn["ip"].to_pylist()) == {"10.1.2.3"}


@pytest.mark.parametrize(
    ("forms", "kind"),
    [
        (["%Y-%m-%d", "%d/%m/%Y"], "date"),
        (["%Y-%m-%d", "%b %d, %Y", "%d.%m.%Y"], "date"),
        (["%Y-%m-%dT%H:%M:%SZ", "%d/%m/%Y %H:%M"], "timestamp_ntz"),
    ],
)
def test_times_in_a_few_formats_keep_them(forms, kind):
    moments = pd.Timestamp("2019-01-01") + pd.to_timedelta(rng(1).integers(0, 1800 * 1440, ROWS), unit="min")
    values = [moment.strftime(form) for moment, form in zip(moments, rng(2).choice(forms, ROWS), strict=True)]
    found, table, drawn = texts([*values, None])
    assert typed(found) == [("x", [kind, "string"])]
    made = [text for text in drawn["x"].to_pylist() if text is not None]
    readable = [{form for form in forms if not pd.isna(pd.to_datetime(t, format=form, errors="coerce"))} for t in made]
    assert all(readable)
    shares = {form: sum(form in own for own in readable) / len(made) for form in forms}
    real = [t for t in table["x"].to_pylist() if t is not None]
    for form in forms:
        fits = sum(not pd.isna(pd.to_datetime(t, format=form, errors="coerce")) for t in real) / len(real)
        assert shares[form] == pytest.approx(fits, abs=0.02)
    (own,) = found.written
    assert written_from_json(json.loads(json.dumps(own.to_json()))) == own


def test_texts_that_are_not_all_times_are_no_times():
    values = [*days("%Y-%m-%d")[:500], *[f"order {i}" for i in range(500)]]
    assert typed(texts(values)[0]) == []
    few = [*days("%Y-%m-%d")[:996], *days("%d/%m/%Y")[:2], *days("%b %d, %Y")[:2]]
    assert typed(texts(few)[0]) == []


def numbers(low, high, seed, rows=ROWS):
    return rng(seed).integers(low, high, rows).tolist()


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ([f"{b + a}/{b}" for a, b in zip(numbers(20, 80, 1), numbers(50, 100, 2), strict=True)], ["bigint"] * 2),
        ([f"{a / 10:.1f} - {a / 9 + 1:.2f} mg" for a in numbers(5, 4000, 1)], ["double"] * 2),
        (
            [f"{a / 9:.4f}, {b / 9:.4f}" for a, b in zip(numbers(-600, 600, 1), numbers(-9, 999, 2), strict=True)],
            ["double"] * 2,
        ),
    ],
    ids=["pressure", "range", "place"],
)
def test_a_few_numbers_with_the_same_text_between_are_learned_as_numbers(values, kinds):
    found, table, drawn = texts(values)
    assert typed(found) == [("x", kinds)]
    (own,) = found.written
    check_loaded(own)
    parts = [part.to_numpy() for part in own.split({"x": drawn["x"].combine_chunks()})]
    for made, real in zip(parts, own.split({"x": table["x"].combine_chunks()}), strict=True):
        assert real.to_numpy().min() <= made.min() and made.max() <= real.to_numpy().max()
    if "/" in values[0]:
        assert (parts[0] >= parts[1]).all()
        assert found.describe() == ["x is learned as 2 numbers", "x >= x 1"]


@pytest.mark.parametrize(
    "values",
    [
        [f"{a:02d}-{b:03d}" for a, b in zip(numbers(0, 99, 1), numbers(0, 999, 2), strict=True)],
        [f"{a}.{b}.{c}" for a, b, c in zip(numbers(0, 30, 1), numbers(0, 30, 2), numbers(0, 30, 3), strict=True)],
        [f"2024/{i}" for i in range(ROWS)],
        [f"0{a}/{b}" for a, b in zip(numbers(30, 900, 1), numbers(10_000, 9_999_999, 2), strict=True)],
        [f"R{a}-{b}" for a, b in zip(numbers(1, 300, 1), numbers(1, 30, 2), strict=True)],
        [f"{a}:{b}" for a, b in zip(numbers(0, 6, 1), numbers(0, 6, 2), strict=True)],
    ],
    ids=["zip codes", "versions", "document numbers", "phones", "rooms", "scores"],
)
def test_names_of_a_few_numbers_are_no_numbers(values):
    found, _, _ = texts(values)
    assert typed(found) == []


def test_numbers_without_what_stands_between_are_refused():
    found, _, _ = texts([f"{a} of {b}" for a, b in zip(numbers(0, 12, 1), numbers(0, 60, 2), strict=True)])
    data = found.written[0].to_json()
    assert written_from_json(data) == found.written[0]
    with pytest.raises(ValueError, match="numbers and what stands between"):
        check_loaded(written_from_json({**data, "gaps": data["gaps"][1:]}))


def test_names_of_a_language_that_is_not_there_are_refused():
    found, _, _ = texts(named("{day}. {month} {year}", "Januar Februar März April Mai Juni Juli August September"))
    data = found.written[0].to_json()
    check_loaded(written_from_json(data))
    data["form"]["language"] = "Latin"
    with pytest.raises(ValueError, match="no names of 'Latin'"):
        check_loaded(written_from_json(data))


def test_a_form_without_a_decimal_mark_is_refused_before_anything_is_read_by_it():
    """Arrow looks for an empty mark without end."""
    with pytest.raises(ValueError, match="mark.* must be from 1 to 4"):
        check_loaded(NumberFormat(mark=""), NumberFormat, "form")
