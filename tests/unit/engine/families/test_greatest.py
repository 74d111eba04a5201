"""The greatest counts, made anew."""

import numpy as np
import pytest

from synthohive_spark.engine.families.greatest import soften_greatest


@pytest.mark.parametrize(
    "greatest",
    [[109, 155, 169, 180, 663], [5, 5, 5, 5, 5], [104, 104, 104, 104, 104], [105, 106, 107, 108, 2_000_000]],
)
def test_the_greatest_keep_their_sum_and_lie_above_all_others(greatest):
    others = np.arange(min(104, min(greatest)))
    counts = np.concatenate([others, greatest])[np.random.default_rng(0).permutation(len(others) + 5)]
    made = soften_greatest(counts, 5, 1)
    assert made.sum() == counts.sum() and np.sort(made)[-5:].min() >= others.max()
    kept = np.isin(np.arange(len(counts)), np.argsort(-counts, kind="stable")[:5], invert=True)
    np.testing.assert_array_equal(made[kept], counts[kept])


def test_they_rise_as_greatest_counts_do():
    made = np.sort(soften_greatest(np.r_[np.arange(104), 109, 155, 169, 180, 663], 5, 1))[-5:]
    ratios = made[1:] / made[:-1]
    assert ratios.min() > 1.2 and ratios.max() < 1.6 and made[0] < 160 and made[-1] > 350


def test_who_gets_which_is_left_to_chance():
    counts = np.r_[np.arange(50), 60, 70, 80, 90, 1000]
    places = [int(np.argmax(soften_greatest(counts, 5, seed))) for seed in range(40)]
    assert set(places) == {50, 51, 52, 53, 54}
    np.testing.assert_array_equal(soften_greatest(counts, 5, 3), soften_greatest(counts, 5, 3))


@pytest.mark.parametrize(("counts", "rows"), [([1, 2, 3], 0), ([1, 2, 3], 1), ([1, 2, 3], 4), ([], 5)])
def test_nothing_is_made_anew_where_the_settings_say_so_or_there_are_too_few(counts, rows):
    counts = np.array(counts, np.int64)
    assert soften_greatest(counts, rows, 1) is counts


def test_counts_of_few_children_stay_small():
    made = soften_greatest(np.r_[np.zeros(90, int), 1, 1, 1, 1, 2], 5, 1)
    assert made.sum() == 6 and made.max() <= 6 and (made >= 0).all()
