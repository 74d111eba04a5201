"""An engine that learns how often each code is and nothing else: a double for tests of what is not about engines."""

import json
from dataclasses import dataclass

import numpy as np

from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.encoded_table import EncodedTable
from synthohive_spark.engine.interface import Encoding, FittedEngine
from synthohive_spark.engine.noise import uniforms
from synthohive_spark.engine.settings import TrainingSettings
from synthohive_spark.errors import SerializationError

FILE = "marginals.json"


@dataclass(frozen=True)
class MarginalSampler:
    """Draws each column by itself: its codes by their frequencies, its ranks evenly."""

    blocks: tuple[Block, ...]

    @property
    def noise_words(self):
        return 2 * len(self.blocks)

    def sample(self, words, context, known=None, wanted=None):
        chances = uniforms(words)
        codes, ranks = [], []
        for i, block in enumerate(self.blocks):
            shares = np.array(block.frequencies)
            if known is not None and known.filled[i] and block.null:
                shares[0] = 0
            ends = np.cumsum(shares / shares.sum())
            drawn = np.searchsorted(ends[:-1], chances[:, 2 * i], side="right")
            inside = chances[:, 2 * i + 1]
            if block.bins:
                first = block.codes - block.bins
                inside = np.where(drawn < first, 0.5, (drawn - first + inside) / block.bins)
            if known is not None:
                given = known.mask[:, i]
                drawn = np.where(given, known.rows.codes[:, i], drawn)
                if block.ranked:
                    inside = np.where(given, known.rows.ranks[:, len(ranks)], inside)
            codes.append(drawn)
            if block.ranked:
                ranks.append(inside)
        empty = np.zeros((len(words), 0))
        return EncodedTable(
            (np.stack(codes, axis=1) if codes else empty).astype(np.int32),
            (np.stack(ranks, axis=1) if ranks else empty).clip(1e-6, 1 - 1e-6).astype(np.float32),
        )


class MarginalEngine:
    """See `synthohive_spark.engine.interface.Engine`; an epoch does nothing."""

    name = "marginals"
    encoding = Encoding()
    any_condition = True
    settings_class = TrainingSettings

    def __init__(self, settings):
        self.settings = settings

    def fit(self, table, context, layout, request):
        files = {FILE: json.dumps([block.frequencies for block in layout.columns]).encode()}
        history = [{"epoch": epoch, "loss": 0.0} for epoch in range(1, (self.settings.epochs or 1) + 1)]
        return FittedEngine(MarginalSampler(layout.columns), files, {"epochs": self.settings.epochs}, history)

    @staticmethod
    def load(files, parameters, layout):
        if FILE not in files:
            raise SerializationError(f"the model directory lacks {FILE}")
        return FittedEngine(MarginalSampler(layout.columns), {FILE: files[FILE]}, dict(parameters))
