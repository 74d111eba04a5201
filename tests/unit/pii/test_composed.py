import random

import pyarrow as pa
import pytest

from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.dependencies.template import TemplateColumn
from synthohive_spark.pii.composed import Personal, find_composed, find_held

TEXT = ColumnType("string")
RNG = random.Random(5)
FIRST = ["Jürgen", "Zoë", "María José", "Anna", "Peter", "Łukasz", "Søren", "Eva"]
LAST = ["Müller", "García López", "O'Neill", "van der Berg", "Schmidt", "Weiß", "Koch", "Rossi"]
PEOPLE = [(RNG.choice(FIRST), RNG.choice(LAST)) for _ in range(400)]
SOURCES = [
    Personal(Column("first", TEXT), [first for first, _ in PEOPLE]),
    Personal(Column("last", TEXT), [last for _, last in PEOPLE]),
]


def composed(values):
    return find_composed(Column("own", TEXT), values, SOURCES, 5)


FORMS = [
    (lambda f, s: f"{s.upper()} {f}", "HÄSSLER Søren"),
    (lambda f, s: f"Sehr geehrte/r {s}", "Sehr geehrte/r Häßler"),
    (lambda f, s: f"{f[0]}.{s[0]}.", "S.H."),
    (lambda f, s: f"{f[0]}{s[0]}", "SH"),
    (lambda f, s: f"{s[:2].upper()}/{f[:1]}", "HÄ/S"),
    (lambda f, s: f"dear {f.lower()}!", "dear søren!"),
]


@pytest.mark.parametrize("make, expected", FORMS)
def test_a_column_is_put_together_from_stand_ins_as_from_what_they_stand_for(make, expected):
    own = composed([make(*person) for person in PEOPLE])
    assert own.share == 1 and own.fixed
    made = TemplateColumn.from_json(own.template.to_json())
    arrays = {"first": pa.array(["Søren", None]), "last": pa.array(["Häßler", "Koch"])}
    values = made.join([pa.array(["", None])], arrays).to_pylist()
    assert values == [expected, None]


def test_accents_and_marks_are_left_out_as_in_the_real_rows():
    spelled = {"ü": "ue", "ë": "e", "í": "i", "é": "e", "Ł": "L", "ø": "o", "á": "a", "ó": "o", "ß": "ss"}
    plainly = ["".join(spelled.get(c, c) for c in f"{f}-{s}") for f, s in PEOPLE]
    own = composed([f"x.org/{text.lower().replace(' ', '').replace(chr(39), '')}" for text in plainly])
    arrays = {"first": pa.array(["Jörg Ole"]), "last": pa.array(["D'Aÿ-Löw"])}
    assert own.share == 1
    assert own.template.join([pa.array([""])], arrays).to_pylist() == ["x.org/joergole-dayloew"]


def test_texts_before_and_after_are_told_apart_and_few():
    titles = [RNG.choice(["Herr ", "Frau "]) for _ in PEOPLE]
    own = composed([title + last for title, (_, last) in zip(titles, PEOPLE, strict=True)])
    assert set(own.ends) == {("Herr ", ""), ("Frau ", "")} and own.template.gaps == (None, "") and not own.fixed
    assert composed([f"{RNG.randrange(10**9)} {last}" for _, last in PEOPLE]) is None
    mostly = [f"Dear {first}" if i % 20 else "Dear customer" for i, (first, _) in enumerate(PEOPLE)]
    assert composed(mostly).share == 0.95 and composed(mostly).ends == (("Dear ", ""),)


def test_what_has_nothing_to_do_with_a_person_is_not_put_together_from_one():
    for words in (["active", "closed", "Anna"], ["Mr", "Ms"], ["A", "M", "K"], FIRST):
        assert composed([RNG.choice(words) for _ in PEOPLE]) is None
    assert composed([None] * len(PEOPLE)) is None and composed(["Anna"] * len(PEOPLE)) is None


def test_a_column_that_holds_personal_values_in_some_rows_is_told():
    last = {"last": SOURCES[1].values}
    called = [f"{RNG.randrange(10**6)}: {s.upper()} called" if i % 4 == 0 else "-" for i, (_, s) in enumerate(PEOPLE)]
    assert find_held(called, last) == ("last", 0.25)
    shuffled = RNG.sample(called, len(called))
    assert find_held(shuffled, last) is None and find_held(["Koch"] * len(PEOPLE), last) is None
