"""References to rows that follow from the same row as those that refer: an order's address is one of its customer's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.integrity import Whole

_FEWEST, _BEYOND_CHANCE, _REPEATED = 50, 0.2, 0.1


@dataclass(frozen=True)
class CommonAncestor:
    """A table among the owners of a row that owns the row referred to as well.

    Attributes:
        level: Which of the row's owners it is, 1 for the nearest.
        shared: Whether rows refer to the same row rather than to one of another ancestor where theirs has too few.
    """

    level: Whole
    shared: bool

    @classmethod
    def of(
        cls, level: int, own: pa.ChunkedArray, theirs: pa.ChunkedArray, keys: pa.ChunkedArray
    ) -> tuple[CommonAncestor, pa.Array] | None:
        """What training rows say, with where the two are the same; None where that is not clearly more than chance.

        Args:
            level: See the attribute.
            own: Hashes of the ancestors of rows.
            theirs: Hashes of the owners of the rows that these refer to.
            keys: Hashes of the keys by which they refer to them.
        """
        same = pc.equal(one_array(own), one_array(theirs))
        both = same.is_valid()
        known = same.filter(both).to_numpy(zero_copy_only=False)
        if len(known) < _FEWEST:
            return None
        hashes = pa.concat_arrays([one_array(side).filter(both) for side in (own, theirs)])
        values, codes = np.unique(hashes.to_numpy(), return_inverse=True)
        shares = [np.bincount(half, minlength=len(values)) / len(known) for half in np.split(codes, 2)]
        if known.mean() - shares[0] @ shares[1] < _BEYOND_CHANCE:
            return None
        distinct = pc.count_distinct(one_array(keys).filter(both)).as_py()
        return cls(level, bool(known.all()) or distinct < (1 - _REPEATED) * len(known)), same
