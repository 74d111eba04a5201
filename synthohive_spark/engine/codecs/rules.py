"""What is decided about columns before their values are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.declarations.dependencies import Dependency
from synthohive_spark.engine.codecs.agreeing import AgreeingCodec
from synthohive_spark.engine.codecs.sequence import SequenceCodec
from synthohive_spark.engine.codecs.surrogate import SurrogateCodec


@dataclass(frozen=True)
class ColumnRules:
    """Columns that are not to be learned as their values suggest.

    Attributes:
        surrogates: Codecs of keys and of stand-ins for personal data, which are generated, not learned; of the rows,
            only where they are null counts.
        imitated: Strings that are imitated by patterns, however often they repeat.
        categorical: Columns that are learned by their values, however many there are: strings, and numbers that are
            names.
        unrelated: Columns of which no relation to others is looked for.
        declared: What is known to hold in every row.
        templates: How strings are put together from others whose values are not seen, each a
            `synthohive_spark.engine.dependencies.template.TemplateColumn`.
        entity_names: Strings and integers that name what an entity is: they are imitated by what several of them
            share.
        partial: Strings that are there in some rows, and do not matter in others: their nulls are not learned.
        firsts: Numbers that repeat from row to row, given or told by a personal column, by the places of the rows at
            which they are looked at: no more is told apart of them than so many rows say.
        independent: Those of the unrelated ones that are declared so: their codes have to do with no others either.
    """

    surrogates: Mapping[str, SurrogateCodec | SequenceCodec | AgreeingCodec] = field(default_factory=dict)
    imitated: frozenset[str] = frozenset()
    categorical: frozenset[str] = frozenset()
    unrelated: frozenset[str] = frozenset()
    declared: tuple[Dependency, ...] = ()
    templates: tuple[Any, ...] = ()
    entity_names: frozenset[str] = frozenset()
    partial: frozenset[str] = frozenset()
    firsts: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    independent: frozenset[str] = frozenset()
