import math

import numpy as np
import pytest

from synthohive_spark.engine.association import chi_square_chance, contingency, cramers_v
from synthohive_spark.engine.chi_square import chi_square_deviations


def test_the_chance_of_a_chi_square_value():
    # Values of a printed table of the distribution.
    assert chi_square_chance(12.592, 6) == pytest.approx(0.05, abs=1e-4)
    assert chi_square_chance(11.070, 5) == pytest.approx(0.05, abs=1e-4)
    assert chi_square_chance(43.773, 30) == pytest.approx(0.05, abs=1e-4)
    assert chi_square_chance(0, 6) == 1 and chi_square_chance(1e5, 6) == 0


def test_how_far_a_chi_square_lies_above_chance():
    # 10.828 is reached once in a thousand, which a normal variable reaches at 3.09.
    apart = np.sqrt(10.828 / 4_000)
    table = 1_000 * np.array([[1 + apart, 1 - apart], [1 - apart, 1 + apart]])
    assert chi_square_deviations(table) == pytest.approx(3.09, abs=0.1)
    assert chi_square_deviations(np.full((2, 3), 50.0)) < -1
    assert chi_square_deviations(np.full((1, 3), 50.0)) == -math.inf


def test_rows_of_each_pair_of_codes():
    found = contingency(np.array([0, 0, 2, 0]), np.array([1, 1, 0, 0]))
    np.testing.assert_array_equal(found, [[1, 2], [0, 0], [1, 0]])


def test_cramers_v_by_hand():
    assert cramers_v(np.diag([50, 30, 20])) == pytest.approx(1.0)
    assert cramers_v(np.array([[20, 20, 0], [20, 20, 0]])) == 0.0
    assert cramers_v(np.array([[20, 0], [10, 0]])) == 0.0
    assert cramers_v(np.zeros((3, 3), int)) == 0.0
    # chi2 = 16 by hand: each of four expected counts is 25, each difference 10; 100 rows.
    table = np.array([[35, 15], [15, 35]])
    phi2 = (4 * 10**2 / 25) / 100 - 1 / 99
    assert cramers_v(table) == pytest.approx(math.sqrt(phi2 / (2 - 1 / 99 - 1)))
    # Its p-value is 6.3e-5.
    assert cramers_v(table, chance=1e-4) == cramers_v(table) and cramers_v(table, chance=1e-5) == 0.0


def test_cramers_v_of_independent_columns_is_near_0_however_few_the_rows():
    a = np.arange(6000) % 3
    assert cramers_v(contingency(a, a)) == pytest.approx(1, abs=1e-3)
    assert cramers_v(contingency(a, np.arange(6000) % 2)) == 0
    independent = [cramers_v(contingency(*np.random.default_rng(s).integers(0, 10, (2, 300)))) for s in range(20)]
    assert np.mean(independent) < 0.05  # 0.17 by the formula of the textbooks
