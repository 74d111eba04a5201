import numpy as np
import pyarrow as pa

from synthohive_spark.engine.real_values import RealValueFilter
from synthohive_spark.spark.real_values import real_value_filters


def test_spark_marks_what_python_marks_and_the_rest_is_a_coin_toss(spark):
    words = [f"Wort {i} ü" for i in range(70_000)]
    frame = spark.createDataFrame([(w, i) for i, w in enumerate(words)], "word string, n long")
    real_values = real_value_filters(frame, {"word": 70_000, "n": 70_000}, seed=3)
    assert real_values["word"].contain(pa.array(words)).all()
    assert real_values["n"].contain(pa.array([str(i) for i in range(70_000)])).all()
    others = pa.array([f"other {i}" for i in range(20_000)])
    for own in real_values.values():
        assert abs(own.contain(others).mean() - 0.5) < 0.02
    assert not real_values["word"].contain(pa.array([None, None], pa.string())).any()


def test_seen_values_survive_json_and_depend_on_the_seed_only_where_nothing_is():
    words = [f"a{i}" for i in range(1000)]
    one, other = RealValueFilter.of(words, 1), RealValueFilter.of(words, 2)
    assert RealValueFilter.from_json(one.to_json()) == one == RealValueFilter.of(reversed(words), 1)
    assert one.bits != other.bits
    both = np.frombuffer(one.bits, np.uint8) & np.frombuffer(other.bits, np.uint8)
    assert RealValueFilter(both.tobytes()).contain(pa.array(words)).all()
