import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.errors import QualityError, SchemaError
from synthohive_spark.validation.graph import draw
from synthohive_spark.validation.links.coding import CHILDREN, DEGREES, OTHER_CODES, Coding
from synthohive_spark.validation.links.figures import (
    DatabaseReport,
    DrawnLink,
    DrawnTable,
    LinkReport,
    PathReport,
    RuleReport,
    Similarity,
    TwoLinks,
)
from synthohive_spark.validation.links.pairs import PairSums, Read, correlation, distance
from synthohive_spark.validation.links.rules import Rules
from synthohive_spark.validation.links.siblings import alike, alike_categories, alike_numbers, gap_codes
from synthohive_spark.validation.links.work import PARENT, Above, Hub, LinkWanted, LinkWork
from synthohive_spark.validation.page import render
from synthohive_spark.validation.report import Failure, ValidationReport

NASTY = "<b>'\"&\n"


def link(**changes):
    values = dict(child="orders", columns=("customer",), parent="customers", parent_columns=("id",), owner=True,
                  keyed_real=100, keyed_synthetic=50, orphans_real=10, orphans_synthetic=0,
                  cardinality=0.8)  # fmt: skip
    return LinkReport(**{**values, **changes})


def report(*links, **changes):
    return ValidationReport((), DatabaseReport(links=links, **changes))


def test_the_gate_takes_orphans_by_default_and_the_rest_when_asked():
    report(link()).require()
    with pytest.raises(QualityError) as caught:
        report(link(orphans_synthetic=1)).require()
    assert caught.value.failures == (Failure("orders", "customer", "orphans", 0.02, 0.0),)
    report(link(orphans_synthetic=1)).require(max_orphans=0.02)
    report(link(orphans_synthetic=1)).require(max_orphans=None)
    with pytest.raises(QualityError, match=r"^orders\.customer: cardinality 0\.8 \(at least 0\.81\)$"):
        report(link()).require(min_cardinality=0.81)
    report(link(cardinality=None)).require(min_cardinality=0.81)


def test_a_table_that_keeps_orphans_is_held_against_the_real_share():
    kept = link(keeps_orphans=True)
    with pytest.raises(QualityError, match=r"orders\.customer: orphan_error 0\.1 \(at most 0\.02\)"):
        report(kept).require()
    report(link(keeps_orphans=True, orphans_synthetic=6)).require(max_orphan_error=0.021)


def test_hops_are_means_over_all_pairs_of_columns():
    paths = (
        PathReport(("a", "b"), (("b",),), 3, 0.9, ("x", "y"), 0.8),
        PathReport(("c", "b"), (("b",),), 1, 0.5, ("x", "y"), 0.5),
        PathReport(("a", "b", "c"), (("b",), ("c",)), 2, 0.4, ("x", "y"), 0.3),
    )
    found = report(paths=paths)
    assert found.database.hop(1) == pytest.approx(0.8) and found.database.hop(3) is None
    with pytest.raises(QualityError) as caught:
        found.require(min_hops=0.75)
    assert [(f.table, f.metric, f.value) for f in caught.value.failures] == [("all tables", "hop2", 0.4)]


@pytest.mark.parametrize("name", ["max_orphans", "max_orphan_error", "max_doubled_keys", "min_cardinality", "min_hops"])
def test_limits_of_links_are_numbers_from_0_to_1(name):
    with pytest.raises(SchemaError, match=f"{name} must be a number from 0 to 1"):
        report(link()).require(**{name: 2})


def test_codes_of_numbers_and_categories():
    number = Coding("x", True, 0.0, 10.0)
    values = np.array([-1.0, 0.0, 0.999, 1.0, 5.0, 10.0, 99.0, np.nan, 3.0])
    nulls = np.array([False] * 8 + [True])
    assert number.codes(values, nulls).tolist() == [0, 0, 0, 1, 5, 9, 9, 10, 10]
    assert np.isnan(number.scaled(np.array([np.inf]))[0]) and number.scaled(np.array([10.0]))[0] == 0.5
    word = Coding("w", False, known=(7.0, 3.0))
    codes = word.codes(np.array([3.0, 7.0, 35.0, np.nan]), np.array([False, False, False, True]))
    assert codes.tolist() == [1, 0, 2 + 35 % OTHER_CODES, word.size - 1]
    dates = Coding("d", True, temporal=True, days=True)
    assert dates.seconds(np.array([2.0]))[0] == 172_800


def test_counts_keep_their_order_as_codes():
    for code in (CHILDREN, DEGREES):
        numbers = np.arange(5000.0)
        codes = code.codes(numbers)
        assert (np.diff(codes) >= 0).all() and codes[: code.exact].tolist() == list(range(code.exact))
        assert (code.numbers[codes] <= numbers + 1e-6).all()
        assert (numbers <= code.numbers[codes] * 2 ** (1 / code.steps) + 1e-6).all()
        assert code.codes(np.array([2.0**60]))[0] == code.size - 1


def test_pairs_of_columns_are_compared_as_they_should_be():
    random = np.random.default_rng(1)
    x, y = random.normal(size=500), random.normal(size=500)
    y[:50] = np.nan
    words = (x > 0) * 1.0
    codings = Coding("x", True, x.min(), x.max()), Coding("w", False, known=(0.0, 1.0))
    above = (Coding("y", True, np.nanmin(y), np.nanmax(y)),)
    pairs = PairSums.of(codings, above)
    sides = []
    for other in (y, -y):
        sums = np.zeros(pairs.size)
        for part in np.array_split(np.arange(500), 3):
            own = np.stack([x, words], axis=1)[part]
            up = other[part][:, None]
            read = Read.of(codings, own, np.zeros_like(own, bool)), Read.of(above, up, np.isnan(up))
            pairs.add(sums, *read)
        sides.append(sums)
    r = np.corrcoef(x[50:], y[50:])[0, 1]
    assert correlation(sides[0][pairs.places[0, 0]]) == pytest.approx(r)
    assert pairs.similarity(0, 0, *sides) == pytest.approx(1 - abs(r))
    tables = [side[pairs.places[1, 0]] for side in sides]
    assert tables[0].sum() == 500 and pairs.similarity(1, 0, *sides) == pytest.approx(1 - distance(*tables))
    assert pairs.similarity(0, 0, np.zeros(pairs.size), sides[1]) is None
    assert distance(np.array([1.0]), np.array([0.0])) == 1.0


def test_how_alike_siblings_are():
    group = np.repeat(np.arange(10), 3)
    ranks = np.repeat(np.linspace(0, 1, 10), 3)
    assert alike(alike_numbers(ranks, group), True, 0.0) == pytest.approx(1)
    assert alike(alike_numbers(np.tile([0.0, 0.5, 1.0], 10), group), True, 0.0) == pytest.approx(-0.5)
    assert alike(alike_numbers(ranks[::3], group[::3]), True, 0.0) is None
    words = np.repeat([1.0, 2.0], 15)
    nulls = np.zeros(30, bool)
    assert alike(alike_categories(words, nulls, group), False, 0.5) == pytest.approx(1)
    mixed = np.tile([1.0, 1.0, 2.0], 10)
    assert alike(alike_categories(mixed, nulls, group), False, 5 / 9) == pytest.approx((1 / 3 - 5 / 9) / (4 / 9))
    assert alike(alike_categories(np.full(30, np.nan), ~nulls, group), False, 1.0) == 0.0
    assert alike(alike_categories(words[::3], nulls[::3], group[::3]), False, 0.5) is None
    days = Coding("d", True, temporal=True, days=True)
    gaps = gap_codes(days, np.array([5.0, 3.0, np.nan, 9.0, 9.0]), np.array([0, 0, 0, 1, 1]))
    assert gaps.sum() == 2 and gaps[0] == 1


def test_a_date_is_not_before_an_instant_of_its_day():
    day, instant = Coding("d", True, temporal=True, days=True), Coding("t", True, temporal=True)
    rules = Rules.of((day,), (instant,), [])
    sums = np.zeros(rules.size)
    noon = (np.array([10.0, 10.0, 11.0]) * 86_400 + 43_200) * 1e6
    none = np.zeros((3, 1), bool)
    rules.add(sums, np.array([[10.0], [9.0], [12.0]]), none, noon[:, None], none)
    assert sums.tolist() == [3, 1]


def test_families_are_counted_whole_however_the_batches_are_cut():
    parents, children = (Coding("v", True, 0.0, 9.0),), (Coding("x", True, 0.0, 99.0),)
    hub = Hub((Above(0, parents),), {0: LinkWanted(children, (0,), Rules.of(children, parents, [(0, 0)]))})
    rows = []
    for key in range(10):
        rows.append((0, 0, key, PARENT, [1.0 * key], [1.0 * key]))
        rows += [(0, 0, key, 0, [float(i)], None) for i in range(key * key)]
    rows += [(0, 0, 100, 0, [5.0], None), (0, 0, 101, -2, [7.0], None)]
    schema = pa.schema({"hub": pa.int32(), "side": pa.int32(), "key": pa.int64(), "link": pa.int32(),
                        "own": pa.list_(pa.float64()), "up": pa.list_(pa.float64())})  # fmt: skip
    columns = [
        pa.array(list(column), field.type) for column, field in zip(zip(*rows, strict=True), schema, strict=True)
    ]
    batch = pa.RecordBatch.from_arrays(columns, schema=schema)

    def counted(size, **limits):
        work = LinkWork({0: hub}, **limits)
        (found,) = work(batch.slice(i, size) for i in range(0, batch.num_rows, size))
        return work, {(b, c): a for b, c, a in zip(*found.to_pydict().values(), strict=True)}

    work, whole = counted(1000)
    block = work.block(("children", 0, 0), 0)
    assert {cell: n for (b, cell), n in whole.items() if b == block} == {key * key: 1 for key in range(10)}
    block = work.block(("tally", 0, 0), 0)
    assert [whole[block, i] for i in range(3)] == [sum(k * k for k in range(10)) + 1, 1, 1]
    for size, limits in ((7, {"rows": 5, "most": 10**6}), (3, {"rows": 4, "most": 20})):
        _, parts = counted(size, **limits)
        alike_block = work.block(("alike", 0, 0), 0)
        kept = {key: n for key, n in whole.items() if key[0] != alike_block or size == 7}
        assert {key: parts.get(key) for key in kept} == pytest.approx(kept)


def database():
    rule = RuleReport(NASTY, "not before", "joined", 50, 5)
    links = (
        link(
            children=(), rules=(rule,), attributes=(Similarity("a", 0.5),), null_rate_real=0.1, null_rate_synthetic=0.3
        ),
        link(child=NASTY, columns=("a", "b"), owner=False, keeps_orphans=True, orphans_synthetic=5),
    )
    tables = tuple(
        DrawnTable(*t) for t in (("customers", "root", 10), ("orders", "child", 1000), (NASTY, "kept", None))
    )
    drawn = (
        DrawnLink("orders", "customers", "customer", True),
        DrawnLink("orders", "orders", "next", False),
        DrawnLink(NASTY, "orders", "x", False),
        DrawnLink("orders", NASTY, "y", False),
        DrawnLink(NASTY, "customers", "z", False),
    )
    paths = (PathReport((NASTY, "b"), (("b",),), 3, 0.9, ("x", NASTY), 0.8),)
    two = (TwoLinks("customers", "orders.customer", "others.customer", 0.5, 0.4, 0.95),)
    return DatabaseReport(links, paths, two, two, tables, drawn, ("something was left out",))


def test_links_are_on_the_page_and_every_name_is_escaped():
    page = render([], database())
    assert NASTY not in page and "<b>" not in page
    for shown in ("Links between tables", "10.0% → 30.0%", "10.0%", "0.900", "something was left out", "asked for",
                  "is not before", "Two links of one table"):  # fmt: skip
        assert shown in page, shown


def test_the_drawing_shows_each_table_and_each_link_once():
    found = str(draw(database().drawn_tables, database().drawn_links))
    assert found.count('class="link owner"') == 1 and found.count('class="link reference"') == 4
    assert found.count("<rect") == 3 and found.count('class="table kept"') == 1
    assert "1,000 rows" in found and "orders: next refers to orders" in found
    many = [DrawnTable(f"t{i}", "root", i) for i in range(60)]
    circle = [DrawnLink(f"t{i}", f"t{(i + 1) % 60}", "k", i % 2 == 0) for i in range(60)]
    assert str(draw(many, circle)).count("<rect") == 60
    assert str(draw([], [])).startswith("<svg")


def test_the_summary_has_a_figure_for_each_question():
    found = database().summary
    assert found["orphans"] == 5 and found["cardinality"] == pytest.approx(0.8)
    assert (found["null_keys"], found["rules"], found["hop1"]) == (pytest.approx(0.8), pytest.approx(0.9), 0.9)
    assert found["degree_attributes"] == 0.5 and found["siblings"] is None and found["pair_keys"] == 0.95
