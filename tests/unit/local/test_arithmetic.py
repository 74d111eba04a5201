import numpy as np
import pandas as pd
import pytest

from synthohive_spark import CTGAN, Autoregressive

ROWS = 1500


@pytest.fixture(scope="module")
def table():
    """A bill with postage, a mean of three marks of which one may be null, and whole points."""
    rng = np.random.default_rng(0)
    marks = pd.DataFrame({f"m{i}": np.round(rng.normal(60, 12, ROWS)) for i in range(3)})
    marks["m1"] = marks.m1.mask(rng.random(ROWS) < 0.1)
    qty, price = rng.integers(1, 12, ROWS), np.round(rng.gamma(2, 20, ROWS), 2)
    post = rng.choice([0, 4.9, 7.5], ROWS)
    total = np.round(qty * price + post, 2)
    bill = pd.DataFrame({"qty": qty, "price": price, "post": post, "total": total})
    return marks.assign(mean=marks.mean(axis=1, skipna=False).round(1), **bill, points=np.floor(total).astype(int))


@pytest.mark.parametrize("engine", [Autoregressive, CTGAN])
def test_drawn_rows_are_reckoned_as_real_ones(table, engine, tmp_path):
    model = engine(epochs=3, progress=False).fit(table, seed=1)
    texts = ["mean = (m0 + m1 + m2) / 3, rounded", "total = qty * price + post", "points = total, rounded down"]
    assert {f"{text} in all 1,500 rows" for text in texts} <= set(model.dependencies)
    model.save(str(tmp_path / "model"))
    loaded = engine().load(str(tmp_path / "model"))
    assert loaded.dependencies == model.dependencies
    d = loaded.sample(1000, seed=2)
    pd.testing.assert_frame_equal(d, model.sample(1000, seed=2))
    assert (np.abs(d.total - d.qty * d.price - d.post) < 0.00501).all() and (d.points == np.floor(d.total)).all()
    there = d.dropna()
    assert len(there) > 500 and (np.abs(there["mean"] - (there.m0 + there.m1 + there.m2) / 3) < 0.0501).all()
