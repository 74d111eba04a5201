import zlib

import numpy as np
import pytest

from synthohive_spark.engine.columns import ColumnType
from synthohive_spark.relational.links import TableProfile, infer_links, share_within, words_of
from synthohive_spark.relational.profile import SAMPLE, ColumnProfile


def profile(values):
    hashes = sorted((zlib.crc32(str(value).encode()), str(value)) for value in set(values))
    kept = hashes[:SAMPLE]
    ends = None if isinstance(values[0], str) else (min(values), max(values))
    return ColumnProfile(len(values), 0, len(hashes), tuple(v for _, v in kept), tuple(h for h, _ in kept), ends)


def table(pk, **columns):
    types = {n: ColumnType("string" if isinstance(v[0], str) else "bigint") for n, v in columns.items()}
    pk = (pk,) if isinstance(pk, str) else pk
    return TableProfile(types, {name: profile(values) for name, values in columns.items()}, pk)


def not_counted(*_):
    raise AssertionError("samples tell")


def links(counted=not_counted, **tables):
    return {
        f"{link.table}.{','.join(link.key.columns)}": f"{link.key.parent}.{','.join(link.key.parent_columns)}"
        for link in infer_links(tables, counted)
    }


DENSE = list(range(1, 501))
GAPS = np.random.default_rng(0).choice(20_000, 4_000, replace=False).tolist()


def test_numbers_that_count_are_linked_by_name_alone():
    found = links(
        customers=table("id", id=DENSE, age=[18 + i % 60 for i in DENSE]),
        orders=table(
            "order_id",
            order_id=list(range(1, 2001)),
            customer_id=DENSE * 4,
            quantity=[1 + i % 9 for i in range(2000)],
            customer_age=[18 + i % 60 for i in range(2000)],
            order_priority=[1 + i % 3 for i in range(2000)],
        ),
        races=table("raceId", raceId=DENSE, year=[1 + i % 70 for i in DENSE]),
        results=table("resultId", resultId=list(range(1, 3001)), raceId=DENSE * 6, grid=DENSE * 6),
    )
    assert found == {"orders.customer_id": "customers.id", "results.raceId": "races.raceId"}


def test_numbers_with_gaps_are_linked_by_what_they_hold():
    found = links(
        accounts=table("nr", nr=GAPS),
        payments=table(
            "payment",
            payment=list(range(900)),
            debit=GAPS[:900],
            amount=list(range(900)),
            few=sorted(GAPS)[:60] * 15,  # too narrow a range
            other=[value + 1 for value in GAPS[:900]],
        ),
        # The first keys have no gaps, so that any small number is one of them.
        cards=table("card", card=[*range(200), *range(200, 1000, 7)]),
        districts=table("district", district=list("abcdefgh") * 20, jobs=[*range(160)]),
    )
    assert found == {"payments.debit": "accounts.nr"}


def test_strings_are_linked_by_what_they_hold_but_letters_are_not():
    airports = [f"{a}{b}X" for a in "ABCDEFGHIJ" for b in "KLMNOPQRST"]
    found = links(
        airports=table("faa", faa=airports),
        grades=table("grade", grade=list("ABCDEFG")),
        flights=table((), origin=airports[:3] * 40, dest=[*airports[:96], *airports[:20], "QQQ", "WWW", "ZZZ"],
                      level=list("ABC") * 40, tail=[f"N{i % 50}" for i in range(120)]),
    )  # fmt: skip
    assert found == {"flights.origin": "airports.faa", "flights.dest": "airports.faa"}


def test_two_links_to_a_table_one_to_itself_and_one_to_one():
    found = links(
        teams=table("id", id=DENSE, parent_id=DENSE[:250] * 2),
        games=table("id", id=list(range(1, 1001)), home_team_id=DENSE * 2, away_team=DENSE * 2, referee_id=DENSE * 2),
        team_profile=table("team_id", team_id=DENSE[:400], seats=DENSE[:400]),
        visits=table("visit", visit=list(range(1, 601)), team_id=DENSE[:300] * 2),
    )
    assert found == {
        "teams.parent_id": "teams.id",
        "games.home_team_id": "teams.id",
        "games.away_team": "teams.id",
        "team_profile.team_id": "teams.id",
        "visits.team_id": "teams.id",
    }


@pytest.mark.parametrize(
    ("parent", "column"),
    [
        ("categories", "category_id"),
        ("statuses", "status_id"),
        ("houses", "houseId"),
        ("people", "person_id"),
        ("dim_customers", "customer_id"),
        ("tblAddress", "address_no"),
        ("order_types", "order_type_id"),
        ("staff", "staff_id"),
        ("boxes", "from_box_id"),
    ],
)
def test_columns_are_called_after_tables_in_many_ways(parent, column):
    found = links(**{parent: table("id", id=DENSE), "facts": table((), **{column: DENSE * 2, "other_id": DENSE * 2})})
    assert found == {f"facts.{column}": f"{parent}.id"}


def test_of_two_tables_with_one_key_the_one_that_is_called_after_the_other_or_has_fewer_rows_refers():
    same = {"uid": DENSE}
    fewer = {"uid": DENSE[:450]}
    assert links(users=table("uid", **same), profiles=table("uid", **fewer)) == {"profiles.uid": "users.uid"}
    assert links(users=table("uid", **fewer), user_profiles=table("uid", **same)) == {"user_profiles.uid": "users.uid"}
    teams = {"teams": table("team_id", team_id=DENSE), "grounds": table("team_id", team_id=DENSE)}
    assert links(**teams) == {"grounds.team_id": "teams.team_id"}
    assert links(users=table("uid", **same), logins=table("uid", **same)) == {"users.uid": "logins.uid"}


def test_keys_of_several_columns_and_keys_inside_of_them():
    asked = []

    def counted(*columns):
        asked.append(columns)
        return 0.9

    students, courses = [f"s{i:03d}" for i in range(300)], [f"c{i:02d}" for i in range(40)]
    pairs = {"student": students * 2, "course": courses * 15}
    found = links(
        counted,
        students=table("student", student=students),
        courses=table("course", course=courses),
        enrolments=table(("student", "course"), **pairs),
        marks=table("mark", mark=[f"m{i}" for i in range(600)], **pairs),
        passed=table(("course", "student"), **{name: values[:300] for name, values in pairs.items()}),
    )
    assert found == {
        "enrolments.student": "students.student",
        "enrolments.course": "courses.course",
        "marks.student": "students.student",
        "marks.course": "courses.course",
        "marks.student,course": "enrolments.student,course",
        "passed.student": "students.student",
        "passed.course": "courses.course",
        "passed.student,course": "enrolments.student,course",
    }
    assert [child for child, *_ in asked] == ["marks", "marks", "passed"]


def test_samples_of_many_values_meet_and_a_job_tells_where_they_cannot():
    many = profile(range(200_000))
    share, compared = share_within(profile(range(0, 300_000, 2)), many)
    assert share == pytest.approx(2 / 3, abs=0.03) and 2000 < compared <= SAMPLE
    assert share_within(many, many) == (1.0, SAMPLE)
    few = {"customers": table("id", id=range(200_000)), "vip": table("n", n=list("xyz"), customer_id=[5, 77, 140_000])}
    assert links(lambda *_: 1.0, **few) == {"vip.customer_id": "customers.id"}
    assert links(lambda *_: 0.5, **few) == {}


@pytest.mark.parametrize(
    ("name", "words"),
    [("driverId", ["driver", "id"]), ("HTTPCode", ["http", "code"]), ("a_1x", ["a", "1", "x"]), ("", [])],
)
def test_words_of_a_name(name, words):
    assert words_of(name) == words
