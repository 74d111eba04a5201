from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.dependencies.linear_fit import find_linear_relations
from tests.helpers.scrambled import count_broken, scrambled, table_of

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


@pytest.mark.parametrize("terms", [3, 12])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("form", ["double", "string"])
def test_a_multiple_beside_a_term_does_not_hide_a_sum(terms, first, form):
    own = {f"t{i}": ("int", rng(i).integers(0, 90 * (i + 1), ROWS)) for i in range(terms)}
    kilos = np.round(0.4 * own["t1"][1], 1)
    beside = {"kilos": (form, kilos if form == "double" else [f"{k:.1f} kg" for k in kilos])}
    total = {"total": ("bigint", sum(v for _, v in own.values()))}
    found, _, drawn = scrambled({**beside, **own, **total} if first else {**own, **total, **beside})
    assert sorted(sums_of(found)) == ["kilos = 0.4 * t1", f"total = {' + '.join(own)}"]
    assert not any(count_broken(found, drawn).values())
    d = drawn.to_pandas()
    assert (d.total == d[list(own)].sum(axis=1)).all()


@pytest.mark.parametrize("terms", [3, 9])
@pytest.mark.parametrize("copies", [1, 2])
def test_terms_that_are_always_the_same_are_all_added(terms, copies):
    own = {f"t{i}": np.round(rng(i).gamma(2, 30 * (i + 1), ROWS), 2) for i in range(terms)}
    own |= {f"c{i}": own["t1"] for i in range(copies)}
    total = np.round(sum(own.values()), 2)
    found, _, drawn = scrambled({name: ("double", v) for name, v in (own | {"total": total}).items()})
    assert f"total = {' + '.join(own)}" in sums_of(found)
    assert not any(count_broken(found, drawn).values())


@pytest.mark.parametrize("type_", ["double", "decimal(12,2)"])
def test_a_sum_is_told_as_such_where_a_rounded_share_of_its_terms_is_one_of_them(type_):
    gross, tax = np.round(rng(1).gamma(4, 900, ROWS), 2), np.round(rng(2).gamma(2, 200, ROWS), 2)
    pension = np.round(gross * 0.0735, 2)
    values = {"gross": gross, "tax": tax, "pension": pension, "net": np.round(gross - tax - pension, 2)}
    cents = {name: [Decimal(f"{v:.2f}") for v in own] if type_ != "double" else own for name, own in values.items()}
    found, _, drawn = scrambled({name: (type_, own) for name, own in cents.items()})
    assert sorted(sums_of(found)) == ["net = gross - tax - pension", "pension = 0.0735 * gross, rounded"]
    assert not any(count_broken(found, drawn).values())


@pytest.mark.parametrize("loans", [0.05, 0.3])
def test_no_term_that_is_mostly_one_value_is_what_others_leave(loans):
    """A total that is no sum itself, since it leads to a term, is kept by a term of no spike."""
    base, tax = np.round(rng(1).gamma(8, 450, ROWS), 2), np.round(rng(2).gamma(4, 150, ROWS), 2)
    loan = np.where(rng(3).random(ROWS) < loans, np.round(rng(4).gamma(2, 60, ROWS), 2), 0.0)
    social = np.round(base * 0.2, 2)
    deductions = np.round(tax + social + loan, 2)
    own = {"base": base, "tax": tax, "social": social, "loan": loan, "deductions": deductions}
    own["net"] = np.round(base - deductions, 2)
    found, _, drawn = scrambled({name: ("double", v) for name, v in own.items()})
    d = drawn.to_pandas()
    assert len(sums_of(found)) == 3
    assert "loan" not in {relation.column for relation in found.relations.linear}
    assert abs((d.loan == 0).mean() - (loan == 0).mean()) < 0.05
    assert np.abs(d.tax + d.social + d.loan - d.deductions).max() < 1e-6


def test_a_total_is_computed_rather_than_the_noisy_rest_that_it_leaves():
    votes = {f"v{i}": rng(i).poisson(mean, 300) for i, mean in enumerate((400, 300, 200, 90, 4))}
    valid = sum(votes.values())
    invalid = rng(9).binomial(valid, 0.015)
    values = {"ballots": ("int", valid + invalid), "invalid": ("int", invalid), "valid": ("int", valid)}
    found, _, drawn = scrambled(values | {name: ("int", own) for name, own in votes.items()})
    assert {own.column for own in found.relations.linear} == {"ballots", "valid"}
    assert np.abs(np.sort(drawn.to_pandas().v4) - np.sort(votes["v4"])).mean() < 0.3


def test_of_many_terms_the_widest_is_what_the_total_leaves():
    terms = [np.round(rng(i).gamma(2, mean, ROWS), 2) for i, mean in enumerate((90, 500, 70, 5))]
    paid = np.round(sum(terms), 2)
    values = {f"t{i}": ("double", own) for i, own in enumerate(terms)}
    values |= {"paid": ("double", paid), "copy": ("double", np.round(2 * paid + 1, 2))}
    found, _, _ = scrambled(values)
    assert {own.column for own in found.relations.linear} == {"paid", "copy"}
    table, columns = table_of(values)
    search = find_linear_relations(table, columns, Privacy(), frozenset({"paid"}))
    assert "t1" in {own.column for own in search}
