"""Names of people who do not exist, by country and sex."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

_WOMEN = {
    "DE": "Anna Lena Marie Sophie Laura Julia Katharina Sabine Petra Monika Ursula Heike Claudia Birgit Elif Johanna",
    "AT": "Magdalena Theresa Eva Veronika Barbara Sandra Christina Elisabeth Margit Renate Nina Viktoria",
    "CH": "Chiara Nora Regula Ursina Sandrine Beatrice Silvia Corinne Livia Mirjam Daniela Andrea",
    "NL": "Sanne Femke Lotte Anouk Marieke Ingrid Wilma Esther Fleur Ilse Noor Margriet",
    "FR": "Camille Manon Chloe Nathalie Sylvie Isabelle Aurelie Celine Helene Lucie Martine Ines",
}
_MEN = {
    "DE": "Lukas Felix Jonas Paul Stefan Thomas Andreas Michael Uwe Klaus Wolfgang Emre Moritz Tobias Matthias Bernd",
    "AT": "Florian Sebastian Markus Gerhard Franz Josef Manfred Dominik Philipp Herbert Roland Georg",
    "CH": "Reto Urs Beat Luca Marco Daniel Pascal Adrian Fabian Christoph Yannick Roger",
    "NL": "Daan Bram Sem Jeroen Pieter Hans Willem Maarten Ruben Joost Kees Thijs",
    "FR": "Hugo Louis Antoine Philippe Laurent Thierry Olivier Nicolas Julien Bruno Mathieu Yves",
}
_FAMILIES = {
    "DE": "Schmidt Weber Wagner Becker Hoffmann Koch Richter Klein Wolf Neumann Schwarz Braun Zimmermann Krause Lange "
    "Lehmann Maier Yilmaz Herrmann Walter Peters Scholz Vogt Sauer Brandt Winkler Lorenz Franke Albrecht Busch",
    "AT": "Gruber Huber Steiner Moser Hofer Leitner Berger Fuchs Eder Fischer Wimmer Egger Brunner Auer Lang Haas",
    "CH": "Meier Keller Frei Baumann Gerber Widmer Zimmerli Graf Wyss Roth Suter Bachmann Favre Rochat Bernasconi",
    "NL": "Jansen Visser Smit Bakker Mulder Dekker Vos Peeters Brouwer Dijkstra Kuipers Postma Hoekstra Kok Prins",
    "FR": "Martin Bernard Dubois Moreau Laurent Lefebvre Garcia Roux Fournier Girard Mercier Lambert Faure Blanc",
}


def people(rng: np.random.Generator, countries: np.ndarray, women: np.ndarray) -> tuple[list[str], list[str]]:
    """A first and a family name for each person, who may share them with others."""
    firsts, families = [], []
    for country, woman in zip(countries, women, strict=True):
        pool = (_WOMEN if woman else _MEN)[country].split()
        # The first names of a list are the more frequent ones.
        firsts.append(pool[min(int(rng.exponential(len(pool) / 2.5)), len(pool) - 1)])
        family = _FAMILIES[country].split()
        families.append(family[min(int(rng.exponential(len(family) / 2.5)), len(family) - 1)])
    return firsts, families


def rows_of(frame: pd.DataFrame) -> Iterable[Any]:
    """The rows, with a field for each column."""
    return frame.itertuples(index=False)
