import json
import re

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.registry import fit_codec
from synthohive_spark.engine.codecs.rules import ColumnRules
from synthohive_spark.engine.codecs.text import TextCodec
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.integrity import check_loaded
from synthohive_spark.engine.noise import row_words
from synthohive_spark.engine.table_statistics import ColumnStatistics

ROWS = 3000


def rng(seed=0):
    return np.random.default_rng(seed)


def drawn(values, rules=ColumnRules(), privacy=Privacy()):  # noqa: B008
    """The codec of a column of strings, and the values that come back for its own codes."""
    column, array = Column("x", ColumnType.parse("string")), pa.array(values, pa.string())
    codec = fit_codec(
        ColumnSample(column, array, ColumnStatistics(array.null_count), privacy), rules, "rank", len(array)
    )
    codec = type(codec).from_json(json.loads(json.dumps(codec.to_json())))
    check_loaded(codec)
    codes, ranks = codec.encode(array, row_words(1, np.arange(len(array)), codec.encode_words))
    assert codes.max() < codec.size
    return codec, codec.decode(codes, ranks, row_words(2, np.arange(len(array)), codec.decode_words)).to_pylist()


def unique(form, rows=ROWS):
    return [form.format(i) for i in rng(1).permutation(10 * rows)[:rows]]


@pytest.mark.parametrize("share", [0.05, 0.39, 0.6, 0.85])
def test_common_values_keep_their_share_beside_unique_ones(share):
    values = np.array(unique("user{}@mail.com"), object)
    values[rng(2).random(ROWS) < share] = ""
    values[::40] = None
    codec, made = drawn(values.tolist())
    assert isinstance(codec, TextCodec)
    assert codec.words == ("",)
    assert made.count("") == (values == "").sum()
    assert made.count(None) == ROWS // 40
    others = [v for v in made if v]
    assert all(re.fullmatch(r"user\d{1,5}@mail\.com", v) for v in others)
    assert not set(others) & set(values)


def test_words_that_many_rows_hold_at_a_place_are_used():
    street = rng(1).choice(["Street", "Road", "Avenue"], ROWS)
    name = rng(2).choice(["Oak", "Elm", "Mill", "Station"], ROWS)
    _, made = drawn([f"{n} {a} {s}" for n, a, s in zip(rng(3).integers(1, 9999, ROWS), name, street, strict=True)])
    parts = [v.split(" ") for v in made]
    assert {p[1] for p in parts} == {"Oak", "Elm", "Mill", "Station"}
    assert {p[2] for p in parts} == {"Street", "Road", "Avenue"}
    assert abs(np.mean([p[2] == "Road" for p in parts]) - 1 / 3) < 0.05
    assert len({p[0] for p in parts}) > 500


def test_words_of_few_rows_are_not_used():
    family = ["Vanderbilt", "Rockefeller", "Montgomery", "Featherstone"]
    values = [f"{family[i % 4] if i < 12 else 'Smith'} {i:05d}" for i in rng(1).permutation(ROWS).tolist()]
    codec, made = drawn(values)
    text = json.dumps({**codec.to_json(), "real_values": None}) + " ".join(made)
    assert "Smith" in text
    assert not any(name in text for name in family)


def test_of_a_column_that_is_imitated_only_what_all_rows_share_is_used():
    values = [f"{rng(i).choice(['ann', 'bob'])}{i}@firm.org" for i in range(ROWS)]
    values[::10] = [""] * len(values[::10])
    codec, made = drawn(values, ColumnRules(imitated=frozenset(["x"])))
    assert codec.words == ("",)
    others = [v for v in made if v]
    assert all(v.endswith("@firm.org") for v in others)
    assert len(set(others)) > len(others) / 2
    assert not set(others) & set(values)
    assert "ann" not in json.dumps({**codec.to_json(), "real_values": None})


def test_rare_categories_keep_their_share_and_are_imitated():
    kept = rng(1).choice(["Germany", "France"], ROWS)
    rare = [
        f"Isle of {c}" for c in rng(2).choice([f"{a}{b}{c}" for a in "BCD" for b in "aeiou" for c in "lmnrst"], ROWS)
    ]
    mask = rng(3).random(ROWS) < 0.45
    values = np.where(mask, [f"{r}{i % 7}" for i, r in enumerate(rare)], kept)
    codec, made = drawn(values.tolist(), privacy=Privacy(rare_category_rows=20))
    assert set(codec.words) == {"Germany", "France"}
    assert abs(np.mean([v in codec.words for v in made]) - (1 - mask.mean())) < 1e-9
    assert all(v.startswith("Isle of ") for v in made if v not in codec.words)
    few = np.where(rng(4).random(ROWS) < 0.02, rare, kept)
    assert not isinstance(drawn(few.tolist(), privacy=Privacy(rare_category_rows=20))[0], TextCodec)


@pytest.mark.parametrize(
    ("low", "high", "size"),
    [
        (0x4E00, 0x9FA0, 3),
        (0x430, 0x44F, 7),
        (0x627, 0x64A, 6),
        (0x3042, 0x3093, 4),
        (0xAC00, 0xD7A0, 3),
        (0x3B1, 0x3C9, 5),
    ],
)
def test_letters_of_other_scripts_stay_in_their_script(low, high, size):
    values = ["".join(map(chr, rng(i).integers(low, high, size))) for i in range(ROWS)]
    _, made = drawn(values)
    assert all(len(v) == size and all(low <= ord(c) < high for c in v) for v in made)
    assert len(set(made)) > ROWS / 2
    assert not set(made) & set(values)


def test_digits_of_a_string_are_of_one_script():
    scripts = ["0123456789", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९"]
    numbers = rng(1).permutation(90_000)[:ROWS] + 10_000
    values = ["".join(scripts[i % 3][int(c)] for c in str(n)) for i, n in enumerate(numbers.tolist())]
    _, made = drawn(values)
    found = [next((i for i, own in enumerate(scripts) if set(v) <= set(own)), -1) for v in made]
    assert np.bincount(found) / ROWS == pytest.approx([1 / 3] * 3, abs=0.04)
    assert all(len(v) == 5 and int(v) >= 10_000 for v in made)
    assert not set(made) & set(values)


def test_accents_and_signs_stay():
    names = ["Zoé", "José", "Åsa", "Jürgen", "Ángel"]
    values = [f"{rng(i).choice(names)} · {i} €" for i in range(ROWS)]
    _, made = drawn(values)
    assert all(re.fullmatch(r"(Zoé|José|Åsa|Jürgen|Ángel) · \d+ €", v) for v in made)


def test_models_with_weights_of_alphabets_are_read():
    codec, _ = drawn(unique("ab{}"))
    old = codec.to_json()
    old["letters"] = {kind: [1.0] * n for kind, n in (("A", 26), ("a", 26), ("9", 10))}
    old["patterns"] = [[["A", 1, 1], ["9", 2, 3]]]
    del old["words"]
    made = TextCodec.from_json({**old, "shares": [1.0]}).decode(
        np.zeros(50, np.int32), np.zeros(50, np.float32), row_words(0, np.arange(50), 2)
    )
    assert all(re.fullmatch(r"[A-Z]\d{2,3}", v) for v in made.to_pylist())


@pytest.mark.parametrize(
    ("rare_category_rows", "singles", "kept"),
    [(0, 21, True), (5, 21, False), (0, 50, False)],
)
def test_without_a_threshold_categories_of_one_row_are_categories(rare_category_rows, singles, kept):
    shared = [f"country {i}" for i in range(14) for _ in range(2 + i // 4 * 2)]
    values = [*shared, *(f"land {i}" for i in range(singles))]
    codec, made = drawn(values, privacy=Privacy(rare_category_rows, 0))
    assert isinstance(codec, TextCodec) is not kept
    assert (set(made) == set(values)) is kept


def test_unique_values_beside_a_common_one_are_imitated_without_a_threshold_too():
    values = ["", *(f"anna.{i}@example.org" for i in range(40))] + [""] * 60
    _, made = drawn(values, privacy=Privacy(0, 0))
    assert "" in made and not set(made) & set(values[1:41])


HEX, CAPITALS = "0123456789abcdef", "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"


def letters(alphabet, *sizes, seed=0, rows=ROWS):
    """Strings of random characters, in fields of these sizes with hyphens between."""
    places = rng(seed).choice(list(alphabet), (rows, sum(sizes)))
    ends = np.cumsum(sizes)[:-1]
    return ["-".join("".join(part) for part in np.split(row, ends)) for row in places]


@pytest.mark.parametrize(
    ("values", "form"),
    [
        ([f"{v[:14]}4{v[15:]}" for v in letters(HEX, 8, 4, 4, 4, 12)], r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-.{17}"),
        (["{" + v.upper() + "}" for v in letters(HEX, 8, 4)], r"\{[0-9A-F]{8}-[0-9A-F]{4}\}"),
        (letters(HEX, 32), "[0-9a-f]{32}"),
        ([v.replace("-", ":") for v in letters(HEX, *[2] * 6)], "([0-9a-f]{2}:){5}[0-9a-f]{2}"),
        ([f"#{v}" for v in letters(HEX, 6)], "#[0-9a-f]{6}"),
        (letters(CAPITALS, 5, 5, 5), "([A-HJ-NPR-Z0-9]{5}-){2}[A-HJ-NPR-Z0-9]{5}"),
        ([f"TRK{v}" for v in letters(CAPITALS, 9)], "TRK[A-HJ-NPR-Z0-9]{9}"),
        (letters(f"{HEX}ghijkXYZ_-", 44), r"(?=.*[a-k])(?=.*[0-9])[0-9a-kXYZ_-]{44}"),
        (["UNKNOWN" if i % 5 < 3 else v for i, v in enumerate(letters(HEX, 10))], "UNKNOWN|[0-9a-f]{10}"),
        ([f"{i % 97:x}:{v}" for i, v in enumerate(letters(HEX, 3))], "[1-6]?[0-9a-f]:[0-9a-f]{3}"),
    ],
    ids=["uuid", "guid", "md5", "mac", "colour", "licence", "tracking", "base64", "beside words", "lengths"],
)
def test_identifiers_of_letters_and_digits_keep_their_form(values, form):
    assert all(re.fullmatch(form, v) for v in values)
    _, made = drawn(values)
    assert all(re.fullmatch(form, v) for v in made)
    others = [v for v in made if v != "UNKNOWN"]
    assert len(set(others)) > 0.95 * len(others)
    assert not set(others) & set(values)


def test_numbers_begin_as_they_do_and_have_their_lengths():
    size = rng(1).choice([3, 5, 8], ROWS, p=[0.05, 0.9, 0.05])
    digits = letters("0123456789", 10)
    values = [f"07{d}" if i % 4 else f"+44 7{d}" for i, d in enumerate(digits)]
    _, made = drawn(values)
    assert all(re.fullmatch(r"(07|\+44 7)\d{10}", v) for v in made)
    _, made = drawn([f"R{1 + i % 9}{d[1:k]}" for i, (d, k) in enumerate(zip(digits, size, strict=True))])
    assert not any(v.startswith("R0") for v in made)
    lengths = np.array([len(v) - 1 for v in made])
    assert abs((lengths == 5).mean() - 0.9) < 0.02 and abs((lengths == 8).mean() - 0.05) < 0.01


@pytest.mark.parametrize(("rows", "kept"), [(4, False), (5, True)])
def test_of_characters_at_a_place_those_of_few_rows_are_not_kept(rows, kept):
    values = [v if i >= rows else f"{v[1:]}Q" for i, v in enumerate(letters("0123456789ABCDEF", 12))]
    codec, made = drawn(values, privacy=Privacy(rare_category_rows=5))
    assert ("Q" in json.dumps(codec.to_json()["patterns"])) is kept
    assert any("Q" in v for v in made) is kept


def test_where_most_strings_that_can_be_made_are_real_others_are_made():
    rows = 1500
    seats = [
        f"{a}{b}" for a, b in zip(rng(1).integers(1, 61, rows), rng(2).choice(list("ABCDEFGHJK"), rows), strict=True)
    ]
    for rules in (ColumnRules(), ColumnRules(imitated=frozenset(["x"]))):
        _, made = drawn(seats, rules)
        assert not set(made) & set(seats)
        assert "*" not in "".join(made)
    assert sum(re.fullmatch(r"[1-9]\d?[A-Z]", v) is not None for v in made) > 0.5 * len(made)


def test_where_all_strings_of_a_pattern_are_real_others_are_like_them():
    values = [f"anna.{i:02d}@firma.de" for i in range(100)]
    codec, made = drawn(values)
    assert not set(made) & set(values)
    assert all(re.fullmatch(r"[a-z]+\.\d+@firma\.de|[a-z]+\.\d+@[a-z]+\.[a-z]+", v) for v in made)
