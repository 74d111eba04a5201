"""What the tests of the autoregressive engine share: a small encoded table, fits of it, and draws."""

from dataclasses import replace

import numpy as np

from synthohive_spark.engine.autoregressive.model import AutoregressiveEngine
from synthohive_spark.engine.autoregressive.settings import AutoregressiveSettings
from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.dependencies.null_inclusion import find_null_inclusions
from synthohive_spark.engine.encoded_table import EncodedTable, Known, Layout
from synthohive_spark.engine.interface import TrainingRequest
from synthohive_spark.engine.noise import row_words

ROWS = 2000
BATCH = 512


def nothing(rows=BATCH):
    return EncodedTable(np.zeros((rows, 0), np.int16), np.zeros((rows, 0), np.float32))


def block(name, codes, count, **more):
    shares = np.bincount(codes, minlength=count) / len(codes)
    return Block(name, tuple(shares.tolist()), **{"ranked": False, **more})


def example(rows=ROWS):
    """A narrow column, one of ranks that depends on it (null, a spike, four bins), a wide one, and one with nulls.

    The wide one, 60 codes, has nulls and says which half ``a`` is in; ``n`` is null where ``w`` is, and elsewhere.
    """
    rng = np.random.default_rng(0)
    a = rng.choice(4, rows, p=(0.5, 0.3, 0.15, 0.05))
    inside = rng.random(rows)
    kind = rng.random(rows)
    ranks = np.where(a == 0, inside / 2, (1 + inside) / 2).clip(1e-6, 1 - 1e-6)
    b = np.where(kind < 0.1, 0, np.where(kind < 0.3, 1, 2 + (ranks * 4).astype(int)))
    w = np.where(rng.random(rows) < 0.2, 0, 1 + rng.integers(0, 29, rows) + 30 * (a > 0))
    n = np.where((w == 0) | (rng.random(rows) < 0.2), 0, rng.integers(1, 4, rows))
    codes = np.stack([a, b, w, n], axis=1).astype(np.int16)
    blocks = (
        block("a", a, 4),
        block("b", b, 6, ranked=True, null=True, bins=4),
        block("w", w, 60, null=True),
        block("n", n, 4, null=True),
    )
    return EncodedTable(codes, np.where(b >= 2, ranks, 0.5).astype(np.float32)[:, None]), Layout(blocks)


def with_null_inclusions(table, layout):
    """The layout with the null inclusions of its rows, as a fit of a table finds them."""
    return replace(layout, null_inclusions=find_null_inclusions(table, layout.columns))


def fit(table, layout, context=None, seed=1, checkpoint_dir=None, **settings):
    """A fit of two epochs with ``w`` in groups, unless the settings say something else."""
    engine = AutoregressiveEngine(AutoregressiveSettings(**{"embedding_threshold": 40, "epochs": 2, **settings}))
    given = nothing(len(table)) if context is None else context
    layout = with_null_inclusions(table, layout)
    return engine.fit(table, given, layout, TrainingRequest(seed, checkpoint_dir=checkpoint_dir))


def draw(sampler, rows=4096, context=None, known=None, seed=3):
    """Rows drawn as `RowGenerator` does, in batches of one size."""
    made = []
    for start in range(0, rows, BATCH):
        part = slice(start, start + BATCH)
        words = row_words(seed, np.arange(start, start + BATCH), sampler.noise_words)
        own = None if known is None else Known(known.rows.take(part), known.mask[part], known.filled)
        made.append(sampler.sample(words, nothing() if context is None else context.take(part), own))
    return EncodedTable(np.concatenate([p.codes for p in made]), np.concatenate([p.ranks for p in made]))


def known_in(table, mask, filled=()):
    """The values of ``table`` where ``mask`` says so, junk elsewhere, so that a test sees whether that is read."""
    rng = np.random.default_rng(5)
    junk = rng.permuted(table.codes, axis=0)
    rows = EncodedTable(np.where(mask, table.codes, junk), table.ranks)
    return Known(rows, mask, np.isin(np.arange(mask.shape[1]), filled))


def repeated(table, rows):
    return table.take(np.resize(np.arange(len(table)), rows))
