"""A seed is the user's, or drawn and logged."""

import pytest
from structlog.testing import capture_logs

from synthohive_spark import SchemaError
from synthohive_spark.engine.seeds import given_or_drawn


def test_a_seed_that_is_left_open_is_drawn_and_logged_under_its_name():
    with capture_logs() as logs:
        first, second = given_or_drawn(None, "training_seed"), given_or_drawn(None, "sampling_seed")
    assert first != second and 0 <= min(first, second) <= max(first, second) < 1 << 31
    assert [(entry["event"], entry["seed"], entry["log_level"]) for entry in logs] == [
        ("training_seed", first, "info"),
        ("sampling_seed", second, "info"),
    ]


def test_a_seed_that_is_given_is_taken_and_not_logged():
    with capture_logs() as logs:
        assert given_or_drawn(7, "training_seed") == 7
    assert logs == []
    for wrong in ("x", 1.5, True):
        with pytest.raises(SchemaError, match="seed must be a whole number, got"):
            given_or_drawn(wrong, "training_seed")
