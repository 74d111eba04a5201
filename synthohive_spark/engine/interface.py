"""What an engine is: a generative model over encoded tables.

An engine sees small integer codes and ranks in (0, 1), never a value of the table. It is trained on the driver and
hands out a `Sampler`, which draws rows with numpy alone and travels to the executors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from synthohive_spark.engine.settings import TrainingSettings

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Block:
    """One column's part of an encoded row.

    Attributes:
        name: The column.
        frequencies: Share of the training rows that hold each code; its length is the number of codes.
        ranked: Whether the column has a rank beside its code.
        null: Whether code 0 stands for null.
        bins: How many of the codes, the last ones, are equal parts of the ranks; 0 where ranks have another meaning.
    """

    name: str
    frequencies: tuple[float, ...]
    ranked: bool
    null: bool = False
    bins: int = 0

    @property
    def codes(self) -> int:
        """How many codes the column has."""
        return len(self.frequencies)


@dataclass(frozen=True, eq=False)
class FunctionLink:
    """The code of ``of`` says which code ``column`` has.

    Only values of enough rows have codes, so the table tells nothing about rarer ones.

    Attributes:
        of: Position of the determining column.
        column: Position of the determined one.
        table: The code of ``column`` for each code of ``of``; -1 where it is not known.
    """

    of: int
    column: int
    table: Codes


@dataclass(frozen=True)
class Layout:
    """The encoded row.

    Attributes:
        columns: The generated columns.
        context: The given ones.
        at_least: Fewest rows that a number which an engine stores about the rows may stand for.
        functions: Generated columns that are a function of another one; an engine need not look at them.
    """

    columns: tuple[Block, ...]
    context: tuple[Block, ...] = ()
    at_least: int = 5
    functions: tuple[FunctionLink, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The layout as plain values."""
        parts: dict[str, Any] = {
            part: [{**vars(b), "frequencies": list(b.frequencies)} for b in blocks]
            for part, blocks in (("columns", self.columns), ("context", self.context))
        }
        functions = [{**vars(link), "table": link.table.tolist()} for link in self.functions]
        return {**parts, "at_least": self.at_least, "functions": functions}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Layout:
        """The layout that `to_json` described."""

        def blocks(part: str) -> tuple[Block, ...]:
            return tuple(Block(**{**b, "frequencies": tuple(b["frequencies"])}) for b in data[part])

        functions = (FunctionLink(f["of"], f["column"], np.array(f["table"], np.int32)) for f in data["functions"])
        return cls(blocks("columns"), blocks("context"), data["at_least"], tuple(functions))


@dataclass(frozen=True)
class EncodedTable:
    """Rows as an engine sees them.

    Attributes:
        codes: Integers of shape (rows, columns), each below its block's number of codes.
        ranks: float32 of shape (rows, ranked columns), in column order, each in (0, 1).
    """

    codes: npt.NDArray[Any]
    ranks: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: npt.NDArray[Any] | slice) -> EncodedTable:
        """The chosen rows."""
        return EncodedTable(self.codes[rows], self.ranks[rows])


@dataclass(frozen=True)
class Known:
    """Values of generated columns that are known before a row is drawn.

    Attributes:
        rows: The generated columns; what it holds where nothing is known does not matter.
        mask: Where a value is known, shape (rows, columns).
        filled: Columns of which an unknown value is never drawn as null, shape (columns,).
    """

    rows: EncodedTable
    mask: npt.NDArray[np.bool_]
    filled: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Encoding:
    """How an engine wants columns encoded.

    Attributes:
        numeric: The encodings of numbers that it learns, its default first.
        most_values: A column of numbers gets a code for each value, where at most so many are held by enough rows.
        calendar: Whether dates and timestamps are cut into parts with a meaning, such as the weekday.
    """

    numeric: tuple[str, ...] = ("rank",)
    most_values: int = 0
    calendar: bool = False


class Sampler(Protocol):
    """Draws rows from noise, with numpy alone; picklable.

    `draw` is always called with the same number of rows, so that the matrix products of a row do not depend on
    how many others are drawn with it.
    """

    @property
    def noise_words(self) -> int:
        """How many 64-bit words of noise a row uses."""
        ...

    def draw(self, words: npt.NDArray[np.uint64], context: EncodedTable, known: Known | None = None) -> EncodedTable:
        """Draw a row for each row of ``words`` (rows, noise_words), given its row of ``context``.

        ``known`` is only given to the sampler of an engine with `Engine.any_condition`; its values come out as they
        are.
        """
        ...


@dataclass(frozen=True)
class FittedEngine:
    """What a fit leaves behind.

    Attributes:
        sampler: Draws rows.
        files: Component files of the model directory, by name.
        parameters: Plain values that, with the files and the layout, rebuild the sampler.
        history: One record an epoch.
        checks: One record for each time a score was taken on rows held out; ``chosen`` in that of this model.
    """

    sampler: Sampler
    files: dict[str, bytes]
    parameters: dict[str, Any]
    history: list[dict[str, float]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)


class Engine(Protocol):
    """Learns encoded tables. Engines are named in `synthohive_spark.engine.registry`.

    Attributes:
        encoding: How it wants columns encoded.
        any_condition: Whether any column can be given when drawing, not only those that were given when learning.
        settings_class: What it is made from, a kind of `synthohive_spark.engine.settings.TrainingSettings`.
    """

    encoding: ClassVar[Encoding]
    any_condition: ClassVar[bool]
    settings_class: ClassVar[type[TrainingSettings]]

    def fit(
        self,
        table: EncodedTable,
        context: EncodedTable,
        layout: Layout,
        *,
        seed: int,
        progress: bool,
        checkpoint_dir: str | None = None,
    ) -> FittedEngine:
        """Learn ``table`` given ``context`` (same rows, possibly no columns).

        With a ``checkpoint_dir``, an interrupted fit of the same rows, settings and seed is gone on with.

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
