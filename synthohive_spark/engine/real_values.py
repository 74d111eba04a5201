"""Which strings a column holds, vaguely: enough never to make one of them, too little to tell that one is there.

Values are hashed into twice as many buckets as there are values, and buckets are marked at random until at least half
of all are. A string in an unmarked bucket is surely none of the values. A string in a marked one is as likely to be
there by chance, so the table at most doubles the odds of a guess.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from string import ascii_letters, ascii_lowercase, ascii_uppercase
from string import digits as ascii_digits

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.engine.noise import NoiseBits, mix

LARGEST = 1 << 28
MULTIPLIER = 0x4F1BBCDD
_MARKED = 0.5
_ATTEMPTS = 64
_DIGITS_ONLY = 16
_ALNUM = frozenset(ascii_letters + ascii_digits)
_SMALLEST, _DENSEST = 8, 16


@dataclass(frozen=True)
class RealValueFilter:
    """Marked buckets, a bit each, lowest bit first; their number is a power of two.

    Spaces at the end of a string do not count, for char columns are padded. The bucket of a string is the top bits of
    the CRC-32 of its UTF-8 bytes times `MULTIPLIER`, modulo 2**32: the product breaks the linearity of the CRC, by
    which strings of one pattern would crowd into some buckets.
    """

    bits: bytes

    @classmethod
    def of(cls, values: Iterable[str], seed: int) -> RealValueFilter:
        """The table of ``values``, which are hashed here."""
        different = set(values)
        marked = np.zeros(buckets_for(len(different)), bool)
        marked[_buckets(different, len(marked))] = True
        return cls.from_marked(marked, seed)

    @classmethod
    def from_marked(cls, marked: npt.NDArray[np.bool_], seed: int) -> RealValueFilter:
        """The table of the marked buckets, and of as many more, drawn by ``seed``, as make them half of all."""
        missing = int(len(marked) * _MARKED) - int(marked.sum())
        if missing > 0:
            free = np.flatnonzero(~marked)
            marked = marked.copy()
            marked[np.random.default_rng(seed).choice(free, missing, replace=False)] = True
        return cls(np.packbits(marked, bitorder="little").tobytes())

    def contain(self, values: pa.Array) -> npt.NDArray[np.bool_]:
        """Whether each string may be one of the values; null is none."""
        table = np.frombuffer(self.bits, np.uint8)
        places = _buckets((v or "" for v in values.to_pylist()), len(table) * 8)
        hit: npt.NDArray[np.bool_] = ((table[places >> 3] >> (places & 7).astype(np.uint8)) & 1).astype(bool)
        return np.asarray(hit & values.is_valid().to_numpy(zero_copy_only=False), bool)

    def to_json(self) -> str:
        """The table as text."""
        return base64.b85encode(zlib.compress(self.bits)).decode()

    @classmethod
    def from_json(cls, text: str) -> RealValueFilter:
        """The table that `to_json` described."""
        packed = base64.b85decode(text)
        unpacking = zlib.decompressobj()
        bits = unpacking.decompress(packed, min(LARGEST // 8, _DENSEST * len(packed)) + 1)
        if not unpacking.eof or unpacking.unused_data:
            raise ValueError("a table of real values is larger than it can be, or cut off")
        return cls(bits)

    def check(self) -> None:
        """See `synthohive_spark.engine.integrity`."""
        if len(self.bits) < _SMALLEST or len(self.bits).bit_count() != 1:
            raise ValueError(f"a table of real values has {len(self.bits) * 8} buckets, which is no power of two")


def _buckets(values: Iterable[str], buckets: int) -> npt.NDArray[np.int64]:
    hashes = np.fromiter(
        (zlib.crc32(value.rstrip(" ").encode("utf-8", "surrogatepass")) for value in values), np.uint64
    )
    top = np.uint64(33 - buckets.bit_length())
    return (((hashes * np.uint64(MULTIPLIER)) & np.uint64(0xFFFFFFFF)) >> top).astype(np.int64)


def buckets_for(values: int) -> int:
    """How many buckets ``values`` different values get."""
    return min(LARGEST, max(64, 1 << (2 * values - 1).bit_length()))


def avoid_real_values(
    make: Callable[[NoiseBits, int], pa.Array],
    words: NoiseBits,
    real_values: RealValueFilter | None,
    longest: int = 0,
    *,
    vary: bool = True,
) -> pa.Array:
    """Strings of which none is among the seen values, unless every string of its length and kind is.

    Args:
        make: Strings for words and the number of an attempt; another attempt should make others.
        words: One for each string.
        real_values: What to keep away from; None for nothing.
        longest: Most characters of a string; 0 for any number.
        vary: Whether letters and digits are changed where all that is made is real.
    """
    values = make(words, 0)
    if real_values is None:
        return values
    left = np.flatnonzero(real_values.contain(values))
    for attempt in range(1, _ATTEMPTS):
        if not len(left):
            return values
        again = make(words[left], attempt)
        values = pa.compute.replace_with_mask(values, _mask(left, len(values)), again)
        left = left[real_values.contain(again)]
    for attempt in range(1, _ATTEMPTS if vary else 1):
        if not len(left):
            break
        turns = another(words[left], _ATTEMPTS + attempt).tolist()
        texts = values.take(pa.array(left)).to_pylist()
        again = pa.array([_varied(t, n, attempt, longest) for t, n in zip(texts, turns, strict=True)], values.type)
        values = pa.compute.replace_with_mask(values, _mask(left, len(values)), again)
        left = left[real_values.contain(again)]
    return values


def _varied(text: str, noise: int, attempt: int, longest: int) -> str:
    """A string with one letter or digit of another, digits first; longer by one, at every fourth of later attempts."""
    digits = [place for place, c in enumerate(text) if c in ascii_digits]
    places = digits if digits and attempt < _DIGITS_ONLY else [p for p, c in enumerate(text) if c in _ALNUM]
    if attempt >= _DIGITS_ONLY and attempt % 4 == 0 and (not longest or len(text) < longest):
        end = places[-1] + 1 if places else len(text)
        text, places = f"{text[:end]}{text[end - 1] if places else 'a'}{text[end:]}", [end]
    if not places:
        return text
    place, turn = places[noise % len(places)], noise // len(places)
    # No zero comes to lead a number.
    leads = text[place] in ascii_digits[1:] and not (place and text[place - 1] in ascii_digits)
    alphabets = (ascii_digits[1:] if leads else ascii_digits, ascii_uppercase, ascii_lowercase)
    alphabet = next(own for own in alphabets if text[place] in own)
    return text[:place] + alphabet[turn % len(alphabet)] + text[place + 1 :]


def another(words: NoiseBits, attempt: int) -> NoiseBits:
    """Words for another attempt."""
    if attempt == 0:
        return words
    with np.errstate(over="ignore"):
        return mix(words + np.array([attempt * 0xA24BAED4963EE407 & 0xFFFFFFFFFFFFFFFF], np.uint64))


def _mask(places: npt.NDArray[np.int64], rows: int) -> pa.Array:
    mask = np.zeros(rows, bool)
    mask[places] = True
    return pa.array(mask)
