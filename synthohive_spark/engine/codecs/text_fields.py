"""How strings are cut into the runs of a pattern, and what is learned of the texts at one place."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from synthohive_spark.engine.codecs.scripts import DIGITS, MIXED, class_of
from synthohive_spark.engine.codecs.text_runs import Run, Shape

Pattern = tuple[str, ...]
_RUN = re.compile(r"Aa+|Жж+|Ωω+|(.)\1*", re.DOTALL)
"""A capital with the small letters that follow is one run."""
_FIELD = re.compile(r"(.)\1*", re.DOTALL)
_ALIKE = str.maketrans("A9", "aa")
_FEW_PATTERNS, _FEW_LENGTHS, _FEW_SKELETONS = 2, 8, 5
_NEARLY_ALL, _ALL_BUT, _SOME, _MOST = 0.9, 0.95, 0.05, 0.8
_LOOKED_AT = 2_000
_MOST_LENGTHS, _LONGEST_SPELLED, _LONGEST_HEAD = 64, 128, 8
_MOST_TEXTS, _ROWS_OF_A_HEAD = 200, 10
_STRAY = 0.02


def by_pattern(values: Sequence[str], enough: int) -> dict[Pattern, list[list[str]]]:
    """The runs of values, by the kinds of the runs.

    Letters and digits in which any may follow any (hexadecimal numbers, licence keys) are one run of the class `MIXED`;
    so is a whole string, where marks, too, stand anywhere among them.

    Args:
        values: The strings.
        enough: Fewest rows of what is told apart.
    """
    table = {ord(c): class_of(c) for c in set().union(*values)}
    classes = [value.translate(table) for value in values]
    marks = Counter(own.translate(_ALIKE) for own in classes)
    most = sum(count for _, count in marks.most_common(_FEW_SKELETONS))
    if most < _MOST * len(values) and not any(" " in own for own in classes) and _is_mixed(values, enough, 1):
        return {(MIXED,): [[value] for value in values]}
    skeletons: dict[Pattern, list[int]] = defaultdict(list)
    for row, own in enumerate(classes):
        skeletons[tuple(match.group()[0] for match in _FIELD.finditer(own.translate(_ALIKE)))].append(row)
    found: dict[Pattern, list[list[str]]] = defaultdict(list)
    for skeleton, rows in skeletons.items():
        mixed = _mixed_places(skeleton, [(values[row], classes[row]) for row in rows], enough)
        for row in rows:
            pattern, runs = _cut(values[row], classes[row], mixed)
            found[pattern].append(runs)
    return found


def _mixed_places(skeleton: Pattern, rows: Sequence[tuple[str, str]], enough: int) -> frozenset[int]:
    """At which places of a skeleton letters and digits are mixed, of strings with the classes of their characters."""
    places = [place for place, kind in enumerate(skeleton) if kind == "a"]
    if len(rows) < enough or not places:
        return frozenset()
    fields = [[value[m.start() : m.end()] for m in _FIELD.finditer(own.translate(_ALIKE))] for value, own in rows]
    return frozenset(place for place in places if _is_mixed([own[place] for own in fields], enough))


def _cut(value: str, classes: str, mixed: frozenset[int]) -> tuple[Pattern, list[str]]:
    """The kind of each run of a value, and the runs; fields at mixed places are one."""
    kinds: list[str] = []
    runs: list[str] = []
    fields = enumerate(_FIELD.finditer(classes.translate(_ALIKE))) if mixed else [(-1, None)]
    for place, field in fields:
        start, end = field.span() if field else (0, len(value))
        if place in mixed:
            kinds.append(MIXED)
            runs.append(value[start:end])
            continue
        for match in _RUN.finditer(classes, start, end):
            run = match.group()
            kinds.append(run[:2] if run[0] != run[-1] else run[0])
            runs.append(value[match.start() : match.end()])
    return tuple(kinds), runs


def _is_mixed(texts: Sequence[str], enough: int, most_lengths: int = _FEW_LENGTHS) -> bool:
    """Whether texts have few lengths, but many orders of letters and digits, in which two kinds follow each other."""
    few = texts[:: max(1, len(texts) // _LOOKED_AT)]
    classes = ["".join(map(class_of, text)) for text in few]
    if len(set(classes)) <= _FEW_PATTERNS:
        return False
    kinds = Counter(tuple(match.group()[:1] for match in _RUN.finditer(own)) for own in classes)
    if sum(count for _, count in kinds.most_common(_FEW_PATTERNS)) >= _NEARLY_ALL * len(few):
        return False
    lengths = [count for _, count in Counter(map(len, texts)).most_common(most_lengths) if count >= enough]
    if sum(lengths) < _ALL_BUT * len(texts):
        return False
    steps = Counter(step for own in classes for step in {a + b for a, b in pairwise(own) if a != b and a in "Aa9"})
    return any(min(count, steps[step[::-1]]) >= _SOME * len(few) for step, count in steps.items())


def run_of(kind: str, texts: Sequence[str], enough: int, trim: int, least: float = 0.0) -> Run:
    """What is learned of the texts at one place.

    Args:
        kind: Their class.
        texts: The texts, one for each row.
        enough: Fewest rows of anything that is kept.
        trim: Rank of the shortest and of the longest one that are kept, from 1.
        least: Share of the rows that a text must have, at least, to be used as it is.
    """
    known = shared_texts(texts, enough, least)
    others = [text for text in texts if text not in known] or texts
    ordered = sorted(map(len, others))
    cut = min(max(trim, 1) - 1, (len(ordered) - 1) // 2)
    low, high = ordered[cut], ordered[-1 - cut]
    others = [text for text in others if low <= len(text) <= high]
    return Run(kind, low, high, known, _shapes(kind, others, enough, least) if len(known) < len(set(texts)) else ())


def shared_texts(texts: Sequence[str], enough: int, least: float) -> dict[str, float]:
    """The texts that many of these are, with their share; at most 200, and each of at least a share of ``least``."""
    if class_of(texts[0][0]) == texts[0][0] and not texts[0][0].isalnum():
        return {}
    counted = Counter(texts).most_common(_MOST_TEXTS)
    return {text: count / len(texts) for text, count in counted if count >= max(enough, least * len(texts))}


def _shapes(kind: str, texts: Sequence[str], enough: int, least: float) -> tuple[Shape, ...]:
    """The lengths that enough texts have; of digits, and of letters of one length, also what stands at each place."""
    if class_of(kind[0]) == kind[0] and not kind[0].isalnum():
        return ()
    by_length: dict[int, list[str]] = defaultdict(list)
    for text in texts:
        by_length[len(text)].append(text)
    common = sorted(by_length.values(), key=lambda own: (-len(own), len(own[0])))[:_MOST_LENGTHS]
    common = [own for own in common if len(own) >= enough]
    rows = sum(map(len, common))
    if 2 * rows < len(texts) or not rows:
        return ()
    of_few = kind in DIGITS or kind == MIXED
    spelled = of_few or (len(kind) == 1 and len(common[0]) >= _NEARLY_ALL * len(texts))
    usual = [Counter(text[0] for text in texts if len(text) > 1), Counter(c for text in texts for c in set(text))]
    usual = [Counter({c: n for c, n in own.items() if n >= enough}) for own in usual]
    return tuple(
        Shape(len(own[0]), len(own) / rows, *(_spelled(own, usual, enough, least, of_few) if spelled else ()))
        for own in sorted(common, key=lambda own: len(own[0]))
    )


def _spelled(
    texts: Sequence[str], usual: Sequence[Mapping[str, int]], enough: int, least: float, of_few: bool
) -> tuple[dict[str, float], tuple[dict[str, float], ...]]:
    """How texts of one length begin, and the characters at the places behind.

    Args:
        texts: The texts.
        usual: Rows of the characters that begin texts of any length above one, and of those at any place.
        enough: Fewest rows of anything that is kept.
        least: Share of the rows that the beginning of several must have, at least.
        of_few: Whether they are made of few different characters.
    """
    length = len(texts[0])
    if length > _LONGEST_SPELLED:
        return {}, ()
    heads = _heads(texts, enough, least)
    start = len(next(iter(heads), ""))
    others = [usual[p > 0 or not usual[0]] for p in range(start, length)]
    columns = [Counter(text[p] for text in texts) for p in range(start, length)]
    return heads, tuple(
        _place(own, other, len(texts), enough, of_few) for own, other in zip(columns, others, strict=True)
    )


def _heads(texts: Sequence[str], enough: int, least: float) -> dict[str, float]:
    """The longest beginnings that nearly all texts share with enough others."""
    enough = max(enough, _ROWS_OF_A_HEAD, round(least * len(texts)))
    for size in range(min(len(texts[0]) - 1, _LONGEST_HEAD), 0, -1):
        counted = Counter(text[:size] for text in texts)
        kept = {head: count for head, count in sorted(counted.items()) if count >= enough}
        if 0 < len(kept) <= _MOST_TEXTS and sum(kept.values()) >= _ALL_BUT * len(texts):
            return {head: round(count / len(texts), 6) for head, count in kept.items()}
    return {}


def _place(
    counted: Mapping[str, int], usual: Mapping[str, int], rows: int, enough: int, of_few: bool
) -> dict[str, float]:
    """The characters that enough texts hold at a place; others of these texts share what is left by how usual they are.

    None where most are held by too few, unless there are few different ones.
    """
    kept = {c: count / rows for c, count in sorted(counted.items()) if count >= enough}
    left = 1 - sum(kept.values())
    others = {c: n for c, n in sorted(usual.items()) if c not in kept}
    if left > 0.5 and not of_few:
        return {}
    if left > _STRAY and others:
        kept |= {c: left * n / sum(others.values()) for c, n in others.items()}
    return {c: round(share, 6) for c, share in kept.items()}
