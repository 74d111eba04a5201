"""A hospital: patients, their stays on its wards, and what was found besides the main diagnosis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from synthohive_spark.examples.people import people, rows_of

SCHEMAS = {
    "wards": "ward STRING, name STRING, beds INT",
    "diagnoses": "code STRING, diagnosis STRING, chapter STRING",
    "patients": "patient_id STRING, name STRING, sex STRING, birth_date DATE, insurance STRING",
    "stays": "stay_id BIGINT, patient_id STRING, admission TIMESTAMP, discharge TIMESTAMP, kind STRING, ward STRING, "
    "main_code STRING, discharged_to STRING",
    "secondary": "stay_id BIGINT, rank INT, code STRING",
}
_WARDS = [
    ("CAR", "Cardiology", 34),
    ("GER", "Geriatrics", 28),
    ("GYN", "Gynaecology and obstetrics", 26),
    ("MED", "Internal medicine", 52),
    ("NEU", "Neurology and stroke unit", 24),
    ("SUR", "Surgery", 44),
    ("TRA", "Orthopaedics and trauma", 40),
    ("URO", "Urology", 18),
]
# Code, text, ward, weight, usual age and its spread, only of this sex, share of emergencies, median days.
_MAIN = [
    ("I21.4", "Non-ST elevation myocardial infarction", "CAR", 5, 69, 12, "", 0.97, 5),
    ("I48.0", "Paroxysmal atrial fibrillation", "CAR", 5, 72, 11, "", 0.7, 3),
    ("I50.1", "Left ventricular failure", "CAR", 7, 79, 9, "", 0.85, 8),
    ("I25.1", "Atherosclerotic heart disease", "CAR", 4, 68, 10, "", 0.2, 2),
    ("I63.9", "Cerebral infarction, unspecified", "NEU", 5, 75, 11, "", 0.98, 8),
    ("G40.9", "Epilepsy, unspecified", "NEU", 3, 45, 20, "", 0.8, 3),
    ("G45.9", "Transient cerebral ischaemic attack", "NEU", 3, 71, 11, "", 0.95, 3),
    ("J18.9", "Pneumonia, unspecified", "MED", 7, 72, 16, "", 0.95, 7),
    ("J44.1", "COPD with acute exacerbation", "MED", 5, 70, 9, "", 0.9, 6),
    ("K29.7", "Gastritis, unspecified", "MED", 3, 55, 18, "", 0.8, 3),
    ("E11.9", "Type 2 diabetes mellitus", "MED", 3, 65, 12, "", 0.4, 6),
    ("A46", "Erysipelas", "MED", 3, 63, 16, "", 0.8, 6),
    ("F10.0", "Acute alcohol intoxication", "MED", 3, 41, 14, "", 1.0, 1),
    ("K35.8", "Acute appendicitis", "SUR", 5, 31, 15, "", 0.98, 3),
    ("K80.2", "Gallstones without cholecystitis", "SUR", 5, 56, 15, "", 0.25, 3),
    ("K40.9", "Inguinal hernia", "SUR", 4, 60, 15, "", 0.08, 2),
    ("C18.7", "Malignant neoplasm of sigmoid colon", "SUR", 3, 71, 10, "", 0.2, 10),
    ("S72.0", "Fracture of neck of femur", "TRA", 5, 81, 9, "", 0.99, 10),
    ("M16.1", "Primary coxarthrosis", "TRA", 5, 70, 9, "", 0.02, 7),
    ("M17.1", "Primary gonarthrosis", "TRA", 5, 69, 9, "", 0.02, 7),
    ("S82.6", "Fracture of lateral malleolus", "TRA", 4, 48, 18, "", 0.9, 4),
    ("S06.0", "Concussion", "TRA", 5, 38, 22, "", 1.0, 1),
    ("N20.1", "Calculus of ureter", "URO", 4, 50, 14, "", 0.85, 2),
    ("C61", "Malignant neoplasm of prostate", "URO", 4, 69, 8, "M", 0.03, 6),
    ("N40", "Hyperplasia of prostate", "URO", 4, 72, 8, "M", 0.12, 4),
    ("O80", "Single spontaneous delivery", "GYN", 9, 31, 5, "F", 0.9, 2),
    ("O82", "Delivery by caesarean section", "GYN", 4, 33, 5, "F", 0.4, 4),
    ("D25.1", "Intramural leiomyoma of uterus", "GYN", 3, 45, 7, "F", 0.05, 3),
    ("R55", "Syncope and collapse", "GER", 4, 80, 10, "", 0.95, 4),
    ("R26.8", "Abnormalities of gait and mobility", "GER", 4, 83, 6, "", 0.3, 14),
    ("E86", "Volume depletion", "GER", 4, 83, 7, "", 0.95, 5),
]
# Code, text, usual age and its spread, weight.
_BESIDES = [
    ("I10", "Essential hypertension", 70, 14, 10),
    ("E78.5", "Hyperlipidaemia, unspecified", 67, 13, 4),
    ("E11.9", "Type 2 diabetes mellitus", 69, 12, 5),
    ("N18.3", "Chronic kidney disease, stage 3", 78, 9, 4),
    ("I48.2", "Chronic atrial fibrillation", 79, 8, 3),
    ("F03", "Unspecified dementia", 84, 6, 3),
    ("Z95.0", "Presence of cardiac pacemaker", 80, 8, 1.5),
    ("J45.9", "Asthma, unspecified", 42, 20, 1.5),
    ("E66.0", "Obesity due to excess calories", 52, 15, 2),
    ("F32.9", "Depressive episode, unspecified", 50, 18, 2),
    ("E03.9", "Hypothyroidism, unspecified", 58, 16, 2),
    ("F17.2", "Nicotine dependence", 47, 14, 2),
    ("D50.9", "Iron deficiency anaemia", 55, 25, 1.5),
]
_CHAPTERS = {
    "A": "Infectious diseases", "C": "Neoplasms", "D": "Neoplasms and blood", "E": "Endocrine and metabolic",
    "F": "Mental and behavioural", "G": "Nervous system", "I": "Circulatory system", "J": "Respiratory system",
    "K": "Digestive system", "M": "Musculoskeletal", "N": "Genitourinary", "O": "Pregnancy and childbirth",
    "R": "Symptoms and signs", "S": "Injuries", "Z": "Factors influencing health",
}  # fmt: skip
_FIRST, _LAST = pd.Timestamp("2022-01-01"), pd.Timestamp("2025-01-01")


def tables(rows: int = 1500, seed: int = 0) -> dict[str, pd.DataFrame]:
    """The tables by name; ``rows`` patients, each with one stay or more."""
    rng = np.random.default_rng(seed)
    codes = {**{row[0]: row[1] for row in _MAIN}, **{row[0]: row[1] for row in _BESIDES}}
    patients = _patients(rng, rows)
    stays: list[tuple[Any, ...]] = []
    secondary: list[tuple[int, int, str]] = []
    for patient in rows_of(patients):
        for stay in _stays_of(rng, patient):
            stay_id = 2_200_001 + len(stays)
            age = (stay[0] - pd.Timestamp(patient.birth_date)).days / 365.25
            secondary += [(stay_id, rank, code) for rank, code in enumerate(_besides(rng, age, stay[4]), 1)]
            stays.append((stay_id, patient.patient_id, *stay))
    order = sorted(range(len(stays)), key=lambda i: stays[i][2])
    numbers = {stays[i][0]: 2_200_001 + place for place, i in enumerate(order)}
    return {
        "wards": pd.DataFrame(_WARDS, columns=["ward", "name", "beds"]),
        "diagnoses": pd.DataFrame(
            [(code, text, _CHAPTERS[code[0]]) for code, text in sorted(codes.items())],
            columns=["code", "diagnosis", "chapter"],
        ),
        "patients": patients,
        "stays": pd.DataFrame([(numbers[stays[i][0]], *stays[i][1:]) for i in order], columns=_columns("stays")),
        "secondary": pd.DataFrame([(numbers[i], *row) for i, *row in secondary], columns=_columns("secondary")),
    }


def _columns(table: str) -> list[str]:
    return [part.split()[0] for part in SCHEMAS[table].split(", ")]


def _patients(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """More old people than young ones, and more old women than old men."""
    young = rng.random(n) < 0.35
    age = np.where(young, rng.uniform(18, 52, n), rng.normal(71, 12, n)).clip(18, 99)
    women = rng.random(n) < np.where(age > 75, 0.58, np.where(age < 42, 0.62, 0.46))
    country = rng.choice(["DE", "AT", "CH"], n, p=[0.92, 0.05, 0.03])
    firsts, families = people(rng, country, women)
    numbers = np.sort(rng.choice(90_000, n, replace=False))
    born = np.datetime64("2022-01-01") - (age * 365.25).astype(int)
    return pd.DataFrame(
        {
            "patient_id": [f"P-{number:06d}" for number in 10_000 + numbers],
            "name": [f"{family}, {first}" for first, family in zip(firsts, families, strict=True)],
            "sex": np.where(women, "F", "M"),
            "birth_date": born.astype(object),
            "insurance": rng.choice(["statutory", "private", "self-payer"], n, p=[0.87, 0.12, 0.01]),
        }
    )


def _stays_of(rng: np.random.Generator, patient: Any) -> list[tuple[Any, ...]]:
    """Stays of one patient, the first at any time, the next mostly for the same illness; none after a death."""
    at = _FIRST + pd.Timedelta(days=float(rng.uniform(0, 1095)))
    stays: list[tuple[Any, ...]] = []
    last = None
    while at < _LAST:
        age = (at - pd.Timestamp(patient.birth_date)).days / 365.25
        if last is None or last[0][0] in "OS" or rng.random() < 0.45:
            last = _MAIN[rng.choice(len(_MAIN), p=_fitting(age, patient.sex))]
        code, _, ward, _, _, _, _, emergencies, days = last
        kind = "emergency" if rng.random() < emergencies else "planned"
        if kind == "planned" and at.dayofweek >= 5:
            at += pd.Timedelta(days=2)
        hour = rng.uniform(0, 24) if kind == "emergency" else rng.normal(8.5, 1)
        admission = at.floor("D") + pd.Timedelta(minutes=int(np.clip(hour, 0, 23.9) * 60))
        nights = max(int(rng.lognormal(np.log(days * (1.25 if age > 75 else 1.0)), 0.45)), 1)
        leaves = int(np.clip(rng.normal(11, 1.8), 8, 20) * 60)
        discharge = admission.floor("D") + pd.Timedelta(days=nights, minutes=leaves)
        where = _discharged_to(rng, code, age)
        still_there = discharge >= _LAST
        stays.append((admission, None if still_there else discharge, kind, ward, code, None if still_there else where))
        if still_there or where == "died" or rng.random() < (0.72 if age < 60 else 0.5):
            break
        at = discharge + pd.Timedelta(days=float(rng.exponential(150) + 3))
    return stays


def _fitting(age: float, sex: str) -> np.ndarray:
    weights = np.array([
        0.0 if only not in ("", sex) else weight / spread * np.exp(-0.5 * ((age - usual) / spread) ** 2)
        for _, _, _, weight, usual, spread, only, _, _ in _MAIN
    ])  # fmt: skip
    return np.asarray(weights / weights.sum())


def _discharged_to(rng: np.random.Generator, code: str, age: float) -> str:
    grave = {"I63.9": 0.08, "I50.1": 0.09, "J18.9": 0.08, "C18.7": 0.04, "S72.0": 0.05, "I21.4": 0.05}.get(code, 0.004)
    if rng.random() < grave * (1.6 if age > 80 else 0.7):
        return "died"
    if code in ("M16.1", "M17.1", "S72.0", "I63.9") and rng.random() < 0.55:
        return "rehabilitation"
    if age > 80 and rng.random() < 0.2:
        return "nursing home"
    return "other hospital" if rng.random() < 0.03 else "home"


def _besides(rng: np.random.Generator, age: float, main: str) -> list[str]:
    """What else a patient has: more with age, and nothing twice."""
    weights = np.array([w * np.exp(-0.5 * ((age - usual) / spread) ** 2) for _, _, usual, spread, w in _BESIDES])
    weights *= np.array([row[0] != main for row in _BESIDES])
    count = min(rng.poisson(max(age - 25, 1) / 18), 7)
    return [_BESIDES[i][0] for i in rng.choice(len(_BESIDES), count, replace=False, p=weights / weights.sum())]
