from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pytest

from synthohive_spark.engine.integrity import Bounds, Digits, Share, check_increasing, check_loaded


@dataclass(frozen=True)
class Inner:
    name: str
    low: int | float
    high: int | float

    def check(self) -> None:
        if self.low > self.high:
            raise ValueError("low lies above high")


@dataclass(frozen=True)
class Outer:
    flag: bool
    count: Annotated[int, Bounds(0, 10)]
    shares: tuple[Share, ...]
    inner: tuple[Inner, ...] = ()
    either: Inner | None = None
    words: Mapping[str, tuple[str, int]] | None = None
    digits: Digits = -1
    array: npt.NDArray[np.int32] | None = None
    anything: Any = None


GOOD = {"flag": True, "count": 3, "shares": (0.0, 1, 0.5)}


def test_what_fits_its_annotations():
    inner = Inner("a", 1, 2.5)
    own = Outer(
        **GOOD, inner=(inner,), either=inner, words={"a": ("b", 1)}, array=np.zeros(2, np.int32), anything=[object()]
    )
    check_loaded(own, Outer)
    check_loaded(own)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"flag": 1}, "flag must be bool, got 1"),
        ({"count": True}, "count must be int, got True"),
        ({"count": 11}, "count must be from 0 to 10, got 11"),
        ({"count": 1.0}, "count must be int"),
        ({"shares": [0.5]}, "shares must be"),
        ({"shares": (0.5, float("nan"))}, "must be a finite number, got nan"),
        ({"shares": (0.5, 1.5)}, "from 0 to 1"),
        ({"shares": (0.5, "1")}, "a finite number, got '1'"),
        ({"shares": (True,)}, "a finite number, got True"),
        ({"inner": (Inner("a", 2, 1),)}, r"inner\[0\]: low lies above high"),
        ({"inner": (Inner("a", float("inf"), 1),)}, r"inner\[0\].low must be a finite number"),
        ({"inner": (3,)}, r"inner\[0\] must be Inner, got 3"),
        ({"either": Inner(3, 1, 2)}, "either.name must be str, got 3"),
        ({"words": {1: ("a", 1)}}, "a key of words must be str"),
        ({"words": {"a": ("a",)}}, "must be tuple"),
        ({"digits": 10**9}, "digits must be from -1 to 40"),
        ({"array": [1]}, "array must be"),
        ({"anything": Inner("a", 2, 1)}, "anything: low lies above high"),
    ],
)
def test_what_does_not(change, message):
    with pytest.raises(ValueError, match=message):
        check_loaded(Outer(**{**GOOD, **change}), Outer)


def test_numbers_in_order():
    check_increasing((1, 2, 3), "n")
    check_increasing((), "n")
    check_increasing((1, 1), "n", strictly=False)
    for wrong in ((1, 1), (2, 1), (1, float("inf")), (1, float("nan")), (1, 1 << 70), ("a", "b")):
        with pytest.raises(ValueError, match="n do not increase|n are not finite numbers"):
            check_increasing(wrong, "n")
