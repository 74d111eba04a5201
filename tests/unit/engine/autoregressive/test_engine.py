"""What an autoregressive model draws, on files and after them."""

import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from synthohive_spark.engine.autoregressive.model import AutoregressiveEngine
from synthohive_spark.engine.code_links import FunctionalDependency
from synthohive_spark.engine.encoded_table import EncodedTable, Known, Layout
from synthohive_spark.engine.noise import row_words
from synthohive_spark.engine.tensors import read_tensors, tensor_bytes
from synthohive_spark.errors import SerializationError
from tests.helpers.encoded_examples import (
    BATCH,
    ROWS,
    block,
    draw,
    example,
    fit,
    known_in,
    nothing,
    repeated,
)

HEADS, PARTS = "heads.safetensors", "parts.safetensors"


@pytest.fixture(scope="module")
def fitted():
    return fit(*example(), epochs=None)


@pytest.fixture(scope="module")
def conditional():
    """``w`` and the ranked column given, the others drawn."""
    table, layout = example()
    layout = Layout((layout.columns[0], layout.columns[3]), (layout.columns[1], layout.columns[2]))
    context = EncodedTable(table.codes[:, 1:3], table.ranks)
    return fit(EncodedTable(table.codes[:, [0, 3]], table.ranks[:, :0]), layout, context, epochs=None), context


def test_calibrated_marginals_are_those_of_the_table(fitted):
    table, layout = example()
    made = draw(fitted.sampler, 40_960)
    for column, own in enumerate(layout.columns):
        shares = np.bincount(made.codes[:, column], minlength=own.codes) / len(made)
        assert np.abs(shares - own.frequencies).sum() / 2 < (0.05 if own.codes == 60 else 0.015), own.name
    inner, real = (t.ranks[t.codes[:, 1] >= 2, 0] for t in (made, table))
    places = np.linspace(0.01, 0.99, 99)
    assert np.abs(np.quantile(inner, places) - np.quantile(real, places)).max() < 0.03
    assert (made.ranks[made.codes[:, 1] < 2] == 0.5).all()
    codes = made.codes[made.codes[:, 1] >= 2, 1]
    np.testing.assert_array_equal(codes, 2 + np.minimum(inner * 4, 3).astype(int))  # rank and code agree


def test_columns_that_hang_together_do_so_in_what_is_drawn(fitted):
    a, b, w, n = draw(fitted.sampler, 20_480).codes.T
    # In the table the ranks of b tell whether a is 0, w does wherever it is not null, and n is null where w is.
    assert ((a == 0) != (b < 4))[b >= 2].mean() < 0.03
    assert ((a == 0) != (w <= 29))[w > 0].mean() < 0.05
    assert (n[w == 0] == 0).all() and abs((n[w > 0] == 0).mean() - 0.2) < 0.03


def test_given_columns_are_obeyed(conditional):
    fitted, context = conditional
    made = draw(fitted.sampler, 2048, context=repeated(context, 2048))
    a, b, w = made.codes[:, 0], *np.resize(context.codes, (2048, 2)).T
    assert ((a == 0) != (b < 4))[b >= 2].mean() < 0.03 and ((a == 0) != (w <= 29))[w > 0].mean() < 0.05
    assert made.codes.shape == (2048, 2) and made.ranks.shape == (2048, 0)


def test_known_values_come_out_as_they_are_and_decide_the_others(fitted):
    table = repeated(example()[0], 8192)
    mask = np.random.default_rng(0).random((8192, 4)) < 0.5
    known = known_in(table, mask)
    made = draw(fitted.sampler, 8192, known=known)
    np.testing.assert_array_equal(made.codes[mask], table.codes[mask])
    np.testing.assert_array_equal(made.ranks[mask[:, 1]], table.ranks[mask[:, 1]])
    assert (made.codes[~mask] != known.rows.codes[~mask]).mean() > 0.3  # what is not known is not copied
    a, b, w, n = made.codes.T
    for own in (mask[:, 0] & ~mask[:, 1], ~mask[:, 0] & mask[:, 1]):
        assert own.sum() > 1000 and ((a == 0) != (b < 4))[own & (b >= 2)].mean() < 0.08
    for own in (mask[:, 0] & ~mask[:, 2], ~mask[:, 0] & mask[:, 2]):
        assert ((a == 0) != (w <= 29))[own & (w > 0)].mean() < 0.08


def test_rows_of_a_short_table_are_not_learned_by_heart():
    real, fresh = (np.random.default_rng(seed).integers(0, 6, (rows, 5)) for seed, rows in ((0, 300), (1, 40_960)))
    layout = Layout(tuple(block(f"c{i}", column, 6) for i, column in enumerate(real.T)))
    fitted = fit(EncodedTable(real.astype(np.int16), np.zeros((300, 0), np.float32)), layout, epochs=None)
    made = draw(fitted.sampler, 40_960).codes
    real_rows, *others = (rows.astype(np.int64) @ 6 ** np.arange(5) for rows in (real, made, fresh))
    copies, by_chance = (np.isin(rows, real_rows).mean() for rows in others)
    assert by_chance / 2 < copies < by_chance + 0.02


def test_everything_or_nothing_known(fitted):
    table = repeated(example()[0], BATCH)
    made = draw(fitted.sampler, BATCH, known=known_in(table, np.ones((BATCH, 4), bool)))
    np.testing.assert_array_equal(made.codes, table.codes)
    np.testing.assert_array_equal(made.ranks, table.ranks)
    made, plain = (draw(fitted.sampler, BATCH, known=k) for k in (known_in(table, np.zeros((BATCH, 4), bool)), None))
    assert (made.codes == plain.codes).mean() > 0.999  # the same distribution, by another product


@pytest.mark.parametrize("filled", [(1,), (2,), (3,), (2, 3), (1, 2, 3)])
def test_filled_columns_are_never_null(fitted, filled):
    table = repeated(example()[0], 2048)
    mask = np.random.default_rng(0).random((2048, 4)) < 0.5
    mask[:, filled] &= table.codes[:, filled] > 0
    made = draw(fitted.sampler, 2048, known=known_in(table, mask, filled)).codes
    assert (made[:, filled] > 0).all()
    others = [i for i in (1, 2, 3) if i not in filled]
    assert all((made[:, i] == 0).any() for i in others)
    np.testing.assert_array_equal(made[mask], table.codes[mask])


def test_a_row_does_not_depend_on_its_place_in_the_batch_or_its_neighbours(fitted):
    table = repeated(example()[0], BATCH)
    words = row_words(3, np.arange(BATCH), fitted.sampler.noise_words)
    mask = np.random.default_rng(0).random((BATCH, 4)) < 0.4
    mask[:, 0] = True
    order = np.random.default_rng(1).permutation(BATCH)
    for known in (None, known_in(table, mask, (3,))):

        def drawn(rows, known=known):
            own = None if known is None else Known(known.rows.take(rows), known.mask[rows], known.filled)
            return fitted.sampler.sample(words[rows], nothing(), own)

        straight = drawn(np.arange(BATCH))
        alone = drawn(np.where(np.arange(BATCH) % 2, 7, 11))
        for rows, made in ((order, drawn(order)), (np.where(np.arange(BATCH) % 2, 7, 11), alone)):
            np.testing.assert_array_equal(straight.codes[rows], made.codes)
            np.testing.assert_array_equal(straight.ranks[rows], made.ranks)


def test_given_rows_do_not_depend_on_their_neighbours(conditional):
    fitted, context = conditional
    words = row_words(3, np.arange(BATCH), fitted.sampler.noise_words)
    order = np.random.default_rng(1).permutation(BATCH)
    straight, mixed = (fitted.sampler.sample(words[rows], context.take(rows)) for rows in (np.arange(BATCH), order))
    np.testing.assert_array_equal(straight.codes[order], mixed.codes)


def test_what_is_known_in_other_rows_does_not_change_a_row(fitted):
    """With one column known in all rows its step is left out; with the same known in one row less it is not."""
    table = repeated(example()[0], BATCH)
    mask = np.zeros((BATCH, 4), bool)
    mask[:, 1:] = True
    less = mask.copy()
    less[9] = False
    whole, other = (draw(fitted.sampler, BATCH, known=known_in(table, own)) for own in (mask, less))
    np.testing.assert_array_equal(np.delete(whole.codes, 9, axis=0), np.delete(other.codes, 9, axis=0))


def test_nulls_that_come_together_stay_together():
    rng = np.random.default_rng(0)
    outer = rng.random(ROWS) < 0.3
    inner = outer & (rng.random(ROWS) < 0.5)
    codes = np.stack([np.where(own, 0, rng.integers(1, 4, ROWS)) for own in (inner, outer, outer)], axis=1)
    layout = Layout(tuple(block(name, codes[:, i], 4, null=True) for i, name in enumerate("abc")))
    sampler = fit(EncodedTable(codes, np.zeros((ROWS, 0), np.float32)), layout).sampler
    nulls = draw(sampler, 8192).codes == 0
    np.testing.assert_array_equal(nulls[:, 1], nulls[:, 2])
    assert not (nulls[:, 0] & ~nulls[:, 1]).any()
    np.testing.assert_allclose(nulls.mean(axis=0), (codes == 0).mean(axis=0), atol=0.02)
    table = repeated(EncodedTable(codes, np.zeros((ROWS, 0), np.float32)), 8192)
    for column in range(3):  # known values of one column: the others follow
        mask = np.zeros((8192, 3), bool)
        mask[:, column] = True
        made = draw(sampler, 8192, known=known_in(table, mask)).codes == 0
        np.testing.assert_array_equal(made[:, 1], made[:, 2])
        assert not (made[:, 0] & ~made[:, 1]).any() and made.any(axis=0).all()


def functions(threshold):
    """``city``, of 60 codes, says the country (of 6) and that the zone (of 2)."""
    rng = np.random.default_rng(0)
    city = np.minimum(rng.geometric(0.08, ROWS) - 1, 59)
    country, zone = np.arange(60) * 7 % 6, np.array([0, 1, 0, 1, 1, 0])
    codes = np.stack([city, country[city], zone[country[city]]], axis=1)
    layout = Layout(
        (block("city", city, 60), block("country", codes[:, 1], 6), block("zone", codes[:, 2], 2)),
        functional=(
            FunctionalDependency(0, 1, country.astype(np.int32)),
            FunctionalDependency(1, 2, zone.astype(np.int32)),
            FunctionalDependency(0, 2, zone[country].astype(np.int32)),
        ),
    )
    table = EncodedTable(codes, np.zeros((ROWS, 0), np.float32))
    return fit(table, layout, epochs=1, embedding_threshold=threshold).sampler, table, country, zone


@pytest.mark.parametrize("threshold", [40, 256])
def test_functions_hold_in_every_row_whatever_is_known(threshold):
    sampler, table, country, zone = functions(threshold)
    table, rng = repeated(table, 4096), np.random.default_rng(1)
    masks = [None, *(np.tile(np.arange(3) == i, (4096, 1)) for i in range(3)), rng.random((4096, 3)) < 0.5]
    for mask in masks:
        made = draw(sampler, 4096, known=None if mask is None else known_in(table, mask)).codes
        np.testing.assert_array_equal(made[:, 1], country[made[:, 0]])
        np.testing.assert_array_equal(made[:, 2], zone[made[:, 1]])
        assert len(np.unique(made[:, 0])) > 20
        if mask is not None:
            np.testing.assert_array_equal(made[mask], table.codes[mask])


def test_loading_gives_the_same_rows_and_files_bit_for_bit(fitted, conditional):
    for own, layout, context in (
        (fitted, example()[1], None),
        (conditional[0], conditional_layout(), repeated(conditional[1], 1024)),
    ):
        loaded = AutoregressiveEngine.load(own.files, own.parameters, Layout.from_json(layout.to_json()))
        assert loaded.files == own.files and loaded.parameters == own.parameters
        ours, theirs = (draw(f.sampler, 1024, context=context) for f in (own, loaded))
        np.testing.assert_array_equal(ours.codes, theirs.codes)
        np.testing.assert_array_equal(ours.ranks, theirs.ranks)


def conditional_layout():
    a, b, w, n = example()[1].columns
    return Layout((a, n), (b, w))


def test_a_missing_or_damaged_file_is_an_error_that_names_it(fitted):
    layout = example()[1]
    for name in (HEADS, PARTS):
        with pytest.raises(SerializationError, match=f"lacks {name}"):
            AutoregressiveEngine.load({k: v for k, v in fitted.files.items() if k != name}, fitted.parameters, layout)
        with pytest.raises(SerializationError, match="is not a file of tensors"):
            AutoregressiveEngine.load({**fitted.files, name: b"\x80\x04]."}, fitted.parameters, layout)


def changed(fitted, file, change):
    arrays = dict(read_tensors(fitted.files, file))
    change(arrays)
    return {**fitted.files, file: tensor_bytes(arrays)}


CHANGES = {
    "no weights": (HEADS, lambda a: a.pop("embedding")),
    "no head": (HEADS, lambda a: a.pop("out.1")),
    "narrow head": (HEADS, lambda a: a.update({"out.0": a["out.0"][:, :-1].copy()})),
    "narrow bias": (HEADS, lambda a: a.update({"out_bias.1": a["out_bias.1"][:-1].copy()})),
    "long bias": (HEADS, lambda a: a.update({"calibration.0": np.zeros(9, np.float32)})),
    "short read": (HEADS, lambda a: a.update({"read": a["read"][:-1].copy()})),
    "short inner": (HEADS, lambda a: a.update({"inner": a["inner"][:, :-1].copy()})),
    "not finite": (HEADS, lambda a: a["inner_bias"].__setitem__((0, 0, 0), np.nan)),
    "embedding not finite": (HEADS, lambda a: a["embedding"].__setitem__((3, 0), np.inf)),
    "no order": (PARTS, lambda a: a.pop("order")),
    "no cuts": (PARTS, lambda a: a.pop("cuts")),
    "cuts of fewer columns": (PARTS, lambda a: a.update(cuts=a["cuts"][:-1].copy())),
    "more cuts": (PARTS, lambda a: a.update(cuts=a["cuts"] * 2)),
    "no places": (PARTS, lambda a: a.pop("places.2")),
    "a column that is not there": (PARTS, lambda a: a.update(order=np.array([0, 1, 2, 9]))),
    "a column less": (PARTS, lambda a: a.update(order=np.array([0, 1, 2]))),
    "a column twice": (PARTS, lambda a: a.update(order=np.array([0, 1, 2, 2]))),
    "fewer places": (PARTS, lambda a: a.update({"places.2": a["places.2"][:-5].copy()})),
}


@pytest.mark.parametrize("name", CHANGES)
def test_arrays_that_do_not_fit_are_errors(fitted, name):
    with pytest.raises(SerializationError, match="do not fit the layout of the table"):
        AutoregressiveEngine.load(changed(fitted, *CHANGES[name]), fitted.parameters, example()[1])


def test_files_of_another_table_are_errors(fitted, conditional):
    with pytest.raises(SerializationError, match="do not fit the layout"):
        AutoregressiveEngine.load(fitted.files, fitted.parameters, Layout(example()[1].columns[:3]))
    with pytest.raises(SerializationError, match="do not fit the layout"):
        AutoregressiveEngine.load(conditional[0].files, fitted.parameters, example()[1])


def test_a_table_without_varying_columns_needs_no_networks():
    own = fit(EncodedTable(np.zeros((9, 0), np.int16), np.zeros((9, 0), np.float32)), Layout(()))
    loaded = AutoregressiveEngine.load(own.files, own.parameters, Layout(()))
    assert draw(loaded.sampler, 512).codes.shape == (512, 0)


def test_the_sampler_travels_and_draws_without_torch(tmp_path, fitted):
    table = repeated(example()[0], BATCH)
    mask = np.tile(np.arange(4) == 1, (BATCH, 1))
    known = known_in(table, mask, (2,))
    words = row_words(3, np.arange(BATCH), fitted.sampler.noise_words)
    work = (fitted.sampler, words, nothing(), known, fitted.files, fitted.parameters, example()[1].to_json())
    (tmp_path / "work").write_bytes(pickle.dumps(work))
    script = f"""
        import pickle, sys, numpy as np
        sys.modules["torch"] = None  # importing it fails
        work = pickle.load(open({str(tmp_path / "work")!r}, "rb"))
        sampler, words, context, known, files, parameters, layout = work
        from synthohive_spark.engine.autoregressive.model import AutoregressiveEngine
        from synthohive_spark.engine.encoded_table import Layout
        loaded = AutoregressiveEngine.load(files, parameters, Layout.from_json(layout)).sampler
        made = [s.sample(words, context, k) for s in (sampler, loaded) for k in (None, known)]
        pickle.dump([(m.codes, m.ranks) for m in made], open({str(tmp_path / "made")!r}, "wb"))
        print([name for name in sys.modules if name.startswith(("torch.", "pyspark", "sklearn"))])
    """
    shown = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.strip() == "[]"
    made = pickle.loads((tmp_path / "made").read_bytes())
    expected = [fitted.sampler.sample(words, nothing(), k) for k in (None, known)] * 2
    for (codes, ranks), own in zip(made, expected, strict=True):
        np.testing.assert_array_equal(codes, own.codes)
        np.testing.assert_array_equal(ranks, own.ranks)
