"""Formats made to fit a column: without its real values, no longer than its type allows, in its letter case."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from synthohive_spark.engine.codecs.string_formats import Format
from synthohive_spark.errors import SchemaError
from synthohive_spark.pii.word_pools import FEWEST, compounds, filled

_ROOM = 6
_COMPOUNDS = 300
Avoid = Callable[[Iterable[str]], set[str]]
"""Returns those of some words that are real values."""
WeightedFormats = list[tuple[Format, float]]
"""Formats of a column, and the share of each."""


def without_real_words(weighted: WeightedFormats, avoid: Avoid | None) -> WeightedFormats:
    """The formats without those words of their pools that ``avoid`` returns; too small pools are filled.

    Pools of fewer words than `FEWEST` and single characters are structure and stay.
    """
    words = sorted({word for f, _ in weighted for pool in f.pools if _is_content(pool) for word in pool})
    if avoid is None or not words:
        return weighted
    real = avoid(words)

    def clean(pool: tuple[str, ...]) -> tuple[str, ...]:
        if not _is_content(pool):
            return pool
        left = tuple(word for word in pool if word not in real)
        if len(left) >= FEWEST:
            return left
        lengths = set(map(len, pool))
        pairs = () if len(lengths) == 1 else compounds(pool, _COMPOUNDS)
        made = left + pairs if pairs else filled(left, FEWEST * 3, lengths.pop() if len(lengths) == 1 else 0)
        added = made[len(left) :]
        also_real = avoid(added) if added else set()
        unreal = left + tuple(word for word in added if word not in also_real)
        return unreal if len(unreal) > 1 else made

    return [(replace(f, pools=tuple(clean(pool) for pool in f.pools)), share) for f, share in weighted]


def shortened(weighted: WeightedFormats, length: int, kind: str) -> WeightedFormats:
    """The formats whose strings have at most ``length`` characters, with fewer and shorter words where they must.

    Raises:
        SchemaError: If none can be that short.
    """
    short = [(_shortened(f, length), share) for f, share in weighted]
    fitting = [(f, share) for f, share in short if f is not None]
    if not fitting:
        raise SchemaError(
            f"no fake of kind {kind!r} fits into {length} characters: "
            "widen the column, or choose another pii action ('hash', 'mask', 'drop')"
        )
    return fitting


def _shortened(format_: Format, length: int) -> Format | None:
    # Some room is left for the number of a round where that costs only long words.
    for goal, fewest in ((length - _ROOM, 100), (length, FEWEST)):
        pools = [list(pool) for pool in format_.pools]
        while sum(max(map(len, pool)) for pool in pools) > goal - (format_.longest - _longest(format_.pools)):
            varied = [pool for pool in pools if len(pool) >= fewest and _is_content(pool)]
            if not varied:
                break
            pool = max(varied, key=lambda p: max(map(len, p)))
            most = max(map(len, pool))
            shorter = [word for word in pool if len(word) < most]
            if len(shorter) < fewest:
                shorter = _shorter_words(pool, shorter, fewest, most - 1)
            if not shorter:
                break
            pool[:] = shorter
        else:
            return replace(format_, pools=tuple(tuple(pool) for pool in pools))
    return None


def _shorter_words(pool: Sequence[str], shorter: list[str], fewest: int, most: int) -> list[str]:
    """The shorter words of a pool and invented ones, with its separators; none where there is no room for them."""
    lead = re.match(r"^\W*", pool[0])
    start = lead.group() if lead else ""
    letters = most - len(start)
    if fewest > FEWEST or letters < 3:
        return []
    bare = [word[len(start) :] for word in shorter]
    made = filled(bare or [pool[0][len(start) :]], fewest + 1, min(letters, 5))
    return [start + word for word in made if len(start) + len(word) <= most]


def _longest(pools: Sequence[Sequence[str]]) -> int:
    return sum(max(map(len, pool)) for pool in pools)


def _is_content(pool: Sequence[str]) -> bool:
    return len(pool) >= FEWEST and not pool[0][-1:].isdigit() and max(map(len, pool)) > 1


def case_of(values: Sequence[str]) -> Callable[[str], str]:
    """What brings a text into the case of the values: capitals, small letters, or as it is."""
    letters = [value for value in values if value.upper() != value.lower()]
    for change, is_so in ((str.upper, str.isupper), (str.lower, str.islower)):
        if share_of(is_so, letters) > 0.8:
            return change
    return str


def cased(format_: Format, values: Sequence[str]) -> Format:
    """The format in capitals or small letters, where the values are."""
    change = case_of(values)
    if change is str:
        return format_
    changed = tuple(tuple(dict.fromkeys(map(change, pool))) for pool in format_.pools)
    return Format(changed, format_.round_at, format_.finish)


def share_of(check: Callable[[str], bool], values: Sequence[str]) -> float:
    """Share of the values that pass the check; 0 where there are none."""
    return sum(map(check, values)) / len(values) if values else 0.0
