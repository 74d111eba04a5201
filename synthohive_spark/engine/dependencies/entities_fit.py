"""Finding the columns that decide others, where no table of codes can say what they decide."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.declarations.column_names import (
    CITY,
    COMPANY,
    COUNTRY,
    EMAIL,
    PEOPLE,
    PERSON,
    THINGS,
    USERNAME,
    name_words,
)
from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.code_links import Codes, FunctionalDependency
from synthohive_spark.engine.codecs.arrow_numbers import to_numbers
from synthohive_spark.engine.codecs.numeric_fit import OF_THINGS, step_of
from synthohive_spark.engine.columns import Column, source_of
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.entities import Entity, entities_of
from synthohive_spark.engine.dependencies.functional_fit import (
    ROWS_OF_A_NAME,
    alone_if_null,
    numbered_values,
    value_functions,
)
from synthohive_spark.engine.dependencies.typed import TypedColumn

_ONE_EACH, _NEARLY_ALL = 0.9, 0.9
_LONGEST_HEAD = 6
_FEWEST_NUMBERS = 30
_FEWEST_NAMES = 100
"""Fewer values are those of a list (countries with their codes) rather than of people."""
_OF_PEOPLE = EMAIL | PEOPLE | PERSON | USERNAME | {"name", "names"}
_OF_NO_PEOPLE = CITY | COMPANY | COUNTRY | THINGS


def find_entity_names(table: pa.Table, columns: Sequence[Column], others: Collection[str] = ()) -> frozenset[str]:
    """Strings and integers that name what an entity is, and so are personal.

    That is what looks like a number of something (a customer) and decides another column in all rows, of which its
    first characters do not tell it (a seat `B-12` tells that it is in business class), or strings of which there is
    about one for each (the e-mail address of a customer), where one of the two looks like a number or is called like
    a name of people. Where many rows hold each value, it is taken for that of a thing (the name of a product); so is
    what is called a zip code or the like, and what there is about one of for each (its town).

    Args:
        table: The rows.
        columns: The columns to look at.
        others: Further columns that may be decided.
    """
    looked_at = [c for c in columns if c.type.is_integer or c.type.is_string]
    names = [c.name for c in looked_at]
    names += [name for name in others if name not in names]
    if len(names) < 2 or not table.num_rows:
        return frozenset()
    values = [numbered_values(table, name) for name in names]
    different = [table.column(c.name).combine_chunks().drop_null().unique() for c in looked_at]
    counts = [len(own) for own in different]
    few = [is_of_few_rows(table, c.name) for c in looked_at]
    keys = {i: alone_if_null(values[i], table.column(c.name)) for i, c in enumerate(looked_at) if few[i]}
    found = value_functions(values, [*few, *(False for _ in names[len(few) :])], keys)
    numbers = [is_numbered(c, own) for c, own in zip(looked_at, different, strict=True)]
    things = [OF_THINGS.search(c.name) is not None for c in looked_at]
    texts = {i: one_array(table.column(names[i])) for i, _ in found if numbers[i]}
    personal = {i for i, j in found if numbers[i] and not _is_spelled(texts[i], values[j])}
    for i, j in found:
        if j < len(few) and few[j] and counts[j] >= _ONE_EACH * counts[i] and not (things[i] or things[j]):
            named = any(numbers[k] or _is_of_people(names[k]) for k in (i, j))
            personal |= {k for k in (i, j) if named and looked_at[k].type.is_string}
    return frozenset(names[i] for i in personal)


def _is_of_people(name: str) -> bool:
    words = name_words(name)
    return bool(words & _OF_PEOPLE) and not words & _OF_NO_PEOPLE


def is_of_few_rows(table: pa.Table, name: str) -> bool:
    """Whether a column has many values, and few rows for each."""
    different = pc.count_distinct(table.column(name), mode="only_valid").as_py()
    return bool(different >= _FEWEST_NAMES and different * ROWS_OF_A_NAME > table.num_rows)


def names_entity(table: pa.Table, column: Column, others: Sequence[Column]) -> bool:
    """Whether a column names what an entity is, see `find_entity_names`."""
    few = is_of_few_rows(table, column.name)
    return few and column.name in find_entity_names(table, [column], [other.name for other in others])


def _is_spelled(values: pa.Array, told: Codes) -> bool:
    """Whether the first characters of strings, that several share, decide another column."""
    if not pa.types.is_string(values.type):
        return False
    there = np.flatnonzero(~null_mask(values))
    rows = there[np.unique(np.asarray(values.take(pa.array(there)).dictionary_encode().indices), return_index=True)[1]]
    each, own = values.take(pa.array(rows)), told[rows]
    for size in range(1, _LONGEST_HEAD + 1):
        heads = np.asarray(pc.utf8_slice_codeunits(each, 0, size).dictionary_encode().indices)
        _, first, place = np.unique(heads, return_index=True, return_inverse=True)
        if 2 * len(first) > len(rows):
            return False
        if np.array_equal(own[first][place], own):
            return True
    return False


def first_rows(table: pa.Table, names: Mapping[str, pa.ChunkedArray]) -> dict[str, npt.NDArray[np.int64]]:
    """For each number and time that a personal column decides, the first row of each entity, and those of none.

    More rows say nothing more of it: a birth date that one customer has is held by one, however often they come.

    Args:
        table: The rows.
        names: The personal columns, see `find_entity_names`.
    """
    found: dict[str, npt.NDArray[np.int64]] = {}
    for column in sorted(names.values(), key=lambda own: int(pc.count_distinct(own).as_py()), reverse=True):
        own = alone_if_null(numbered_values(pa.table({"": column}), ""), column)
        _, rows, place = np.unique(own, return_index=True, return_inverse=True)
        for field in table.schema:
            if field.name not in names and not pa.types.is_string(field.type):
                values = numbered_values(table, field.name)
                if np.array_equal(values[rows][place], values):
                    found[source_of(field.name)] = rows
    return found


def is_numbered(column: Column, values: pa.Array) -> bool:
    """Whether values are numbers, or strings with a digit or the sign of an address, of what is no zip code."""
    if OF_THINGS.search(column.name):
        return False
    if column.type.is_integer:
        return True
    return bool(len(values)) and pc.mean(pc.match_substring_regex(values, "[0-9@]")).as_py() >= _NEARLY_ALL


def may_number(part: Column, texts: pa.Array, strings: pa.Array, *, personal: bool, at_least: int) -> bool:
    """Whether a part may number things: nearly all of its texts hold a digit, and are many, or of what is personal.

    Digits and words that many of the strings share (``7@mail.com``) number none of them.

    Args:
        part: The part.
        texts: Its different texts.
        strings: The different strings that it is a part of.
        personal: Whether these are personal.
        at_least: Texts that so many strings have each are shared.
    """
    if not (personal or len(texts) >= _FEWEST_NUMBERS) or not is_numbered(part, texts):
        return False
    words = pc.any(pc.match_substring_regex(texts, r"\p{L}")).as_py()
    return not words or len(strings) < at_least * len(texts)


def find_entities(table: pa.Table, columns: Sequence[Column], found: Dependencies) -> tuple[Entity, ...]:
    """Integers and strings that decide other columns in all rows, and that chance would hardly make do so.

    What several decide belongs to the one of the fewest values. Columns that decide each other are names of one thing;
    the first of them counts, an integer before strings. What is read as times is no entity. What codes of columns
    tell, or what is computed, needs none. A string of which more is learned than others tell is one thing with those
    it is put together from.

    Args:
        table: The rows.
        columns: The columns to look at.
        found: What else holds in all rows.
    """
    opened = found.templates.opened
    looked_at = [c for c in columns if c.name not in found.computed or c.name in opened]
    if len(looked_at) < 2 or not table.num_rows:
        return ()
    values = [numbered_values(table, c.name) for c in looked_at]
    counts = [len(np.unique(own)) for own in values]
    times = {own.column.name for own in found.written if isinstance(own, TypedColumn) and own.is_time}
    eligible = [(c.type.is_integer or c.type.is_string) and c.name not in times for c in looked_at]
    keys = {i: alone_if_null(values[i], table.column(c.name)) for i, c in enumerate(looked_at) if eligible[i]}
    order = [(n, c.type.is_string, i) for i, (n, c) in enumerate(zip(counts, looked_at, strict=True))]
    links = [o for o in found.functional if isinstance(o, FunctionalDependency) and (o.table >= 0).all()]
    whole = found.whole(found.blocks)
    pairs = {(found.blocks[own.determinant], found.blocks[own.dependent]) for own in links}
    by_codes = {pair for pair in pairs if whole.issuperset(pair)}
    functions = value_functions(values, eligible, keys)
    tells = {(looked_at[of].name, looked_at[column].name) for of, column in functions}
    stands = [all((c.name, source) in tells for source in opened.get(c.name, ())) for c in looked_at]
    decided: dict[int, int] = {}
    for of, column in functions:
        if not (stands[of] and stands[column]):
            continue
        if counts[column] < 2 or (counts[of] == counts[column] and eligible[column] and order[column] < order[of]):
            continue
        decided[column] = min(decided.get(column, of), of, key=order.__getitem__)
    draws = {of: _draws(one_array(table.column(looked_at[of].name)), looked_at[of]) for of in set(decided.values())}
    named = {looked_at[i].name: (looked_at[of].name, draws[of]) for i, of in sorted(decided.items())}
    # A string belongs to the entity that its sources belong to.
    for name in opened.keys() & named.keys():
        if any(named.get(source, ("",))[0] != named[name][0] for source in opened[name]):
            del named[name]
    sources = {
        source
        for name in opened.keys() & {n for n, (of, _) in named.items() for n in (n, of)}
        for source in opened[name]
    }
    # Codes of the entity or of an attribute tell others; of several that tell each other one is left.
    for name in reversed([name for name in named if name not in sources]):
        entity = named[name][0]
        if any(to == name and entity in (by, named.get(by, ("",))[0]) for by, to in by_codes):
            del named[name]
    return entities_of(named)


def _draws(values: pa.Array, column: Column) -> int:
    """How often a value is drawn, such that about as many different ones come out as there are."""
    different = pc.count_distinct(values, mode="only_valid").as_py()
    if not column.type.is_integer or different < 2:
        return int(different)
    numbers = to_numbers(values.drop_null(), column.type)
    places = (int(numbers.max()) - int(numbers.min())) // step_of(numbers, numbers[:0], column.type) + 1
    return math.ceil(-places * math.log(max(1 - different / places, 0.5 / places)))
