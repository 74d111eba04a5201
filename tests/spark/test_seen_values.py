import numpy as np
import pyarrow as pa

from synthohive_spark.engine.seen import SeenValues
from synthohive_spark.spark.seen_values import seen_values


def test_spark_marks_what_python_marks_and_the_rest_is_a_coin_toss(spark):
    words = [f"Wort {i} ü" for i in range(70_000)]
    frame = spark.createDataFrame([(w, i) for i, w in enumerate(words)], "word string, n long")
    seen = seen_values(frame, {"word": 70_000, "n": 70_000}, seed=3)
    assert seen["word"].contain(pa.array(words)).all()
    assert seen["n"].contain(pa.array([str(i) for i in range(70_000)])).all()
    others = pa.array([f"other {i}" for i in range(20_000)])
    for own in seen.values():
        assert abs(own.contain(others).mean() - 0.5) < 0.02
    assert not seen["word"].contain(pa.array([None, None], pa.string())).any()


def test_seen_values_survive_json_and_depend_on_the_seed_only_where_nothing_is():
    words = [f"a{i}" for i in range(1000)]
    one, other = SeenValues.of(words, 1), SeenValues.of(words, 2)
    assert SeenValues.from_json(one.to_json()) == one == SeenValues.of(reversed(words), 1)
    assert one.bits != other.bits
    both = np.frombuffer(one.bits, np.uint8) & np.frombuffer(other.bits, np.uint8)
    assert SeenValues(both.tobytes()).contain(pa.array(words)).all()
