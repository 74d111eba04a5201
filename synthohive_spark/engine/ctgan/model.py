"""The CTGAN as an engine: settings in, trained and calibrated sampler out, to files and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.ctgan.calibration import FEWEST_ROWS, ROWS, calibrate, uncalibrated_rank_table
from synthohive_spark.engine.ctgan.conditions import SamplingConditions
from synthohive_spark.engine.ctgan.rare import RareCodes
from synthohive_spark.engine.ctgan.rare_fit import Told, find_told
from synthohive_spark.engine.ctgan.sampling import CTGANSampler, Layer, RankTable
from synthohive_spark.engine.ctgan.settings import CTGANSettings
from synthohive_spark.engine.ctgan.slots import Slots
from synthohive_spark.engine.ctgan.validation import Validation
from synthohive_spark.engine.encoded_table import EncodedTable, Layout
from synthohive_spark.engine.groups import Groups, grouped
from synthohive_spark.engine.interface import Encoding, FittedEngine, TrainingRequest
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.engine.sampler_check import checked_sampler
from synthohive_spark.engine.tensors import read_tensors, tensor_bytes
from synthohive_spark.engine.training.checkpoint import Checkpoint

_GENERATOR, _CRITIC, _EMBEDDINGS = "generator.safetensors", "discriminator.safetensors", "embedding_layers.safetensors"
_RARE, _TOLD = "rare", "told"
_NORM_EPSILON = 1e-5
_LARGEST_CHECK = 10_000_000
_AFTER = ROWS / FEWEST_ROWS
Arrays = dict[str, npt.NDArray[Any]]


class CTGANEngine:
    """See `synthohive_spark.engine.interface.Engine`."""

    name = "ctgan"
    encoding = Encoding(("rank", "mixture"))
    any_condition = False
    settings_class = CTGANSettings

    def __init__(self, settings: CTGANSettings) -> None:
        self.settings = settings

    def fit(
        self,
        table: EncodedTable,
        context: EncodedTable,
        layout: Layout,
        request: TrainingRequest,
    ) -> FittedEngine:
        """See `synthohive_spark.engine.interface.Engine.fit`."""
        parameters = asdict(self.settings)
        if not layout.columns:
            files = {name: tensor_bytes({}) for name in (_GENERATOR, _CRITIC, _EMBEDDINGS)}
            return FittedEngine(_sampler({}, {}, self.settings, layout), files, parameters)
        from synthohive_spark.engine.ctgan.training import CTGANTrainer  # noqa: PLC0415  (torch is only for fitting)
        from synthohive_spark.engine.training.loop import train  # noqa: PLC0415

        seed = request.seed
        checkpoint = Checkpoint.of(request.checkpoint_dir, table, context, parameters, seed)
        groups = self._groups(table, context, layout, seed)
        fixed = _group_arrays(groups)
        narrow = _narrow(layout, groups)
        rows, given = grouped(table, groups["columns"]), grouped(context, groups["context"])
        conditioned = Slots.of(narrow.columns).conditioned(Slots.of(narrow.context))
        rare = RareCodes.of(rows, conditioned, layout.at_least)
        training, held_out = Validation.split(rows, given, seed=derive_seed(seed, "validation"))

        def calibrated(arrays: Arrays, told: Mapping[int, Told], drawn: int | None = None) -> CTGANSampler:
            known = {**rare.to_arrays(_RARE), **{f"{_TOLD}.{i}": own.which for i, own in told.items()}}
            started = {f"calibration.{i}.bias": zeros for i, zeros in enumerate(_no_biases(narrow, known))}
            sampler = _sampler({**arrays, **started, **known}, fixed, self.settings, layout)
            return calibrate(sampler, rows, given, narrow, told, seed=derive_seed(seed, "calibration"), rows=drawn)

        check_rows = min(FEWEST_ROWS, max(1, _LARGEST_CHECK // (512 * Slots.of(narrow.columns).width)) * 512)

        def score(arrays: Arrays) -> float:
            sampler = calibrated(arrays, {}, check_rows)
            sampler = replace(sampler, groups={}, context_groups={}, functional=narrow.functional)
            return held_out.score(sampler, narrow, seed=derive_seed(seed, "score"))

        limits = self.settings.limits(request.started, after=_AFTER)
        trained = train(
            lambda: CTGANTrainer(*training, narrow, self.settings, seed, score, limits, rare),
            threads=limits.threads,
            checkpoint=checkpoint,
            progress=request.progress,
            size=(
                f"{len(training[0]):,} rows of {len(layout.columns)} columns, batches of {self.settings.batch_size}, "
                f"layers of {self.settings.generator_dim}; make the batch or the layers smaller"
            ),
        )
        sampler = calibrated(trained.best, find_told(rows, narrow, conditioned, rare))
        kept = {name: array for name, array in trained.best.items() if not name.endswith("num_batches_tracked")}
        files = {
            _GENERATOR: tensor_bytes({**kept, **_calibration(sampler)}),
            _CRITIC: tensor_bytes(trained.last),
            _EMBEDDINGS: tensor_bytes(fixed),
        }
        if checkpoint is not None:
            checkpoint.remove()
        return FittedEngine(sampler, files, parameters, trained.history, trained.checks, trained.ending)

    def _groups(
        self, table: EncodedTable, context: EncodedTable, layout: Layout, seed: int
    ) -> dict[str, dict[int, Groups]]:
        from synthohive_spark.engine.groups_fit import fit_groups  # noqa: PLC0415  (sklearn is only for fitting)

        threshold = self.settings.embedding_threshold
        found: dict[str, dict[int, Groups]] = {}
        for part, rows, blocks in (("columns", table, layout.columns), ("context", context, layout.context)):
            wide = [i for i, block in enumerate(blocks) if block.codes > threshold and not block.ranked]
            narrow = tuple(i for i in range(len(blocks)) if i not in wide)
            found[part] = {
                i: fit_groups(rows, blocks, i, narrow=narrow, seed=derive_seed(seed, "groups", blocks[i].name))
                for i in wide
            }
        return found

    @staticmethod
    def load(files: Mapping[str, bytes], parameters: Mapping[str, Any], layout: Layout) -> FittedEngine:
        """See `synthohive_spark.engine.interface.Engine.load`."""
        settings = CTGANSettings(**parameters)
        generator, embeddings, _ = (read_tensors(files, name) for name in (_GENERATOR, _EMBEDDINGS, _CRITIC))
        sampler = checked_sampler(
            lambda: _sampler(generator, embeddings, settings, layout),
            lambda own: (array for layer in own.layers for array in vars(layer).values()),
            layout,
        )
        kept = {name: files[name] for name in (_GENERATOR, _CRITIC, _EMBEDDINGS)}
        return FittedEngine(sampler, kept, dict(parameters))


def _group_arrays(groups: Mapping[str, Mapping[int, Groups]]) -> Arrays:
    return {f"{part}.{i}.groups": own.group_of for part, found in groups.items() for i, own in found.items()}


def _groups_of(arrays: Arrays, part: str, blocks: tuple[Block, ...]) -> dict[int, Groups]:
    names = {i: f"{part}.{i}.groups" for i in range(len(blocks))}
    found = {
        i: Groups(arrays[name], np.array(blocks[i].frequencies, np.float64))
        for i, name in names.items()
        if name in arrays
    }
    for own in found.values():
        own.check()
    return found


def _narrow(layout: Layout, groups: Mapping[str, Mapping[int, Groups]]) -> Layout:
    """The layout with groups in place of the codes of wide columns, and without the functions of these codes."""

    def blocks(own: tuple[Block, ...], found: Mapping[int, Groups]) -> tuple[Block, ...]:
        return tuple(found[i].block(block) if i in found else block for i, block in enumerate(own))

    links = tuple(own for own in layout.functional if not {*own.columns} & groups["columns"].keys())
    columns, context = (blocks(getattr(layout, part), groups[part]) for part in ("columns", "context"))
    beside = tuple(own for own in layout.beside if not {own.column, own.other} & groups["columns"].keys())
    return replace(layout, columns=columns, context=context, functional=links, beside=beside)


def _sampler(arrays: Arrays, fixed: Arrays, settings: CTGANSettings, layout: Layout) -> CTGANSampler:
    """The sampler of a generator's arrays, as `Generator.state_dict` names them, with groups and links."""
    groups = {part: _groups_of(fixed, part, getattr(layout, part)) for part in ("columns", "context")}
    narrow = _narrow(layout, groups)
    columns = narrow.columns if arrays else ()
    slots, context = Slots.of(columns), Slots.of(narrow.context)
    rare = RareCodes.from_arrays(arrays, _RARE)
    cells = [block.codes * parts for block, parts in zip(columns, _parts(narrow, arrays), strict=False)]
    sampler = CTGANSampler(
        slots=slots,
        context=context,
        noise=settings.embedding_dim,
        layers=_layers(arrays, settings) if arrays else (),
        biases=tuple(arrays[f"calibration.{i}.bias"].reshape(b.codes, -1) for i, b in enumerate(columns)),
        rank_tables=tuple(_rank_table(arrays, i, n) for i, n in enumerate(cells) if columns[i].ranked),
        ranked=tuple(block.ranked for block in columns),
        conditions=SamplingConditions.of(columns, slots.conditioned(context), rare),
        null_inclusions=layout.null_inclusions if arrays else (),
        functional=layout.functional if arrays else (),
        exclusions=layout.exclusions if arrays else (),
        values={own.other: layout.columns[own.other].values for own in layout.exclusions},
        beside={own.column: own for own in narrow.beside} if arrays else {},
        told=_told(arrays),
        groups=groups["columns"],
        context_groups=groups["context"],
    )
    sampler.check()
    return sampler


def _layers(arrays: Arrays, settings: CTGANSettings) -> tuple[Layer, ...]:
    layers, start = [], 0
    for i, width in enumerate((*settings.generator_dim, arrays["output.bias"].shape[0])):
        given = arrays["given"][:, start : start + width]
        start += width
        if i == len(settings.generator_dim):
            layers.append(_layer(arrays["output.weight"], given, arrays["output.bias"]))
            continue
        scale = arrays[f"norms.{i}.weight"] / np.sqrt(arrays[f"norms.{i}.running_var"] + _NORM_EPSILON)
        bias = (arrays[f"hidden.{i}.bias"] - arrays[f"norms.{i}.running_mean"]) * scale + arrays[f"norms.{i}.bias"]
        layers.append(_layer(arrays[f"hidden.{i}.weight"] * scale[:, None], given * scale, bias))
    return tuple(layers)


def _layer(weight: npt.NDArray[Any], given: npt.NDArray[Any], bias: npt.NDArray[Any]) -> Layer:
    return Layer(*(np.ascontiguousarray(array) for array in (weight.T, given, bias)))


def _parts(layout: Layout, arrays: Arrays) -> list[int]:
    """In how many groups of rows each column is calibrated."""
    beside = {own.column: int(own.table.max()) + 1 for own in layout.beside}
    told = _told(arrays)
    return [beside.get(i, 1) + len(told.get(i, ())) for i in range(len(layout.columns))]


def _told(arrays: Arrays) -> dict[int, npt.NDArray[np.int64]]:
    """By column, the rare codes that say much of it."""
    names = [name for name in arrays if name.startswith(f"{_TOLD}.")]
    return {int(name.removeprefix(f"{_TOLD}.")): arrays[name].astype(np.int64) for name in sorted(names)}


def _no_biases(layout: Layout, known: Arrays) -> list[npt.NDArray[np.float32]]:
    sizes = zip(layout.columns, _parts(layout, known), strict=True)
    return [np.zeros((block.codes, parts), np.float32) for block, parts in sizes]


def _rank_table(arrays: Arrays, column: int, codes: int) -> RankTable:
    name = f"calibration.{column}"
    if f"{name}.scores" not in arrays:
        return uncalibrated_rank_table(codes)
    return RankTable(arrays[f"{name}.scores"], arrays[f"{name}.real"])


def _calibration(sampler: CTGANSampler) -> Arrays:
    arrays: Arrays = {f"calibration.{i}.bias": np.ascontiguousarray(b) for i, b in enumerate(sampler.biases)}
    ranked = (i for i, ranked in enumerate(sampler.ranked) if ranked)
    for i, table in zip(ranked, sampler.rank_tables, strict=True):
        for part in ("scores", "real"):
            arrays[f"calibration.{i}.{part}"] = np.ascontiguousarray(getattr(table, part))
    arrays |= {f"{_TOLD}.{i}": own for i, own in sampler.told.items()}
    return arrays | sampler.conditions.rare.to_arrays(_RARE)
