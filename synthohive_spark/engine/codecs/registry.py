"""The codecs by name, and which of them suits a column. Adding one is a file and its lines here."""

from __future__ import annotations

from synthohive_spark.engine.codecs.categorical import CategoricalCodec
from synthohive_spark.engine.codecs.categorical_fit import fit_categorical
from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.interface import Codec
from synthohive_spark.engine.codecs.mixture import MixtureCodec
from synthohive_spark.engine.codecs.mixture_fit import fit_mixture
from synthohive_spark.engine.codecs.numeric import NumericCodec
from synthohive_spark.engine.codecs.numeric_fit import fit_numeric
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
}
"""By the name that a codec writes into its JSON."""
_FEWEST_TEXTS = 9
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
        return fit_mixture(sample) if numeric_encoding == "mixture" else fit_numeric(sample)
    imitated = name in rules.imitated
    if type_.is_string and name not in rules.categorical and (imitated or _nearly_unique(sample)):
        if not imitated:
            _log.warning("text_column", column=name, reason="nearly every row has a value of its own")
        return fit_text(sample)
    return fit_categorical(sample)


def _nearly_unique(sample: ColumnSample) -> bool:
    counts = sample.counts
    rows = sum(counts.values())
    if rows < _FEWEST_TEXTS:
        return False
    kept = sum(count for count in counts.values() if count >= sample.at_least)
    return len(counts) > rows / 2 or (kept < rows / 2 and len(counts) >= _FEWEST_TEXTS)
