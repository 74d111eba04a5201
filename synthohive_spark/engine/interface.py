"""What an engine is: a generative model over encoded tables.

An engine sees small integer codes and ranks in (0, 1), never a value of the table. It is trained on the driver and
hands out a `Sampler`, which draws rows with numpy alone and travels to the executors.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.encoded_table import EncodedTable, Known, Layout
from synthohive_spark.engine.ending import Ending
from synthohive_spark.engine.settings import TrainingSettings


@dataclass(frozen=True)
class Encoding:
    """How an engine wants columns encoded.

    Attributes:
        numeric: The encodings of numbers that it learns, its default first.
        most_values: A column of numbers gets a code for each value, where at most so many are held by enough rows.
        calendar: Whether dates and timestamps are cut into parts with a meaning, such as the weekday.
        orders: Whether it keeps to the orders of its `Layout` while it draws.
    """

    numeric: tuple[str, ...] = ("rank",)
    most_values: int = 0
    calendar: bool = False
    orders: bool = False


class Sampler(Protocol):
    """Draws rows from noise, with numpy alone; picklable.

    `sample` is always called with the same number of rows, so that the matrix products of a row do not depend on
    how many others are drawn with it.

    Attributes:
        any_condition: Whether it takes ``known``.
    """

    any_condition: ClassVar[bool]

    @property
    def noise_words(self) -> int:
        """How many 64-bit words of noise a row uses."""
        ...

    def sample(
        self,
        words: npt.NDArray[np.uint64],
        context: EncodedTable,
        known: Known | None = None,
        wanted: frozenset[int] | None = None,
    ) -> EncodedTable:
        """Draw a row for each row of ``words`` (rows, noise_words), given its row of ``context``.

        ``known`` is only given to a sampler with `any_condition`; its values come out as they are. Columns whose
        positions are not among those ``wanted`` may hold any of their codes; None wants all.
        """
        ...


@dataclass(frozen=True)
class TrainingRequest:
    """What a training is asked for, beside the rows and the engine's settings.

    Attributes:
        seed: Fixes first weights and order of training.
        progress: Whether to show a progress bar.
        checkpoint_dir: A folder in which the state of training is kept: an interrupted fit of the same rows, settings
            and seed is resumed from there. None keeps no state.
        started: When the fit was asked for, by `time.monotonic`: a budget of time counts from there.
        independent: By given column that repeats from row to row, how many rows say something of it.
    """

    seed: int
    progress: bool = False
    checkpoint_dir: str | None = None
    started: float = field(default_factory=time.monotonic)
    independent: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class FittedEngine:
    """What a fit leaves behind.

    Attributes:
        sampler: Draws rows.
        files: Component files of the model directory, by name.
        parameters: Plain values that, with the files and the layout, rebuild the sampler.
        history: One record an epoch.
        checks: One record for each time a score was taken on rows held out; ``chosen`` in that of this model.
        ending: How training ended.
        pair_score: How much of the association between columns drawn rows have, 1 for all and 0 for none; None where
            columns have nothing to do with each other.
        warnings: What a user should know of a fit that did not learn all it could.
    """

    sampler: Sampler
    files: dict[str, bytes]
    parameters: dict[str, Any]
    history: list[dict[str, float]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    ending: Ending = field(default_factory=lambda: Ending("nothing to learn"))
    pair_score: float | None = None
    warnings: tuple[str, ...] = ()


class Engine(Protocol):
    """Learns encoded tables. Engines are listed in `synthohive_spark.engine.table.registry`.

    Attributes:
        name: By which users ask for it.
        encoding: How it wants columns encoded.
        any_condition: Whether any column can be given when drawing, not only those that were given when learning.
        settings: Its settings.
        settings_class: What it is made from, a kind of `synthohive_spark.engine.settings.TrainingSettings`.
    """

    name: ClassVar[str]
    settings: TrainingSettings
    encoding: ClassVar[Encoding]
    any_condition: ClassVar[bool]
    settings_class: ClassVar[type[TrainingSettings]]

    def fit(self, table: EncodedTable, context: EncodedTable, layout: Layout, request: TrainingRequest) -> FittedEngine:
        """Learn ``table`` given ``context`` (same rows, possibly no columns).

        Raises:
            TrainingError: If training cannot end in a model.
        """
        ...

    @staticmethod
    def load(files: Mapping[str, bytes], parameters: Mapping[str, Any], layout: Layout) -> FittedEngine:
        """Rebuild a fitted engine from its files.

        Raises:
            SerializationError: If a file is missing or does not fit the layout.
        """
        ...
