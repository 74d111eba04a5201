"""The CTGAN as an engine: settings in, trained and calibrated sampler out, to files and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as read_tensors
from safetensors.numpy import save as tensor_bytes

from synthohive_spark.engine.ctgan.calibration import calibrate, uncalibrated_rank_table
from synthohive_spark.engine.ctgan.conditions import SamplingConditions
from synthohive_spark.engine.ctgan.sampling import CTGANSampler, Layer, RankTable
from synthohive_spark.engine.ctgan.settings import CTGANSettings
from synthohive_spark.engine.ctgan.slots import Slots
from synthohive_spark.engine.interface import EncodedTable, FittedEngine, Layout
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.errors import SerializationError

_GENERATOR, _CRITIC, _EMBEDDINGS = "generator.safetensors", "discriminator.safetensors", "embedding_layers.safetensors"
_NORM_EPSILON = 1e-5
Arrays = dict[str, npt.NDArray[Any]]


class CTGANEngine:
    """See `synthohive_spark.engine.interface.Engine`."""

    def __init__(self, settings: CTGANSettings) -> None:
        self.settings = settings

    def fit(
        self, table: EncodedTable, context: EncodedTable, layout: Layout, *, seed: int, progress: bool
    ) -> FittedEngine:
        """See `synthohive_spark.engine.interface.Engine.fit`."""
        parameters = asdict(self.settings)
        if not layout.columns:
            files = {name: tensor_bytes({}) for name in (_GENERATOR, _CRITIC, _EMBEDDINGS)}
            return FittedEngine(_sampler({}, {}, self.settings, layout), files, parameters)
        from synthohive_spark.engine.ctgan.training import train  # noqa: PLC0415  (torch is only for fitting)

        trained = train(table, context, layout, self.settings, seed=seed, progress=progress)
        arrays: Arrays = {name: t.numpy().copy() for name, t in trained.generator.state_dict().items()}
        embeddings = {name: arrays.pop(name) for name in list(arrays) if "embeddings" in name}
        arrays = {name: array for name, array in arrays.items() if not name.endswith("num_batches_tracked")}
        wide = Slots.of(layout.columns, self.settings.embedding_threshold).wide
        for i, column in enumerate(layout.columns):
            # Where every code begins; calibration then moves it. A wide column was trained on top of its frequencies.
            shares = np.maximum(np.array(column.frequencies, np.float32), 1e-9)
            arrays[f"calibration.{i}.bias"] = np.log(shares) if i in wide else np.zeros(column.codes, np.float32)
        sampler = calibrate(
            _sampler(arrays, embeddings, self.settings, layout),
            table,
            context,
            layout,
            seed=derive_seed(seed, "calibration"),
        )
        arrays.update(_calibration(sampler))
        critic = {name: t.numpy().copy() for name, t in trained.critic.state_dict().items()}
        embeddings.update({f"critic.{name}": critic.pop(name) for name in list(critic) if "embeddings" in name})
        files = {
            _GENERATOR: tensor_bytes(arrays),
            _CRITIC: tensor_bytes(critic),
            _EMBEDDINGS: tensor_bytes(embeddings),
        }
        return FittedEngine(sampler, files, parameters, trained.history)

    @staticmethod
    def load(files: Mapping[str, bytes], parameters: Mapping[str, Any], layout: Layout) -> FittedEngine:
        """See `synthohive_spark.engine.interface.Engine.load`."""
        settings = CTGANSettings(**parameters)
        try:
            sampler = _sampler(_read(files, _GENERATOR), _read(files, _EMBEDDINGS), settings, layout)
            _read(files, _CRITIC)
            _check_shapes(sampler)
        except (KeyError, ValueError, IndexError) as error:
            raise SerializationError(f"the networks' arrays do not fit the layout of the table: {error}") from error
        kept = {name: files[name] for name in (_GENERATOR, _CRITIC, _EMBEDDINGS)}
        return FittedEngine(sampler, kept, dict(parameters))


def _read(files: Mapping[str, bytes], name: str) -> Arrays:
    if name not in files:
        raise SerializationError(f"the model directory lacks {name}")
    try:
        return dict(read_tensors(bytes(files[name])))
    except SafetensorError as error:
        raise SerializationError(f"{name} is not a file of tensors: {error}") from error


def _sampler(arrays: Arrays, embeddings: Arrays, settings: CTGANSettings, layout: Layout) -> CTGANSampler:
    """The sampler of a generator's arrays, as `Generator.state_dict` names them."""
    slots = Slots.of(layout.columns, settings.embedding_threshold)
    context = Slots.of(layout.context, settings.embedding_threshold)
    columns = layout.columns if arrays else ()
    ranked = [i for i, block in enumerate(columns) if block.ranked]
    return CTGANSampler(
        slots=slots,
        context=context,
        noise=settings.embedding_dim,
        layers=_layers(arrays, settings, slots, context) if arrays else (),
        embeddings=tuple(embeddings[f"embeddings.{i}"] for i in range(len(slots.wide))),
        context_embeddings=tuple(
            embeddings[f"context_embeddings.{i}"] for i in range(len(context.wide) if arrays else 0)
        ),
        biases=tuple(arrays[f"calibration.{i}.bias"][:, None] for i in range(len(columns))),
        rank_tables=tuple(_rank_table(arrays, i, columns[i].codes) for i in ranked),
        ranked=tuple(block.ranked for block in columns),
        conditions=SamplingConditions.of(layout.columns, slots.conditioned(context)),
    )


def _layers(arrays: Arrays, settings: CTGANSettings, slots: Slots, context: Slots) -> tuple[Layer, ...]:
    dense = settings.embedding_dim + context.ranks + sum(context.embedded)
    sparse = slots.conditioned(context).one_hot + context.one_hot
    layers = []
    for i in range(len(settings.generator_dim)):
        scale = arrays[f"norms.{i}.weight"] / np.sqrt(arrays[f"norms.{i}.running_var"] + _NORM_EPSILON)
        weight = arrays[f"hidden.{i}.weight"] * scale[:, None]
        bias = (arrays[f"hidden.{i}.bias"] - arrays[f"norms.{i}.running_mean"]) * scale + arrays[f"norms.{i}.bias"]
        layers.append(_layer(weight, bias, dense, sparse))
    return (*layers, _layer(arrays["output.weight"], arrays["output.bias"], dense, sparse))


def _layer(weight: npt.NDArray[Any], bias: npt.NDArray[Any], dense: int, sparse: int) -> Layer:
    rest = np.concatenate([weight[:, :dense], weight[:, dense + sparse :]], axis=1)
    hot = weight[:, dense : dense + sparse]
    return Layer(np.ascontiguousarray(rest), np.ascontiguousarray(hot), np.ascontiguousarray(bias[:, None]))


def _rank_table(arrays: Arrays, column: int, codes: int) -> RankTable:
    name = f"calibration.{column}"
    if f"{name}.quantiles" not in arrays:
        return uncalibrated_rank_table(codes)
    return RankTable(arrays[f"{name}.quantiles"], arrays[f"{name}.low"], arrays[f"{name}.high"])


def _calibration(sampler: CTGANSampler) -> Arrays:
    arrays: Arrays = {f"calibration.{i}.bias": np.ascontiguousarray(b[:, 0]) for i, b in enumerate(sampler.biases)}
    ranked = (i for i, ranked in enumerate(sampler.ranked) if ranked)
    for i, table in zip(ranked, sampler.rank_tables, strict=True):
        for part in ("quantiles", "low", "high"):
            arrays[f"calibration.{i}.{part}"] = getattr(table, part)
    return arrays


def _check_shapes(sampler: CTGANSampler) -> None:
    """Draw a row of zeros, so that arrays that do not fit together are found when loading and not on an executor."""
    context = len(sampler.context.codes), sampler.context.ranks
    given = EncodedTable(np.zeros((1, context[0]), np.int16), np.full((1, context[1]), 0.5, np.float32))
    if not all(np.isfinite(layer.dense).all() and np.isfinite(layer.bias).all() for layer in sampler.layers):
        raise ValueError("a weight is not finite")
    sampler.draw(np.zeros((1, sampler.noise_words), np.uint64), given)
