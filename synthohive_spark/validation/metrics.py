"""Synthetic tables against their real ones: every figure of single tables, from counts over all rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pyspark.sql import DataFrame

from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.engine.association import cramers_v
from synthohive_spark.validation.cells import Binning, CellCounts, Wanted, count_cells
from synthohive_spark.validation.counting import Counted, Tally, ValueCounts, count_values
from synthohive_spark.validation.detector_rows import detect_rows
from synthohive_spark.validation.figures import (
    Bar,
    BrokenBound,
    ColumnReport,
    DetectorReport,
    PairReport,
    TableReport,
)
from synthohive_spark.validation.lines import Line
from synthohive_spark.validation.profile import QUANTILES, Profile, Profiled, profile
from synthohive_spark.validation.tables import Shared, opened

_BARS = 12
_PAIR_COLUMNS = 40
_PAIR_BINS = 8
_PAIR_VALUES = 10
_MEASURED = ("categorical", "numeric", "datetime")
_NAMELESS = ("text", "personal")


def compare_table(
    name: str, real: DataFrame, synthetic: DataFrame, config: TableDeclaration, rare_rows: int = 0
) -> TableReport:
    """Compare a synthetic table with its real one, over all rows, by four Spark queries.

    Both frames are read once for each: write a synthetic frame that is costly to make to a table first.

    Args:
        name: What the report calls the table.
        real: The real table.
        synthetic: The synthetic table.
        config: What is declared about it: keys, personal columns and constraints.
        rare_rows: Categories that fewer real rows hold were kept from the model; 0 where none were.

    Raises:
        SchemaError: If two columns of one table have the same name.
    """
    tables = profile(opened({name: config}, {name: real}, {name: synthetic}, rare_rows))
    counted = count_values(tables, [tallies(tables[0])])
    return compare_profiled(tables, counted)[0]


def tallies(own: Profiled) -> list[Tally]:
    """The counts of values that a table's own figures take."""
    found = [Tally.of([c], named=True) for c in own.columns("categorical")]
    if not own.table.config.keep:
        found += [Tally.of([c]) for c in own.columns(*_NAMELESS)]
    compared = _compared_rows(own)
    if compared:
        found.append(Tally.of(compared, whole=False))
    key = own.table.named(own.table.config.pk)
    return [*found, Tally.of(key)] if key and Tally.of(key) not in found else found


def compare_profiled(tables: Sequence[Profiled], counted: Sequence[Counted]) -> list[TableReport]:
    """The figures of all tables, by two jobs more.

    Args:
        tables: The tables, with their profiles.
        counted: For each table, at least the counts of its `tallies`.
    """
    lines = [
        {} if own.table.config.keep else {c.place: Line.of(c, own.sides) for c in own.columns("numeric", "datetime")}
        for own in tables
    ]
    wanted = [_wanted(own, lines[i], counted[i]) for i, own in enumerate(tables)]
    cells = count_cells([own.table for own in tables], wanted)
    detected = detect_rows(tables, counted)
    return [_report(own, counted[i], lines[i], cells[i], detected[i]) for i, own in enumerate(tables)]


def _report(
    own: Profiled,
    counted: Counted,
    lines: Mapping[int, Line],
    cells: tuple[CellCounts, CellCounts],
    detector: DetectorReport | None,
) -> TableReport:
    table, sides = own.table, own.sides
    reports = [] if table.config.keep else [_column(c, own, counted, lines, cells) for c in table.columns]
    names = {c.place: c.name for c in table.columns}
    pairs = ((a, b, cramers_v(one), cramers_v(cells[1].pairs[a, b])) for (a, b), one in cells[0].pairs.items())
    compared = _compared_rows(own)
    alike = counted[Tally.of(compared, whole=False)] if compared else None
    # References alone do not make a row that of anyone.
    tells = not table.config.keep and any(own.roles[c.place] != "identifier" for c in compared)
    key = table.named(table.config.pk)
    keys = counted[Tally.of(key)] if key else None
    duplicates = [None if keys is None else keys.rows[i] - keys.values[i] for i in (0, 1)]
    nulls = [None if keys is None else sides[i].rows - keys.rows[i] for i in (0, 1)]
    broken = zip(table.bounds, sides[1].checked, strict=False)
    return TableReport(
        name=table.name,
        rows_real=sides[0].rows,
        rows_synthetic=sides[1].rows,
        columns=tuple(reports),
        pairs=tuple(PairReport(names[a], names[b], real_v, drawn_v) for a, b, real_v, drawn_v in pairs),
        copies=_share(alike.shared_rows, sides[1].rows) if alike and tells else None,
        real_twins=_share(alike.twins, sides[0].rows) if alike and tells else None,
        key_duplicates=duplicates[1],
        key_nulls=nulls[1],
        key_duplicates_real=duplicates[0],
        key_nulls_real=nulls[0],
        broken_bounds=tuple(BrokenBound(column, bound, rows) for (column, bound), rows in broken if rows),
        checked_bounds=len(table.bounds),
        violating_rows=sides[1].checked[-1] if table.bounds else 0,
        schema_differences=table.differences,
        kept=table.config.keep,
        kept_differences=_kept_differences(own, alike),
        detector=detector,
    )


def _compared_rows(own: Profiled) -> list[Shared]:
    """The columns whose equality makes a row a copy; of a table that is taken over, all that have values."""
    config = own.table.config
    known = [c for c in own.table.columns if c.type is not None]
    if config.keep:
        return known
    # What is made has nothing to do with the rest of its row, so it says nothing about whether that is a copy.
    return [c for c in known if c.name not in config.pk and c.name not in config.pii]


def _kept_differences(own: Profiled, alike: ValueCounts | None) -> int | None:
    if not own.table.config.keep or alike is None:
        return None
    return alike.new + (alike.values[0] - (alike.values[1] - alike.new))


def _share(count: int, rows: int) -> float | None:
    return count / rows if rows else None


def _column(
    c: Shared,
    own: Profiled,
    counted: Counted,
    lines: Mapping[int, Line],
    cells: tuple[CellCounts, CellCounts],
) -> ColumnReport:
    report = _base(c, own.roles[c.place], own.sides)
    if c.place in lines:
        return lines[c.place].added_to(report, cells[0].between[c.place], cells[1].between[c.place])
    values = None
    if c.type is not None and report.role in ("categorical", *_NAMELESS):
        values = counted.get(Tally.of([c], named=report.role == "categorical"))
    return report if values is None or values == ValueCounts() else _with_values(report, values, own.sides, c.place)


def _wanted(own: Profiled, lines: Mapping[int, Line], counted: Counted) -> Wanted:
    binnings = [] if own.table.config.keep else _binnings(own, counted)
    ends = {place: line.edges for place, line in lines.items()}
    places = [c.place for c in own.columns(*_MEASURED) if c.place in ends or c.place in {b.place for b in binnings}]
    return Wanted(tuple(places), ends, tuple(binnings))


def _binnings(own: Profiled, counted: Counted) -> list[Binning]:
    """How the columns are cut whose pairs are compared; none if a side has no rows."""
    if not own.sides[0].rows or not own.sides[1].rows:
        return []
    found = []
    measured = [c for c in own.table.columns if own.roles[c.place] in _MEASURED]
    for c in measured[:_PAIR_COLUMNS]:
        if c.is_quantitative:
            quantiles = own.sides[0].columns[c.place].quantiles
            steps = [round(i * QUANTILES / _PAIR_BINS) for i in range(1, _PAIR_BINS)]
            found.append(Binning(c.place, cuts=tuple(sorted({quantiles[i] for i in steps})) if quantiles else ()))
        else:
            named = counted[Tally.of([c], named=True)].named
            found.append(Binning(c.place, values=tuple(entry.hash for entry in named[:_PAIR_VALUES])))
    return found


def _base(column: Shared, what: str, sides: tuple[Profile, Profile]) -> ColumnReport:
    rates = [1 - side.columns[column.place].present / side.rows if side.rows else None for side in sides]
    return ColumnReport(column.name, column.spark_type, what, null_rate_real=rates[0], null_rate_synthetic=rates[1])


def _with_values(report: ColumnReport, values: ValueCounts, sides: tuple[Profile, Profile], place: int) -> ColumnReport:
    present = [side.columns[place].present for side in sides]
    if report.role != "categorical":
        return replace(report, shared_values=values.shared_rows / present[1] if present[1] else None)
    bars = [
        Bar(entry.value, entry.real / present[0], entry.synthetic / present[1] if present[1] else 0.0)
        for entry in values.named[:_BARS]
    ]
    if present[0]:
        rest = [max(0.0, 1 - math.fsum(shares)) for shares in ([b.real for b in bars], [b.synthetic for b in bars])]
        if not present[1]:
            rest[1] = 0.0
        if max(rest) > 1e-9:
            bars.append(Bar(None, rest[0], rest[1]))
    return replace(
        report,
        tvd=values.tvd,
        category_coverage=values.covered / values.common if values.common and present[1] else None,
        new_categories=values.new if present[1] else None,
        suppressed_rows=values.left_out[0],
        suppressed_share=values.left_out[0] / present[0] if present[0] else None,
        kept_from=values.kept_from,
        bars=tuple(bars),
    )
