"""Fitting a text codec: the patterns that enough values share, and the characters they are made of."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.scripts import ALPHABETS, MIXED, SPREAD, class_of
from synthohive_spark.engine.codecs.text import TextCodec
from synthohive_spark.engine.codecs.text_fields import by_pattern, run_of, shared_texts
from synthohive_spark.engine.codecs.text_phrases import Rows, by_phrase
from synthohive_spark.engine.codecs.text_runs import LONGEST, Run
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.engine.real_values import RealValueFilter

_PATTERNS = 200
_SAMPLE = 20_000
_MOST_WORDS = 200
_MOST_TEXTS = 200
_LONGEST_WORD = LONGEST // _MOST_WORDS - 1
_NEARLY_ALL = 0.9
_ROOM = 4
_FEW = 10
"""Characters of a script that enough values hold."""


def fit_text(sample: ColumnSample, words: Sequence[str] = (), *, imitated: bool = False) -> TextCodec:
    """Learn patterns that enough values share, with the lengths of their runs between the outermost kept ranks.

    Args:
        sample: The column.
        words: Values that are kept as they are.
        imitated: Whether of the values nothing may be used but what stands at one place in nearly all of them.
    """
    nulls, at_least, trim = sample.values.null_count, sample.at_least, sample.privacy.extreme_rows
    values = sample.values.drop_null().to_pylist()
    of_words, kept_words = Counter(v for v in values if v in set(words)), tuple(sorted(words))
    values = [v for v in values if v not in of_words]
    counts = np.array([*([nulls] if nulls else []), *(of_words[w] for w in kept_words), len(values)], np.float64)
    values = values[:: max(1, len(values) // _SAMPLE)]
    enough = max(at_least, 2)
    found = [
        (kinds, part)
        for kinds, rows in by_pattern(values, enough).items()
        for part in ([rows] if imitated else by_phrase(rows))
    ]
    common = sorted(found, key=lambda item: (-len(item[1]), item[0]))[:_PATTERNS]
    kept = [(p, rows) for p, rows in common if len(rows) >= enough and _is_short(rows)]
    least = _NEARLY_ALL if imitated else 0.0
    patterns = [
        tuple(run_of(c, own, enough, trim, least) for c, own in zip(p, zip(*rows, strict=True), strict=True))
        for p, rows in kept
    ]
    shares = [len(rows) / len(values) for _, rows in kept]
    left = 1 - sum(shares)
    if left > 0.5 or not patterns:
        wordy = _word_patterns(values, trim, enough, imitated)
        patterns += wordy
        shares += [left / len(wordy)] * len(wordy)
    real_values = sample.statistics.real_values
    if real_values is None:
        real_values = RealValueFilter.of(sample.counts, derive_seed(sample.seed, "seen", sample.column.name))
    return TextCodec(
        sample.column.type,
        bool(nulls),
        tuple(patterns),
        tuple(shares),
        _letter_weights(values, at_least),
        tuple((counts / counts.sum()).tolist()),
        real_values,
        kept_words,
    )


def with_room(codec: TextCodec, values: int) -> TextCodec:
    """The codec, with any digits in patterns of which hardly more strings can be made than there are values."""
    patterns = tuple(
        tuple(run.with_any_digits for run in runs) if math.prod(r.room for r in runs) < _ROOM * share * values else runs
        for runs, share in zip(codec.patterns, codec.shares, strict=True)
    )
    return replace(codec, patterns=patterns)


def _is_short(rows: Rows) -> bool:
    """Whether strings of a pattern, each in its runs, are not too long to be made from it."""
    lengths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return sum(lengths) <= LONGEST and max(lengths, default=0) * _MOST_TEXTS <= LONGEST


def _word_patterns(values: Sequence[str], trim: int, enough: int, imitated: bool) -> list[tuple[Run, ...]]:
    words = [word for value in values for word in value.split()]
    if not words:
        return [()]
    counts = np.quantile([len(value.split()) for value in values], [0.1, 0.3, 0.5, 0.7, 0.9]).round().astype(int)
    kind = Counter(class_of(c) for w in words for c in w).most_common(1)[0][0]
    kind = kind if kind in ALPHABETS or kind in SPREAD else "a"
    short = [w for w in words if len(w) <= _LONGEST_WORD]
    lengths = sorted(min(len(w), _LONGEST_WORD) for w in words)
    cut = min(max(trim, 1) - 1, (len(lengths) - 1) // 2)
    known = {} if imitated or not short else shared_texts(short, enough, 0.0)
    run = Run(kind, lengths[cut], lengths[-1 - cut], known)
    return [
        tuple(part for _ in range(n) for part in (Run(" ", 1, 1), run))[1:]
        for n in np.clip(counts, 1, _MOST_WORDS).tolist()
    ]


def _letter_weights(values: Sequence[str], at_least: int) -> dict[str, dict[str, float]]:
    """The characters of each class by how often values hold them, as far as enough do."""
    counts = Counter(c for value in values for c in value)
    weights: dict[str, dict[str, float]] = {kind: {} for kind in ALPHABETS}
    every: dict[str, dict[str, float]] = defaultdict(dict)
    for character, count in sorted(counts.items()):
        kind = class_of(character)
        if kind in SPREAD or (kind in ALPHABETS and character not in ALPHABETS[kind]):
            every[kind][character] = 1.0
        if count >= at_least and (kind in SPREAD or kind in ALPHABETS):
            weights.setdefault(kind, {})[character] = float(count)
    for kind, alphabet in ALPHABETS.items():
        weights[kind] = {c: weights[kind].get(c, 0.0) for c in alphabet} | weights[kind]
        if not any(weights[kind].values()):
            weights[kind] = dict.fromkeys(alphabet, 1.0)
    weights[MIXED] = {c: n for kind in ALPHABETS for c, n in weights[kind].items()}
    # Scripts of many characters hold most of them too seldom to say how often.
    return weights | {kind: own for kind, own in every.items() if kind in SPREAD and len(weights.get(kind, ())) < _FEW}
