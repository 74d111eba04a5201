"""The autoregressive model as an engine: settings in, trained and calibrated sampler out, to files and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.autoregressive.calibration import calibrate
from synthohive_spark.engine.autoregressive.parts import ColumnParts, Parts
from synthohive_spark.engine.autoregressive.rare import terms_from_arrays, terms_to_arrays
from synthohive_spark.engine.autoregressive.sampling import AutoregressiveSampler, sampler_of
from synthohive_spark.engine.autoregressive.settings import AutoregressiveSettings
from synthohive_spark.engine.encoded_table import EncodedTable, Layout
from synthohive_spark.engine.interface import Encoding, FittedEngine, TrainingRequest
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.engine.sampler_check import checked_sampler
from synthohive_spark.engine.tensors import read_tensors, tensor_bytes
from synthohive_spark.engine.training.checkpoint import Checkpoint

_HEADS, _PARTS = "heads.safetensors", "parts.safetensors"
_MOST_VALUES = 256
_AFTER = 8.0
Arrays = dict[str, npt.NDArray[Any]]


class AutoregressiveEngine:
    """See `synthohive_spark.engine.interface.Engine`.

    A row's columns are drawn one after the other, each given those before it, in an order that any columns may come
    first in (order-agnostic NADE: Uria, Murray and Larochelle, 2014; for tables: TabularARGN, Tiwald et al., 2025).
    """

    name = "autoregressive"
    encoding = Encoding(most_values=_MOST_VALUES, calendar=True, orders=True)
    any_condition = True
    settings_class = AutoregressiveSettings

    def __init__(self, settings: AutoregressiveSettings) -> None:
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
            return self.load({name: tensor_bytes({}) for name in (_HEADS, _PARTS)}, parameters, layout)
        from synthohive_spark.engine.autoregressive.rare_fit import rare_terms  # noqa: PLC0415
        from synthohive_spark.engine.autoregressive.resolution import cut_columns  # noqa: PLC0415  (only for fitting)
        from synthohive_spark.engine.autoregressive.training import AutoregressiveTrainer  # noqa: PLC0415
        from synthohive_spark.engine.training.loop import train  # noqa: PLC0415
        from synthohive_spark.engine.training.threads import limited_threads  # noqa: PLC0415

        seed = request.seed
        checkpoint = Checkpoint.of(request.checkpoint_dir, table, context, parameters, seed)
        threshold, own_seed = self.settings.embedding_threshold, derive_seed(seed, "parts")
        limits = self.settings.limits(request.started, after=_AFTER)
        with limited_threads(limits.threads):  # again, for libraries that were only just loaded
            parts = cut_columns(table, context, layout, threshold, own_seed, request.independent)
            rows = parts.cut(context, table)
            parts = replace(parts, terms=rare_terms(rows, parts, layout.at_least))
        batch = self.settings.batch_for(len(rows))
        trained = train(
            lambda: AutoregressiveTrainer(rows, parts, self.settings, seed, limits, layout),
            threads=limits.threads,
            checkpoint=checkpoint,
            progress=request.progress,
            size=f"{len(rows):,} rows of {len(parts.sizes)} parts, batches of {batch:,}; make the batch smaller",
        )
        fixed = {**_part_arrays(parts), "order": trained.last["order"]}
        sampler = _sampler(trained.best, fixed, layout)
        biases = calibrate(sampler, rows, context, seed=derive_seed(seed, "calibration"))
        files = {_HEADS: tensor_bytes({**trained.best, **biases}), _PARTS: tensor_bytes(fixed)}
        if checkpoint is not None:
            checkpoint.remove()
        sampler = _sampler({**trained.best, **biases}, fixed, layout)
        return FittedEngine(sampler, files, parameters, trained.history, trained.checks, trained.ending)

    @staticmethod
    def load(files: Mapping[str, bytes], parameters: Mapping[str, Any], layout: Layout) -> FittedEngine:
        """See `synthohive_spark.engine.interface.Engine.load`."""
        AutoregressiveSettings(**parameters)
        heads, parts = read_tensors(files, _HEADS), read_tensors(files, _PARTS)
        sampler = checked_sampler(
            lambda: _sampler(heads, parts, layout),
            lambda own: own.arrays,
            layout,
        )
        return FittedEngine(sampler, {name: files[name] for name in (_HEADS, _PARTS)}, dict(parameters))


def _part_arrays(parts: Parts) -> Arrays:
    """How the columns are cut, as arrays."""
    cuts = np.array([(c.cuts, c.fine, c.members) for c in parts.columns], np.int32).reshape(-1, 3)
    places = {f"places.{i}": c.places for i, c in enumerate(parts.columns) if c.places is not None}
    return {"cuts": cuts, **places, **terms_to_arrays(parts.terms)}


def _parts(fixed: Arrays, layout: Layout) -> Parts:
    blocks = (*layout.context, *layout.columns)
    columns = tuple(
        ColumnParts(block.codes, block.bins, int(cuts), int(fine), fixed.get(f"places.{i}"), int(members))
        for i, (block, (cuts, fine, members)) in enumerate(zip(blocks, fixed["cuts"], strict=True))
    )
    for column in columns:
        column.check()
    terms = terms_from_arrays(fixed)
    parts = Parts(columns, tuple(block.ranked for block in blocks), len(layout.context), layout.echoes, terms)
    for term in terms:
        term.check(parts.sizes)
    return parts


def _sampler(arrays: Arrays, fixed: Arrays, layout: Layout) -> AutoregressiveSampler:
    if not layout.columns:
        return sampler_of({}, Parts((), (), 0), (), layout)
    parts, order = _parts(fixed, layout), tuple(fixed["order"].tolist())
    if sorted(order) != list(range(parts.given, len(parts.columns))):
        raise ValueError("the order does not name each drawn column once")
    return sampler_of(arrays, parts, order, layout)
