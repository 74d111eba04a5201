"""Threads and denormal numbers during fits, and after them, when fits run beside each other."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from threadpoolctl import threadpool_info

from synthohive_spark.engine.training.threads import limited_threads
from synthohive_spark.engine.training.torch_process import torch_training

THREADS = 3  # not what any library begins with
IN_A_FIT = ({THREADS}, {THREADS}, THREADS, True)


def state():
    """Threads of BLAS, of OpenMP and of torch, and whether denormal numbers are zeros."""
    blas = {i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"}
    openmp = {i["num_threads"] for i in threadpool_info() if i["user_api"] == "openmp"}
    return blas, openmp, torch.get_num_threads(), (torch.tensor([1e-38]) * 1e-3).item() == 0.0


def fit(inside, leave):
    with limited_threads(THREADS), torch_training(THREADS, None, lambda: 1, "a test"):
        inside.set()
        assert leave.wait(60)
        return state()


@pytest.mark.parametrize("first_out", [0, 1])
def test_fits_beside_each_other_leave_everything_as_it_was(first_out):
    """The fits overlap; whichever ends first, neither's limits outlive both."""
    before = state()
    assert THREADS not in (*before[0], *before[1], before[2])
    with ThreadPoolExecutor(2) as pool:
        inside, leave = ([threading.Event() for _ in range(2)] for _ in range(2))
        fits = []
        for entered, way_out in zip(inside, leave, strict=True):
            fits.append(pool.submit(fit, entered, way_out))
            assert entered.wait(60)
        leave[first_out].set()
        assert fits[first_out].result() == IN_A_FIT
        leave[1 - first_out].set()
        assert fits[1 - first_out].result() == IN_A_FIT
    assert state() == before
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(torch.get_num_threads).result() == before[2]


def test_a_fit_in_the_callers_thread_gives_its_threads_back():
    before = state()
    inside, leave = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with limited_threads(THREADS), torch_training(THREADS, None, lambda: 1, "a test"):
            other = pool.submit(fit, inside, leave)
            assert inside.wait(60)
        assert state()[1:] == before[1:]
        leave.set()
        assert other.result() == IN_A_FIT
    assert state() == before
