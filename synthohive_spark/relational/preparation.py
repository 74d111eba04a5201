"""What a fit may see of a table: keys and personal data are gone before a row leaves Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from synthohive_spark.declarations.dependencies import Unique
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.engine.codecs.agreeing import AgreeingCodec
from synthohive_spark.engine.codecs.rules import ColumnRules
from synthohive_spark.engine.codecs.sequence import SequenceCodec
from synthohive_spark.engine.codecs.string_formats import Format
from synthohive_spark.engine.codecs.surrogate import SurrogateCodec
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.errors import SchemaError
from synthohive_spark.pii.composed import Composed
from synthohive_spark.relational.composed_columns import BLANK, blank_codec, blank_text, composed_columns
from synthohive_spark.relational.keys import key_codec, made_key_codec
from synthohive_spark.relational.profile import ColumnProfile, profile_columns
from synthohive_spark.relational.stand_ins import fake_codecs
from synthohive_spark.spark.hashing import keyed_hash
from synthohive_spark.spark.real_values import real_value_filters
from synthohive_spark.spark.schema import column_type, quote, restored, spark_type

_HEX = tuple("0123456789abcdef")


def prepare(
    df: DataFrame,
    config: TableDeclaration,
    *,
    key: Sequence[str],
    made: Sequence[str] = (),
    seed: int,
    privacy: Privacy,
    hash_key: bytes | None,
) -> tuple[DataFrame, ColumnRules]:
    """The table as it may be learned, and the rules for its surrogate columns.

    Keys and stand-ins are replaced by a constant, so that of their values only the nulls are left; masked and hashed
    columns are masked and hashed. What is put together from stand-ins keeps the text around them.

    Args:
        df: The table.
        config: What is declared about it.
        key: Columns of the primary key of which one is to make rows unique; none where links do.
        made: Foreign keys of tables that are not there, whose values are made.
        seed: Seed of the table's fit.
        privacy: What the model may keep.
        hash_key: The key of hashed columns.

    Raises:
        SchemaError: If a column is hashed and there is no key, or there can be no stand-in for a column.
    """
    actions = {name: rule.action for name, rule in config.pii.items() if name not in config.dropped}
    _check_hash_key(actions, hash_key)
    looked_at = [name for name, action in actions.items() if action in ("fake", "hash")]
    alone = [own.columns[0] for own in config.dependencies if isinstance(own, Unique) and len(own.columns) == 1]
    profiles = profile_columns(df, list(dict.fromkeys([*key, *made, *looked_at, *alone])))
    types = {field.name: column_type(field) for field in df.schema.fields if field.name not in config.dropped}
    composed = composed_columns(df, config, key, profiles, types, privacy)
    rest = config.model_copy(update={"pii": {n: own for n, own in config.pii.items() if n not in composed}})
    fakes, imitated = fake_codecs(df, rest, key, profiles, types, seed, privacy)
    surrogates: dict[str, SurrogateCodec | SequenceCodec | AgreeingCodec] = {**fakes}
    surrogates |= {name: blank_codec() for name, own in composed.items() if own.fixed}
    for name, action in actions.items():
        if action == "hash" and profiles[name].nearly_unique:
            surrogates[name] = _hash_codec(types[name], profiles[name], derive_seed(seed, "hash", name))
    unique = _surrogate_key(key, config, surrogates, profiles)
    if unique is not None:
        surrogates[unique] = key_codec(types[unique], profiles[unique], privacy, config.constraints.get(unique))
    for name in alone:
        surrogates[name] = key_codec(types[name], profiles[name], privacy, config.constraints.get(name))
    strange = [name for name in made if name in types and name not in surrogates]
    real = real_value_filters(df, {name: profiles[name].distinct for name in strange}, seed=seed)
    surrogates.update({n: made_key_codec(types[n], profiles[n], privacy, real[n]) for n in strange})
    rules = ColumnRules(
        surrogates,
        frozenset(imitated),
        frozenset(config.high_cardinality_cols),
        frozenset(config.independent),
        tuple(own for own in config.dependencies if not isinstance(own, Unique)),
        templates=tuple(own.template for own in composed.values()),
        independent=frozenset(config.independent),
    )
    learned = {n: _prepared(df.schema[n], surrogates.get(n), actions.get(n), hash_key, composed.get(n)) for n in types}
    return df.select(*(learned.get(name, F.col(quote(name))) for name in df.schema.names)), rules


def _check_hash_key(actions: Mapping[str, str], hash_key: bytes | None) -> None:
    hashed = [name for name, action in actions.items() if action == "hash"]
    if hashed and not hash_key:
        raise SchemaError(f"column {hashed[0]!r} is to be hashed: give fit a hash_key, and keep it secret")


def _surrogate_key(
    key: Sequence[str],
    config: TableDeclaration,
    surrogates: Mapping[str, SurrogateCodec | SequenceCodec | AgreeingCodec],
    profiles: Mapping[str, ColumnProfile],
) -> str | None:
    """The column that makes the key unique, the one with most different values; None where one does already."""
    if not key or any(name in surrogates and surrogates[name].unique for name in key):
        return None
    free = [name for name in key if name not in config.pii]
    if not free:
        raise SchemaError(
            f"primary key ({', '.join(key)}) cannot be made unique from masked or hashed columns; give one of "
            f"them the pii rule 'fake', or none"
        )
    return max(free, key=lambda name: profiles[name].distinct)


def _hash_codec(type_: ColumnType, profile: ColumnProfile, key: int) -> SurrogateCodec:
    """Hexadecimal digits like those of a keyed hash, for a column in which every hash is one row's."""
    length = min(type_.length or 64, 64)
    return SurrogateCodec(type_, (Format((_HEX,) * length, 0),), unique=profile.unique, key=key, kind="text")


def _prepared(
    field: T.StructField,
    surrogate: SurrogateCodec | SequenceCodec | AgreeingCodec | None,
    action: str | None,
    hash_key: bytes | None,
    composed: Composed | None,
) -> Expression:
    column = Column(field.name, column_type(field), field.nullable)
    value = F.col(quote(field.name))
    if surrogate is not None:
        blank = F.lit(BLANK if column.type.is_string else None if column.type.is_temporal else 0)
        if column.type.is_temporal:
            blank = F.lit("2000-01-01")
        return restored(F.when(value.isNotNull(), blank.cast(spark_type(column.type))), column)
    if composed is not None:
        return restored(blank_text(composed, value), column)
    if action == "mask":
        masked = F.regexp_replace(value, r"[\p{L}\p{M}\p{N}]+", "***")
        return restored(F.substring(masked, 1, column.type.length) if column.type.length else masked, column)
    if action == "hash":
        hashed = keyed_hash(value, hash_key or b"")
        return restored(F.substring(hashed, 1, column.type.length) if column.type.length else hashed, column)
    return value
