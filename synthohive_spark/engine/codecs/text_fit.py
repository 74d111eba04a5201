"""Fitting a text codec: the patterns that enough values share, and the characters they are made of."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.text import ALPHABETS, Run, TextCodec
from synthohive_spark.engine.noise import derive_seed
from synthohive_spark.engine.real_values import RealValueFilter

_PATTERNS = 200
_SAMPLE = 20_000
_MOST_WORDS = 200


def fit_text(sample: ColumnSample) -> TextCodec:
    """Learn patterns that enough values share, with the lengths of their runs between the outermost kept ranks."""
    values, nulls, at_least = sample.values.drop_null().to_pylist(), sample.values.null_count, sample.at_least
    trim = sample.privacy.extreme_rows
    counts = np.array([nulls, len(values)] if nulls else [1], np.float64)
    values = values[:: max(1, len(values) // _SAMPLE)]
    by_pattern: dict[str, list[list[int]]] = defaultdict(list)
    for value in values:
        pattern, lengths = _runs(value)
        by_pattern[pattern].append(lengths)
    common = sorted(by_pattern.items(), key=lambda item: (-len(item[1]), item[0]))[:_PATTERNS]
    kept = [(p, rows) for p, rows in common if len(rows) >= max(at_least, 2)]
    patterns = [
        tuple(_run(c, column, trim) for c, column in zip(p, zip(*rows, strict=True), strict=True)) for p, rows in kept
    ]
    shares = [len(rows) / len(values) for _, rows in kept]
    left = 1 - sum(shares)
    if left > 0.5 or not patterns:
        wordy = _word_patterns(values, trim)
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
    )


def _runs(value: str) -> tuple[str, list[int]]:
    """The pattern of a value, a character for each run, and the runs' lengths."""
    classes = "".join(_class(c) for c in value)
    runs = [match.group() for match in re.finditer(r"(.)\1*", classes, re.DOTALL)]
    return "".join(run[0] for run in runs), [len(run) for run in runs]


def _class(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isalpha():
        return "A" if character.isupper() else "a"
    if character.isspace():
        return " "
    return character if character.isascii() and character.isprintable() else "-"


def _run(kind: str, lengths: Iterable[int], trim: int) -> Run:
    ordered = sorted(lengths)
    cut = min(max(trim, 1) - 1, (len(ordered) - 1) // 2)
    return kind, ordered[cut], ordered[-1 - cut]


def _word_patterns(values: Sequence[str], trim: int) -> list[tuple[Run, ...]]:
    words = [word for value in values for word in value.split()]
    if not words:
        return [()]
    word = _run("a", (len(w) for w in words), trim)
    counts = np.quantile([len(value.split()) for value in values], [0.1, 0.3, 0.5, 0.7, 0.9]).round().astype(int)
    kind = Counter(_class(c) for w in words for c in w).most_common(1)[0][0]
    run = (kind if kind in ALPHABETS else "a", word[1], word[2])
    return [
        tuple(part for _ in range(n) for part in ((" ", 1, 1), run))[1:]
        for n in np.clip(counts, 1, _MOST_WORDS).tolist()
    ]


def _letter_weights(values: Sequence[str], at_least: int) -> dict[str, tuple[float, ...]]:
    counts = Counter(c for value in values for c in value)
    weights = {}
    for kind, alphabet in ALPHABETS.items():
        real_values = [counts[c] if counts[c] >= at_least else 0 for c in alphabet]
        weights[kind] = tuple(float(n) for n in (real_values if sum(real_values) else [1] * len(alphabet)))
    return weights
