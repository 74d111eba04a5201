import subprocess
import sys
import textwrap
from dataclasses import asdict

import numpy as np
import pytest
import torch
from structlog.testing import capture_logs

from synthohive_spark.engine.code_links import Block, FunctionalDependency
from synthohive_spark.engine.ctgan import training
from synthohive_spark.engine.ctgan.model import CTGANEngine
from synthohive_spark.engine.ctgan.networks import Critic, Generator
from synthohive_spark.engine.ctgan.settings import CTGANSettings
from synthohive_spark.engine.ctgan.slots import Slots
from synthohive_spark.engine.encoded_table import EncodedTable, Layout
from synthohive_spark.engine.interface import TrainingRequest
from synthohive_spark.engine.noise import normal_words, normals, row_words
from synthohive_spark.engine.tensors import tensor_bytes
from synthohive_spark.errors import SchemaError, SerializationError, TrainingError
from tests.helpers.encoded_examples import with_null_inclusions

NOTHING = EncodedTable(np.zeros((2000, 0), np.int16), np.zeros((2000, 0), np.float32))
OTHER_FILES = ("discriminator.safetensors", "embedding_layers.safetensors")
SMALL = {"batch_size": 100, "embedding_dim": 32, "generator_dim": (64, 64), "discriminator_dim": (64, 64)}


def example(rows=2000, wide=80):
    """A narrow column, a ranked one that depends on it, and a wide one."""
    rng = np.random.default_rng(0)
    a = rng.choice(3, rows, p=(0.7, 0.25, 0.05))
    b = np.where(a == 0, 0, 1 + rng.integers(0, 2, rows))
    w = np.minimum(rng.geometric(0.05, rows) - 1, wide - 1)
    inside = rng.random(rows)
    ranks = np.where(b == 0, 0.0, (b - 1 + inside) / 2).clip(1e-6, 1 - 1e-6)
    codes = np.stack([a, b, w], axis=1).astype(np.int16)
    blocks = tuple(
        Block(name, tuple((np.bincount(codes[:, i], minlength=n) / rows).tolist()), name == "b")
        for i, (name, n) in enumerate((("a", 3), ("b", 3), ("w", wide)))
    )
    return EncodedTable(codes, ranks[:, None].astype(np.float32)), Layout(blocks)


def fit(table, layout, context=None, seed=1, **settings):
    context = context or EncodedTable(np.zeros((len(table), 0), np.int16), np.zeros((len(table), 0), np.float32))
    engine = CTGANEngine(CTGANSettings(**{**SMALL, "epochs": 3, **settings}))
    return engine.fit(table, context, with_null_inclusions(table, layout), TrainingRequest(seed))


def draw(sampler, rows=4096, context=None, seed=3):
    parts = []
    for start in range(0, rows, 512):
        words = row_words(seed, np.arange(start, start + 512), sampler.noise_words)
        part = NOTHING.take(slice(512)) if context is None else context.take(slice(start, start + 512))
        parts.append(sampler.sample(words, part))
    return EncodedTable(np.concatenate([p.codes for p in parts]), np.concatenate([p.ranks for p in parts]))


@pytest.fixture(scope="module")
def fitted():
    return fit(*example())


def test_numpy_makes_what_torch_makes():
    table, layout = example(wide=20)
    for chosen, context in ((layout, NOTHING), (Layout(layout.columns, layout.columns), table)):
        settings = CTGANSettings(**SMALL)
        slots, ctx = Slots.of(chosen.columns), Slots.of(chosen.context)
        rng = torch.Generator().manual_seed(0)
        network = Generator(settings.embedding_dim, slots, ctx, settings.generator_dim, rng)
        for norm in network.norms:
            norm.running_mean.normal_(generator=rng)
            norm.running_var.uniform_(0.5, 2.0, generator=rng)
        network.eval()
        arrays = {k: v.numpy() for k, v in network.state_dict().items()}
        arrays.update({f"calibration.{i}.bias": np.zeros(b.codes, np.float32) for i, b in enumerate(chosen.columns)})
        kept = {name: array for name, array in arrays.items() if not name.endswith("num_batches_tracked")}
        files = {"generator.safetensors": tensor_bytes(kept), **dict.fromkeys(OTHER_FILES, tensor_bytes({}))}
        sampler = CTGANEngine.load(files, asdict(settings), chosen).sampler
        words = row_words(5, np.arange(512), sampler.noise_words)
        dense, places = sampler.inputs(words, context.take(slice(512)))
        used = normal_words(settings.embedding_dim)
        np.testing.assert_array_equal(dense[:, : settings.embedding_dim], normals(words[:, :used], 32))
        assert len(places) == (3 if chosen.context else 1)
        with torch.no_grad():
            expected = network(torch.from_numpy(dense), torch.from_numpy(np.stack(places, axis=1))).numpy()
        np.testing.assert_allclose(sampler.forward(dense, places).T, expected, atol=2e-5)


def test_calibrated_marginals_are_those_of_the_table():
    table, layout = example()
    made = draw(fit(table, layout, epochs=10).sampler, rows=40_960)
    for column, block in enumerate(layout.columns):
        shares = np.bincount(made.codes[:, column], minlength=block.codes) / len(made)
        assert np.abs(shares - block.frequencies).sum() / 2 < 0.02
    ranks = np.sort(made.ranks[made.codes[:, 1] == 2, 0])
    assert ranks[0] >= 0.49 and ranks[-1] <= 1
    real = np.quantile(table.ranks[table.codes[:, 1] == 2, 0], np.linspace(0, 1, len(ranks)))
    assert np.abs(ranks - real).max() < 0.04


def test_columns_that_hang_together_do_so_in_what_is_drawn():
    table, layout = example()
    made = draw(fit(table, layout, epochs=40).sampler)
    # In the table b is 0 exactly where a is 0; independent columns would disagree in 42 % of the rows.
    assert ((made.codes[:, 0] == 0) != (made.codes[:, 1] == 0)).mean() < 0.1


def test_given_columns_are_obeyed():
    table, layout = example()
    parts = EncodedTable(table.codes[:, :1], table.ranks[:, :0]), EncodedTable(table.codes[:, 1:2], table.ranks)
    layout = Layout(layout.columns[:1], layout.columns[1:2])
    fitted = fit(parts[0], layout, parts[1], epochs=60, generator_dim=(256, 256), discriminator_dim=(256, 256))
    context = EncodedTable(np.tile([[0], [1]], (2048, 1)).astype(np.int16), np.tile([[1e-6], [0.25]], (2048, 1)))
    made = draw(fitted.sampler, context=context)
    assert (made.codes[::2, 0] == 0).mean() > 0.9 and (made.codes[1::2, 0] == 0).mean() < 0.1


def test_two_fits_with_a_seed_are_bit_identical_and_another_seed_differs(fitted):
    again, other = fit(*example()), fit(*example(), seed=2)
    assert fitted.files == again.files and fitted.history == again.history
    assert fitted.files != other.files


def test_loading_gives_the_same_rows_and_files_bit_for_bit(fitted):
    _, layout = example()
    loaded = CTGANEngine.load(fitted.files, fitted.parameters, Layout.from_json(layout.to_json()))
    assert loaded.files == fitted.files
    ours, theirs = draw(fitted.sampler), draw(loaded.sampler)
    np.testing.assert_array_equal(ours.codes, theirs.codes)
    np.testing.assert_array_equal(ours.ranks, theirs.ranks)


def test_a_row_does_not_depend_on_its_place_in_the_batch(fitted):
    sampler = fitted.sampler
    words = row_words(3, np.arange(512), sampler.noise_words)
    order = np.random.default_rng(0).permutation(512)
    straight, mixed = (sampler.sample(w, NOTHING.take(slice(512))) for w in (words, words[order]))
    np.testing.assert_array_equal(straight.codes[order], mixed.codes)
    np.testing.assert_array_equal(straight.ranks[order], mixed.ranks)


def test_files_that_do_not_fit_are_errors(fitted):
    _, layout = example()
    with pytest.raises(SerializationError, match="lacks generator.safetensors"):
        CTGANEngine.load({}, fitted.parameters, layout)
    with pytest.raises(SerializationError, match="is not a file of tensors"):
        CTGANEngine.load({**fitted.files, "generator.safetensors": b"\x80\x04]."}, fitted.parameters, layout)
    with pytest.raises(SerializationError, match="do not fit the layout"):
        CTGANEngine.load(fitted.files, {**fitted.parameters, "embedding_dim": 64}, layout)


def test_the_callers_random_state_threads_and_denormals_are_untouched():
    table, layout = example()
    torch.manual_seed(5)
    np.random.seed(5)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), torch.get_num_threads()
    fit(table, layout, threads=1, epochs=1)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()
    assert torch.get_num_threads() == before[2]
    assert (torch.tensor([1e-38]) * 1e-3).item() > 0


def test_each_step_moves_its_own_network_alone():
    table, layout = example(wide=20)
    job = training.CTGANTrainer(table, NOTHING, layout, CTGANSettings(**SMALL), 0)
    real_values = []
    for optimiser in job.optimisers:
        optimiser.register_step_post_hook(lambda *_: real_values.append((job.critic.flat.clone(), list(weights(job)))))
    before = job.critic.flat.clone(), list(weights(job))
    job.step()
    (critic, generator), (critic_after, generator_after) = real_values
    assert not torch.equal(critic, before[0]) and torch.equal(critic, critic_after)
    assert all(torch.equal(p, q) for p, q in zip(generator, before[1], strict=True))
    assert not all(torch.equal(p, q) for p, q in zip(generator_after, before[1], strict=True))


def weights(job):
    return (p.detach().clone() for p in job.generator.parameters())


@pytest.mark.parametrize("pac", [1, 4])
@pytest.mark.parametrize("context", [Slots((), 0), Slots((3, 4), 2)])
def test_the_critics_gradients_are_those_that_autograd_finds(pac, context):
    rng, slots = torch.Generator().manual_seed(0), Slots((5, 7), 2)
    critic = Critic(slots, context, (32, 16), pac, rng, torch.float32)
    rows = torch.rand(3, 8 * pac, critic.row, generator=rng)
    rows[:, :, slots.width :] = rows[0, :, slots.width :]
    ones = [torch.randint(0, 3, (8 * pac,), generator=rng) + 3 * i for i in range(len(context.codes) or 1)]
    places, share = torch.stack(ones, dim=1), torch.rand(8, 1, 1, generator=rng)
    packed = (places.view(8, pac, -1) + critic.places * torch.arange(pac)[:, None]).view(8, -1)
    state = {name: array.clone().requires_grad_() for name, array in critic.state.items()}

    def judge(x):
        given = state["given"][packed].sum(dim=1)
        x = x.reshape(8, -1) @ state["hidden.0.weight"].T + state["hidden.0.bias"] + given
        for i in (1, 2):
            x = torch.nn.functional.leaky_relu(x, 0.2) @ state[f"hidden.{i}.weight"].T + state[f"hidden.{i}.bias"]
        return x

    real, fake = rows[0].clone(), rows[1].clone().requires_grad_()
    between = torch.lerp(fake.detach(), real, share.repeat_interleave(pac, 0).view(-1, 1)).requires_grad_()
    (slope,) = torch.autograd.grad(judge(between).sum(), between, create_graph=True)
    norm = slope[:, : slots.width].reshape(8, -1).norm(2, dim=1)
    loss = 10 * ((norm - 1) ** 2).mean() - judge(real).mean() + judge(fake.detach()).mean()
    loss.backward()
    found = critic.learn(rows, places, share)
    torch.testing.assert_close(found.loss, loss.detach())
    gradients = torch.cat([array.grad.flatten() for array in state.values()])
    torch.testing.assert_close(critic.flat.grad, gradients, atol=1e-6, rtol=1e-4)
    judge(fake).mean().backward()
    judged, slope = critic.slope(fake.detach(), places)
    torch.testing.assert_close(slope, fake.grad[:, : slots.width])
    torch.testing.assert_close(judged, judge(fake).mean().detach())


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
@pytest.mark.parametrize("pac", [1, 10])
def test_tiny_tables_train(rows, pac):
    table, layout = example()
    fitted = fit(table.take(slice(rows)), layout, epochs=2, pac=pac)
    assert len(fitted.history) == 2 and len(draw(fitted.sampler, 512)) == 512


def test_the_last_short_batch_is_trained_on():
    table, layout = example()
    job = training.CTGANTrainer(table.take(slice(250)), NOTHING, layout, CTGANSettings(**SMALL), 0)
    assert (job.batch, job.progress.steps) == (64, 4)


def test_a_loss_that_is_not_finite_ends_with_epoch_and_remedy():
    table, layout = example()
    with pytest.raises(TrainingError, match=r"diverged in epoch \d+.*lower the learning rate \(now 1e\+30\)"):
        fit(table, layout, learning_rate=1e30)


def test_twenty_thousand_codes():
    rng = np.random.default_rng(0)
    codes = np.concatenate([np.arange(20_000), rng.integers(0, 20_000, 10_000)])[:, None].astype(np.int16)
    frequencies = np.bincount(codes[:, 0], minlength=20_000) / len(codes)
    layout = Layout((Block("w", tuple(frequencies.tolist()), False),))
    fitted = fit(EncodedTable(codes, np.zeros((30_000, 0), np.float32)), layout, epochs=1, batch_size=500)
    made = draw(fitted.sampler, 2048)
    assert len(np.unique(made.codes)) > 1500 and made.codes.max() < 20_000


def test_two_wide_columns_of_which_one_decides_the_other():
    rng = np.random.default_rng(0)
    city, district_of = rng.integers(0, 800, 3000), rng.permutation(800) // 2
    codes = np.stack([district_of[city], city, city % 3], axis=1).astype(np.int16)
    blocks = tuple(
        Block(name, tuple((np.bincount(codes[:, i], minlength=size) / 3000).tolist()), False)
        for i, (name, size) in enumerate((("district", 400), ("city", 800), ("kind", 3)))
    )
    links = FunctionalDependency(1, 0, district_of.astype(np.int32)), FunctionalDependency(1, 2, np.arange(800) % 3)
    fitted = fit(EncodedTable(codes, np.zeros((3000, 0), np.float32)), Layout(blocks, functional=links))
    assert all(np.isfinite(check["score"]) for check in fitted.checks)
    made = draw(fitted.sampler).codes
    assert np.array_equal(made[:, 0], district_of[made[:, 1]]) and np.array_equal(made[:, 2], made[:, 1] % 3)
    assert len(np.unique(made[:, 1])) > 600


def test_time_and_patience_end_training():
    table, layout = example()
    with capture_logs() as logs:
        assert len(fit(table, layout, epochs=100_000, max_seconds=0.2).history) < 100_000
    assert logs[-1]["ended_by"] == "time"
    with capture_logs() as logs:
        history = fit(table, layout, epochs=500, patience=1).history
    assert len(history) < 500 and logs[-1]["ended_by"] == "patience"


def test_an_epoch_is_one_log_event_with_losses_and_the_time_left():
    table, layout = example()
    with capture_logs() as logs:
        fitted = fit(table, layout, epochs=2)
    events = [entry for entry in logs if entry["event"] == "epoch"]
    assert [e["epoch"] for e in events] == [1, 2] and events[-1]["seconds_left"] == 0
    assert [e["critic_loss"] for e in events] == [r["critic_loss"] for r in fitted.history]
    assert all(np.isfinite(r["generator_loss"]) for r in fitted.history)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("epochs", 0),
        ("epochs", 1.5),
        ("pac", True),
        ("learning_rate", -1),
        ("max_seconds", 0),
        ("generator_dim", "256"),
    ],
)
def test_a_setting_out_of_range_is_named(setting, value):
    with pytest.raises(SchemaError, match=setting):
        CTGANSettings(**{setting: value})


def test_a_table_without_varying_columns_needs_no_networks():
    layout = Layout(())
    fitted = fit(EncodedTable(np.zeros((9, 0), np.int16), np.zeros((9, 0), np.float32)), layout)
    loaded = CTGANEngine.load(fitted.files, fitted.parameters, layout)
    assert draw(loaded.sampler, 512).codes.shape == (512, 0)


def test_loading_and_drawing_do_not_import_torch(tmp_path):
    import pickle

    table, layout = example()
    fitted = fit(table, layout, epochs=1)
    (tmp_path / "f").write_bytes(pickle.dumps((fitted.files, fitted.parameters, layout.to_json())))
    script = f"""
        import pickle, sys, numpy as np
        from synthohive_spark.engine.ctgan.model import CTGANEngine
        from synthohive_spark.engine.encoded_table import EncodedTable, Layout
        files, parameters, layout = pickle.load(open({str(tmp_path / "f")!r}, "rb"))
        sampler = CTGANEngine.load(files, parameters, Layout.from_json(layout)).sampler
        empty = EncodedTable(np.zeros((512, 0), np.int16), np.zeros((512, 0), np.float32))
        print(len(sampler.sample(np.zeros((512, sampler.noise_words), np.uint64), empty)), "torch" in sys.modules)
    """
    shown = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["512", "False"]
