import datetime
import itertools
import math
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import functions as F

from synthohive_spark import Metadata, Privacy, Synthesizer
from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.errors import SchemaError
from synthohive_spark.spark.sources import as_frame
from synthohive_spark.validation import detector_rows
from synthohive_spark.validation.database import compare_database
from synthohive_spark.validation.figures import BrokenBound
from synthohive_spark.validation.metrics import compare_table
from synthohive_spark.validation.report import ValidationReport

NOTHING = TableDeclaration()


def compare(real, synthetic, config=NOTHING):
    report = compare_table("t", real, synthetic, config)
    return report, {c.name: c for c in report.columns}


def exact_ks(one, other):
    points = np.concatenate([one, other])
    upto = [np.searchsorted(np.sort(side), points, side="right") / len(side) for side in (one, other)]
    return np.abs(upto[0] - upto[1]).max()


def exact_v(one, other):
    """Cramér's V, corrected for bias, by another road than the package's."""
    table = pd.crosstab(one, other).to_numpy(float)
    n, (r, k) = table.sum(), table.shape
    chi2 = n * ((table**2 / np.outer(table.sum(1), table.sum(0))).sum() - 1)
    phi2 = max(0.0, chi2 / n - (r - 1) * (k - 1) / (n - 1))
    return math.sqrt(phi2 / (min(r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)) - 1))


@pytest.fixture(scope="module")
def numbers(spark):
    """Real and synthetic numbers of several shapes, as pandas and as Spark has them."""
    random = np.random.default_rng(3)
    frames = []
    for rows, shift in ((4000, 0.0), (3000, 0.3)):
        base = random.normal(shift, 1, rows)
        spiked = np.where(random.random(rows) < 0.4 + shift / 3, 0.0, base)
        frames.append(
            pd.DataFrame(
                {
                    "bell": base,
                    "spiked": spiked,
                    "whole": random.poisson(3 + shift, rows),
                    "linked": base * 2 + random.normal(0, 0.1 if shift == 0 else 5, rows),
                    "word": np.where(base > 0, "high", "low"),
                }
            )
        )
    return frames, [spark.createDataFrame(frame).repartition(3) for frame in frames]


@pytest.fixture(scope="module")
def compared(numbers):
    return compare(*numbers[1])


def test_ks_is_that_of_all_rows_to_within_two_thousandths(numbers, compared):
    (real, synthetic), _ = numbers
    report, columns = compared
    for name in ("bell", "spiked", "whole", "linked"):
        assert columns[name].ks == pytest.approx(exact_ks(real[name], synthetic[name]), abs=0.002), name
        assert columns[name].role == "numeric"
    shares = [(side.word == "high").mean() for side in (real, synthetic)]
    assert columns["word"].tvd == pytest.approx(abs(shares[0] - shares[1]))
    assert report.worst_column.name == max(columns.values(), key=lambda c: c.distance).name
    low, high = max(real.bell.min(), synthetic.bell.min()), min(real.bell.max(), synthetic.bell.max())
    assert columns["bell"].range_coverage == pytest.approx((high - low) / np.ptp(real.bell))


def test_histograms_are_shares_of_all_rows_and_end_within_the_data(numbers, compared):
    (real, synthetic), _ = numbers
    _, columns = compared
    bins = columns["bell"].histogram
    assert sum(bins.real) == pytest.approx(1) and sum(bins.synthetic) == pytest.approx(1)
    assert (real.bell < bins.low).sum() >= 5 and (real.bell > bins.high).sum() >= 5
    cuts = np.linspace(bins.low, bins.high, 25)[1:-1]
    counts = np.bincount(np.searchsorted(cuts, synthetic.bell), minlength=24)
    assert bins.synthetic == pytest.approx(counts / len(synthetic))
    whole = columns["whole"].histogram
    values = np.clip(real.whole, whole.low, whole.high).value_counts(normalize=True).sort_index()
    assert whole.real == pytest.approx(values.tolist())


def test_the_strength_of_pairs_is_compared(numbers, compared):
    (real, synthetic), _ = numbers
    report, _ = compared
    pairs = {(p.first, p.second): p for p in report.pairs}
    assert len(pairs) == 10
    cuts = np.quantile(real.bell, [i / 8 for i in range(1, 8)], method="inverted_cdf")
    found = pairs["bell", "word"]
    for side, v in ((real, found.real), (synthetic, found.synthetic)):
        assert v == pytest.approx(exact_v(np.searchsorted(cuts, side.bell), side.word), abs=0.002)
    assert report.worst_pair.first == "bell" and report.worst_pair.second == "linked"
    assert pairs["bell", "linked"].difference > 0.4
    assert pairs["whole", "word"].difference < 0.1
    assert report.mean_pair_difference == pytest.approx(np.mean([p.difference for p in report.pairs]))


def test_categories_are_exact(spark):
    real = ["a"] * 50 + ["b"] * 30 + ["c"] * 15 + ["rare one"] * 4 + [None]
    synthetic = ["a"] * 20 + ["b"] * 10 + ["new"] * 5 + ["newer"] * 5 + [None] * 10
    report, columns = compare(
        spark.createDataFrame([(v,) for v in real], "v string"),
        spark.createDataFrame([(v,) for v in synthetic], "v string"),
    )
    column = columns["v"]
    assert column.role == "categorical"
    assert column.tvd == pytest.approx(
        (abs(50 / 99 - 0.5) + abs(30 / 99 - 0.25) + 15 / 99 + 4 / 99 + 0.125 + 0.125) / 2
    )
    assert (column.null_rate_real, column.null_rate_synthetic) == pytest.approx((0.01, 0.2))
    assert column.category_coverage == pytest.approx(2 / 3)
    assert column.new_categories == 2
    assert [(b.label, b.real, b.synthetic) for b in column.bars] == [
        ("a", pytest.approx(50 / 99), 0.5),
        ("b", pytest.approx(30 / 99), 0.25),
        ("c", pytest.approx(15 / 99), 0.0),
        (None, pytest.approx(4 / 99), 0.25),
    ]
    assert report.mean_tvd == column.tvd and report.mean_ks is None


RARE = [f"rare {i}" for i in range(4)]
NEW = [f"new {i}" for i in range(25)]
KEPT = ["a"] * 50 + ["b"] * 30 + ["c"] * 16
DRAWN = {
    # The rows of rare values are drawn from the others, or imitated, or both.
    "redrawn": (["a"] * 50 + ["b"] * 30 + ["c"] * 16, 0.0),
    "imitated": (KEPT + NEW[:4], 0.0),
    "half": (KEPT + NEW[:2], 0.0),
    "real": (KEPT + RARE, 0.0),
    "one": (["new"] * 4 + KEPT, 0.0),
    # Of 120 rows, 4 % may be of other values; 19.2 of the other 115.2 are too many.
    "made up": (KEPT + NEW[:24], 19.2 / 115.2),
    "shifted": (["a"] * 46 + ["b"] * 34 + ["c"] * 16, 4 / 96),
    "nothing kept": (NEW[:20], 1.0),
}


def test_rare_categories_are_set_aside(spark):
    def frame(columns):
        names = [*DRAWN, "all rare"]
        return spark.createDataFrame(list(itertools.zip_longest(*columns)), ", ".join(f"`{n}` string" for n in names))

    real = frame([*[KEPT + RARE] * len(DRAWN), [f"{i // 4}" for i in range(100)]])
    made = frame([*[values for values, _ in DRAWN.values()], KEPT])
    *columns, gone = compare_table("t", real, made, NOTHING, rare_rows=5).columns
    for c in columns:
        assert c.tvd == pytest.approx(DRAWN[c.name][1], abs=1e-12), c.name
        assert (c.suppressed_rows, c.suppressed_share, c.kept_from) == (4, pytest.approx(0.04), 5), c.name
    # There is nothing to compare with.
    assert (gone.tvd, gone.suppressed_rows, gone.category_coverage) == (None, 100, None)
    every = {c.name: c for c in compare_table("t", real, made, NOTHING).columns}
    assert all((c.suppressed_rows, c.kept_from) == (0, 1) for c in every.values())
    assert every["imitated"].tvd == pytest.approx(0.04) and every["real"].tvd == 0.0


def test_of_texts_of_mostly_rare_values_the_frequent_ones_are_compared(spark):
    real = ["often"] * 300 + [f"six {i % 25}" for i in range(150)] + [f"two {i // 2}" for i in range(550)]
    made = ["often"] * 300 + [f"new {i}" for i in range(700)]
    frames = [spark.createDataFrame([(v,) for v in side], "v string") for side in (real, made)]
    (imitated,) = compare_table("t", *frames, NOTHING, rare_rows=5).columns
    assert (imitated.role, imitated.tvd, imitated.category_coverage) == ("categorical", 0.0, 1.0)
    assert (imitated.suppressed_rows, imitated.kept_from) == (700, 10)
    (learned,) = compare_table("t", *frames, TableDeclaration(high_cardinality_cols=("v",)), rare_rows=5).columns
    assert (learned.suppressed_rows, learned.kept_from) == (550, 5)
    assert learned.tvd == pytest.approx((300 / 450 - 300 / 450 + 150 / 450 + 150 / 450) / 2)


def test_what_a_model_leaves_out_passes_the_gate(spark, fake_engine):
    often = [f"land {i % 5}" for i in range(780)]
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            # 22 % are imitated, 8 % are drawn from the others.
            "country": random.permutation(often + [f"far {i // 2}" for i in range(220)]),
            "region": random.permutation([f"r{i % 4}" for i in range(920)] + [f"x{i // 4}" for i in range(80)]),
            "amount": random.random(1000),
        }
    )
    real = spark.createDataFrame(frame)
    synthesizer = Synthesizer(Metadata().add_table("t"), spark, engine=fake_engine, progress=False)
    drawn = synthesizer.fit({"t": real}, seed=1).sample({"t": 1000}, seed=2)["t"].toPandas()
    report = synthesizer.generate_validation_report({"t": real}, {"t": spark.createDataFrame(drawn)})
    report.require(max_tvd=0.05, max_copies=None, max_detector_auc=0.55)
    (t,) = report.tables
    columns = {c.name: c for c in t.columns}
    assert [columns[n].suppressed_rows for n in ("country", "region")] == [220, 80]
    assert columns["country"].new_categories > 100 and columns["region"].new_categories == 0
    every = Synthesizer(synthesizer.metadata, spark, privacy=Privacy(rare_category_rows=0))
    (t,) = every.generate_validation_report({"t": real}, {"t": spark.createDataFrame(drawn)}).tables
    found = {c.name: c.tvd for c in t.columns}
    assert found["country"] > 0.2 and found["region"] > 0.07
    assert t.detector_auc > report.tables[0].detector_auc + 0.02


def related(rows, seed):
    random = np.random.default_rng(seed)
    size = random.normal(size=rows)
    return pd.DataFrame(
        {
            "id": np.arange(rows) + seed * 10**6,
            "size": size,
            "price": (size * 100 + random.normal(0, 5, rows)).round(2),
            "kind": np.where(size > 0.5, "large", np.where(size < -0.5, "small", "middle")),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 400, rows), "D"),
            "owner": [f"{seed}@x.org"] * rows,
            "note": [f"note {seed} {i}" for i in range(rows)],
        }
    )


def test_a_classifier_tells_rows_whose_columns_do_not_go_together(spark, monkeypatch):
    real, again = related(1500, 1), related(1500, 2)
    shuffled = pd.DataFrame({name: np.random.default_rng(i).permutation(again[name]) for i, name in enumerate(again)})
    frames = [spark.createDataFrame(frame) for frame in (real, again, shuffled)]
    # Keys, personal columns and texts would tell every row.
    table = TableDeclaration(pk=("id",), pii={"owner": "fake"})
    declared = {"fair": table, "apart": table, "few": table, "kept": TableDeclaration(keep=True)}
    both = (
        {"fair": frames[0], "apart": frames[0], "few": frames[0].limit(50), "kept": frames[0]},
        {"fair": frames[1], "apart": frames[2], "few": frames[1], "kept": frames[0]},
    )
    fair, apart, few, kept = compare_database(*both, declared).tables
    assert fair.detector.auc == pytest.approx(0.5, abs=0.03) and fair.detector.rows == 1500
    assert apart.detector.auc > 0.97
    assert {c.name for c in apart.detector.columns} == {"size", "price", "kind"}
    assert (few.detector.auc, few.detector.rows, kept.detector) == (None, 50, None)
    # Of more rows than are looked at, the same ones are, whatever partitions they lie in.
    monkeypatch.setattr(detector_rows, "MOST_ROWS", 500)
    found = [compare_table("t", frames[0].repartition(n), frames[2], table).detector for n in (1, 4)]
    assert found[0] == found[1]
    assert 400 < found[0].rows < 600 and found[0].auc > 0.95


def test_rows_that_are_mostly_alike_are_looked_at_in_number(spark, monkeypatch):
    monkeypatch.setattr(detector_rows, "MOST_ROWS", 1000)
    real = spark.range(4000).selectExpr("id % 2 = 0 AS a", "CAST(id % 2 AS INT) b")
    made = spark.range(4000).selectExpr("id % 2 = 0 AS a", "CAST(id % 4 > 1 AS INT) b")
    found = compare_table("t", real, made, NOTHING).detector
    assert 850 < found.rows < 1150
    assert found.auc == pytest.approx(0.75, abs=0.03)
    assert {c.name for c in found.columns} == {"a", "b"}


def test_no_rare_or_personal_value_is_in_the_page(spark, tmp_path):
    rows = [
        (
            i,
            "<script>" if i % 2 else "often",
            f"secret-{i:03d}",
            f"mail{i % 3}@x.org",
            1e6 + i if i in (0, 199) else float(i),
        )
        for i in range(200)
    ]
    rows[7] = (7, "only-me", *rows[7][2:])
    real = spark.createDataFrame(rows, "id int, `a.b``<i>` string, note string, mail string, amount double")
    config = TableDeclaration(pk=("id",), pii={"mail": "fake"})
    report, columns = compare(real, real, config)
    assert [columns[n].role for n in real.columns] == ["identifier", "categorical", "text", "personal", "numeric"]
    assert columns["note"].shared_values == columns["mail"].shared_values == 1.0
    assert columns["note"].bars == columns["mail"].bars == columns["id"].bars == ()
    ValidationReport((report,)).write_html(tmp_path / "r.html")
    ValidationReport((report,)).write_json(tmp_path / "r.json")
    page, plain = (tmp_path / "r.html").read_text(), (tmp_path / "r.json").read_text()
    assert "&lt;script&gt;" in page and "<script" not in page
    assert "a.b`&lt;i&gt;" in page and "<i>" not in page.replace('<i class="', "")
    for hidden in ("only-me", "secret-", "mail0@", "1,000,199", "1000199", "1000000"):
        assert hidden not in page and hidden not in plain, hidden


def test_copies_and_twins(spark):
    real = spark.createDataFrame(
        [(1, "a", 1.0, None), (2, "b", None, 5), (3, "b", None, 5), (4, "c", float("nan"), 6)],
        "id int, w string, x double, n int",
    )
    config = TableDeclaration(pk=("id",))
    same, _ = compare(real, real.withColumn("id", F.col("id") + 10), config)
    assert (same.copies, same.real_twins) == (1.0, 0.5)
    other, _ = compare(real, real.withColumn("n", F.lit(7)), config)
    assert other.copies == 0.0
    half, _ = compare(real, real.unionAll(real.withColumn("w", F.lit("z"))), config)
    assert half.copies == 0.5
    keys, _ = compare(real.select("id"), real.select("id"), config)
    assert keys.copies is keys.real_twins is None
    linked = TableDeclaration(pk=("id",), fk=(ForeignKey(("w",), "others", ("w",)),))
    references, _ = compare(real.select("id", "w"), real.select("id", "w"), linked)
    assert references.copies is references.real_twins is None


def test_keys_and_constraints(spark):
    real = spark.range(10).selectExpr("CAST(id AS INT) a", "CAST(id % 2 AS INT) b", "CAST(id AS INT) n")
    synthetic = spark.createDataFrame(
        [(1, 1, -5), (1, 1, 3), (1, 2, 50), (None, 1, 60), (3, None, -1)], "a int, b int, n int"
    )
    config = TableDeclaration(pk=("a", "b"), constraints={"n": Constraint(min=0, max=40)})
    report, columns = compare(real, synthetic, config)
    assert (report.key_duplicates, report.key_nulls) == (1, 2)
    assert report.key_faults == pytest.approx(3 / 5)
    assert report.broken_bounds == (BrokenBound("n", "min=0", 2), BrokenBound("n", "max=40", 2))
    assert report.violating_rows == 4
    assert columns["a"].role == columns["b"].role == "identifier"
    keyless, _ = compare(real, synthetic)
    assert keyless.key_duplicates is keyless.key_nulls is keyless.key_faults is None


def test_columns_that_differ_are_named_and_the_others_compared(spark):
    real = spark.range(20).selectExpr("id", "CAST(id AS INT) n", "'x' gone", "'y' dropped", "array(id) arr")
    synthetic = spark.range(20).selectExpr("id AS ID", "id AS n", "'x' more", "array(id) arr")
    report, columns = compare(real, synthetic, TableDeclaration(exclude=("dropped",)))
    assert list(columns) == ["id", "arr"]
    assert report.schema_differences == (
        "'n' is int in the real table and bigint in the synthetic one",
        "'gone' is missing from the synthetic table",
        "'more' is in the synthetic table alone",
    )
    assert columns["arr"].role == "other" and columns["arr"].distance is None
    assert columns["arr"].null_rate_real == 0.0
    with pytest.raises(SchemaError, match="the real table has more than one column called 'a'"):
        compare_table("t", spark.sql("SELECT 1 a, 2 a"), real, NOTHING)


def test_every_type_against_itself(all_types):
    report, columns = compare(all_types, all_types.where("true"))
    assert report.schema_differences == ()
    assert list(columns) == all_types.columns
    assert report.copies == 1.0
    assert all(c.distance == 0 for c in columns.values() if c.distance is not None)
    assert all(p.difference == 0 for p in report.pairs)
    measured = {name for name, c in columns.items() if c.distance is not None}
    assert set(columns) - measured == {"nothing", "name"}
    assert columns["nothing"].null_rate_synthetic == 1.0
    assert columns["name"].role == "text" and columns["flag"].role == "categorical"
    assert columns["tn"].role == columns["ts"].role == columns["day"].role == "datetime"
    ValidationReport((report,)).require(max_copies=None)


def test_dates_and_instants_lie_where_they_are_in_any_zone(spark):
    # 2:30 on this day does not exist in the session's zone.
    start = datetime.datetime(2024, 3, 10, 0, 0)
    rows = [
        (start + datetime.timedelta(minutes=15 * i), (start + datetime.timedelta(days=i)).date()) for i in range(48)
    ]
    real = spark.createDataFrame(rows, "tn timestamp_ntz, day date").withColumn("ts", F.expr("timestamp_seconds(1e6)"))
    later = real.withColumn("tn", F.expr("tn + INTERVAL 3 HOURS"))
    _, columns = compare(real, later)
    assert columns["tn"].ks == pytest.approx(12 / 48)
    assert columns["tn"].range_coverage == pytest.approx((11.75 - 3) / 11.75)
    assert columns["day"].ks == 0.0
    assert columns["ts"].range_coverage == 1.0 and columns["ts"].histogram is None
    bins = columns["tn"].histogram
    assert (bins.low, bins.high) == ("2024-03-10 01:15", "2024-03-10 10:30")
    assert columns["day"].histogram.low == "2024-03-15"


def test_numbers_that_are_not_finite_are_not_lost(spark):
    real = spark.createDataFrame([(float(i),) for i in range(100)], "x double")
    odd = real.selectExpr("CASE WHEN x < 20 THEN double('NaN') WHEN x < 30 THEN double('-inf') ELSE x END x")
    _, columns = compare(real, odd)
    assert columns["x"].ks == pytest.approx(0.2, abs=0.002)
    assert columns["x"].range_coverage == pytest.approx(69 / 99)
    assert sum(columns["x"].histogram.synthetic) == pytest.approx(0.8)


def test_tables_without_rows(spark, tmp_path):
    full = spark.range(30).selectExpr("id", "CAST(id % 3 AS STRING) w", "CAST(id AS DOUBLE) x", "DATE'2024-01-01' d")
    empty = full.where("id < 0")
    config = TableDeclaration(pk=("id",), constraints={"x": Constraint(min=0)})
    for real, synthetic in ((full, empty), (empty, full), (empty, empty)):
        report, columns = compare(real, synthetic, config)
        assert (report.rows_real, report.rows_synthetic) == (real.count(), synthetic.count())
        assert all(c.distance is None for c in columns.values())
        assert report.pairs == ()
        ValidationReport((report,)).write_html(tmp_path / "r.html")
    report, columns = compare(full, empty, config)
    assert report.copies is None and columns["w"].null_rate_synthetic is None and columns["w"].null_rate_real == 0.0


def test_a_table_is_a_frame_a_name_or_a_path(spark, database, tmp_path):
    frame = spark.range(5)
    assert as_frame(spark, frame) is frame
    frame.write.saveAsTable(f"{database}.five", format="delta")
    assert as_frame(spark, f"{database}.five").count() == 5
    frame.write.format("delta").save(str(tmp_path / "delta"))
    frame.write.format("delta").mode("overwrite").save(str(tmp_path / "delta"))
    frame.write.parquet(str(tmp_path / "parquet"))
    # Read as Parquet, the Delta table would also give the rows that were overwritten.
    for path in (tmp_path / "delta", str(tmp_path / "parquet"), f"file:{tmp_path}/parquet"):
        assert as_frame(spark, path).count() == 5
    with pytest.raises(SchemaError, match="neither.*not as delta.*not as parquet"):
        as_frame(spark, tmp_path / "neither")
    with pytest.raises(SchemaError, match="a table is a DataFrame, a table name or a path; got int"):
        as_frame(spark, 5)


def test_executors_do_not_need_the_package():
    script = textwrap.dedent(
        """
        import pickle, sys
        import numpy as np
        from synthohive_spark.spark.generation import pickled_by_value
        from synthohive_spark.validation.cells import Binning, CellWork, Wanted
        binnings = (Binning(0, cuts=(1.5,)), Binning(1, values=(7.0,)))
        blob = pickled_by_value(CellWork({3: Wanted((0, 1), {0: np.array([1.0, 2.0])}, binnings)}))
        sys.stdout.buffer.write(blob)
        """
    )
    blob = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout
    away = textwrap.dedent(
        """
        import pickle, sys
        import pyarrow as pa
        sys.modules["synthohive_spark"] = None
        work = pickle.loads(sys.stdin.buffer.read())
        vectors = [[0.5, 7.0], [2.0, 8.0], [9.0, None], [None, 7.0]]
        numbers = pa.array([3] * 4, pa.int32()), pa.array([0] * 4, pa.int32())
        batch = pa.record_batch({"number": numbers[0], "side": numbers[1], "vector": vectors})
        print(pa.Table.from_batches(work([batch])).to_pydict())
        """
    )
    done = subprocess.run([sys.executable, "-c", away], input=blob, capture_output=True, check=True)
    assert done.stdout.decode().strip() == (
        "{'block': [0, 0, 0, 1, 1, 1, 1], 'cell': [0, 1, 2, 0, 4, 5, 6], 'amount': [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]}"
    )
