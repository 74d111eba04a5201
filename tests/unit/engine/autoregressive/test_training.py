"""How an autoregressive model is trained: the same every time, ended by what is set, gone on with."""

import itertools
from unittest import mock

import numpy as np
import pytest
import torch
from structlog.testing import capture_logs

from synthohive_spark.engine.autoregressive import training
from synthohive_spark.engine.autoregressive.settings import AutoregressiveSettings, widths_for
from synthohive_spark.engine.code_links import CompositeDependency, FunctionalDependency
from synthohive_spark.engine.encoded_table import EncodedTable, Layout
from synthohive_spark.engine.settings import TrainingSettings
from synthohive_spark.engine.training.checkpoint import Checkpoint
from synthohive_spark.engine.training.progress import FEWEST_STEPS
from synthohive_spark.engine.training.summary import TrainingSummary
from synthohive_spark.errors import SchemaError, SerializationError, TrainingError, TrainingInterruptedError
from tests.helpers.encoded_examples import block, draw, example, fit, nothing

ROWS = 600  # 540 learned, 60 held out: 17 steps an epoch


@pytest.fixture(scope="module")
def short():
    return fit(*example(ROWS), epochs=3)


def test_two_fits_with_a_seed_are_bit_identical_and_another_seed_differs(short):
    again, other = fit(*example(ROWS), epochs=3), fit(*example(ROWS), epochs=3, seed=2)
    assert short.files == again.files and short.history == again.history
    assert [c["score"] for c in short.checks] == [c["score"] for c in again.checks]
    assert all(short.files[name] != other.files[name] for name in ("heads.safetensors",))


def test_the_callers_random_state_threads_and_denormals_are_untouched():
    torch.manual_seed(5)
    np.random.seed(5)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), torch.get_num_threads()
    real_values = []
    for flushing in (False, True):
        torch.set_flush_denormal(flushing)
        try:
            fit(*example(200), epochs=1, threads=before[2] + 1)
            real_values.append((torch.tensor([1e-38]) * 1e-3).item() == 0)
        finally:
            torch.set_flush_denormal(False)
    assert real_values == [False, True]
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()
    assert torch.get_num_threads() == before[2]


def test_threads_and_denormals_are_set_while_training(monkeypatch):
    real_values, step = [], training.AutoregressiveTrainer.step

    def stepped(job):
        real_values.append((torch.get_num_threads(), (torch.tensor([1e-38]) * 1e-3).item() == 0))
        return step(job)

    monkeypatch.setattr(training.AutoregressiveTrainer, "step", stepped)
    wanted = torch.get_num_threads() + 1
    fit(*example(200), epochs=1, threads=wanted)
    assert set(real_values) == {(wanted, True)}


def test_the_callers_random_state_does_not_matter(short):
    torch.manual_seed(99)
    np.random.seed(99)
    assert fit(*example(ROWS), epochs=3).files == short.files


def test_time_ends_training_and_its_model_draws():
    with capture_logs() as logs:
        fitted = fit(*example(ROWS), epochs=100_000, max_seconds=0.5)
    assert logs[-1]["ended_by"] == "time" and logs[-1]["step"] >= FEWEST_STEPS
    assert len(fitted.history) < 100_000 and fitted.checks[-1]["done"] == 1
    assert len(draw(fitted.sampler, 512)) == 512


def test_a_time_that_is_over_before_the_first_step_leaves_a_model():
    fitted = fit(*example(ROWS), epochs=5, max_seconds=1e-6)
    assert [c["step"] for c in fitted.checks] == [FEWEST_STEPS] and fitted.ending.by == "time"
    assert len(draw(fitted.sampler, 512)) == 512


def test_patience_ends_training():
    with capture_logs() as logs:
        fitted = fit(*example(200), epochs=500, patience=2)
    chosen = next(c for c in fitted.checks if c["chosen"])
    assert logs[-1]["ended_by"] == "patience" and len(fitted.history) == chosen["epoch"] + 2 < 500
    ends = [c["epoch"] for c in fitted.checks if c["step"] % 5 == 0]  # 160 rows to learn from
    assert ends == list(range(1, len(fitted.history) + 1))


def test_a_score_that_no_longer_gets_better_ends_training():
    with capture_logs() as logs:
        fitted = fit(*example(200), epochs=2000)
    assert logs[-1]["ended_by"] == "converged" and len(fitted.history) < 1000
    assert training.halvings(fitted.checks) == 4 > training.halvings(fitted.checks[:-1])
    best = max(c["score"] for c in fitted.checks)
    assert [c["score"] for c in fitted.checks if c["chosen"]] == [best]


def test_the_rate_is_halved_whenever_four_checks_find_nothing_better():
    def count(*scores):
        return training.halvings([{"score": score} for score in scores])

    assert [count(*range(n)) for n in (0, 1, 9)] == [0, 0, 0]
    assert [count(1, *[0] * n) for n in (3, 4, 7, 8, 12)] == [0, 1, 1, 2, 3]
    assert count(1, 0, 0, 0, 1.01, 0, 0, 0, 1.02) == 0
    assert count(1, *[1.0005] * 4) == 1  # not noticeably better
    assert count(1, *[0] * 4, 2, *[0] * 3) == 1


def test_the_rate_rises_falls_and_is_halved():
    job = training.AutoregressiveTrainer(*cut(ROWS), AutoregressiveSettings(epochs=40, learning_rate=0.5), 0)
    rates, state = {}, job.progress
    for step in (0, 49, 99, 300, 340, 510, 680):
        state.step = step
        job.prepare_step()
        rates[step] = job.learning_rate
        assert {group["lr"] for group in job.optimiser.param_groups} == {rates[step]}
    assert state.steps * state.epochs == 680
    expected = {0: 0.005, 49: 0.25, 99: 0.5, 300: 0.5, 340: 0.5, 510: 0.25, 680: 0}
    assert rates == pytest.approx(expected)
    state.step, state.checks = 300, [{"score": 1.0}] + [{"score": 0.0}] * 8
    job.prepare_step()
    assert job.learning_rate == pytest.approx(0.125)


def cut(rows):
    """Rows of parts, and the parts."""
    from synthohive_spark.engine.autoregressive.resolution import cut_columns

    table, layout = example(rows)
    parts = cut_columns(table, nothing(rows), layout, 40, 0)
    return parts.cut(nothing(rows), table), parts


def test_the_averaged_weights_are_judged_and_the_others_go_on():
    job = training.AutoregressiveTrainer(*cut(ROWS), AutoregressiveSettings(epochs=3), 0)
    for _ in range(30):
        job.prepare_step()
        job.progress.add(job.step())
    before = [w.detach().clone() for w in job.weights]
    score, arrays = job.judge()
    assert all(torch.equal(w, own) for w, own in zip(job.weights, before, strict=True))
    names = [name for name, _ in job.heads.named_parameters()]
    for name, average, own in zip(names, job.average, before, strict=True):
        assert torch.equal(torch.from_numpy(arrays[name]), average) and not torch.equal(average, own)
    assert np.isfinite(score) and score < 0


@pytest.mark.parametrize("seed", range(4))
def test_what_decides_others_comes_first_in_the_order_that_is_learned_in(seed):
    """Moved after the training, columns would be drawn beside what no head learned to read."""
    links = (
        FunctionalDependency(0, 2, np.zeros(1, np.int32)),
        CompositeDependency((2, 3), 1, np.zeros((1, 3)), (False,) * 3),
    )
    rows, parts = cut(ROWS)
    job = training.AutoregressiveTrainer(
        rows, parts, AutoregressiveSettings(epochs=4), seed, layout=Layout((), functional=links)
    )
    practised = []
    with mock.patch.object(
        job, "_known", side_effect=lambda order, known=job._known: practised.append(order) or known(order)
    ):
        while job.progress.done < 1:
            job.prepare_step()
            job.progress.add(job.step())
    order = job.finish()["order"].tolist()
    assert order.index(2) == order.index(0) + 1 or order.index(2) < order.index(0)
    assert order.index(1) > max(order.index(2), order.index(3))
    assert sum(own.tolist() == order for own in practised) > 10


@pytest.mark.parametrize("rows", [1, 7, 24])
def test_rows_of_a_very_short_table_are_learned_and_held_out(rows):
    learned, held_out = training.split(rows, np.random.default_rng(0))
    assert sorted(learned) == sorted(held_out) == list(range(rows))


@pytest.mark.parametrize(("rows", "held"), [(25, 5), (200, 40), (427, 50), (500, 50), (7777, 777), (300_000, 20_000)])
def test_a_tenth_of_the_rows_or_a_fifth_of_few_is_held_out_and_not_learned(rows, held):
    learned, held_out = training.split(rows, np.random.default_rng(0))
    assert len(held_out) == held and sorted([*learned, *held_out]) == list(range(rows))


def test_a_loss_that_is_not_finite_ends_with_epoch_and_remedy():
    with pytest.raises(TrainingError, match=r"diverged in epoch \d+.*lower the learning rate \(now [\de.+]+\)"):
        fit(*example(ROWS), learning_rate=1e6, epochs=200)


def interrupted(monkeypatch, folder, after):
    """A fit that ends by Ctrl-C after some steps; its state was written after each step."""
    steps, step = itertools.count(1), training.AutoregressiveTrainer.step

    def stepped(job):
        if next(steps) > after:
            raise KeyboardInterrupt
        return step(job)

    with monkeypatch.context() as patch:
        patch.setattr(training.AutoregressiveTrainer, "step", stepped)
        patch.setattr(Checkpoint, "is_due", True)
        with pytest.raises(TrainingInterruptedError, match=r"the next fit resumes from .*training-\w{16}\.safetensors"):
            fit(*example(ROWS), epochs=3, checkpoint_dir=str(folder))


@pytest.mark.parametrize("after", [3, 17, 40])
def test_an_interrupted_training_goes_on_to_the_same_bits(monkeypatch, tmp_path, short, after):
    interrupted(monkeypatch, tmp_path, after)
    assert len(list(tmp_path.iterdir())) == 1
    with capture_logs() as logs:
        again = fit(*example(ROWS), epochs=3, checkpoint_dir=str(tmp_path))
    assert [e["epoch"] for e in logs if e["event"] == "resumed"] == [after // 17]
    assert again.files == short.files and again.history == short.history
    assert [c["score"] for c in again.checks] == [c["score"] for c in short.checks]
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_of_another_training_is_not_gone_on_from(monkeypatch, tmp_path, short):
    interrupted(monkeypatch, tmp_path, 5)
    with capture_logs() as logs:
        fit(*example(ROWS), epochs=3, seed=2, checkpoint_dir=str(tmp_path))
        fit(*example(ROWS), epochs=2, checkpoint_dir=str(tmp_path))
    assert not [e for e in logs if e["event"] == "resumed"] and len(list(tmp_path.iterdir())) == 1


def test_a_damaged_checkpoint_is_an_error_that_names_the_file(monkeypatch, tmp_path):
    interrupted(monkeypatch, tmp_path, 5)
    next(tmp_path.iterdir()).write_bytes(b"no tensors")
    with pytest.raises(SerializationError, match=r"\.safetensors is not a training's checkpoint.*remove it"):
        fit(*example(ROWS), epochs=3, checkpoint_dir=str(tmp_path))


def test_ctrl_c_without_a_checkpoint_leaves_no_model(monkeypatch):
    def stopped(job):
        raise KeyboardInterrupt

    before = torch.get_num_threads()
    monkeypatch.setattr(training.AutoregressiveTrainer, "step", stopped)
    with pytest.raises(TrainingInterruptedError, match=r"interrupted in epoch 1, after \d+ s; there is no model"):
        fit(*example(200), threads=before + 1)
    assert torch.get_num_threads() == before and (torch.tensor([1e-38]) * 1e-3).item() > 0


@pytest.mark.parametrize(
    ("rows", "batch"),
    [(1, 1), (2, 2), (10, 10), (31, 31), (50, 32), (500, 32), (2_000, 32), (50_000, 1024), (10**6, 2048)],
)
def test_batches_suit_the_table(rows, batch):
    assert AutoregressiveSettings().batch_for(rows) == batch
    assert AutoregressiveSettings(batch_size=20).batch_for(rows) == min(20, rows)


def test_shorter_tables_are_learned_with_more_restraint():
    settings = AutoregressiveSettings()
    decays = [settings.decay_for(rows) for rows in (1, 5_000, 10_000, 25_000, 10**6)]
    assert decays == pytest.approx([1, 1, 0.66, 0.2, 0.2], abs=0.01)
    assert [settings.dropout_for(rows) for rows in (1, 25_000, 10**6)] == pytest.approx([0.3, 0.3, 0.05])
    job = training.AutoregressiveTrainer(*cut(ROWS), settings, 0)
    assert [group["weight_decay"] for group in job.optimiser.param_groups] == [1.0, 0.0]


def test_epochs_suit_the_table():
    settings = AutoregressiveSettings()
    assert [settings.epochs_for(rows) for rows in (1, 2, 10, 500)] == [50, 63, 108, 25]
    for rows in (5_000, 50_000, 10**6):
        steps = settings.epochs_for(rows) * -(-rows // settings.batch_for(rows))
        assert steps == pytest.approx(50 * rows ** (1 / 3), rel=0.1)
    assert settings.epochs_for(10**9) == 1
    assert AutoregressiveSettings(max_seconds=60).epochs_for(500) is None
    assert AutoregressiveSettings(max_seconds=60, epochs=7).epochs_for(500) == 7


def test_wider_tables_have_narrower_heads():
    widths = [widths_for(parts) for parts in (1, 20, 76, 77, 100, 200, 1000)]
    assert widths[0] == widths[1] and all(b <= a for a, b in itertools.pairwise(widths)) and widths[-1] < widths[0]


def test_settings_of_another_engine_are_named():
    with pytest.raises(SchemaError, match="the engine 'autoregressive' has no setting 'pac'"):
        TrainingSettings.of({"pac": 2}, "autoregressive")
    with pytest.raises(SchemaError, match="no setting 'embedding_dim'"):
        AutoregressiveSettings.of({"embedding_dim": 2, "epochs": 3}, "autoregressive")
    with pytest.raises(SchemaError, match="no setting 'droput', did you mean 'dropout'|no setting 'droput'.*dropout"):
        AutoregressiveSettings.of({"droput": 0.2}, "autoregressive")
    made = AutoregressiveSettings.of({"pac": None, "epochs": 3, "dropout": 0.2, "learning_rate": None}, "x")
    assert (made.epochs, made.dropout, made.learning_rate) == (3, 0.2, AutoregressiveSettings().learning_rate)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("epochs", 0), ("epochs", 1.5), ("batch_size", True), ("learning_rate", -1), ("max_seconds", 0), ("patience", 0)],
)
def test_a_setting_out_of_range_is_named(setting, value):
    with pytest.raises(SchemaError, match=f"{setting} must be a .*got {value}"):
        AutoregressiveSettings(**{setting: value})


@pytest.mark.parametrize("dropout", [-0.1, 1.0, 1.5, True, "x", float("nan")])
def test_a_dropout_out_of_range_is_named(dropout):
    with pytest.raises(SchemaError, match="dropout"):
        AutoregressiveSettings(dropout=dropout)


@pytest.mark.parametrize("rows", [1, 2, 3, 50])
@pytest.mark.parametrize("columns", [(0,), (1,), (2,), (0, 1, 2, 3)])
def test_tiny_tables_train(rows, columns):
    table, layout = example()
    ranks = table.ranks[:rows] if 1 in columns else table.ranks[:rows, :0]
    layout = Layout(tuple(layout.columns[i] for i in columns))
    fitted = fit(EncodedTable(table.codes[:rows, columns], ranks), layout)
    assert len(fitted.history) == 2
    made = draw(fitted.sampler, 512)
    assert made.codes.shape == (512, len(columns)) and made.ranks.shape == (512, ranks.shape[1])
    assert (made.codes >= 0).all() and all((made.codes < [b.codes for b in layout.columns]).all(axis=1))


def test_no_dropout_is_a_setting():
    first, again = fit(*example(200), epochs=1, dropout=0), fit(*example(200), epochs=1, dropout=0)
    assert first.files == again.files != fit(*example(200), epochs=1).files


def test_twenty_thousand_codes():
    rng = np.random.default_rng(0)
    codes = np.concatenate([np.arange(20_000), rng.integers(0, 20_000, 10_000)])[:, None].astype(np.int16)
    layout = Layout((block("w", codes[:, 0], 20_000),))
    table = EncodedTable(codes, np.zeros((30_000, 0), np.float32))
    made = draw(fit(table, layout, epochs=1, batch_size=500, embedding_threshold=256).sampler, 2048)
    assert len(np.unique(made.codes)) > 1500 and made.codes.max() < 20_000 and made.codes.min() >= 0


def test_an_epoch_is_one_log_event_with_its_loss_and_the_time_left():
    with capture_logs() as logs:
        fitted = fit(*example(ROWS), epochs=2)
    events = [entry for entry in logs if entry["event"] == "epoch"]
    assert [e["epoch"] for e in events] == [1, 2] and events[-1]["seconds_left"] == 0
    assert [e["loss"] for e in events] == [r["loss"] for r in fitted.history]
    assert fitted.history[1]["loss"] < fitted.history[0]["loss"] and logs[-1]["ended_by"] == "epochs"


def test_a_picture_of_a_training_shows_its_loss_and_scores():
    history = ({"epoch": 1, "loss": 3.0}, {"epoch": 2, "loss": 2.5})
    checks = ({"epoch": 1, "score": -3.1, "chosen": False}, {"epoch": 2, "score": -2.6, "chosen": True})
    summary = TrainingSummary(history, rows=9, training_rows=9, seconds=1.0, training_seed=1, checks=checks)
    losses, scores = summary.plot().axes
    assert [line.get_label() for line in losses.lines] == ["loss"] and list(losses.lines[0].get_ydata()) == [3.0, 2.5]
    assert list(scores.lines[0].get_ydata()) == [-3.1, -2.6] and list(scores.lines[1].get_ydata()) == [-2.6]
