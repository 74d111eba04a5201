"""Words as other systems write them: a part of them, without accents or marks, in another case."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from itertools import product

import pyarrow as pa
import pyarrow.compute as pc

_Change = Callable[[pa.Array], pa.Array]
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
_FOLDED = {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "œ": "oe", "ł": "l", "Ł": "L", "đ": "d", "\u0131": "i"}
"""Letters that have no decomposition (Unicode, normalization form KD)."""


def _same(values: pa.Array) -> pa.Array:
    return values


def _replaced(values: pa.Array, letters: dict[str, str]) -> pa.Array:
    return reduce(lambda made, own: pc.replace_substring(made, *own), letters.items(), values)


def _is_plain(values: pa.Array) -> bool:
    """Whether all characters are ASCII: then there is nothing to fold, and classes of Unicode are not needed."""
    return pc.all(pc.string_is_ascii(values)).as_py() is not False


def _unaccented(values: pa.Array) -> pa.Array:
    if _is_plain(values):
        return values
    decomposed = pc.utf8_normalize(_replaced(values, _FOLDED), form="NFKD")
    return pc.replace_substring_regex(decomposed, r"\p{M}", "")


def _spelled_out(values: pa.Array) -> pa.Array:
    if _is_plain(values):
        return values
    return _unaccented(_replaced(values, _UMLAUTS))


def _capitals(values: pa.Array) -> pa.Array:
    return pc.utf8_upper(pc.replace_substring(values, "ß", "ss"))


def _without(values: pa.Array, pattern: str) -> pa.Array:
    return pc.replace_substring_regex(values, pattern, "")


def _without_marks(values: pa.Array) -> pa.Array:
    return _without(values, "[^A-Za-z0-9]" if _is_plain(values) else r"[^\p{L}\p{N}]")


_PARTS: dict[str, _Change] = {
    "": _same,
    "of the first word": partial(_without, pattern=r"\s.*$"),
    "of the last word": partial(_without, pattern=r"^.*\s"),
}
_ALPHABETS: dict[str, _Change] = {
    "": _same,
    "without accents": _unaccented,
    "with umlauts spelled out": _spelled_out,
}
_MARKS: dict[str, _Change] = {"": _same, "without marks": _without_marks}
_CASES: dict[str, _Change] = {
    "": _same,
    "in small letters": pc.utf8_lower,
    "in capitals": _capitals,
    "in title case": pc.utf8_title,
}


def _written(changes: tuple[_Change, ...], values: pa.Array, size: int) -> pa.Array:
    made = reduce(lambda own, change: change(own), changes, values)
    return pc.utf8_slice_codeunits(made, 0, size) if size else made


LETTERS: dict[str, Callable[[pa.Array, int], pa.Array]] = {
    " ".join(("letters", *filter(None, own))): partial(
        _written, (_PARTS[own[0]], _ALPHABETS[own[1]], _MARKS[own[2]], _CASES[own[3]])
    )
    for own in product(_PARTS, _ALPHABETS, _MARKS, _CASES)
}
"""Forms of a string, by their names; with a size, its first characters."""
WHOLE_LETTERS = tuple(
    " ".join(("letters", *filter(None, own))) for own in product(_ALPHABETS, _MARKS, _CASES) if any(own[:2])
)
"""Those that say all of it but for accents and marks."""
