"""What training keeps: the best model, its state on disk, and no number that stands for few rows."""

import itertools
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.ctgan import training
from synthohive_spark.engine.ctgan.calibration import _KNOTS, _bias, _rank_table
from synthohive_spark.engine.ctgan.model import CTGANEngine
from synthohive_spark.engine.ctgan.settings import CTGANSettings
from synthohive_spark.engine.ctgan.validation import Validation
from synthohive_spark.engine.encoded_table import EncodedTable, Layout
from synthohive_spark.engine.interface import TrainingRequest
from synthohive_spark.engine.limits import Limits
from synthohive_spark.engine.training import checkpoint as checkpoints
from synthohive_spark.engine.training.checkpoint import Checkpoint
from synthohive_spark.engine.training.progress import Progress
from synthohive_spark.engine.training.summary import TrainingSummary
from synthohive_spark.errors import SchemaError, SerializationError, TrainingInterruptedError
from tests.unit.engine.ctgan.test_engine import NOTHING, SMALL, draw, example, fit


def interrupted(monkeypatch, folder, after):
    """A fit that ends by Ctrl-C after some steps; its state was written after each step."""
    table, layout = example()
    steps, step = itertools.count(1), training.CTGANTrainer.step

    def stepped(job):
        if next(steps) > after:
            raise KeyboardInterrupt
        return step(job)

    with monkeypatch.context() as patch:
        patch.setattr(training.CTGANTrainer, "step", stepped)
        patch.setattr(Checkpoint, "is_due", True)
        with pytest.raises(TrainingInterruptedError, match=r"the next fit resumes from .*training-\w{16}\.safetensors"):
            resumed(table, layout, folder)


def resumed(table, layout, folder, seed=1):
    given = EncodedTable(np.zeros((len(table), 0), np.int16), np.zeros((len(table), 0), np.float32))
    engine = CTGANEngine(CTGANSettings(**{**SMALL, "epochs": 3}))
    return engine.fit(table, given, layout, TrainingRequest(seed, checkpoint_dir=str(folder)))


@pytest.mark.parametrize("after", [7, 33])
def test_an_interrupted_training_goes_on_to_the_same_bits(monkeypatch, tmp_path, after):
    table, layout = example()
    whole = fit(table, layout)
    interrupted(monkeypatch, tmp_path, after)
    assert len(list(tmp_path.iterdir())) == 1
    again = resumed(table, layout, tmp_path)
    assert again.files == whole.files and again.history == whole.history
    assert [c["score"] for c in again.checks] == [c["score"] for c in whole.checks]
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_of_another_training_is_not_gone_on_from(monkeypatch, tmp_path):
    table, layout = example()
    interrupted(monkeypatch, tmp_path, 7)
    assert resumed(table, layout, tmp_path, seed=2).files == fit(table, layout, seed=2).files
    assert len(list(tmp_path.iterdir())) == 1


def test_a_damaged_checkpoint_is_an_error_that_names_the_file(monkeypatch, tmp_path):
    interrupted(monkeypatch, tmp_path, 7)
    next(tmp_path.iterdir()).write_bytes(b"no tensors")
    with pytest.raises(SerializationError, match=r"\.safetensors is not a training's checkpoint.*remove it"):
        resumed(*example(), tmp_path)


def test_a_checkpoint_is_written_every_half_minute(monkeypatch, tmp_path):
    now = itertools.count(100.0, 20.0)
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: next(now))
    written = Checkpoint(str(tmp_path), "a")
    assert [written.is_due, written.is_due] == [False, True]


def test_the_best_checked_generator_is_kept():
    progress = Progress(steps=2, epochs=10, limits=Limits(), patience=None, losses=("loss",), noise=training.NOISE)
    progress.start()
    for step, (score, name) in enumerate([(0.5, "a"), (0.9, "b"), (0.7, "c"), (0.897, "d"), (0.2, "e")]):
        progress.step = 4 * (step + 1)
        progress.checked(score, {name: np.zeros(1)})
    assert list(progress.best) == ["d"] and progress.finished
    assert [check["chosen"] for check in progress.marked_checks] == [False, False, False, True, False]


def test_the_score_falls_with_the_distance_of_pairs():
    table, layout = example(wide=20)
    _, held_out = Validation.split(table, NOTHING, seed=0)
    rng = np.random.default_rng(0)

    class Rows:
        noise_words = 1

        def __init__(self, shuffled):
            self.shuffled = shuffled

        def sample(self, words, context):
            chosen = table.take(rng.integers(0, len(table), len(words)))
            codes = rng.permuted(chosen.codes, axis=0) if self.shuffled else chosen.codes
            return EncodedTable(codes, chosen.ranks)

    real, independent = (held_out.score(Rows(shuffled), layout, seed=0) for shuffled in (False, True))
    assert real > 0.85 and independent < real - 0.1


def test_the_score_tells_whether_given_columns_are_obeyed():
    table, layout = example(wide=20)
    layout = Layout(layout.columns[:1], layout.columns[1:2])
    rows = EncodedTable(table.codes[:, :1], table.ranks[:, :0])
    _, held_out = Validation.split(rows, EncodedTable(table.codes[:, 1:2], table.ranks), seed=0)

    class Obeys:  # the first column is 0 exactly where the given one is
        noise_words = 1

        def sample(self, words, context):
            return EncodedTable((context.codes > 0).astype(np.int16), np.zeros((len(words), 0), np.float32))

    class Ignores(Obeys):
        def sample(self, words, context):
            return rows.take(np.arange(len(words)))

    obeys, ignores = (held_out.score(kind(), layout, seed=0) for kind in (Obeys, Ignores))
    assert obeys > 0.9 and ignores < obeys - 0.1


def test_rows_held_out_are_not_trained_on():
    table, _ = example()
    numbered = EncodedTable(np.arange(2000)[:, None], np.zeros((2000, 0), np.float32))
    (rows, given), held_out = Validation.split(numbered, table, seed=0)
    assert len(rows) == len(given) == 1900 and len(held_out.rows) == len(held_out.given) == 100
    assert not set(rows.codes[:, 0]) & set(held_out.rows.codes[:, 0])
    assert (np.diff(rows.codes[:, 0]) > 0).all()


@pytest.mark.parametrize("at_least", [5, 50])
@pytest.mark.parametrize("rows", [60, 160, 4000])
def test_no_quantile_of_real_ranks_stands_for_few_rows(at_least, rows):
    rng = np.random.default_rng(0)
    real = np.sort(rng.uniform(0.2, 0.8, rows)).astype(np.float32)
    table = _quantiles_of(real, at_least)
    assert abs(table.mean() - real.mean()) < 0.05 and table.shape == (_KNOTS,)
    # Slopes change at a stored quantile only: there are no more of them than groups of that many rows.
    bends = np.abs(np.diff(table.astype(np.float64), 2)) > 1e-5
    assert bends.sum() <= rows // at_least
    if rows > 3 * at_least:  # the outermost rows do not show, wherever they lie
        moved = real.copy()
        moved[: at_least - 1], moved[rows - at_least + 1 :] = 0.01, 0.99
        np.testing.assert_array_equal(_quantiles_of(moved, at_least), table)


def _quantiles_of(real, at_least):
    codes = np.zeros(len(real), np.int64)
    return _rank_table(real, codes, codes, real, 1, at_least).real[:, 0]


def test_defaults_suit_short_and_long_tables():
    settings = CTGANSettings()
    assert [settings.batch_for(rows) for rows in (3, 100, 500, 50_000)] == [3, 64, 125, 500]
    steps = {rows: settings.epochs_for(rows) * -(-rows // settings.batch_for(rows)) for rows in (500, 50_000, 10**6)}
    assert steps[500] == pytest.approx(3_200, rel=0.1)
    assert steps[50_000] == pytest.approx(14_700, rel=0.1)
    assert steps[10**6] == pytest.approx(40_000, rel=0.1)
    assert CTGANSettings(max_seconds=60).epochs_for(500) is None and CTGANSettings(epochs=7).epochs_for(500) == 7


def test_a_device_that_is_not_there_is_an_error():
    with pytest.raises(SchemaError, match="device must be one of auto, cpu, cuda, got 'gpu'"):
        CTGANSettings(device="gpu")


def test_nulls_that_come_together_stay_together():
    rng = np.random.default_rng(0)
    outer = rng.random(3000) < 0.2
    inner = outer & (rng.random(3000) < 0.5)
    codes = np.stack([np.where(mask, 0, rng.integers(1, 4, 3000)) for mask in (inner, outer, outer)], axis=1)
    blocks = tuple(
        Block(name, tuple(np.bincount(codes[:, i], minlength=4) / 3000), False, null=True)
        for i, name in enumerate("abc")
    )
    table = EncodedTable(codes.astype(np.int16), np.zeros((3000, 0), np.float32))
    nulls = draw(fit(table, Layout(blocks), epochs=2).sampler, 8192).codes == 0
    np.testing.assert_array_equal(nulls[:, 1], nulls[:, 2])
    assert not (nulls[:, 0] & ~nulls[:, 1]).any()
    np.testing.assert_allclose(nulls.mean(axis=0), (codes == 0).mean(axis=0), atol=0.02)


def test_many_codes_and_many_columns_train_within_four_gibibytes():
    script = """
        import numpy as np
        from synthohive_spark.engine.code_links import Block
        from synthohive_spark.engine.encoded_table import EncodedTable, Layout
        from tests.unit.engine.ctgan.test_engine import fit
        rng = np.random.default_rng(0)
        codes = np.column_stack([rng.integers(0, 20_000, 2_000), rng.integers(0, 50, (2_000, 100))])
        sizes = [20_000] + [50] * 100
        shares = [tuple(np.bincount(codes[:, i], minlength=n) / 2_000) for i, n in enumerate(sizes)]
        layout = Layout(tuple(Block(f"c{i}", s, False) for i, s in enumerate(shares)))
        table = EncodedTable(codes.astype(np.int16), np.zeros((2_000, 0), np.float32))
        fitted = fit(table, layout, epochs=1, batch_size=500, embedding_dim=128, generator_dim=(256, 256))
        # Not getrusage, which counts what the process held that started this one.
        peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
        print(len(fitted.history), int(peak.split()[1]) // 1024)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert shown[-2] == "1" and int(shown[-1]) < 4096


def test_the_summary_names_the_chosen_check_and_is_drawn(tmp_path):
    scores = ((1, 0.5), (2, 0.8), (3, 0.797), (4, 0.79))
    checks = tuple({"epoch": e, "score": s, "chosen": e == 3} for e, s in scores)
    losses = {"generator_loss": 1.0, "critic_loss": 0.5, "distance": 0.1}
    history = tuple({"epoch": e, **losses} for e in range(1, 5))
    summary = TrainingSummary(history, 10, 10, 1.0, 1, checks)
    assert summary.chosen == checks[2]
    figure = summary.plot()
    scores = figure.axes[1].lines[0]
    assert list(scores.get_xdata()) == [1, 2, 3, 4] and list(scores.get_ydata()) == [0.5, 0.8, 0.797, 0.79]
    assert TrainingSummary((), 1, 1, 0.0, 1).chosen is None
    TrainingSummary((), 1, 1, 0.0, 1).plot().savefig(tmp_path / "empty.png")


def test_a_code_that_no_row_may_hold_spoils_no_calibration():
    logits = np.random.default_rng(0).normal(size=(4, 4000)).astype(np.float32)
    logits[0] = -np.inf
    change = _bias(logits, np.array([0.004, 0.5, 0.3, 0.196], np.float32))
    assert np.isfinite(change).all()
    odds = np.exp(logits + change)
    assert np.abs((odds / odds.sum(axis=0)).mean(axis=1) - [0, 0.502, 0.301, 0.197]).max() < 0.003
