"""CTGAN on pandas: the package's default engine without Spark."""

from __future__ import annotations

from synthohive_spark.declarations.declarations import Declarations
from synthohive_spark.declarations.privacy import Privacy
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
        max_seconds: Train for at most this many seconds; None for no limit.
        learning_rate: Step size of both optimisers. Default 4e-4.
        device: Where to train: "cpu", "cuda", or "auto" for CUDA where torch finds it. Default "auto".
        checkpoint_dir: A folder in which the state of training is kept while it runs; a fit of the same rows with the
            same settings and seed goes on from there after an interruption.
        numeric_encoding: "rank" for spikes and quantiles, which follow a column closely, or "mixture" for the paper's
            mode-specific normalisation. Default "rank".
        privacy: What the model may keep of the rows.
        progress: Whether to show a progress bar. Default True.

    Raises:
        SchemaError: If a setting is out of range, or ``numeric_encoding`` is not known.
    """

    def __init__(
        self,
        metadata: Declarations | None = None,
        *,
        epochs: int | None = None,
        batch_size: int = 500,
        pac: int = 1,
        embedding_dim: int = 128,
        generator_dim: tuple[int, ...] = (256, 256),
        discriminator_dim: tuple[int, ...] = (256, 256),
        embedding_threshold: int = 256,
        max_seconds: float | None = None,
        learning_rate: float = 4e-4,
        device: str = "auto",
        checkpoint_dir: str | None = None,
        numeric_encoding: str = "rank",
        privacy: Privacy = Privacy(),  # noqa: B008  (frozen, so one shared default is safe)
        progress: bool = True,
    ) -> None:
        settings = {
            "epochs": epochs,
            "batch_size": batch_size,
            "pac": pac,
            "embedding_dim": embedding_dim,
            "generator_dim": generator_dim,
            "discriminator_dim": discriminator_dim,
            "embedding_threshold": embedding_threshold,
            "max_seconds": max_seconds,
            "learning_rate": learning_rate,
            "device": device,
        }
        super().__init__(
            metadata,
            "ctgan",
            settings,
            checkpoint_dir=checkpoint_dir,
            privacy=privacy,
            progress=progress,
            numeric_encoding=numeric_encoding,
        )
