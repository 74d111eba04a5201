"""Networks run in doubles draw what they draw in floats, whichever of them this processor needs."""

import numpy as np
import pandas as pd
import pytest

from synthohive_spark import CTGAN, Autoregressive
from synthohive_spark.engine.autoregressive import sampling as autoregressive
from synthohive_spark.engine.ctgan import sampling as ctgan
from synthohive_spark.engine.products import product_type


def test_a_product_has_the_same_bits_wherever_a_row_is():
    rng = np.random.default_rng(7)
    rows, weights = rng.normal(size=(512, 200)), rng.normal(size=(200, 77))
    order = rng.permutation(512)
    rows, weights = rows.astype(np.float32).astype(product_type()), weights.astype(np.float32).astype(product_type())
    made = (rows @ weights).astype(np.float32)
    np.testing.assert_array_equal((rows[order] @ weights).astype(np.float32), made[order])


@pytest.mark.parametrize(("kind", "module"), [(CTGAN, ctgan), (Autoregressive, autoregressive)])
def test_rows_hardly_differ(monkeypatch, kind, module):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.choice(list("xyz"), 400), "b": rng.normal(size=400).round(3)})
    model = kind(progress=False, epochs=2).fit(table, seed=1)
    drawn = {}
    for precision in (np.float32, np.float64):
        monkeypatch.setattr(module, "product_type", lambda precision=precision: precision)
        drawn[precision] = model.sample(2_000, seed=2)
    one, other = drawn.values()
    assert (one.a == other.a).mean() > 0.999
    assert np.isclose(one.b, other.b, atol=2e-3).mean() > 0.998
