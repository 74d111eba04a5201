"""Codecs of the stand-ins for a table's personal columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.engine.codecs.agreeing import AgreeingCodec
from synthohive_spark.engine.codecs.surrogate import SurrogateCodec
from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.logs import get_logger
from synthohive_spark.pii.agreeing_fakes import Wanted, agreeing_codecs
from synthohive_spark.pii.agreement import FEWEST_ROWS, find_groups, role_of
from synthohive_spark.pii.detection import find_fake_kind
from synthohive_spark.pii.fakes import fake_formats
from synthohive_spark.pii.format_fitting import Avoid
from synthohive_spark.relational.key_formats import key_formats
from synthohive_spark.relational.profile import ColumnProfile, sample_rows
from synthohive_spark.spark.real_values import real_value_filters
from synthohive_spark.spark.schema import quote

_KEY = "key"
"""The kind of a key that no provider of stand-ins fits: its surrogates follow its own pattern."""
_SHARED = ("first_name", "last_name", "title", "city", "country")
"""Kinds of which no table needs a value of its own for each row, even where a small one has."""
_log = get_logger(__name__)


@dataclass(frozen=True)
class _Fake:
    """A column of stand-ins."""

    kind: str
    locale: str
    wanted: Wanted
    rows: int


def fake_codecs(
    df: DataFrame,
    config: TableDeclaration,
    key: Sequence[str],
    profiles: Mapping[str, ColumnProfile],
    types: Mapping[str, ColumnType],
    seed: int,
    privacy: Privacy,
) -> tuple[dict[str, SurrogateCodec | AgreeingCodec], list[str]]:
    """Codecs of stand-ins, and columns that no provider of stand-ins fits, which are imitated by patterns.

    Args:
        df: The table.
        config: What is declared about it.
        key: Columns of the primary key of which one is to make rows unique.
        profiles: What is known of the columns.
        types: The types of all columns that are not left out.
        seed: Seed of the table's fit.
        privacy: What the model may keep.
    """
    rules = {name: rule for name, rule in config.pii.items() if rule.action == "fake" and name not in config.dropped}
    kinds = {name: rule.kind or _found_kind(name, profiles[name].sample) for name, rule in rules.items()}
    imitated = [n for n, kind in kinds.items() if kind is None and types[n].is_string and n not in key]
    for name in imitated:
        _log.warning("pii_kind_unknown", column=name, way="its values are imitated by patterns; give a kind for more")
    made = {n: kind or (_KEY if types[n].is_string else "phone") for n, kind in kinds.items() if n not in imitated}
    real_values = real_value_filters(df, {name: profiles[name].distinct for name in made}, seed=seed)
    unique = {n for n, kind in made.items() if n in key or (profiles[n].unique and kind not in _SHARED)}
    fakes = {
        n: _Fake(
            kind,
            rules[n].locale,
            Wanted(types[n], profiles[n].sample, n in unique, real_values[n]),
            profiles[n].rows,
        )
        for n, kind in made.items()
    }
    personal = [name for name in config.pii if types.get(name, ColumnType("string")).is_string and name in df.columns]

    def avoid(words: Iterable[str]) -> set[str]:
        return _held(df, personal, list(words))

    codecs = _agreeing(df, fakes, key, seed, privacy, avoid)
    codecs |= {n: _alone(n, fake, seed, privacy, avoid) for n, fake in fakes.items() if n not in codecs}
    for name, codec in codecs.items():
        if codec.unique and codec.capacity < fakes[name].rows:
            _log.warning("few_unique_values", column=name, rows=codec.capacity, learned=fakes[name].rows)
    return codecs, imitated


def _found_kind(name: str, values: Sequence[str]) -> str | None:
    finding = find_fake_kind(name, values)
    return None if finding is None else finding.kind


def _agreeing(
    df: DataFrame, fakes: Mapping[str, _Fake], key: Sequence[str], seed: int, privacy: Privacy, avoid: Avoid
) -> dict[str, SurrogateCodec | AgreeingCodec]:
    """Codecs of the columns that speak of the same person as others."""
    codecs: dict[str, SurrogateCodec | AgreeingCodec] = {}
    strings = {n: f for n, f in fakes.items() if f.wanted.type.is_string and not (n in key and f.kind in _SHARED)}
    for locale in dict.fromkeys(fake.locale for fake in strings.values()):
        own = {n: fake for n, fake in strings.items() if fake.locale == locale}
        roles = {n: role for n, fake in own.items() if (role := role_of(n, fake.kind, fake.wanted.values, locale))}
        most = max((own[name].rows for name in roles), default=0)
        if len(roles) < 2 or most < FEWEST_ROWS:
            continue
        rows = sample_rows(df, list(roles), most)
        for members in find_groups(rows, roles, privacy.min_rows):
            wanted = {member.column: own[member.column].wanted for member in members}
            codecs.update(agreeing_codecs(members, wanted, locale, seed, avoid))
    return codecs


def _alone(name: str, fake: _Fake, seed: int, privacy: Privacy, avoid: Avoid) -> SurrogateCodec:
    """The codec of a column by itself."""
    round_width, wanted = 1, fake.wanted
    if fake.kind is _KEY:
        formats, shares, round_width = key_formats(wanted.values, privacy.min_rows)
    else:
        formats, shares = fake_formats(fake.kind, fake.locale, values=wanted.values, type_=wanted.type, avoid=avoid)
    return SurrogateCodec(
        wanted.type,
        formats,
        shares,
        unique=wanted.unique,
        key=derive_seed(seed, "fake", name),
        round_width=round_width,
        real_values=wanted.real_values,
        kind="text",
    )


def _held(df: DataFrame, columns: list[str], words: list[str]) -> set[str]:
    """Those of ``words`` that are a value of one of the columns."""
    if not columns or not words:
        return set()
    values = F.explode(F.array(*[F.rtrim(F.col(quote(name)).cast("string")) for name in columns])).alias("value")
    wanted = df.sparkSession.createDataFrame(pa.table({"value": pa.array(words, pa.string())}))
    return {row.value for row in df.select(values).join(wanted, "value", "left_semi").distinct().collect()}
