import contextlib

import pytest

from synthohive_spark import Privacy, Synthesizer
from tests.helpers import linked_shop

CORNER = ("countries", "customers", "products", "orders", "returns", "complaints")


@pytest.fixture(scope="session")
def corner_frames(spark):
    """Some tables of the shop: a kept one, two roots, children, grandchildren, references."""
    return linked_shop.frames(spark, CORNER)


@pytest.fixture(scope="session")
def corner(spark, corner_frames):
    """Some tables of the shop, learned for a moment."""
    synthesizer = Synthesizer(
        linked_shop.declared(CORNER), spark, engine="autoregressive", progress=False, privacy=Privacy(2, 2)
    )
    return synthesizer.fit(corner_frames, seed=1, epochs=20)


@pytest.fixture
def settings(spark):
    """Sets of Spark's settings for a while."""

    @contextlib.contextmanager
    def changed(values):
        before = {name: spark.conf.get(name, None) for name in values}
        for name, value in values.items():
            spark.conf.set(name, value)
        try:
            yield
        finally:
            for name, value in before.items():
                spark.conf.unset(name) if value is None else spark.conf.set(name, value)

    return changed
