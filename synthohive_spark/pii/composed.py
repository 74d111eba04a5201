"""Columns that are put together from personal columns, or hold what these hold: they must not tell of real people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.letters import LETTERS
from synthohive_spark.engine.dependencies.template import Field, TemplateColumn, cut
from synthohive_spark.pii.word_pools import plain

FEWEST_ROWS = 20
_MOST = 0.5
"""Share of the rows that has to be put together so."""
_HOLDING = 0.05
"""Share of the rows, beyond chance, in which a column that holds personal values is spoken of."""
_LOOKED_AT = 1_000
_GLANCE = 40
_SEEDS = 6
_SIZES = (1, 2, 3, 4, 5, 6, 7, 8)
_MOST_FIELDS = 4
_MOST_FORMS = 4
_MOST_STANDING = 12
_MOST_CHAINS = 1_500
_MOST_ENDS = 20
_SHORTEST = 3
Values = Sequence[str | None]
Ends = tuple[str, str]
"""What stands before the first field and after the last."""


@dataclass(frozen=True)
class Composed:
    """A column that is put together from personal ones.

    Attributes:
        template: How; what stands before the first field and after the last is None where several texts do.
        ends: Those texts, the most frequent first.
        share: Share of the rows that are put together so.
    """

    template: TemplateColumn
    ends: tuple[Ends, ...]
    share: float

    @property
    def fixed(self) -> bool:
        """Whether the personal columns say all of it."""
        return None not in self.template.gaps


@dataclass(frozen=True)
class Personal:
    """A personal column, and its values in some rows."""

    column: Column
    values: Values

    @cached_property
    def texts(self) -> dict[str, list[str | None]]:
        """What is written of it, by form."""
        as_text, values = Field(Column(self.column.name, ColumnType("string"))), pa.array(self.values, pa.string())
        return {form: Field(as_text.source, form).text(values).to_pylist() for form in LETTERS}

    def of(self, form: Field, rows: Sequence[int]) -> list[str | None]:
        """The texts of a form in some rows."""
        texts = self.values if form.form not in LETTERS else self.texts[form.form]
        size = form.size or None
        return [text and text[:size] for text in (texts[row] for row in rows)]

    def fields(self) -> Iterator[list[Field]]:
        """The ways to write it, those together of which one is what another one begins with, the longest first."""
        for form in LETTERS:
            whole = Field(self.column) if form == "letters" else Field(self.column, form)
            yield [whole, *(Field(self.column, form, size) for size in _SIZES)]


def find_composed(column: Column, values: Values, sources: Sequence[Personal], at_least: int) -> Composed | None:
    """How a column is put together from personal ones; None where it is not in most of the rows that hold both.

    Names and numbers may stand in it whole or in part, in another case, without accents or marks, with the same text
    between them, and one of few texts before and after. Chance is excluded: against other rows, at most half as many
    are put together so.

    Args:
        column: The column, of strings.
        values: Its values.
        sources: The personal columns in the same rows.
        at_least: Fewest rows that share a text which stands in it.
    """
    read = [own for own in sources if own.column != column]
    held = [i for i, value in enumerate(values) if value and any(own.values[i] for own in read)]
    held = [held[i] for i in _spread(len(held), _LOOKED_AT)]
    if len(held) < FEWEST_ROWS or len({values[i] for i in held}) < 2:
        return None
    few = [held[i] for i in _spread(len(held), _GLANCE)]
    standing = _standing([str(values[i]) for i in few], read, few)
    best: Composed | None = None
    for fields in _chains([str(values[i]) for i in few], standing):
        made = _made(column, [str(values[i]) for i in few], [_texts(read, f, few) for f in fields], fields, 2)
        if made is None or (best is not None and _rank(made) <= _rank(best)):
            continue
        own = [str(values[i]) for i in held]
        texts = [_texts(read, f, held) for f in fields]
        whole = _made(column, own, texts, fields, max(at_least, 2))
        if whole is not None and (best is None or _rank(whole) > _rank(best)) and not _by_chance(whole, own, texts):
            best = whole
    return best


def _spread(count: int, most: int) -> list[int]:
    """At most so many places out of ``count``, evenly."""
    return [int(i) for i in np.linspace(0, count - 1, min(most, count))] if count else []


def _texts(read: Sequence[Personal], form: Field, rows: Sequence[int]) -> list[str | None]:
    return next(own for own in read if own.column == form.source).of(form, rows)


def _standing(values: list[str], read: Sequence[Personal], rows: Sequence[int]) -> dict[Field, list[str | None]]:
    """What stands in most of a few values, the longest first; of the same texts, the simplest form."""
    found: dict[tuple[str | None, ...], Field] = {}
    for source in read:
        for forms in source.fields():
            initials = source.of(forms[1], rows)
            if _share(values, initials) < _MOST:
                continue
            for form in forms:
                texts = source.of(form, rows)
                if _share(values, texts) >= _MOST:
                    found.setdefault(tuple(texts), form)
    ranked = sorted(found, key=lambda own: (-round(_share(values, own), 1), -sum(len(text or "") for text in own)))
    taken: Counter[str] = Counter()
    kept: dict[Field, list[str | None]] = {}
    for own in ranked:
        name = found[own].source.name
        taken[name] += 1
        if taken[name] <= _MOST_FORMS and len(kept) < _MOST_STANDING:
            kept[found[own]] = list(own)
    return kept


def _share(values: Sequence[str], texts: Sequence[str | None]) -> float:
    return sum(bool(text) and str(text) in value for value, text in zip(values, texts, strict=True)) / len(values)


def _chains(values: list[str], standing: Mapping[Field, list[str | None]]) -> list[tuple[Field, ...]]:
    """Fields that stand behind each other in one of a few values, those that say most of it first."""
    found: dict[tuple[Field, ...], float] = {}
    for place in _spread(len(values), _SEEDS):
        value = values[place]
        texts = {form: str(own[place]) for form, own in standing.items() if own[place]}
        open_: list[tuple[int, tuple[Field, ...], int]] = [(0, (), 0)]
        for at, chain, said in open_:  # grows
            if len(open_) > _MOST_CHAINS:
                break
            if chain:
                found[chain] = max(found.get(chain, 0.0), said / len(value))
            for form, text in texts.items():
                start = value.find(text, at)
                twice = sum(form.source == other.source for other in chain) > 1
                if start >= 0 and form not in chain and len(chain) < _MOST_FIELDS and not twice:
                    open_.append((start + len(text), (*chain, form), said + len(text)))
    return sorted(found, key=lambda chain: (-found[chain], len(chain)))[: 10 * _GLANCE]


def _made(
    column: Column, values: Sequence[str], texts: Sequence[Sequence[str | None]], fields: Sequence[Field], at_least: int
) -> Composed | None:
    """The column as it is put together from fields in most of some rows; None where it is not."""
    open_ = (None,) * (len(fields) + 1)
    found = [cut(value, own, open_) for value, *own in zip(values, *texts, strict=True)]
    between = Counter(tuple(row[1:-1]) for row in found if row is not None)
    if not between:
        return None
    inner = between.most_common(1)[0][0]
    gaps = (None, *inner, None)
    found = [cut(value, own, gaps) for value, *own in zip(values, *texts, strict=True)]
    ends = Counter((row[0], row[-1]) for row in found if row is not None)
    kept = [own for own in ends.most_common(_MOST_ENDS) if own[1] >= max(at_least, 0.02 * len(values))]
    share = sum(count for _, count in kept) / len(values)
    if share < _MOST:
        return None
    before, after = {own[0] for own, _ in kept}, {own[1] for own, _ in kept}
    outer = [next(iter(own)) if len(own) == 1 else None for own in (before, after)]
    return Composed(
        TemplateColumn(column, tuple(fields), (outer[0], *inner, outer[1])), tuple(own for own, _ in kept), share
    )


def _rank(made: Composed) -> tuple[float, int, int, int]:
    """Which of two ways is the better one: more rows, fewer texts around, whole words, fewer columns."""
    sliced = sum(form.size > 0 for form in made.template.fields)
    return round(made.share, 2), -len(made.ends), -sliced, -len(made.template.fields)


def _by_chance(made: Composed, values: Sequence[str], texts: Sequence[Sequence[str | None]]) -> bool:
    """Whether the column is as often put together so from what other rows hold."""
    turn = len(values) // 2
    shifted = [[*own[turn:], *own[:turn]] for own in texts]
    rows = zip(values, *shifted, strict=True)
    found = [cut(value, own, made.template.gaps) for value, *own in rows]
    hits = sum(row is not None and (row[0], row[-1]) in made.ends for row in found)
    return hits > made.share * len(values) / 2


def find_held(values: Values, personal: Mapping[str, Values]) -> tuple[str, float] | None:
    """The personal column whose values a column holds more often than by chance, and in which share of the rows.

    Args:
        values: Values of the column, of strings.
        personal: Values of the personal columns in the same rows, by name.
    """
    best = None
    for name, own_values in personal.items():
        held = [(v, plain(o)) for v, o in zip(values, own_values, strict=True) if v and o]
        held = [held[i] for i in _spread(len(held), _LOOKED_AT)]
        held = [(plain(value), own) for value, own in held if len(own) >= _SHORTEST]
        if len(held) < FEWEST_ROWS:
            continue
        turn = len(held) // 2
        others = [own for _, own in held[turn:] + held[:turn]]
        hits = sum(own in value for value, own in held)
        chance = sum(other in value for (value, _), other in zip(held, others, strict=True))
        share = (hits - chance) / len(held)
        if share >= _HOLDING and (best is None or share > best[1]):
            best = name, hits / len(held)
    return best
