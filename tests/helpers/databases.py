"""Small made databases with their keys and links, each with a trap for whoever infers them; the same every time."""

import uuid

import numpy as np
import pandas as pd

Database = dict[str, tuple[pd.DataFrame, tuple[str, ...], dict[str, str]]]
"""By table: its rows, its primary key, and its links, ``{"a, b": "parent.(a, b)"}`` where they have several columns."""


def all_databases() -> dict[str, Database]:
    """The databases by name."""
    return {
        "shop": shop(),
        "university": university(),
        "uuids": uuids(),
        "league": league(),
        "warehouse": warehouse(),
        "clinic": clinic(),
    }


def _day(numbers):
    return (pd.Timestamp("2023-01-01") + pd.to_timedelta(numbers, "D")).date


def shop() -> Database:
    """Every key counts from 1, so that any column of small numbers is within every key."""
    rng = np.random.default_rng(1)
    customers = pd.DataFrame(
        {"id": range(1, 501), "age": rng.integers(18, 90, 500), "points": rng.integers(1, 400, 500)}
    )
    products = pd.DataFrame(
        {"id": range(1, 301), "stock": rng.integers(0, 300, 300), "price": rng.random(300).round(2)}
    )
    employees = pd.DataFrame(
        {
            "id": range(1, 201),
            "manager_id": pd.array([None] * 10 + list(rng.integers(1, 11, 190)), "Int64"),
            "level": rng.integers(1, 6, 200),
        }
    )
    orders = pd.DataFrame(
        {
            "id": range(1, 2001),
            "customer_id": rng.integers(1, 501, 2000),
            "employee_id": rng.integers(1, 201, 2000),
            "weight": rng.integers(1, 500, 2000),
            "placed": _day(rng.integers(0, 700, 2000)),
        }
    )
    items = pd.DataFrame(
        {
            "order_id": np.repeat(np.arange(1, 2001), 2),
            "line_no": np.tile([1, 2], 2000),
            "product_id": rng.integers(1, 301, 4000),
            "quantity": rng.integers(1, 100, 4000),
        }
    )
    reviews = pd.DataFrame(
        {
            "id": range(1, 801),
            "product_id": rng.integers(1, 301, 800),
            "customer_id": pd.array([None if i % 9 == 0 else i % 500 + 1 for i in range(800)], "Int64"),
            "rating": rng.integers(1, 6, 800),
            "helpful": rng.integers(1, 250, 800),
        }
    )
    return {
        "customers": (customers, ("id",), {}),
        "products": (products, ("id",), {}),
        "employees": (employees, ("id",), {"manager_id": "employees.id"}),
        "orders": (orders, ("id",), {"customer_id": "customers.id", "employee_id": "employees.id"}),
        "order_items": (items, ("order_id", "line_no"), {"order_id": "orders.id", "product_id": "products.id"}),
        "reviews": (reviews, ("id",), {"customer_id": "customers.id", "product_id": "products.id"}),
    }


def university() -> Database:
    """Keys of several columns, links inside of them, and a table of a table's own pairs."""
    rng = np.random.default_rng(2)
    students = pd.DataFrame({"student_id": range(1001, 1401), "year": rng.integers(1, 5, 400)})
    courses = pd.DataFrame(
        {"course_code": [f"C{i:03d}" for i in range(60)], "credits": rng.integers(2, 9, 60), "hours": rng.random(60)}
    )
    offered = [(f"C{i:03d}", term) for i in range(60) for term in ("2022A", "2022B", "2023A")]
    sections = pd.DataFrame(offered, columns=["course_code", "term"]).assign(seats=rng.integers(20, 200, len(offered)))
    taken = [(s, *offered[(s * 7 + k * 11) % len(offered)]) for s in range(1001, 1401) for k in range(4)]
    enrolments = pd.DataFrame(taken, columns=["student_id", "course_code", "term"])
    enrolments["score"] = rng.integers(0, 101, len(taken))
    again = [(f"C{i:03d}", f"C{(i * 3 + 1) % 60:03d}") for i in range(0, 60, 2)]
    required = pd.DataFrame(again, columns=["course_code", "required_course_code"])
    rooms = pd.DataFrame(offered, columns=["course_code", "term"]).assign(room=rng.integers(1, 40, len(offered)))
    rooms.insert(0, "booking", [f"B{i:05d}" for i in range(len(offered))])
    theses = pd.DataFrame({"student_id": range(1001, 1121), "pages": rng.integers(40, 200, 120)})
    section = {"course_code, term": "sections.(course_code, term)", "course_code": "courses.course_code"}
    return {
        "students": (students, ("student_id",), {}),
        "courses": (courses, ("course_code",), {}),
        "sections": (sections, ("course_code", "term"), {"course_code": "courses.course_code"}),
        "enrolments": (enrolments, (), {"student_id": "students.student_id", **section}),
        "bookings": (rooms, ("booking",), section),
        "prerequisites": (
            required,
            ("course_code",),
            {"course_code": "courses.course_code", "required_course_code": "courses.course_code"},
        ),
        "theses": (theses, ("student_id",), {"student_id": "students.student_id"}),
    }


def uuids() -> Database:
    """Keys that say nothing, and links that are called after what they mean."""
    rng = np.random.default_rng(3)

    def some(n):
        return np.array([str(uuid.UUID(bytes=rng.bytes(16), version=4)) for _ in range(n)], object)

    users, sessions, files = some(300), some(900), some(400)
    comments = some(600)
    return {
        "users": (pd.DataFrame({"uid": users, "plan": rng.integers(1, 4, 300)}), ("uid",), {}),
        "profiles": (
            pd.DataFrame({"uid": users[:250], "theme": rng.integers(1, 9, 250)}),
            ("uid",),
            {"uid": "users.uid"},
        ),
        "sessions": (
            pd.DataFrame({"session": sessions, "owner": rng.choice(users, 900), "pages": rng.integers(1, 40, 900)}),
            ("session",),
            {"owner": "users.uid"},
        ),
        "files": (
            pd.DataFrame({"file": files, "created_by": rng.choice(users, 400), "changed_by": rng.choice(users, 400)}),
            ("file",),
            {"created_by": "users.uid", "changed_by": "users.uid"},
        ),
        "comments": (
            pd.DataFrame(
                {
                    "comment": comments,
                    "on_file": rng.choice(files, 600),
                    "answers": [None if i < 300 else comments[i - 300] for i in range(600)],
                    "trace": some(600),
                }
            ),
            ("comment",),
            {"on_file": "files.file", "answers": "comments.comment"},
        ),
        "clicks": (
            pd.DataFrame({"in_session": rng.choice(sessions, 1500), "x": rng.integers(0, 900, 1500)}),
            (),
            {"in_session": "sessions.session"},
        ),
    }


def league() -> Database:
    """Two links to one table, one table's key as another's, and names in camel case."""
    rng = np.random.default_rng(4)
    teams = pd.DataFrame(
        {"teamId": range(1, 41), "founded": rng.integers(1880, 1990, 40), "colour": rng.integers(1, 9, 40)}
    )
    players = pd.DataFrame(
        {"playerId": range(1, 801), "teamId": rng.integers(1, 41, 800), "shirt": rng.integers(1, 40, 800)}
    )
    games = pd.DataFrame(
        {
            "gameId": range(1, 601),
            "homeTeamId": rng.integers(1, 41, 600),
            "awayTeamId": rng.integers(1, 41, 600),
            "crowd": rng.integers(1, 600, 600),
        }
    )
    goals = pd.DataFrame(
        {
            "goalId": range(1, 1801),
            "gameId": rng.integers(1, 601, 1800),
            "playerId": rng.integers(1, 801, 1800),
            "assistPlayerId": pd.array([None if i % 3 else i % 800 + 1 for i in range(1800)], "Int64"),
            "minute": rng.integers(1, 91, 1800),
        }
    )
    stadiums = pd.DataFrame({"teamId": range(1, 41), "seats": rng.integers(1, 90, 40) * 1000})
    return {
        "teams": (teams, ("teamId",), {}),
        "players": (players, ("playerId",), {"teamId": "teams.teamId"}),
        "games": (games, ("gameId",), {"homeTeamId": "teams.teamId", "awayTeamId": "teams.teamId"}),
        "goals": (
            goals,
            ("goalId",),
            {"gameId": "games.gameId", "playerId": "players.playerId", "assistPlayerId": "players.playerId"},
        ),
        "stadiums": (stadiums, ("teamId",), {"teamId": "teams.teamId"}),
    }


def warehouse() -> Database:
    """A star: a table that only refers, keys with gaps, prefixes of tables, and keys that begin beside each other."""
    rng = np.random.default_rng(5)
    product = rng.choice(100_000, 900, replace=False)
    store = rng.choice(np.arange(5_000, 60_000), 80, replace=False)
    days = pd.date_range("2022-01-01", periods=700)
    sales = pd.DataFrame(
        {
            "product_key": rng.choice(product, 6000),
            "store_key": rng.choice(store, 6000),
            "date_key": rng.choice(days.strftime("%Y%m%d").astype(int), 6000),
            "promo_code": rng.choice([*(f"P{i:02d}" for i in range(20)), None], 6000),
            "units": rng.integers(1, 50, 6000),
            "amount": rng.integers(1, 90_000, 6000),
        }
    )
    return {
        "dim_product": (
            pd.DataFrame({"product_key": product, "size": rng.integers(1, 60, 900)}),
            ("product_key",),
            {},
        ),
        "dim_store": (pd.DataFrame({"store_key": store, "area": rng.integers(50, 5000, 80)}), ("store_key",), {}),
        "dim_date": (
            pd.DataFrame({"date_key": days.strftime("%Y%m%d").astype(int), "day": days.date, "week": days.weekday}),
            ("date_key",),
            {},
        ),
        "dim_promo": (
            pd.DataFrame({"promo_code": [f"P{i:02d}" for i in range(20)], "discount": rng.random(20)}),
            ("promo_code",),
            {},
        ),
        "fact_sales": (
            sales,
            (),
            {
                "product_key": "dim_product.product_key",
                "store_key": "dim_store.store_key",
                "date_key": "dim_date.date_key",
                "promo_code": "dim_promo.promo_code",
            },
        ),
    }


def clinic() -> Database:
    """Tables that name each other, links that some rows do not meet, and codes that look like others."""
    rng = np.random.default_rng(6)
    wards = pd.DataFrame(
        {"ward_id": range(1, 13), "head_doctor_id": rng.integers(1, 61, 12), "beds": rng.integers(8, 40, 12)}
    )
    doctors = pd.DataFrame(
        {"doctor_id": range(1, 61), "ward_id": rng.integers(1, 13, 60), "grade": rng.integers(1, 12, 60)}
    )
    patients = pd.DataFrame({"patient_id": [f"PT{i:06d}" for i in range(700)], "weight": rng.integers(3, 120, 700)})
    codes = pd.DataFrame(
        {"code": [f"{a}{i:02d}" for a in "ABCDE" for i in range(40)], "severity": rng.integers(1, 9, 200)}
    )
    visits = pd.DataFrame(
        {
            "visit_id": range(1, 1501),
            "patient_id": [f"PT{i:06d}" for i in rng.integers(0, 740, 1500)],
            "doctor_id": rng.integers(1, 61, 1500),
            "diagnosis": rng.choice(codes.code, 1500),
            "referral": [None if i % 2 else f"{'VWXYZ'[i % 5]}{i % 40:02d}" for i in range(1500)],
            "day": _day(rng.integers(0, 700, 1500)),
        }
    )
    bills = pd.DataFrame({"visit_id": range(1, 1201), "total": rng.integers(1, 1500, 1200)})
    return {
        "wards": (wards, ("ward_id",), {"head_doctor_id": "doctors.doctor_id"}),
        "doctors": (doctors, ("doctor_id",), {"ward_id": "wards.ward_id"}),
        "patients": (patients, ("patient_id",), {}),
        "diagnoses": (codes, ("code",), {}),
        "visits": (
            visits,
            ("visit_id",),
            {"patient_id": "patients.patient_id", "doctor_id": "doctors.doctor_id", "diagnosis": "diagnoses.code"},
        ),
        "bills": (bills, ("visit_id",), {"visit_id": "visits.visit_id"}),
    }
