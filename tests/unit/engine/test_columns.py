import pytest

from synthohive_spark.engine.columns import ColumnType


@pytest.mark.parametrize(
    ("text", "number", "quantitative", "fits"),
    [
        ("tinyint", True, True, True),
        ("double", True, True, True),
        ("decimal(18,2)", True, True, True),
        ("decimal(19,2)", True, True, False),
        ("date", False, True, True),
        ("timestamp_ntz", False, True, True),
        ("boolean", False, False, True),
        ("varchar(5)", False, False, True),
    ],
)
def test_what_can_be_done_with_values_of_a_type(text, number, quantitative, fits):
    type_ = ColumnType.parse(text)
    assert (type_.is_number, type_.is_quantitative, type_.fits_int64) == (number, quantitative, fits)
