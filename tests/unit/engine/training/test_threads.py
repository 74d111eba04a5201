"""Threads and denormal numbers during fits, and after them, when fits run beside each other."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from synthohive_spark.engine.training.threads import limited_threads
from synthohive_spark.engine.training.torch_process import torch_training


def numbers():
    blas = {i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"}
    openmp = {i["num_threads"] for i in threadpool_info() if i["user_api"] == "openmp"}
    return blas, openmp, torch.get_num_threads()


def flushes():
    return (torch.tensor([1e-38]) * 1e-3).item() == 0.0


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with limited_threads(2):
        yield
    torch.set_num_threads(before)


def fit(threads, inside, leave):
    with limited_threads(threads), torch_training(threads, None, lambda: 1, "a test"):
        inside.set()
        assert leave.wait(60)
        return numbers(), flushes(), float(np.ones(3) @ np.ones(3))


@pytest.mark.parametrize("first_out", [0, 1])
def test_fits_beside_each_other_leave_everything_as_it_was(two_threads, first_out):
    """The fits overlap; whichever ends first, neither's limits outlive both."""
    with ThreadPoolExecutor(2) as pool:
        inside, leave = [threading.Event() for _ in range(2)], [threading.Event() for _ in range(2)]
        fits = []
        for event, way_out in zip(inside, leave, strict=True):
            fits.append(pool.submit(fit, 1, event, way_out))
            assert event.wait(60)
        leave[first_out].set()
        first = fits[first_out].result()
        leave[1 - first_out].set()
        second = fits[1 - first_out].result()
    assert first == second == (({1}, {1}, 1), True, 3.0)
    assert numbers() == ({2}, {2}, 2) and not flushes()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(torch.get_num_threads).result() == 2


def test_a_fit_in_the_callers_thread_gives_its_threads_back(two_threads):
    inside, leave = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with limited_threads(1), torch_training(1, None, lambda: 1, "a test"):
            other = pool.submit(fit, 1, inside, leave)
            assert inside.wait(60)
        assert torch.get_num_threads() == 2 and not flushes()
        leave.set()
        assert other.result()[1]
    assert numbers() == ({2}, {2}, 2)
