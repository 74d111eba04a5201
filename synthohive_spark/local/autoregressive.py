"""The autoregressive engine on pandas, without Spark."""

from __future__ import annotations

from synthohive_spark.local.pandas_synthesizer import PandasSynthesizer


class Autoregressive(PandasSynthesizer):
    """Draws a row's columns one after the other, each given those before it, on pandas.

    More faithful and faster to train than `synthohive_spark.CTGAN`, and it takes any condition when it draws:
    ``sample(n, given=...)``, ``sample(n, context=...)`` with any learned columns, ``impute(pdf)``. The method is an
    order-agnostic NADE (Uria, Murray and Larochelle, "A deep and tractable density estimator", 2014) over
    discretised columns; for tables see Tiwald et al., "TabularARGN", 2025.

    Args:
        metadata: What is declared of the table: key, constraints, columns to leave out or to take as given. Optional.
        epochs: Passes over the rows at most; None for as many as suit their number, or fit into ``max_seconds``.
        batch_size: Rows in a training step; None for as many as suit their number.
        max_seconds: Seconds that a fit may take, everything included; None for no limit.
        learning_rate: Largest step size. Default 1e-2.
        dropout: Share of hidden units that a training step leaves out, against memorised rows; None for one
            that suits their number.
        patience: Stop after this many epochs without a better validation score; None for never.
        embedding_threshold: A categorical column of more values than this is learned by groups of them. Default 256.
        threads: Threads of a fit. Default 1, which suits networks of this size.
        device: Where to train: "cpu", "cuda", or "auto" for CUDA where torch finds it. Default "auto".
        categorical: Columns that are learned by their values, however many there are: strings, and numbers that are
            names, such as zip codes.
        checkpoint_dir: A folder in which the state of training is kept while it runs; a fit of the same rows with the
            same settings and seed resumes from there after an interruption.
        privacy: What the model may keep of the rows.
        progress: Whether to show a progress bar. Default True.

    Raises:
        SchemaError: If a setting is out of range.
    """

    engine = "autoregressive"
