"""Finding the strings that are put together from other columns in every row of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import permutations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.registry import nearly_unique
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.entities_fit import names_entity
from synthohive_spark.engine.dependencies.formats import TimeFormat
from synthohive_spark.engine.dependencies.letters import WHOLE_LETTERS
from synthohive_spark.engine.dependencies.template import PARTIAL, TIMES, WHOLE, Field, TemplateColumn, Templates, cut
from synthohive_spark.engine.table_statistics import ColumnStatistics

_PRIVACY = Privacy()
_ROWS = 50
_LOOKED_AT = 1_000
_FIRST = 30
_GLANCE = 100
_CHANCE = 1e-6
_TURNS = 5
"""How often the rows of a column are shifted against those of another, to see what chance does."""
_MOST_FIELDS = 4
_MOST_STANDING = 6
_PADDED = tuple(range(2, 13))
_INITIALS = (
    "first characters",
    "first characters in small letters",
    "first characters in capitals",
    "letters without accents in small letters",
)


def find_templates(
    table: pa.Table,
    columns: Sequence[Column],
    given: frozenset[str],
    imitated: frozenset[str],
    whole: frozenset[str] = frozenset(),
    times: Mapping[str, TimeFormat] | None = None,
    privacy: Privacy = _PRIVACY,
) -> Templates:
    """The strings in which, in all rows in which they are not null, what other columns hold stands in the same order.

    What stands between is the same in all rows, or is learned, if the whole would be made from patterns, or names an
    entity: of other columns it is better learned which values there are. Chance is excluded: had a column nothing to
    do with another, all rows would hold the other's text with a probability below one millionth, divided by the number
    of texts that are tried. The longer of two columns is put together from the shorter one, of equally long ones the
    later from the earlier one. Only a column that no whole texts of others make is looked at as a part of another's
    text.

    Args:
        table: The rows.
        columns: The columns to look at; strings, integers and times count.
        given: Columns that will be given, not drawn.
        imitated: Columns of which no part may come out.
        whole: Columns of dates, times or numbers, of which no part may be learned by itself.
        times: How those of them are written that are times.
        privacy: What may be kept of the rows.
    """
    read = {c.name: _Texts(c, one_array(table.column(c.name)), privacy) for c in columns if _counts(c)}
    dates = [
        _Texts(Column(n, form.type), read[n].values, privacy, form) for n, form in (times or {}).items() if n in read
    ]
    places = {name: place for place, name in enumerate(read)}
    strings = [own for name, own in read.items() if own.column.type.is_string and name not in given and own.usable]
    strings.sort(key=lambda own: (own.length, places[own.column.name]), reverse=True)
    found: dict[str, TemplateColumn] = {}
    for forms in (WHOLE, PARTIAL):
        for own in strings:
            name = own.column.name
            if name in found:
                continue
            sources = [*read.values(), *(dates if forms is WHOLE else ())]
            before = [r for r in sources if _may_stand_in(r, own, places, forms is WHOLE)]
            before = [r for r in before if not _leads_to(found, r.column.name, name)]
            template = _template(own, before, forms is WHOLE, name not in imitated | whole)
            if template is not None and template.is_open and not own.is_imitated:
                template = template if names_entity(table, own.column, columns) else None
            if template is not None:
                found[name] = template
    return Templates(tuple(sorted(found.values(), key=lambda own: _depth(found, own.column.name))))


def _counts(column: Column) -> bool:
    return column.type.is_string or column.type.is_integer or column.type.is_temporal


@dataclass(frozen=True)
class _Texts:
    """A column's values; of one that is read as a time, ``column`` has the type of the time."""

    column: Column
    values: pa.Array
    privacy: Privacy
    read: TimeFormat | None = None
    _glances: dict[tuple[str, int], list[str | None]] = field(default_factory=dict, init=False, compare=False)
    _forms: dict[tuple[bool, int | None], list[Field]] = field(default_factory=dict, init=False, compare=False)

    @cached_property
    def _few(self) -> pa.Array:
        rows = len(self.values)
        return self.values.take(pa.array(np.linspace(0, rows - 1, min(_GLANCE, rows)).astype(np.intp)))

    @cached_property
    def plain(self) -> list[str | None]:
        """The column's own texts in these rows."""
        return self.glance(Field(self.column))

    def glance(self, own: Field) -> list[str | None]:
        """Texts in a few rows, the same ones of all columns."""
        if (own.form, own.size) not in self._glances:
            self._glances[own.form, own.size] = own.text(self._few).to_pylist()
        return self._glances[own.form, own.size]

    def forms(self, whole: bool, length: int | None) -> list[Field]:
        """How the column may be written in another one, whose values all have a length, None if they have not."""
        if (whole, length) not in self._forms:
            column = self.column
            names = TIMES if column.type.is_temporal else WHOLE if whole else PARTIAL
            made = [Field(column, form, size, self.read) for form in names for size in _sizes(form, column, length)]
            if whole and self.has_marks:
                made += [Field(column, form) for form in WHOLE_LETTERS]
            if whole and column.type.is_string and self.length > 1:
                made += [Field(column, form, 1) for form in _INITIALS]
            self._forms[whole, length] = made
        return self._forms[whole, length]

    @cached_property
    def rows(self) -> pa.Array:
        """Some rows that have a value."""
        there = np.flatnonzero(np.asarray(self.values.is_valid()))
        return pa.array(there[np.linspace(0, len(there) - 1, min(_LOOKED_AT, len(there))).astype(np.intp)])

    @cached_property
    def some(self) -> list[str]:
        """The strings of these rows."""
        return list(self.values.take(self.rows).to_pylist())

    @cached_property
    def usable(self) -> bool:
        """Whether there are enough rows, with different values."""
        return len(self.rows) >= _ROWS and len(set(self.some)) > 1

    @cached_property
    def length(self) -> float:
        """Characters of a value on average."""
        return float(np.mean([len(text) for text in self.some]))

    @cached_property
    def only_length(self) -> int | None:
        """Characters of every value; None if there are values of several lengths."""
        lengths = {len(text) for text in self.some}
        return lengths.pop() if len(lengths) == 1 else None

    @cached_property
    def is_imitated(self) -> bool:
        """Whether the column would be made from patterns."""
        statistics = ColumnStatistics(self.values.null_count)
        return nearly_unique(ColumnSample(self.column, self.values, statistics, self.privacy))

    @cached_property
    def has_marks(self) -> bool:
        """Whether some strings hold other characters than plain letters and digits."""
        different = self.values.unique().drop_null() if self.column.type.is_string else pa.array([], pa.string())
        return bool(pc.any(pc.match_substring_regex(different, "[^A-Za-z0-9]")).as_py())


def _may_stand_in(source: _Texts, own: _Texts, places: Mapping[str, int], whole: bool) -> bool:
    if source.column.name == own.column.name:
        return False
    if not whole or not source.column.type.is_string:
        return True
    if not source.usable:
        return False
    longer, later = own.length - source.length, places[own.column.name] > places[source.column.name]
    return longer > 0 or (longer == 0 and later)


def _template(own: _Texts, sources: Sequence[_Texts], whole: bool, may_have_gaps: bool) -> TemplateColumn | None:
    """The template of a column that all rows follow; None where there is none."""
    forms = [(form, source) for source in sources for form in source.forms(whole, own.only_length)]
    likely = [(form, source) for form, source in forms if _may_stand(own, source.glance(form))]
    read = [(form, texts) for form, source in likely if (texts := _texts(own, source, form)) is not None]
    standing = [f for f in dict((tuple(f[1]), f) for f in reversed(read)).values() if _stands(own, *f, len(forms))]
    standing.sort(key=lambda f: -sum(map(len, f[1])))
    template = _longest(own, standing[:_MOST_STANDING])
    if template is None or (not whole and any(gap != "" for gap in template.gaps)):
        return None
    if template.is_open and not may_have_gaps:
        return None
    arrays = {own.column.name: own.values, **{r.column.name: r.values for r in sources}}
    tells = np.logical_and.reduce([np.asarray(arrays[source].is_valid()) for source in template.sources])
    holds = (tells | ~np.asarray(own.values.is_valid())).all() and not template.broken(arrays).any()
    return template if holds else None


def _may_stand(own: _Texts, texts: list[str | None]) -> bool:
    """Whether a text stands in every one of a few rows."""
    for value, text in zip(own.plain, texts, strict=True):
        if value is not None and not (text and text in value):
            return False
    return True


def _texts(own: _Texts, source: _Texts, form: Field) -> list[str] | None:
    """The texts of a source in the rows looked at; None where one is empty, or all are the same."""
    values = source.values.take(own.rows)
    texts = None if values.null_count else form.text(values).to_pylist()
    return texts if texts and all(texts) and len(set(texts)) > 1 else None


def _sizes(form: str, source: Column, length: int | None) -> Sequence[int]:
    """How many characters a form is tried with; 0 for one that asks for none."""
    if form == "padded with zeros":
        return _PADDED if source.type.is_integer else ()
    if "characters" in form:
        return () if length is None else (length,)
    return (0,)


def _stands(own: _Texts, field: Field, texts: list[str], tried: int) -> bool:
    """Whether a text stands in every row, and chance would not put it there."""
    rows = list(zip(own.some, texts, strict=True))
    if not all(text in value for value, text in rows[:_FIRST]) or not all(text in value for value, text in rows):
        return False
    size = len(rows)
    shifted = [texts[(i + turn * size // (_TURNS + 1)) % size] for turn in range(1, _TURNS + 1) for i in range(size)]
    hits = sum(text in value for value, text in zip(own.some * _TURNS, shifted, strict=True))
    share = (hits + 1) / (len(shifted) + 1)
    return bool(size * np.log(share) < np.log(_CHANCE / max(tried, 1)))


def _longest(own: _Texts, standing: Sequence[tuple[Field, list[str]]]) -> TemplateColumn | None:
    """A template that leaves nothing to be learned, else the one of most fields, of different columns.

    Of equally many it is the one with most fixed text between.
    """
    best: TemplateColumn | None = None
    for size in range(min(_MOST_FIELDS, len(standing)), 0, -1):
        found = []
        for chosen in permutations(standing, size):
            if len({field.source.name for field, _ in chosen}) == size:
                template = _in_order(own, chosen)
                found += [] if template is None or _is_loose(template) else [template]
        if found:
            most = max(found, key=lambda t: sum(gap is not None for gap in t.gaps))
            if None not in most.gaps:
                return most
            best = best or most
    return best


def _is_loose(template: TemplateColumn) -> bool:
    """Whether only initials stand in what is learned, or one stands anywhere behind it."""
    short = [field.form in _INITIALS and field.size > 0 for field in template.fields]
    if None in template.gaps and all(short):
        return True
    return any(own and gap is None for own, gap in zip(short, template.gaps, strict=False))


def _in_order(own: _Texts, chosen: Sequence[tuple[Field, list[str]]]) -> TemplateColumn | None:
    """The template of fields in this order, if all rows follow it."""
    fields = tuple(field for field, _ in chosen)
    open_ = (None,) * (len(fields) + 1)
    first = zip(own.some[:_FIRST], *(texts[:_FIRST] for _, texts in chosen), strict=True)
    if any(cut(value, texts, open_) is None for value, *texts in first):
        return None
    found = [cut(value, texts, open_) for value, *texts in zip(own.some, *(t for _, t in chosen), strict=True)]
    rows = [row for row in found if row is not None]
    if len(rows) < len(found):
        return None
    gaps = tuple(same if len(set(own_)) == 1 else None for same, *own_ in ((g[0], *g) for g in zip(*rows, strict=True)))
    return TemplateColumn(own.column, fields, gaps)


def _leads_to(found: Mapping[str, TemplateColumn], name: str, column: str) -> bool:
    if name == column:
        return True
    return name in found and any(_leads_to(found, source, column) for source in found[name].sources)


def _depth(found: Mapping[str, TemplateColumn], name: str) -> int:
    return 1 + max(_depth(found, source) for source in found[name].sources) if name in found else 0
