"""Orders between the columns of children's rows, found, learned by distances, and kept by whatever is drawn."""

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark import SchemaError
from synthohive_spark.declarations.dependencies import Inequality
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.find import learn_families
from synthohive_spark.engine.families.generator import FamilyGenerator
from synthohive_spark.engine.families.names import gap_name, step_name
from synthohive_spark.engine.families.rules import FamilyRules
from synthohive_spark.engine.families.seats import FamilySeats
from synthohive_spark.engine.families.siblings import Siblings
from synthohive_spark.engine.noise import row_words

FAMILIES = 150
TYPES = {"joined": "date", "code": "string", "gift": "boolean", "lag": "int", "opened": "timestamp_ntz"}


def column(name):
    return Column(name, ColumnType(TYPES.get(name.rpartition(".")[2], "date")))


def days(numbers, null=None):
    return pa.array(np.asarray(numbers, "int32"), mask=null).cast(pa.date32())


@pytest.fixture(scope="module")
def orders():
    """Orders of customers: ordered after the customer joined and one after another, then paid, shipped, delivered."""
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 5, FAMILIES)
    owner = np.repeat(np.arange(FAMILIES), sizes)
    joined = rng.integers(0, 900, FAMILIES)
    ordered = joined[owner] + np.concatenate([np.cumsum(rng.integers(1, 40, n)) for n in sizes])
    lag = rng.integers(0, 9, len(owner))
    shipped = ordered + lag
    unpaid = rng.random(len(owner)) < 0.2
    until = np.repeat(rng.integers(0, 1200, FAMILIES), sizes)  # of a leaflet, one for all siblings
    return owner, {
        "@up1.joined": days(joined[owner]),
        "until": days(until),
        "ordered": days(ordered),
        "lag": pa.array(lag, pa.int32()),
        "shipped": days(shipped),
        "delivered": days(shipped + rng.integers(1, 12, len(owner))),
        "paid": days(ordered + rng.integers(0, 60, len(owner)), unpaid),
        "due": days(ordered + 30),
        "warned": days(until - rng.integers(1, 200, len(owner))),
    }


def learn(owner, arrays, **more):
    rows = pa.table(arrays)
    own = [column(n) for n in rows.column_names if not n.startswith("@")]
    siblings = Siblings.of(rows, own, pa.array(owner), [np.arange(rows.num_rows)])
    context = [column("@up1.joined")]
    return learn_families(rows, own, [], context, siblings, untouched=frozenset(), privacy=Privacy(), **more)


@pytest.fixture(scope="module")
def learned(orders):
    return learn(*orders)


class Shuffled:
    """Draws of each column any of its learned values, whatever the others hold."""

    any_condition = False

    def __init__(self, learned):
        self.table, self.conditions = learned.table, learned.conditions
        self.columns = learned.columns

    def sample(self, draw):
        words = row_words(draw.seed, draw.row_ids, len(self.columns), stream=draw.stream)
        made = {}
        for i, own in enumerate(self.columns):
            if own.name in self.conditions:
                made[own.name] = draw.conditions.column(own.name)
            else:
                places = (words[:, i] % np.uint64(self.table.num_rows)).astype(np.int64)
                made[own.name] = self.table.column(own.name).take(pa.array(places)).combine_chunks()
        return pa.table(made)


def drawn(learned, sizes):
    sizes = np.asarray(sizes)
    parents = np.repeat(np.arange(len(sizes)), sizes)
    places = np.concatenate([np.arange(k) for k in sizes])
    joined = days((np.arange(len(sizes)) * 13 % 900)[parents])
    context = pa.table({"@up1.joined": joined})
    seats = FamilySeats(parents, places, np.repeat(sizes, sizes), context)
    made = FamilyGenerator(Shuffled(learned), FamilyRules.from_json(learned.rules.to_json())).sample(seats, 3)
    dates = [n for n in made.column_names if n != "lag"]
    numbers = {n: made.column(n).cast(pa.int32()).to_pandas() for n in dates}
    return made, numbers, parents, joined.cast(pa.int32()).to_numpy()


def test_columns_that_follow_a_placed_one_are_learned_by_their_distance_from_it(learned, orders):
    names = {own.column.name: own.sources for own in learned.rules.orders.columns}
    assert names["shipped"] == ("ordered",)
    assert names["delivered"] == ("shipped",)
    assert names["paid"] == ("ordered",)
    assert names["warned"] == ("until",)
    assert {s.column.name for s in learned.rules.steps} >= {"ordered"}
    assert learned.rules.constant == ("until",)
    # What a number says of the distance is there for the engine to find.
    assert learned.table.column(gap_name("shipped")).to_pylist() == orders[1]["lag"].to_pylist()
    assert step_name("shipped") not in learned.table.column_names


def test_no_drawn_row_breaks_an_order_and_what_holds_in_families_still_does(learned):
    made, numbers, parents, joined = drawn(learned, [1, 3, 4, 2] * 60)
    first = np.r_[True, np.diff(parents) > 0]
    for low, high in (("ordered", "shipped"), ("shipped", "delivered"), ("ordered", "paid"), ("warned", "until")):
        gap = numbers[high] - numbers[low]
        assert gap.min() >= 0, (low, high)
        assert gap.nunique() > 5
    assert (numbers["ordered"] >= joined).all() and (numbers["shipped"] >= joined).all()
    assert set(numbers["due"] - numbers["ordered"]) == {30}
    rises = np.diff(numbers["ordered"], prepend=0)[~first]
    assert rises.min() > 0
    assert numbers["until"].groupby(parents).nunique().max() == 1
    assert 0.1 < made.column("paid").null_count / made.num_rows < 0.3


def test_a_column_that_rises_as_well_goes_on_doing_so():
    rng = np.random.default_rng(1)
    sizes = rng.integers(2, 6, FAMILIES)
    owner = np.repeat(np.arange(FAMILIES), sizes)
    start = np.concatenate([np.cumsum(rng.integers(1, 30, n)) for n in sizes]) + rng.integers(0, 900, FAMILIES)[owner]
    end = start.copy()
    for i in range(len(end)):
        low = start[i] if i == 0 or owner[i] != owner[i - 1] else max(start[i], end[i - 1] + 1)
        end[i] = low + rng.integers(0, 20)
    learned = learn(owner, {"@up1.joined": days(start * 0), "start": days(start), "end": days(end)})
    assert learned.rules.rising == {"end": 1}
    _, numbers, parents, _ = drawn(learned, [5, 2, 4] * 50)
    first = np.r_[True, np.diff(parents) > 0]
    assert (numbers["end"] >= numbers["start"]).all()
    assert np.diff(numbers["end"], prepend=0)[~first].min() >= 1


def test_a_declared_order_is_kept_though_real_rows_break_it(orders):
    owner, arrays = orders
    asked = np.asarray(arrays["ordered"].cast(pa.int32())) - 3
    asked[::40] += 9
    declared = (Inequality("asked", "ordered"), Inequality("ordered", "paid"))
    learned = learn(owner, {**arrays, "asked": days(asked)}, declared=declared)
    _, numbers, _, _ = drawn(learned, [1, 3, 4, 2] * 60)
    assert (numbers["asked"] <= numbers["ordered"]).all() and (numbers["ordered"] - numbers["asked"]).nunique() > 1
    assert "lag" in learned.table.column_names


def test_what_is_unrelated_is_not_put_in_order_unless_it_is_declared(orders):
    unrelated = frozenset({"shipped", "paid"})
    names = {own.column.name for own in learn(*orders, unrelated=unrelated).rules.orders.columns}
    assert not names & unrelated and "due" in names
    declared = learn(*orders, unrelated=unrelated, declared=(Inequality("ordered", "paid"),)).rules.orders.columns
    assert "paid" in {own.column.name for own in declared}


def test_a_declared_order_of_what_another_column_tells_is_refused(orders):
    owner, arrays = orders
    day = np.asarray(arrays["ordered"].cast(pa.int32()))
    arrays = {**arrays, "lag": pa.array(np.datetime64("1970-01-01") + day).cast(pa.date32()).cast(pa.int32())}
    with pytest.raises(SchemaError, match="lag <= shipped cannot be kept, since other columns tell one of the two"):
        learn(owner, arrays, declared=(Inequality("lag", "shipped"),))


def test_a_date_far_from_an_ancestors_is_learned_as_it_is_and_keeps_to_it():
    rng = np.random.default_rng(2)
    sizes = rng.integers(1, 5, FAMILIES)
    born = rng.integers(-9000, 590, FAMILIES)
    seen = np.concatenate([np.sort(rng.integers(max(b, 0), 600, n)) for b, n in zip(born, sizes, strict=True)])
    owner = np.repeat(np.arange(FAMILIES), sizes)
    arrays = {"@up1.joined": days(born[owner]), "seen": days(seen), "left": days(seen + rng.integers(0, 9, len(seen)))}
    learned = learn(owner, arrays)
    assert learned.rules.floors == {"seen": "@up1.joined"}
    assert {own.column.name: own.sources for own in learned.rules.orders.columns} == {"left": ("seen",)}
    assert (
        learned.table.column("seen").drop_null().cast(pa.int32()).to_pylist()[:3]
        == seen[np.r_[True, np.diff(owner) > 0]][:3].tolist()
    )
    _, numbers, _, joined = drawn(learned, [1, 3, 4, 2] * 60)
    assert (numbers["seen"] >= joined).all() and (numbers["left"] >= numbers["seen"]).all()
    assert (numbers["seen"] == joined).mean() > 0.1  # where the date drawn lay before
