"""Columns of a table that are put together from its personal columns, and those that hold personal values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import reduce

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.engine.codecs.scripts import OTHER
from synthohive_spark.engine.codecs.string_formats import Format
from synthohive_spark.engine.codecs.surrogate import SurrogateCodec
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.logs import get_logger
from synthohive_spark.pii.composed import Composed, Personal, find_composed, find_held
from synthohive_spark.pii.detection import find_fake_kind
from synthohive_spark.relational.profile import ColumnProfile, sample_rows

BLANK = OTHER
"""Stands for a stand-in: a letter that has no case."""
_ALL = 0.99
_log = get_logger(__name__)


def composed_columns(
    df: DataFrame,
    config: TableDeclaration,
    key: Sequence[str],
    profiles: Mapping[str, ColumnProfile],
    types: Mapping[str, ColumnType],
    privacy: Privacy,
) -> dict[str, Composed]:
    """By column, how it is put together from stand-ins; of others that hold personal values, a warning is logged.

    Personal columns of full names are among them where another form than the parts' own is written.

    Args:
        df: The table.
        config: What is declared about it.
        key: Columns of the primary key of which one is to make rows unique.
        profiles: What is known of the personal columns.
        types: The types of all columns that are not left out.
        privacy: What the model may keep.
    """
    personal = [n for n in config.pii if n in df.columns]
    strings = [n for n, type_ in types.items() if type_.is_string]
    if not personal or not strings:
        return {}
    count = max((own.rows for own in profiles.values()), default=0) or df.count()
    rows = sample_rows(df, list(dict.fromkeys([*personal, *strings])), count)
    taken = {*config.pk, *key, *config.context, *(c for link in config.fk for c in link.columns)}
    taken |= {name for own in config.dependencies for name in own.columns}
    columns = {name: Column(name, types[name]) for name in types}
    faked = [n for n in personal if config.pii[n].action == "fake" and n in types]
    sources = {n: Personal(columns[n], rows[n]) for n in faked if types[n].is_string or types[n].is_integer}
    found: dict[str, Composed] = {}
    for name in (n for n in faked if n not in taken and _is_full_name(n, config, profiles[n])):
        own = find_composed(columns[name], rows[name], list(sources.values()), privacy.min_rows)
        if own is not None and own.share >= _ALL and any(f.form != "as it is" for f in own.template.fields):
            found[name] = own
            del sources[name]
    for name in (n for n in strings if n not in config.pii):
        own = None if name in taken else find_composed(columns[name], rows[name], [*sources.values()], privacy.min_rows)
        if own is not None and (own.fixed or not any(f.source.type.is_integer for f in own.template.fields)):
            found[name] = own
            _log.info("pii_stand_ins", column=name, made=own.template.describe(), share=round(own.share, 3))
        elif (held := find_held(rows[name], {n: rows[n] for n in personal})) is not None:
            way = "give the column a pii action ('fake', 'hash', 'mask', 'drop')"
            _log.warning("pii_left", column=name, holds=held[0], share=round(held[1], 3), way=way)
    return found


def _is_full_name(name: str, config: TableDeclaration, profile: ColumnProfile) -> bool:
    """Whether a personal column is one of full names, of which several rows may share one."""
    kind = config.pii[name].kind
    if kind is None:
        finding = find_fake_kind(name, profile.sample)
        kind = None if finding is None else finding.kind
    return kind == "name" and not profile.unique


def composed_note(
    column: str, rows: Mapping[str, Sequence[str | None]], types: Mapping[str, ColumnType], personal: Collection[str]
) -> str | None:
    """What to say of a column that holds what personal ones hold; None where it does not.

    Args:
        column: The column, of strings.
        rows: Its values and those of the personal columns, in the same rows.
        types: The types of the columns.
        personal: The personal columns, each of which is to have stand-ins.
    """
    read = [Personal(Column(n, types[n]), rows[n]) for n in personal]
    own = find_composed(Column(column, types[column]), rows[column], read, Privacy().min_rows)
    if own is not None:
        return f"put together from their stand-ins: {own.template.describe()}"
    held = find_held(rows[column], {n: rows[n] for n in personal})
    return held and f"in {held[1]:.0%} of the rows it holds what {held[0]!r} holds: it needs a pii action, too"


def blank_codec() -> SurrogateCodec:
    """The codec of a column of which nothing is learned but where it is null."""
    return SurrogateCodec(ColumnType("string"), (Format((("",),), 0),), (1.0,), kind="text")


def blank_text(own: Composed, value: Expression) -> Expression:
    """A composed column as it may be learned: what stands around, and nothing of a person."""
    inner = BLANK + "".join(f"{gap}{BLANK}" for gap in own.template.gaps[1:-1])
    texts = {ends: F.lit(f"{ends[0]}{inner}{ends[1]}") for ends in own.ends}
    trimmed = F.rtrim(value)
    written = reduce(
        lambda rest, ends: F.when(trimmed.startswith(ends[0]) & trimmed.endswith(ends[1]), texts[ends]).otherwise(rest),
        sorted(own.ends, key=lambda ends: len(ends[0]) + len(ends[1])),
        texts[own.ends[0]],
    )
    return F.when(value.isNotNull(), written)
