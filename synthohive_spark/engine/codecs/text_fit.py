"""Fitting a text codec: the patterns that enough values share, and the characters they are made of."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.scripts import ALPHABETS, SPREAD, class_of
from synthohive_spark.engine.codecs.text import LONGEST, Run, TextCodec
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.engine.real_values import RealValueFilter

_PATTERNS = 200
_SAMPLE = 20_000
_MOST_WORDS = 200
_MOST_TEXTS = 200
_LONGEST_WORD = LONGEST // _MOST_WORDS - 1
_RUN = re.compile(r"Aa+|Жж+|Ωω+|(.)\1*", re.DOTALL)
"""A capital with the small letters that follow is one run."""
_NEARLY_ALL = 0.9
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
    by_pattern: dict[tuple[str, ...], list[list[str]]] = defaultdict(list)
    for value in values:
        pattern, runs = _runs(value)
        by_pattern[pattern].append(runs)
    common = sorted(by_pattern.items(), key=lambda item: (-len(item[1]), item[0]))[:_PATTERNS]
    kept = [(p, rows) for p, rows in common if len(rows) >= max(at_least, 2) and _is_short(rows)]
    least = _NEARLY_ALL if imitated else 0.0

    def run(kind: str, texts: Sequence[str]) -> Run:
        return _run(kind, map(len, texts), trim)._replace(texts=_shared_texts(texts, at_least, least))

    patterns = [tuple(run(c, column) for c, column in zip(p, zip(*rows, strict=True), strict=True)) for p, rows in kept]
    shares = [len(rows) / len(values) for _, rows in kept]
    left = 1 - sum(shares)
    if left > 0.5 or not patterns:
        wordy = _word_patterns(values, trim, at_least, imitated)
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


def _is_short(rows: list[list[str]]) -> bool:
    """Whether strings of a pattern, each in its runs, are not too long to be made from it."""
    lengths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return sum(lengths) <= LONGEST and max(lengths, default=0) * _MOST_TEXTS <= LONGEST


def _runs(value: str) -> tuple[tuple[str, ...], list[str]]:
    """The pattern of a value, the kind of each run, and the runs."""
    classes = "".join(class_of(c) for c in value)
    found = [(match.group(), match.span()) for match in _RUN.finditer(classes)]
    kinds = tuple(run[:2] if run[:1] != run[-1:] else run[0] for run, _ in found)
    return kinds, [value[start:end] for _, (start, end) in found]


def _shared_texts(texts: Sequence[str], at_least: int, least: float) -> dict[str, float]:
    """The texts that many of these are, with their share; at most 200, and each of at least a share of ``least``."""
    if class_of(texts[0][0]) == texts[0][0] and not texts[0][0].isalnum():
        return {}
    counted = Counter(texts).most_common(_MOST_TEXTS)
    enough = max(at_least, 2, least * len(texts))
    return {text: count / len(texts) for text, count in counted if count >= enough}


def _run(kind: str, lengths: Iterable[int], trim: int) -> Run:
    ordered = sorted(lengths)
    cut = min(max(trim, 1) - 1, (len(ordered) - 1) // 2)
    return Run(kind, ordered[cut], ordered[-1 - cut])


def _word_patterns(values: Sequence[str], trim: int, at_least: int, imitated: bool) -> list[tuple[Run, ...]]:
    words = [word for value in values for word in value.split()]
    if not words:
        return [()]
    word = _run("a", (min(len(w), _LONGEST_WORD) for w in words), trim)
    counts = np.quantile([len(value.split()) for value in values], [0.1, 0.3, 0.5, 0.7, 0.9]).round().astype(int)
    kind = Counter(class_of(c) for w in words for c in w).most_common(1)[0][0]
    short = [w for w in words if len(w) <= _LONGEST_WORD]
    known = {} if imitated or not short else _shared_texts(short, at_least, 0.0)
    run = Run(kind if kind in ALPHABETS or kind in SPREAD else "a", word.low, word.high, known)
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
    # Scripts of many characters hold most of them too seldom to say how often.
    return weights | {kind: own for kind, own in every.items() if kind in SPREAD and len(weights.get(kind, ())) < _FEW}
