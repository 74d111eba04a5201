import numpy as np
import pandas as pd
import pytest

from tests.helpers.scrambled import count_broken, scrambled

ROWS = 2000


def rng(seed=0):
    return np.random.default_rng(seed)


def sums_of(found):
    return [own.describe() for own in found.linear]


@pytest.mark.parametrize("terms", [3, 4, 7])
@pytest.mark.parametrize("rows", [100, 2000])
def test_shares_add_up_to_a_hundred(terms, rows):
    own = np.array([rng(i).multinomial(100, rng(i + 9000).dirichlet(np.ones(terms))) for i in range(rows)])
    found, table, drawn = scrambled({f"s{i}": ("int", own[:, i]) for i in range(terms)})
    assert len(sums_of(found)) == 1
    assert sums_of(found)[0].count(" - ") == terms - 1
    assert set(count_broken(found, table).values()) == set(count_broken(found, drawn).values()) == {0}
    d = drawn.to_pandas()
    assert (d.sum(axis=1) == 100).all()
    assert d.min().min() >= 0


def test_a_total_of_many_terms_some_of_them_taken_off():
    terms = {f"t{i}": np.round(rng(i).gamma(2, 50, ROWS), 2) for i in range(6)}
    total = np.round(sum(v for n, v in terms.items() if n != "t5") - terms["t5"], 2)
    values = {name: ("double", own) for name, own in terms.items()} | {"total": ("double", total)}
    found, _, drawn = scrambled(values)
    assert sums_of(found) == ["total = t0 + t1 + t2 + t3 + t4 - t5"]
    d = drawn.to_pandas()
    assert np.abs(d.total - (d.t0 + d.t1 + d.t2 + d.t3 + d.t4 - d.t5)).max() < 1e-6


def test_sums_of_sums_and_nulls():
    own = {f"m{i}": rng(i).integers(0, 90, ROWS) for i in range(6)}
    first, second = own["m0"] + own["m1"] + own["m2"], own["m3"] + own["m4"] + own["m5"]
    every = pd.Series(first + second, dtype="Int64").mask(rng(9).random(ROWS) < 0.2)
    values = {name: ("int", v) for name, v in own.items()}
    values |= {"q1": ("bigint", first), "q2": ("bigint", second), "year": ("bigint", every)}
    found, table, drawn = scrambled(values)
    assert sorted(sums_of(found)) == ["q1 = m0 + m1 + m2", "q2 = m3 + m4 + m5", "year = q1 + q2"]
    assert set(count_broken(found, drawn).values()) == {0}
    assert drawn["year"].null_count == table["year"].null_count


def test_a_row_that_breaks_it_is_no_sum():
    own = {f"m{i}": rng(i).integers(0, 90, ROWS) for i in range(4)}
    total = sum(own.values())
    total[ROWS - 1] += 1
    assert sums_of(scrambled({name: ("int", v) for name, v in own.items()} | {"t": ("bigint", total)})[0]) == []
