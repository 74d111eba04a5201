import numpy as np

from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.encoded_table import EncodedTable
from synthohive_spark.engine.groups import Groups, grouped
from synthohive_spark.engine.groups_fit import GROUPS, fit_groups


def table(rows=60_000, wide=600):
    """A column of many codes, null among them, and one that holds the remainder of the code by 3."""
    rng = np.random.default_rng(0)
    codes = np.minimum(rng.geometric(0.01, rows) - 1, wide - 1)
    other = np.where(codes == 0, rng.integers(0, 3, rows), codes % 3)
    shares = np.bincount(codes, minlength=wide) / rows
    blocks = (Block("wide", tuple(shares), False, null=True), Block("rest", (0.3, 0.3, 0.4), False))
    return EncodedTable(np.stack([codes, other], axis=1).astype(np.int16), np.zeros((rows, 0), np.float32)), blocks


def test_a_group_holds_codes_that_go_together_and_null_is_one_by_itself():
    rows, blocks = table()
    groups = fit_groups(rows, blocks, 0, narrow=(1,), seed=1)
    assert (groups.group_of == groups.group_of[0]).sum() == 1
    assert groups.group_of.max() < GROUPS + 1
    frequent = np.arange(1, 300)  # the others have too few rows to tell
    for group in np.unique(groups.group_of[frequent]):
        members = frequent[groups.group_of[frequent] == group]
        assert len(np.unique(members % 3)) == 1


def test_members_are_drawn_by_frequency():
    groups = Groups(np.array([0, 1, 1, 0], np.int16), np.array([0.1, 0.2, 0.4, 0.3]))
    uniforms = (np.arange(1000) + 0.5) / 1000
    drawn = np.bincount(groups.members(np.ones(1000, int), uniforms), minlength=4)
    np.testing.assert_array_equal(drawn, [0, 333, 667, 0])
    drawn = np.bincount(groups.members(np.zeros(1000, int), uniforms), minlength=4)
    np.testing.assert_array_equal(drawn, [250, 0, 0, 750])


def test_a_seed_gives_the_same_groups_whatever_numpys_own_state():
    rows, blocks = table()
    first = fit_groups(rows, blocks, 0, narrow=(1,), seed=1)
    np.random.seed(3)
    again = fit_groups(rows, blocks, 0, narrow=(1,), seed=1)
    np.testing.assert_array_equal(first.group_of, again.group_of)


def test_rows_and_frequencies_by_group():
    rows, blocks = table()
    groups = fit_groups(rows, blocks, 0, narrow=(1,), seed=1)
    short = grouped(rows, {0: groups})
    shares = np.bincount(short.codes[:, 0]) / len(rows)
    np.testing.assert_allclose(groups.block(blocks[0]).frequencies, shares)
    np.testing.assert_array_equal(short.codes[:, 1], rows.codes[:, 1])
    assert groups.block(blocks[0]).null


def test_without_another_column_all_are_one_group():
    rows, blocks = table()
    groups = fit_groups(rows, blocks, 0, narrow=(), seed=1)
    assert groups.group_of[0] == 0 and (groups.group_of[1:] == 1).all()


def test_fewer_kinds_of_categories_than_groups_and_no_warning(recwarn):
    codes = np.repeat(np.arange(300), 40)
    blocks = (Block("wide", (1 / 300,) * 300, False), Block("rest", (0.5, 0.5), False))
    rows = EncodedTable(np.stack([codes, codes % 2], axis=1).astype(np.int16), np.zeros((len(codes), 0), np.float32))
    group_of = fit_groups(rows, blocks, 0, narrow=(1,), seed=1).group_of
    np.testing.assert_array_equal(group_of == group_of[0], np.arange(300) % 2 == 0)
    assert not len(recwarn)
