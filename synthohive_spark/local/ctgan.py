"""CTGAN on pandas: the package's default engine without Spark."""

from __future__ import annotations

from synthohive_spark.local.pandas_synthesizer import PandasSynthesizer


class CTGAN(PandasSynthesizer):
    """Conditional tabular GAN (Xu et al., "Modeling Tabular data using Conditional GAN", NeurIPS 2019) on pandas.

    Args:
        metadata: What is declared of the table: key, constraints, columns to leave out or to take as given. Optional.
        epochs: Passes over the rows; None for as many as suit their number, or fit into ``max_seconds``. Default None.
        batch_size: Rows in a training step. Default 500.
        pac: Rows the critic judges together (PacGAN). Default 1.
        embedding_dim: Width of the generator's noise. Default 128.
        generator_dim: Widths of the generator's residual layers. Default (256, 256).
        discriminator_dim: Widths of the critic's layers. Default (256, 256).
        embedding_threshold: A categorical column of more values than this is learned by groups of them. Default 256.
        max_seconds: Seconds that a fit may take, everything included; None for no limit.
        learning_rate: Step size of both optimisers. Default 4e-4.
        threads: Threads of a fit. Default 1, which suits networks of this size.
        device: Where to train: "cpu", "cuda", or "auto" for CUDA where torch finds it. Default "auto".
        categorical: Columns that are learned by their values, however many there are: strings, and numbers that are
            names, such as zip codes.
        checkpoint_dir: A folder in which the state of training is kept while it runs; a fit of the same rows with the
            same settings and seed resumes from there after an interruption.
        numeric_encoding: "rank" for spikes and quantiles, which follow a column closely, or "mixture" for the paper's
            mode-specific normalisation. Default "rank".
        privacy: What the model may keep of the rows.
        progress: Whether to show a progress bar. Default True.

    Raises:
        SchemaError: If a setting is out of range, or ``numeric_encoding`` is not known.
    """

    engine = "ctgan"
