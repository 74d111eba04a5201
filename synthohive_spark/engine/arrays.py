"""Arrow arrays: one from chunks, and where they are null."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def one_array(values: pa.ChunkedArray) -> pa.Array:
    """The column as one array."""
    combined = values.combine_chunks()
    return combined if isinstance(combined, pa.Array) else pa.concat_arrays(combined.chunks)


def null_mask(values: pa.Array) -> npt.NDArray[np.bool_]:
    """Where ``values`` is null."""
    if not values.null_count:
        return np.zeros(len(values), bool)
    mask: npt.NDArray[np.bool_] = values.is_null().to_numpy(zero_copy_only=False)
    return mask
