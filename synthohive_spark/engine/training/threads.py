"""How many threads numerical libraries use while a fit runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_blas_limits: list[Any] = []


@contextmanager
def limited_threads(threads: int) -> Iterator[None]:
    """BLAS and OpenMP with so many threads in here, as far as their libraries are loaded.

    OpenMP keeps its number for each calling thread, BLAS one for the process: of several fits at once, one decides for
    BLAS (OpenBLAS takes it from a single thread at a time), and the last to end puts back what was before the first.
    """
    libraries = ThreadpoolController()
    with libraries.select(user_api="openmp").limit(limits=threads):
        with _lock:
            _blas_limits.append(libraries.select(user_api="blas").limit(limits=threads))
        try:
            yield
        finally:
            with _lock:
                if len(_blas_limits) == 1:
                    _blas_limits[0].restore_original_limits()
                    _blas_limits.clear()
                else:
                    _blas_limits.pop()
