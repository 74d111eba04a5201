"""Errors keep what they carry when it is said where they happened."""

import pytest

from synthohive_spark import errors

CARRIED = [
    (errors.SchemaError("no", ["a is wrong", "b is wrong"]), "problems"),
    (errors.WriteError("no", ["a"], ["b", "c"]), "missing"),
    (errors.ConstraintViolationError("no", ["v"]), "violations"),
    (errors.QualityError("no", ["f"]), "failures"),
    (errors.TrainingInterruptedError("no"), None),
    (errors.SerializationError("no"), None),
]


@pytest.mark.parametrize(("error", "attribute"), CARRIED, ids=lambda value: type(value).__name__)
def test_a_copy_names_the_place_and_keeps_everything(error, attribute):
    copied = error.in_context("table 'orders'", " (kept: customers)")
    assert type(copied) is type(error) and str(copied) == "table 'orders': no (kept: customers)"
    if attribute == "problems":
        assert copied.problems == ("table 'orders': a is wrong", "table 'orders': b is wrong")
        assert error.problems == ("a is wrong", "b is wrong")
    elif attribute:
        assert getattr(copied, attribute) == getattr(error, attribute)
