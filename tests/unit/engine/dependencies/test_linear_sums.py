import numpy as np
import pandas as pd
import pytest

from tests.helpers.scrambled import count_broken, scrambled

ROWS = 2000


def rng(seed=0):
    return np.random.default_rng(seed)


def sums_of(found):
    return [own.describe() for own in found.relations.linear]


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


def test_what_is_credited_in_some_rows_and_debited_in_others_makes_the_balance_in_all():
    amount, out = np.round(rng(1).lognormal(4, 1, ROWS), 2), rng(2).random(ROWS) < 0.5
    before = np.round(rng(3).lognormal(7, 1, ROWS), 2)
    values = {
        "amount": amount,
        "debit": np.where(out, amount, np.nan),
        "credit": np.where(out, np.nan, amount),
        "before": before,
        "after": np.round(before + np.where(out, -amount, amount), 2),
    }
    found, table, drawn = scrambled({name: ("double", own) for name, own in values.items()})
    assert sums_of(found)[:2] == ["debit = amount", "credit = amount"]
    assert len(sums_of(found)) == 4
    assert set(count_broken(found, table).values()) == set(count_broken(found, drawn).values()) == {0}
    d = drawn.to_pandas()
    assert not (d.debit.notna() & d.credit.notna()).any()
    told = d[d.debit.notna() | d.credit.notna()]
    assert np.abs(told.before - told.debit.fillna(0) + told.credit.fillna(0) - told.after).max() < 1e-6
    assert len(told) > 0.7 * ROWS


def test_what_is_null_in_most_rows_of_a_column_does_not_make_it():
    rows = rng(1).integers(0, 500, ROWS)
    few = pd.Series(rows, dtype="Int64").mask(rng(2).random(ROWS) < 0.9)
    found, _, drawn = scrambled({"few": ("int", few), "copy": ("int", rows)})
    assert sums_of(found) == ["few = copy"]
    assert drawn["few"].null_count == few.isna().sum()


def test_terms_may_be_computed_from_each_other():
    gross, extra = rng(1).integers(2000, 6000, ROWS), np.round(rng(2).lognormal(4, 1, ROWS), 2)
    tax, social = np.round((gross + extra) * 0.22, 2), np.round((gross + extra) * 0.0976, 2)
    net = np.round(gross + extra - tax - social, 2)
    values = {"gross": gross, "extra": extra, "tax": tax, "social": social, "net": net}
    found, table, drawn = scrambled({name: ("double", own) for name, own in values.items()})
    assert sums_of(found)[-1] == "net = gross + extra - tax - social"
    assert set(count_broken(found, table).values()) == set(count_broken(found, drawn).values()) == {0}
    d = drawn.to_pandas()
    assert np.abs(d.tax - 0.22 * (d.gross + d.extra)).max() < 0.0051
    assert np.abs(d.net - (d.gross + d.extra - d.tax - d.social)).max() < 1e-6
