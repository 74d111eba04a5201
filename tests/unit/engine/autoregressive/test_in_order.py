import numpy as np
import pandas as pd
import pytest

from synthohive_spark import Autoregressive
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.autoregressive.in_order import InOrder
from synthohive_spark.engine.autoregressive.parts import ColumnParts, Parts
from synthohive_spark.engine.code_orders import RANK_CELLS, CodeOrder, CodeOrders, Ends, Equality
from synthohive_spark.engine.encoded_table import Layout

ROWS = 3000
CUTS = [ColumnParts(6), ColumnParts(4, bins=3, cuts=2, fine=4), ColumnParts(5), ColumnParts(3)]


def ends(codes, bins=0, seed=0):
    places = np.sort(np.random.default_rng(seed).integers(1, 40, (codes - bins, 2)), axis=1)
    ranks = 1 + np.arange(RANK_CELLS * (bins > 0)) // 12
    first, last = (np.append(own, ranks).astype(np.int32) for own in places.T)
    return Ends(first, last)


def in_order(orders):
    parts = Parts(tuple(CUTS), (False, True, False, False), 0)
    own = {0: ends(6, seed=1), 1: ends(4, 3, seed=2), 2: ends(5, seed=3)}
    return InOrder(parts, CodeOrders(tuple(orders), own))


def span(own, column, row):
    """The first and last place of a column's parts, one cell of ranks after the other."""
    cut, places = CUTS[column], own.orders.ends[column]
    parts = [row[p] for p in own.parts.of_column[column]]
    alone = cut.codes - cut.bins
    if not cut.bins or parts[0] < alone:
        return places.first[parts[0]], places.last[parts[0]]
    cells = cut.bins * cut.cuts * cut.fine
    cell = (parts[0] - alone) * cut.fine + parts[1]
    inside = [
        alone + g
        for g in range(RANK_CELLS)
        if (g + 1) * cells > cell * RANK_CELLS and g * cells < (cell + 1) * RANK_CELLS
    ]
    return places.first[inside].min(), places.last[inside].max()


def every(own):
    sizes = own.parts.sizes
    return np.stack(np.meshgrid(*(np.arange(size) for size in sizes), indexing="ij"), -1).reshape(-1, len(sizes)).T


@pytest.mark.parametrize("above", [True, False])
def test_a_category_is_ruled_out_where_none_of_its_values_is_in_order(above):
    own = in_order([CodeOrder(1, (0, 2), above)])
    rows = every(own)
    rows = rows[:, np.random.default_rng(0).permutation(rows.shape[1])[:300]]
    for column, others in ((1, (0, 2)), (0, (1,)), (2, (1,))):
        known = rows.copy()
        for part in own.parts.of_column[column]:
            known[part] = -1
        ruled_out = own.beside(known).ruled_out(column, None)
        for row in range(rows.shape[1]):
            for category in range(own.parts.sizes[own.parts.of_column[column][0]]):
                inside = range(CUTS[column].sizes[1]) if len(CUTS[column].sizes) > 1 else (0,)
                possible = False
                for cell in inside:
                    candidate = rows[:, row].copy()
                    for part, value in zip(own.parts.of_column[column], (category, cell), strict=False):
                        candidate[part] = value
                    first, last = span(own, column, candidate)
                    beside = [span(own, other, candidate) for other in others]
                    up = above == (column == 1)
                    possible |= (
                        all(last >= low for low, _ in beside) if up else all(first <= high for _, high in beside)
                    )
                assert ruled_out[category, row] == (not possible)


def test_what_is_not_known_rules_nothing_out_and_null_neither():
    own = in_order([CodeOrder(1, (0,), True)])
    unknown = np.full((len(own.parts.sizes), 4), -1)
    assert not own.beside(unknown).ruled_out(1, None).any()
    assert own.beside(unknown).ruled_out(3, None) is None
    null = Ends(np.array([0, 30], np.int32), np.array([60, 31], np.int32))
    parts = Parts((ColumnParts(2), ColumnParts(2)), (False, False), 0)
    beside = InOrder(parts, CodeOrders((CodeOrder(1, (0,), True),), {0: null, 1: null}))
    assert not beside.beside(np.array([[0, 1], [-1, -1]])).ruled_out(1, None)[0].any()


def test_a_column_that_says_whether_two_are_equal_agrees_with_them():
    single = Ends(*(np.arange(1, 5, dtype=np.int32),) * 2)
    parts = Parts((ColumnParts(4), ColumnParts(4), ColumnParts(2)), (False, False, False), 0)
    own = InOrder(parts, CodeOrders((CodeOrder(1, (0,), True, Equality(2, 1, 0)),), {0: single, 1: single}))
    flags = own.beside(np.array([[1, 1, -1], [1, 3, 2], [-1, -1, -1]])).ruled_out(2, None)
    assert flags.T.tolist() == [[True, False], [False, True], [False, False]]
    uppers = own.beside(np.array([[1, 1], [-1, -1], [0, 1]])).ruled_out(1, None)
    assert uppers.T.tolist() == [[True, True, False, False], [True, False, True, True]]
    lowers = own.beside(np.array([[-1, -1], [2, 2], [0, 1]])).ruled_out(0, None)
    assert lowers.T.tolist() == [[False, False, True, True], [True, True, False, True]]


def careers(seed=1):
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 61, ROWS)
    worked = np.minimum((age - 18) * rng.random(ROWS), 40).astype(int)
    here = np.where(rng.random(ROWS) < 0.3, worked, (worked * rng.random(ROWS)).astype(int))
    pay = np.round(1000 + 60.0 * worked + rng.gamma(2, 150, ROWS), 2)
    return pd.DataFrame(
        {"age": age, "worked": worked, "here": here, "pay": pay, "bonus": np.round(pay * rng.random(ROWS), 2)}
    )


def test_numbers_are_drawn_in_order_as_they_are_as_often_equal_and_with_their_distribution():
    rows = careers()
    rows["here"] = rows.here.astype("Int64").mask(np.random.default_rng(5).random(ROWS) < 0.1)
    model = Autoregressive(epochs=15, progress=False).fit(rows, seed=1).model
    orders = model.layout.orders
    names = [block.name for block in model.layout.columns]
    pairs = {frozenset((names[own.column], names[bound])) for own in orders.orders for bound in own.bounds}
    assert pairs == {frozenset(pair) for pair in (("here", "worked"), ("worked", "age"), ("bonus", "pay"))}
    drawn = Autoregressive(progress=False)
    drawn.model = model
    made = drawn.sample(ROWS, seed=2)
    assert not (made.here > made.worked).fillna(False).any()
    assert not ((made.worked > made.age) | (made.bonus > made.pay)).any()
    assert abs((made.here == made.worked).mean() - (rows.here == rows.worked).mean()) < 0.05
    assert abs(made.here.isna().mean() - 0.1) < 0.03
    for name in rows:
        ours, real = (np.sort(own[name].dropna().astype(float)) for own in (made, rows))
        grid = np.unique(real)
        gap = np.abs(
            np.searchsorted(ours, grid, "right") / len(ours) - np.searchsorted(real, grid, "right") / len(real)
        )
        assert gap.max() < 0.05


def test_orders_travel_as_json_and_those_of_what_is_not_there_are_refused():
    layout = Autoregressive(epochs=1, progress=False, privacy=Privacy()).fit(careers(), seed=1).model.layout
    again = Layout.from_json(layout.to_json())
    again.check()
    assert again.orders.orders == layout.orders.orders
    assert layout.orders.orders
    for column, own in layout.orders.ends.items():
        assert (again.orders.ends[column].first == own.first).all()
        assert (again.orders.ends[column].last == own.last).all()
    one = layout.orders.orders[0]
    for wrong in (
        CodeOrders((CodeOrder(one.column, (99,), True),), layout.orders.ends),
        CodeOrders((CodeOrder(one.column, (one.column,), True),), layout.orders.ends),
        CodeOrders((CodeOrder(one.column, one.bounds, True, Equality(99, 1, 0)),), layout.orders.ends),
        CodeOrders(
            layout.orders.orders, {**layout.orders.ends, one.column: Ends(np.ones(3, np.int32), np.ones(3, np.int32))}
        ),
    ):
        data = {**layout.to_json(), "orders": wrong.to_json()}
        with pytest.raises(ValueError, match="order|equality|places"):
            Layout.from_json(data).check()


def test_what_says_that_two_are_equal_is_drawn_before_the_last_of_them():
    orders = CodeOrders((CodeOrder(1, (0, 3), True, Equality(2, 1, 0)), CodeOrder(4, (1,), True)))
    assert orders.placed([0, 1, 3, 4, 2]) == [0, 1, 2, 3, 4]
    assert orders.placed([2, 4, 3, 0, 1]) == [4, 3, 0, 2, 1]
    assert orders.placed([4, 0, 1]) == [4, 0, 1]


def test_numbers_beside_computed_ones_stay_in_order():
    rng = np.random.default_rng(3)
    wide = np.round(rng.gamma(2, 60, ROWS), 0)
    narrow = np.round(wide * rng.random(ROWS), 0)
    least = np.round(rng.normal(5, 8, ROWS), 1)
    span = np.round(rng.gamma(3, 3, ROWS), 1)
    rows = pd.DataFrame({"wide": wide, "narrow": narrow, "grade": np.searchsorted([10, 40, 90], narrow, "right")})
    rows["least"], rows["span"], rows["most"] = least, span, np.round(least + span, 1)
    rows["mean"] = np.round(least + span * rng.random(ROWS), 1)
    made = Autoregressive(epochs=1, progress=False).fit(rows, seed=1).sample(ROWS, seed=2)
    assert ((made.wide >= made.narrow) & (made.least <= made["mean"]) & (made["mean"] <= made.most)).all()
    assert (np.round(made.least + made.span, 1) == made.most).all()
    assert (np.searchsorted([10, 40, 90], made.narrow, "right") == made.grade).all()
    for name in rows:
        assert abs(made[name].mean() - rows[name].mean()) < 0.25 * rows[name].std()
