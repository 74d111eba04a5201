"""Rows of all tables for the classifier that tells synthetic rows from real ones, by one job."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from synthohive_spark.validation.cells import matrix, vector
from synthohive_spark.validation.counting import Counted, Tally, ValueCounts
from synthohive_spark.validation.detector import FEWEST_OF_CATEGORY, MOST_ROWS, Feature, detect
from synthohive_spark.validation.figures import FEWEST_DETECTED, DetectorReport
from synthohive_spark.validation.profile import Profiled
from synthohive_spark.validation.tables import Compared, Shared, over_all

_COLUMNS = 200
_CELLS = 500_000
"""Values of a side of a table; there are fewer rows of a wide one."""
_ALL_CELLS = 20_000_000
_DISTINCT = 0.9
_HASHES = 2**53


def detect_rows(tables: Sequence[Profiled], counted: Sequence[Counted]) -> list[DetectorReport | None]:
    """How well rows of each table can be told from real ones; None for tables that are taken over as they are.

    Keys, personal columns and texts are left out, for they are made without regard to the rest of their rows. Rows are
    chosen by hashes of their values: those of tables without a primary key of which many rows are equal by their
    places, too, so that which are chosen follows the partitioning.

    Args:
        tables: The tables, with their profiles.
        counted: For each table, at least the counts of its own figures.
    """
    columns = [own.columns("categorical", "numeric", "datetime")[:_COLUMNS] for own in tables]
    fewest = [min(side.rows for side in own.sides) for own in tables]
    wanted = {
        id(own.table): i
        for i, own in enumerate(tables)
        if columns[i] and fewest[i] >= FEWEST_DETECTED and not own.table.config.keep
    }
    share = _ALL_CELLS // max(1, 2 * sum(len(columns[i]) for i in wanted.values()))
    rows = {i: min(MOST_ROWS, share, _CELLS // len(columns[i])) for i in wanted.values()}

    def selected(table: Compared, side: int) -> Mapping[str, str]:
        i = wanted[id(table)]
        drawn = _drawn(tables[i], counted[i], rows[i] / max(1, tables[i].sides[side].rows))
        return {"number": str(i), "vector": vector(columns[i]), "drawn": drawn}

    reports = [
        None if own.table.config.keep else DetectorReport(None, n) for own, n in zip(tables, fewest, strict=True)
    ]
    if not wanted:
        return reports
    found = over_all([tables[i].table for i in wanted.values()], selected).where("drawn").drop("drawn").toArrow()
    numbers, sides = (found.column(name).to_numpy() for name in ("number", "side"))
    vectors = found.column("vector").combine_chunks()
    for i in wanted.values():
        own, values = tables[i], [vectors.filter((numbers == i) & (sides == side)) for side in (0, 1)]
        real, synthetic = (matrix(of_side, len(columns[i]))[0] for of_side in values)
        reports[i] = detect(real, synthetic, [_feature(c, own, counted[i], len(real)) for c in columns[i]])
    return reports


def _drawn(own: Profiled, counted: Counted, share: float) -> str:
    """Whether a row is among those that are looked at, as SQL."""
    if share >= 1:
        return "true"
    values = [c.value for c in own.table.columns if c.type is not None]
    alike = max(
        (n for tally, n in counted.items() if not tally.whole), key=lambda n: sum(n.rows), default=ValueCounts()
    )
    if not own.table.config.pk and sum(alike.values) < _DISTINCT * sum(alike.rows):
        values.append("monotonically_increasing_id()")
    return f"shiftrightunsigned(xxhash64({', '.join(values)}), 11) < {math.ceil(share * _HASHES)}L"


def _feature(column: Shared, own: Profiled, counted: Counted, rows: int) -> Feature:
    if column.is_quantitative:
        return Feature(column.name)
    known = counted[Tally.of([column], named=True)]
    present = [side.columns[column.place].present for side in own.sides]
    suppressed, unknown = (n / of if of else 0.0 for n, of in zip(known.left_out, present, strict=True))
    in_sample = math.ceil(known.kept_from * rows / max(1, own.sides[0].rows))
    fewest = max(FEWEST_OF_CATEGORY, own.table.rare_rows, in_sample)
    return Feature(column.name, True, fewest, max(0.0, suppressed - unknown) / (1 - unknown) if unknown < 1 else 0.0)
