"""A database with every kind of link, learned for a moment and drawn once: what must hold in every row of it."""

import itertools
import logging
import os
import pathlib

import pandas as pd
import pytest
from structlog.testing import capture_logs

from synthohive_spark import Privacy, Synthesizer
from tests.helpers import linked_shop as shop

ROOTS = {"customers": 300, "products": 60, "departments": 20, "people": 200, "weather": 150}


@pytest.fixture(scope="module")
def real():
    return shop.tables()


@pytest.fixture(scope="module")
def frames(spark):
    return shop.frames(spark)


class Written(logging.Handler):
    """All that is logged, as text."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


@pytest.fixture(scope="module")
def logged():
    """What is logged while the database is learned and drawn, by any logger."""
    handler = Written()
    logging.getLogger().addHandler(handler)
    yield handler.lines
    logging.getLogger().removeHandler(handler)


@pytest.fixture(scope="module")
def fitted(spark, frames, logged):
    synthesizer = Synthesizer(shop.declared(), spark, engine="autoregressive", progress=False, privacy=Privacy(2, 2))
    with capture_logs() as entries:
        synthesizer.fit(frames, seed=1, epochs=4)
    logged += map(repr, entries)
    return synthesizer


@pytest.fixture(scope="module")
def sampled(fitted, logged):
    with capture_logs() as entries:
        made = fitted.sample(seed=2)
    logged += map(repr, entries)
    return made


@pytest.fixture(scope="module")
def drawn(sampled):
    return {name: df.toPandas() for name, df in sampled.items()}


def with_parent(tables, child, columns, parent, key):
    return tables[child].merge(tables[parent], left_on=columns, right_on=key, suffixes=("", "_parent"))


def children(tables, child, column, parent, key="id"):
    """How many rows of a child each row of its parent has."""
    return tables[parent][key].map(tables[child][column].value_counts()).fillna(0)


def test_all_tables_come_out_in_the_order_of_declaration_with_their_schemas(frames, sampled):
    assert list(sampled) == list(shop.TABLES)
    for name, df in sampled.items():
        assert df.schema == frames[name].schema, name


def test_roots_have_their_size_and_children_about_theirs(real, drawn):
    assert {name: len(drawn[name]) for name in ROOTS} == ROOTS
    for name in set(real) - set(ROOTS):
        assert 0.75 < len(drawn[name]) / len(real[name]) < 1.3, (name, len(drawn[name]))


@pytest.mark.parametrize("link", shop.links(), ids=lambda link: f"{link[0]}-{'-'.join(link[1])}")
def test_every_key_is_met(drawn, link):
    assert shop.orphans(drawn, *link) == 0
    own = drawn[link[0]][list(link[1])].isna().any(axis=1)
    if link[:2] not in {("complaints", ("sku",)), ("employees", ("manager_id",))}:
        assert not own.any()


@pytest.mark.parametrize("name", [name for name, own in shop.declared().tables.items() if own.pk])
def test_no_key_comes_twice_and_none_is_null(drawn, name):
    pk = list(shop.declared().tables[name].pk)
    assert not drawn[name].duplicated(pk).any() and not drawn[name][pk].isna().any().any()


@pytest.mark.parametrize(
    ("name", "first", "step"),
    [
        ("customers", 1001, 1),
        ("orders", 1, 1),
        ("returns", 0, 1),
        ("complaints", 0, 10),
        ("notes", 0, 1),
        ("employees", 0, 1),
        ("departments", 0, 100),
        ("visits", 0, 1),
    ],
)
def test_made_keys_start_and_step_as_the_real_ones_without_gaps(drawn, name, first, step):
    keys = drawn[name].id
    assert sorted(keys) == list(range(first, first + step * len(keys), step))


def test_keys_that_are_text_look_like_the_real_ones(drawn):
    assert drawn["products"].sku.str.fullmatch(r"SKU-\d{5}").all()


def test_one_to_one_stays_one_to_one(real, drawn):
    has = drawn["customers"].id.isin(drawn["profiles"].customer_id)
    assert children(drawn, "profiles", "customer_id", "customers").max() == 1
    assert abs(has.mean() - real["customers"].id.isin(real["profiles"].customer_id).mean()) < 0.1


def test_lines_are_numbered_from_one_on_in_every_order(real, drawn):
    lines = drawn["items"].groupby("order_id").line
    assert (lines.max() == lines.size()).all() and (lines.min() == 1).all()
    assert lines.size().max() == 4
    every = children(drawn, "items", "order_id", "orders")
    assert every.min() >= 1  # as in all real orders


def test_what_is_the_same_in_a_family_stays_so(real, drawn):
    per_customer = drawn["orders"].groupby("customer_id").currency.nunique()
    assert (drawn["orders"].customer_id.value_counts() > 1).sum() > 50 and (per_customer == 1).all()
    assert set(drawn["orders"].currency) == {"EUR", "CHF", "USD"}


def test_dates_follow_the_parents_and_rise_among_siblings(drawn):
    orders = with_parent(drawn, "orders", "customer_id", "customers", "id")
    gaps = (pd.to_datetime(orders.ordered) - pd.to_datetime(orders.joined)).dt.days
    assert gaps.min() >= 0 and (gaps > 0).mean() > 0.98
    in_order = drawn["orders"].sort_values(["customer_id", "id"])
    steps = pd.to_datetime(in_order.ordered).groupby(in_order.customer_id).diff().dropna().dt.days
    assert len(steps) > 200 and steps.min() >= 0 and (steps > 0).mean() > 0.98
    gaps = (pd.to_datetime(drawn["orders"].shipped) - pd.to_datetime(drawn["orders"].ordered)).dt.days
    assert gaps.min() == 0 and gaps.max() < 9
    returns = with_parent(drawn, "returns", "order_id", "orders", "id")
    gaps = (pd.to_datetime(returns.returned) - pd.to_datetime(returns.ordered)).dt.days
    assert gaps.min() >= 0 and gaps.max() < 30 and gaps.nunique() > 10


def test_a_key_that_another_path_decides_is_kept_in_every_row(drawn):
    returns = with_parent(drawn, "returns", "order_id", "orders", "id")
    assert len(returns) == len(drawn["returns"]) > 100
    assert (returns.customer_id == returns.customer_id_parent).all()


def test_null_keys_follow_the_row(drawn):
    complaints = drawn["complaints"]
    assert complaints.sku.isna().sum() > 100
    assert ((complaints.kind == "service") == complaints.sku.isna()).all()


def test_a_tree_has_no_circles_and_about_the_real_depths(real, drawn):
    def depths(employees):
        above = dict(zip(employees.id, employees.manager_id, strict=True))
        found = []
        for employee in employees.id:
            at, steps = above[employee], 0
            while not pd.isna(at) and steps <= 20:
                at, steps = above[at], steps + 1
            found.append(steps)
        return pd.Series(found).value_counts(normalize=True)

    made, wanted = depths(drawn["employees"]), depths(real["employees"])
    assert made.index.max() <= 3
    for level, share in wanted.items():
        assert abs(made.get(level, 0) - share) < 0.15, (made, wanted)
    managers = drawn["employees"].manager_id.dropna()
    assert 10 < managers.nunique() < 80  # of 34 real ones


def test_two_tables_that_name_each_other(real, drawn):
    heads = drawn["departments"].merge(drawn["employees"], left_on="head_id", right_on="id")
    assert len(heads) == 20
    sizes = children(drawn, "employees", "department", "departments")
    assert (sizes > 0).sum() >= 15 and sizes.max() <= 2 * children(real, "employees", "department", "departments").max()


def test_composite_keys_are_met_as_a_whole(drawn):
    both = drawn["notes"].merge(drawn["tagged"], on=["order_id", "sku"])
    assert len(both) == len(drawn["notes"]) > 200


def test_a_table_that_is_taken_over_is_the_same(real, drawn):
    pd.testing.assert_frame_equal(drawn["countries"].sort_values("code", ignore_index=True), real["countries"])
    shares = drawn["customers"].country.value_counts(normalize=True)
    for code, share in real["customers"].country.value_counts(normalize=True).items():
        assert abs(shares[code] - share) < 0.08


def test_siblings_that_never_share_a_row_hardly_ever_do(real, drawn):
    pairs = ["order_id", "sku"]
    assert not real["items"].duplicated(pairs).any()
    assert drawn["items"].duplicated(pairs).mean() < 0.003
    assert not drawn["tagged"].duplicated(pairs).any()


def test_counts_follow_what_the_parents_hold_and_zeros_are_there(real, drawn):
    means = {}
    for name, tables in (("real", real), ("drawn", drawn)):
        counts = children(tables, "orders", "customer_id", "customers")
        means[name] = counts.groupby(tables["customers"].vip).mean()
        means[name, "zeros"] = (counts == 0).mean()
    assert means["real"][True] > 4 * means["real"][False]
    assert means["drawn"][True] > 2.5 * means["drawn"][False], means
    assert abs(means["drawn", "zeros"] - means["real", "zeros"]) < 0.12, means
    assert children(drawn, "orders", "customer_id", "customers").max() <= 20


def test_rows_that_are_referred_to_share_the_references(real, drawn):
    for tables in (real, drawn):
        used = children(tables, "items", "sku", "products", "sku")
        assert (used > 0).mean() > 0.9 and used.max() < 4 * used.mean()


def test_no_real_number_of_a_person_is_anywhere(real, fitted, drawn, frames, sampled, logged, tmp_path):
    numbers = set(real["people"].ssn)
    assert set(real["visits"].ssn) < numbers and len(numbers) == 200
    for name, column in itertools.product(("people", "visits"), ("ssn",)):
        assert drawn[name][column].str.fullmatch(r"\d{3}-\d{2}-\d{4}").all()
        assert not set(drawn[name][column]) & numbers
    for name, table in drawn.items():
        assert not table.astype(str).isin(numbers).any().any(), name
    own = ("people", "visits")
    with capture_logs() as entries:
        fitted.save(tmp_path / "model")
        report = fitted.generate_validation_report({n: frames[n] for n in own}, {n: sampled[n] for n in own})
    report.write_json(tmp_path / "report.json")
    report.write_html(tmp_path / "report.html")
    contents = {
        os.path.join(folder, file): (pathlib.Path(folder) / file).read_bytes()
        for folder, _, files in os.walk(tmp_path)
        for file in files
    }
    assert len(contents) > 40 and any(b"CHF" in content for content in contents.values())
    encoded = [number.encode() for number in numbers]
    for file, content in contents.items():
        assert not [number for number in encoded if number in content], file
    text = "\n".join([*logged, *map(repr, entries)])
    assert "'trained'" in text and not [number for number in numbers if number in text]


def test_sampling_starts_no_job(spark, fitted):
    tracker = spark.sparkContext.statusTracker()
    before = tracker.getJobIdsForGroup(None)
    fitted.sample({"customers": 10**8}, seed=1, tables=["notes", "complaints", "profiles"])
    assert tracker.getJobIdsForGroup(None) == before


def test_saved_and_loaded_the_database_draws_the_same(spark, fitted, sampled, drawn, tmp_path):
    fitted.save(tmp_path / "model")
    again = Synthesizer.load(tmp_path / "model", spark)
    wanted = ["countries", "customers", "returns", "employees"]
    loaded = again.sample(seed=2, tables=wanted)
    assert list(loaded) == wanted
    for name, df in loaded.items():
        assert df.schema == sampled[name].schema
        assert rows(df.toPandas()) == rows(drawn[name]), name


def rows(table):
    return sorted(map(str, table.astype(object).where(table.notna(), None).itertuples(index=False)))
