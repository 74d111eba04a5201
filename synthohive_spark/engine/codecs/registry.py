"""The codecs by name, and which of them suits a column. Adding one is a file and its lines here."""

from __future__ import annotations

from synthohive_spark.engine.codecs.agreeing import AgreeingCodec
from synthohive_spark.engine.codecs.categorical import CategoricalCodec
from synthohive_spark.engine.codecs.categorical_fit import fit_categorical
from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.interface import Codec
from synthohive_spark.engine.codecs.mixture import MixtureCodec
from synthohive_spark.engine.codecs.mixture_fit import fit_mixture
from synthohive_spark.engine.codecs.numeric import NumericCodec
from synthohive_spark.engine.codecs.numeric_fit import MOST_OF_THINGS, OF_THINGS, SPIKE_SHARE, fit_numeric
from synthohive_spark.engine.codecs.rules import ColumnRules
from synthohive_spark.engine.codecs.sequence import SequenceCodec
from synthohive_spark.engine.codecs.surrogate import SurrogateCodec
from synthohive_spark.engine.codecs.text import TextCodec
from synthohive_spark.engine.codecs.text_fit import fit_text
from synthohive_spark.logs import get_logger

CODECS: dict[str, type[Codec]] = {
    "categorical": CategoricalCodec,
    "numeric": NumericCodec,
    "mixture": MixtureCodec,
    "text": TextCodec,
    "surrogate": SurrogateCodec,
    "sequence": SequenceCodec,
    "agreeing": AgreeingCodec,
}
"""By the name that a codec writes into its JSON."""
_FEWEST_TEXTS = 9
_FEW_RARE, _MANY_RARE = 0.05, 0.1
_ALL_BUT = 0.9
_log = get_logger(__name__)


def fit_codec(sample: ColumnSample, rules: ColumnRules, numeric_encoding: str, rows: int) -> Codec:
    """Fit the codec that suits a column; one of no code means that the privacy settings left no value.

    Args:
        sample: The column.
        rules: Columns that are not to be learned as their values suggest.
        numeric_encoding: "rank" or "mixture"; see `synthohive_spark.engine.table.request.FitRequest`.
        rows: Rows of the whole table.
    """
    name, type_ = sample.column.name, sample.column.type
    if name in rules.surrogates:
        return rules.surrogates[name].with_nulls(sample.statistics.nulls, rows)
    if not type_.is_string and type_.name != "boolean":
        if numeric_encoding == "mixture":
            return fit_mixture(sample)
        numeric = fit_numeric(sample)
        if not numeric.bins:
            _warn_of_rare(sample)
        return numeric
    imitated = name in rules.imitated
    if type_.is_string and name not in rules.categorical and (imitated or nearly_unique(sample)):
        words = _words(sample, imitated)
        if not imitated:
            _warn(name, sample, words)
        return fit_text(sample, words, imitated=imitated)
    _warn_of_rare(sample)
    return fit_categorical(sample)


def nearly_unique(sample: ColumnSample) -> bool:
    """Whether patterns tell more of a column than its values: most rows, or many of those of rare values, are alone.

    Zip codes and the like that are made up do not exist: up to half of the rows may hold rare ones.
    """
    many = 1 - MOST_OF_THINGS if OF_THINGS.search(sample.column.name) else _MANY_RARE
    counts = sample.counts
    rows, common = sum(counts.values()), _common(sample)
    if rows < _FEWEST_TEXTS:
        return False
    others = rows - sum(counts[word] for word in common)
    # Who asks for categories of one row as well gets them, unless nearly every row has its own.
    alone = 0.5 if sample.privacy.rare_category_rows or 2 * len(counts) > rows else _ALL_BUT
    if len(counts) - len(common) > alone * others and others > many * rows:
        return True
    least = sample.at_least
    rare = [count for count in counts.values() if count < least]
    return sum(rare) > many * rows and len(rare) >= _FEWEST_TEXTS


def _common(sample: ColumnSample) -> list[str]:
    """Values that a noticeable share of the rows holds."""
    least = max(SPIKE_SHARE * sum(sample.counts.values()), sample.at_least, 3)
    return [v for v, count in sample.counts.items() if count >= least]


def _words(sample: ColumnSample, imitated: bool) -> list[str]:
    """Values that are kept beside patterns: those of many rows, of a column of categories all that may be kept.

    Of a column whose values may not come out, what holds neither letter nor digit.
    """
    if imitated:
        return [word for word in _common(sample) if not any(c.isalnum() for c in word)]
    least = max(sample.at_least, 2)
    kept = [v for v, count in sample.counts.items() if count >= least]
    return kept if 2 * sum(sample.counts[v] for v in kept) >= sum(sample.counts.values()) else _common(sample)


def _warn_of_rare(sample: ColumnSample) -> None:
    """Tell how many values are left out of what is called a zip code or the like."""
    rare = [count for count in sample.counts.values() if count < sample.at_least]
    kept, rows = len(sample.counts) - len(rare), sum(sample.counts.values())
    if OF_THINGS.search(sample.column.name) and kept and sum(rare) > _FEW_RARE * rows:
        reason = f"{sum(rare):,} rows hold {len(rare):,} rare values: they are left out"
        _log.warning("rare_values", column=sample.column.name.replace("\x00", " "), reason=reason, values_kept=kept)


def _warn(name: str, sample: ColumnSample, words: list[str]) -> None:
    others = sum(sample.counts.values()) - sum(sample.counts[word] for word in words)
    reason = f"{others:,} rows hold values that few or no other rows hold: they are imitated by patterns"
    _log.warning("text_column", column=name.replace("\x00", " "), reason=reason, values_kept=len(words))
