"""Whether rows and the rows that they refer to follow from the same row."""

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.relational.common_ancestor import CommonAncestor

ROWS = 400


def found(share, *, ancestors=50, keys=None):
    """What is found where a share of the rows meets; null keys among them."""
    rng = np.random.default_rng(0)
    own = rng.integers(0, ancestors, ROWS)
    theirs = np.where(np.arange(ROWS) < share * ROWS, own, rng.integers(0, ancestors, ROWS))
    null = np.arange(ROWS) % 10 == 9
    columns = [own, pa.array(theirs, mask=null), pa.array(np.arange(ROWS) if keys is None else keys, mask=null)]
    return CommonAncestor.of(2, *(pa.chunked_array([pa.array(values)]) for values in columns))


@pytest.mark.parametrize("share", [0.4, 0.9, 1.0])
def test_what_meets_more_often_than_by_chance_is_found_with_where_it_does(share):
    ancestor, same = found(share)
    assert ancestor.level == 2
    assert same.null_count == ROWS // 10
    assert same.drop_null().to_numpy(zero_copy_only=False).mean() == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize(("share", "ancestors"), [(0.0, 50), (0.15, 50), (0.5, 1), (0.15, 2)])
def test_what_chance_explains_is_not(share, ancestors):
    assert found(share, ancestors=ancestors) is None


def test_rows_share_where_all_meet_or_real_ones_share():
    assert found(1.0)[0].shared and not found(0.9)[0].shared
    assert found(0.9, keys=np.arange(ROWS) // 2)[0].shared


def test_few_rows_say_nothing():
    few = pa.chunked_array([pa.array(np.arange(40))])
    assert CommonAncestor.of(1, few, few, few) is None
