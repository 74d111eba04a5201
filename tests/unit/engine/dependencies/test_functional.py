import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.engine.code_links import Block, FunctionalDependency
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.functional import allowed, decided_next, settled
from synthohive_spark.engine.dependencies.functional_fit import MOST_CODES, find_functional_dependencies, find_names
from synthohive_spark.engine.encoded_table import EncodedTable
from synthohive_spark.engine.table.encoder_fit import fit_encoder
from synthohive_spark.engine.table.request import FitRequest
from synthohive_spark.engine.table_statistics import TableStatistics

ROWS = 4000


def block(name, codes, ranked=False):
    return Block(name, (1 / codes,) * codes, ranked)


def coded(columns, names=None):
    """Links among columns given as {name: codes}, whose values are strings that name the codes."""
    table = pa.table({name: pa.array([f"{name}{c}" for c in codes]) for name, codes in columns.items()})
    blocks = [block(name, int(codes.max()) + 1) for name, codes in columns.items()]
    encoded = EncodedTable(np.stack(list(columns.values()), axis=1).astype(np.int16), np.zeros((ROWS, 0), np.float32))
    return find_functional_dependencies(table, names or list(columns), encoded, blocks)


def brief(links):
    return {(link.determinant, link.dependent): link.table.tolist() for link in links}


def fitted(values):
    """Links among columns of strings, as their codecs encode them; and the codecs by name."""
    table = pa.table(values)
    columns = tuple(Column(name, ColumnType.parse("string")) for name in values)
    request = FitRequest(columns, seed=0)
    encoder, encoded = fit_encoder(table, columns, TableStatistics.of(table, columns), request)
    links = find_functional_dependencies(table, list(values), encoded, encoder.blocks)
    return links, {c.name: codec for c, codec in zip(encoder.columns, encoder.codecs, strict=True)}


def test_a_city_has_a_country_and_not_the_other_way_round():
    rng = np.random.default_rng(0)
    country_of = np.array([0, 0, 1, 2, 2, 2, 1])
    city = rng.integers(0, 7, ROWS)
    links = coded({"city": city, "any": rng.integers(0, 3, ROWS), "country": country_of[city]})
    assert brief(links) == {(0, 2): country_of.tolist()}
    assert links[0].table.dtype == np.int32


def test_one_row_that_differs_is_enough_to_find_none():
    rng = np.random.default_rng(1)
    city = rng.integers(0, 7, ROWS)
    country = city // 2
    assert brief(coded({"city": city, "country": country})) == {(0, 1): [0, 0, 1, 1, 2, 2, 3]}
    for row in (1, ROWS // 2, ROWS - 1):
        other = country.copy()
        other[row] = (other[row] + 1) % 4
        assert coded({"city": city, "country": other}) == ()


def test_names_of_one_thing_are_linked_both_ways():
    city = np.random.default_rng(2).integers(0, 5, ROWS)
    swapped = np.array([3, 1, 4, 0, 2])
    assert brief(coded({"a": city, "b": swapped[city]})) == {(0, 1): [3, 1, 4, 0, 2], (1, 0): [3, 1, 4, 0, 2]}


def test_what_chance_would_make_is_none():
    assert coded({"a": np.arange(ROWS) // 2, "constant": np.zeros(ROWS, int)}) == ()
    rare = np.zeros(ROWS, int)
    rare[:2] = 1  # one value of the other column has them, by chance
    pairs = np.arange(ROWS) // 2
    assert coded({"a": pairs, "b": rare}) == ()
    often = (pairs % 3 == 0).astype(int)
    assert (0, 1) in brief(coded({"a": pairs, "b": often}))
    mostly_single = np.minimum(np.arange(ROWS), int(0.51 * ROWS))
    assert coded({"a": mostly_single, "b": mostly_single % 2}) == ()


def test_ranked_and_virtual_columns_and_too_many_codes_are_passed_over():
    a = np.random.default_rng(4).integers(0, 6, ROWS)
    table = pa.table({"a": a, "b": a // 2, "ranked": a // 3, "unasked": a})
    names = ["a", "b", "virtual", "ranked"]
    blocks = [block("virtual", 6), block("a", 6), block("ranked", 6, True), block("unasked", 6), block("b", 3)]
    codes = np.stack([a, a, a, a, a // 2], axis=1).astype(np.int16)
    encoded = EncodedTable(codes, np.zeros((ROWS, 1), np.float32))
    assert brief(find_functional_dependencies(table, names, encoded, blocks)) == {(1, 4): [0, 0, 1, 1, 2, 2]}
    blocks[1] = block("a", MOST_CODES + 1)
    assert find_functional_dependencies(table, names, encoded, blocks) == ()
    assert find_functional_dependencies(table.slice(0, 0), names, encoded.take(slice(0, 0)), blocks) == ()


def test_null_is_a_value():
    rng = np.random.default_rng(5)
    city = rng.integers(0, 4, ROWS)
    cities = [None if c == 0 else f"city{c}" for c in city]
    countries = [None if c == 3 else f"country{c // 2}" for c in city]
    (link,), codecs = fitted({"city": cities, "country": countries})
    assert codecs["city"].values == ("city1", "city2", "city3") and codecs["country"].values == ("country0", "country1")
    assert (link.determinant, link.dependent, link.table.tolist()) == (0, 1, [1, 1, 2, 0])
    wrong = [f"country{rng.integers(2)}" if c is None else c for c in countries]
    assert fitted({"city": cities, "country": wrong})[0] == ()


def test_what_only_a_null_decides_is_kept_and_a_null_that_decides_nothing_hides_no_function():
    cell = np.random.default_rng(7).integers(0, 4, ROWS)
    cells = [None if c == 0 else f"cell{c}" for c in cell]
    (link,), _ = fitted({"cell": cells, "kind": [("service" if c == 0 else "product") for c in cell]})
    product, service = link.table[1], link.table[0]
    assert link.table.tolist() == [service, product, product, product] and product != service
    anything = [("service", "product")[i % 2] if c == 0 else f"kind{c}" for i, c in enumerate(cell)]
    links, codecs = fitted({"cell": cells, "kind": anything})
    (link,) = (own for own in links if own.determinant == 0)
    assert [codecs["kind"].values[code] for code in link.table[1:]] == ["kind1", "kind2", "kind3"]
    assert link.table[0] == -1


def test_rows_of_rare_values_do_not_blur_the_table():
    rng = np.random.default_rng(6)
    city = np.minimum(rng.zipf(1.6, ROWS), 3000)
    links, codecs = fitted({"city": [f"{c:04}" for c in city], "country": [f"{c % 5}" for c in city]})
    kept = codecs["city"].values
    assert codecs["city"].kind == "categorical" and len(kept) < len(np.unique(city)) / 2
    assert brief(links) == {(0, 1): [codecs["country"].values.index(str(int(c) % 5)) for c in kept]}


def test_a_code_without_rows_is_not_known():
    a = np.random.default_rng(7).integers(1, 4, ROWS) * 2
    links = coded({"a": a, "b": a // 4})
    assert brief(links)[0, 1] == [-1, -1, 0, -1, 1, -1, 1]


def test_codes_that_stand_for_many_values_say_nothing():
    value = np.random.default_rng(9).integers(0, 100, ROWS)
    table = pa.table({"a": value, "b": value // 2})
    encoded = EncodedTable(np.stack([value % 7, value // 2], axis=1), np.zeros((ROWS, 0), np.float32))
    assert find_functional_dependencies(table, ["a", "b"], encoded, [block("a", 7), block("b", 50)]) == ()


@pytest.mark.parametrize("spread", [2000, 60_000])
def test_many_codes_do_as_well(spread):
    a = np.random.default_rng(8).integers(0, 1000, ROWS)
    b = a * 7919 % 1000 // 2 * (spread // 1000)
    table = pa.table({"a": a, "b": b})
    encoded = EncodedTable(np.stack([a, b], axis=1).astype(np.int32), np.zeros((ROWS, 0), np.float32))
    (link,) = find_functional_dependencies(table, ["a", "b"], encoded, [block("a", 1000), block("b", spread)])
    real_values = np.unique(a)
    assert np.array_equal(link.table[real_values], real_values * 7919 % 1000 // 2 * (spread // 1000))
    assert (np.delete(link.table, real_values) == -1).all()


CITY = FunctionalDependency(0, 1, np.array([0, 0, 1, -1], np.int32))


def codes(*values):
    return np.array(values, np.int64)


def permitted(links, column, count, known):
    result = allowed(links, column, count, known)
    return None if result is None else [np.flatnonzero(row).tolist() for row in result]


def test_a_known_determining_code_forces_the_other():
    assert permitted([CITY], 1, 2, {0: codes(2, 1, 3, -1)}) == [[1], [0], [0, 1], [0, 1]]
    assert allowed([CITY], 1, 2, {0: codes(-1, 3)}) is None
    assert allowed([CITY], 1, 2, {}) is None
    assert allowed([CITY], 2, 2, {0: codes(2)}) is None


def test_a_known_determined_code_leaves_those_that_lead_to_it():
    assert permitted([CITY], 0, 4, {1: codes(0, 1, -1)}) == [[0, 1, 3], [2, 3], [0, 1, 2, 3]]
    assert allowed([CITY], 0, 4, {1: codes(-1, -1)}) is None


def test_links_add_up_and_where_nothing_suits_all_is_permitted():
    zone = FunctionalDependency(0, 2, np.array([0, 1, 1, 0], np.int32))
    assert permitted([CITY, zone], 0, 4, {1: codes(0, 0, 1), 2: codes(0, 1, 0)}) == [[0, 3], [1], [3]]
    full = FunctionalDependency(0, 1, np.array([0, 0, 1, 1], np.int32))
    back = FunctionalDependency(3, 0, np.array([0, 3], np.int32))
    known = {1: codes(0, 0, -1, 1), 3: codes(0, 1, 1, -1)}
    assert permitted([full, back], 0, 4, known) == [[0], [0, 1, 2, 3], [3], [2, 3]]
    assert permitted([full], 0, 4, {1: codes(5, 1)}) == [[0, 1, 2, 3], [2, 3]]


def test_what_is_decided_comes_right_behind_what_decides_it():
    table = np.zeros(2, np.int32)
    links = [
        FunctionalDependency(2, 4, table),
        FunctionalDependency(4, 0, table),
        FunctionalDependency(2, 0, table),
        FunctionalDependency(1, 0, table),
    ]
    assert decided_next([1, 3, 2, 0, 4], links) == (1, 0, 3, 2, 4)
    assert decided_next([2, 1, 3, 0, 4], links) == (2, 4, 0, 1, 3)
    assert decided_next([0, 4, 2], []) == (0, 4, 2)


def test_codes_that_break_links_are_settled_by_the_finer_column():
    rng = np.random.default_rng(5)
    state_of, land_of = np.arange(200) % 20, np.arange(20) % 4
    links = (
        FunctionalDependency(1, 2, land_of.astype(np.int32)),
        FunctionalDependency(0, 1, state_of.astype(np.int32)),
        FunctionalDependency(0, 2, land_of[state_of].astype(np.int32)),
    )
    codes = np.stack([rng.integers(0, n, ROWS) for n in (200, 20, 4)])
    made = settled(codes, links, (200, 20, 4))
    assert np.array_equal(made[0], codes[0])
    assert np.array_equal(made[1], state_of[made[0]])
    assert np.array_equal(made[2], land_of[made[1]])


def test_of_two_columns_that_decide_a_third_the_coarser_one_gives_way():
    rng = np.random.default_rng(6)
    first, second = np.arange(50) % 5, np.arange(30) % 5
    links = (FunctionalDependency(0, 2, first.astype(np.int32)), FunctionalDependency(1, 2, second.astype(np.int32)))
    made = settled(np.stack([rng.integers(0, n, ROWS) for n in (50, 30, 5)]), links, (50, 30, 5))
    assert np.array_equal(first[made[0]], made[2])
    assert np.array_equal(second[made[1]], made[2])
    assert len(np.unique(made[1])) == 30


def test_columns_that_decide_each_other_and_others_are_settled_in_turn():
    """A greeting says sex and name, a badge the name, and the name the badge."""
    rng = np.random.default_rng(8)
    sizes = (40, 2, 20, 20)
    greeting, badge_of = np.arange(40), rng.permutation(20).astype(np.int32)
    links = (
        FunctionalDependency(0, 1, (greeting % 2).astype(np.int32)),
        FunctionalDependency(0, 2, (greeting // 2).astype(np.int32)),
        FunctionalDependency(0, 3, badge_of[greeting // 2]),
        FunctionalDependency(2, 3, badge_of),
        FunctionalDependency(3, 2, np.argsort(badge_of).astype(np.int32)),
    )
    longer = (50, *sizes), [FunctionalDependency(o.determinant + 1, o.dependent + 1, o.table) for o in links]
    login = FunctionalDependency(0, 3, (np.arange(50) % 20).astype(np.int32))  # decides the name, and no greeting
    made = settled(np.stack([rng.integers(0, n, ROWS) for n in longer[0]]), [*longer[1], login], longer[0])
    for link in (*longer[1], login):
        assert np.array_equal(link.table[made[link.determinant]], made[link.dependent])
    assert [len(np.unique(own)) for own in made] == [50, 40, 2, 20, 20]


def test_what_is_fixed_stays_and_what_it_decides_or_is_decided_by_follows():
    rng = np.random.default_rng(9)
    land_of = (np.arange(20) % 4).astype(np.int32)
    links = (FunctionalDependency(0, 1, land_of),)
    drawn = np.stack([rng.integers(0, n, ROWS) for n in (20, 4)])
    for column in range(2):
        fixed = np.zeros_like(drawn, dtype=bool)
        fixed[column, ::2] = True
        made = settled(drawn, links, (20, 4), fixed)
        assert np.array_equal(made[column, ::2], drawn[column, ::2])
        assert np.array_equal(land_of[made[0]], made[1])
    both = settled(drawn, links, (20, 4), np.ones_like(drawn, dtype=bool))
    assert np.array_equal(both, drawn)


def test_integers_that_decide_words_are_names_unless_few_rows_hold_them():
    rng = np.random.default_rng(7)
    product, shop = rng.integers(0, 80, ROWS) * 7 + 100, rng.choice(["web", "shop", "b2b"], 600)
    columns = tuple(Column(name, ColumnType.parse(type_)) for name, type_ in (("product", "int"), ("source", "string")))
    table = pa.table({"product": pa.array(product, pa.int32()), "source": shop[product - 100]})
    assert find_names(table, columns) == {"product"}
    few = pa.table({"product": pa.array(np.arange(ROWS) // 3, pa.int32()), "source": shop[np.arange(ROWS) // 3 % 600]})
    assert find_names(few, columns) == frozenset()


def test_numbers_that_a_column_of_many_rows_decides_are_names_unless_they_are_computed():
    rng = np.random.default_rng(11)
    sku, amount = rng.integers(0, 100, ROWS), rng.normal(size=ROWS).round(3)
    weight, price = rng.permutation(100)[sku], rng.lognormal(3, 1, 100).round(2)[sku]
    types = {
        "sku": "int",
        "label": "string",
        "weight": "int",
        "price": "double",
        "amount": "double",
        "of\x00day": "int",
    }
    columns = tuple(Column(name, ColumnType.parse(type_)) for name, type_ in types.items())
    values = (sku + 50, [f"item {k}" for k in sku], weight, price, amount, sku % 7)
    table = pa.table([pa.array(v, c.type.arrow) for v, c in zip(values, columns, strict=True)], names=list(types))
    assert find_names(table, columns) == {"sku", "weight", "price"}
    assert find_names(table, [c for c in columns if c.name != "label"], {"price"}) == {"sku", "weight"}
    assert find_names(table, [c for c in columns if c.name in ("label", "price")]) == {"price"}
    assert find_names(table, [c for c in columns if c.name in ("sku", "price")], {"price"}) == frozenset()
    assert find_names(table.slice(0, 1900), columns) == frozenset()


def test_numbers_that_a_thing_of_few_rows_decides_are_names_where_nearly_all_rows_share_it():
    rng = np.random.default_rng(3)
    city = rng.integers(0, 300, ROWS)
    lat = np.round(50 + rng.permutation(300) * 0.017, 3)
    table = pa.table({"city": [f"Town {'abcdefghij'[c % 10]}{c // 10}" for c in city], "lat": lat[city]})
    columns = [Column("city", ColumnType.parse("string")), Column("lat", ColumnType.parse("double"))]
    assert find_names(table, columns) == frozenset()
    assert find_names(table, columns, things={"city": 5}) == {"lat"}
    assert find_names(table, columns, things={"city": 15}) == frozenset()
