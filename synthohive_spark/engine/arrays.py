"""Arrow arrays: one from chunks, where they are null, and codes of what they hold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def one_array(values: pa.ChunkedArray) -> pa.Array:
    """The column as one array."""
    if values.num_chunks == 1:
        return values.chunk(0)
    combined = values.combine_chunks()
    return combined if isinstance(combined, pa.Array) else pa.concat_arrays(combined.chunks)


def null_mask(values: pa.Array) -> npt.NDArray[np.bool_]:
    """Where ``values`` is null."""
    if not values.null_count:
        return np.zeros(len(values), bool)
    mask: npt.NDArray[np.bool_] = values.is_null().to_numpy(zero_copy_only=False)
    return mask


def value_codes(values: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """A code for each value, the same for the same ones; null is one of them."""
    codes = one_array(values).dictionary_encode(null_encoding="encode").indices
    return np.asarray(codes.to_numpy(zero_copy_only=False), np.int64)
