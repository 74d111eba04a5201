"""DataFrames are compared by chispa, in any order of rows."""

from chispa import assert_df_equality


def assert_same_rows(one, other):
    """The same columns, types and rows, in any order; NaN equals NaN.

    Spark's own sources make columns nullable, so whether they are is not compared.
    """
    assert one.columns == other.columns
    assert_df_equality(
        one,
        other,
        ignore_nullable=True,
        allow_nan_equality=True,
        ignore_row_order=True,
        transforms=[numbered],
    )


def numbered(df):
    """With columns that chispa can sort by: it takes a dot in a name for a field."""
    return df.toDF(*[f"c{i}" for i in range(len(df.columns))])
