"""What the comparison found, in words: rows, columns, pairs, a verdict for each figure, and what to do."""

from __future__ import annotations

from typing import Any

from demo.checks import Check, Comparison
from demo.pairs import differences, measure_of

_WORST_COLUMNS, _WORST_PAIRS = 5, 10
_NAME = 52


def ending(summary: Any) -> str:
    """How a fit went and how it ended, from the training summary of a model."""
    last = summary.checks[-1] if summary.checks else {"step": 0}
    how = getattr(summary, "ended_by", None)
    said = f"; ended by: {str(how).replace('_', ' ')}" if how else ""
    return f"{len(summary.history)} epochs, {last['step']} steps, {summary.seconds:.0f} s in all{said}"


def times_table(seconds: dict[str, float]) -> str:
    """How long each step took, and all of them together."""
    lines = [_line("seconds", ""), *(_line(f"  {name}", f"{value:.1f}") for name, value in seconds.items())]
    return "\n".join([*lines, _line("  all", f"{sum(seconds.values()):.1f}")])


def columns_table(comparison: Comparison) -> str:
    """The columns that are furthest from the real ones."""
    drawn, real = comparison.distances
    worst = sorted(drawn, key=lambda name: real[name] - drawn[name])[:_WORST_COLUMNS]
    lines = [_line("worst columns: distance to the real rows (0 to 1)", "other real", "drawn")]
    return "\n".join([*lines, *(_line(f"  {name}", _share(real[name]), _share(drawn[name])) for name in worst)])


def pairs_table(comparison: Comparison) -> str:
    """The pairs of columns that are furthest from the real ones, and a few that everybody knows."""
    real, other, drawn = comparison.pairs
    known = [("dep_delay", "arr_delay"), ("air_time", "distance"), ("sched_dep_time", "dep_time")]
    worst = [pair for pair in differences(real, drawn) if pair not in known][:_WORST_PAIRS]
    lines = [_line(f"{len(real)} pairs: how strongly columns are associated", "real", "other real", "drawn")]
    for title, pairs in (("  known", known), ("  worst", worst)):
        lines.append(title)
        for pair in pairs:
            name = f"    {pair[0]}, {pair[1]} ({measure_of(pair)})"
            lines.append(_line(name, *(_share(side[pair]) for side in (real, other, drawn))))
    return "\n".join(lines)


def verdict(checks: tuple[Check, ...]) -> str:
    """A line for each figure, with its limit."""
    lines = [_line("      verdict", "other real", "drawn", "shuffled", "limit")]
    for check in checks:
        mark = "-" if check.limit is None else "BAD" if check.bad else "ok"
        limit = "not judged" if check.limit is None else _share(check.limit)
        values = (_share(value) for value in (check.real, check.drawn, check.independent))
        lines.append(_line(f"  {mark:<4}{check.text}", *values, limit))
    lines.append(
        "  Below the pairs: the share of rows that break what is said. Shuffled: real rows, each column by itself."
    )
    return "\n".join(lines)


def conclusion(checks: tuple[Check, ...], engine: str) -> str:
    """One sentence if all is good; else what is bad, and what to do."""
    judged = [check for check in checks if check.limit is not None]
    others = "; ".join(f"{check.text} ({check.drawn:.0%})" for check in checks if check.limit is None)
    weak = f"Not judged, since neither engine keeps it, is how many rows break: {others}."
    bad = [check for check in judged if check.bad]
    if not bad:
        return f"GOOD: all {len(judged)} figures that are judged are within their limits.\n{weak}"
    named = "\n".join(f"  {check.text}: {_share(check.drawn)}, at most {_share(check.limit or 0.0)}" for check in bad)
    return f"NOT GOOD: {len(bad)} of {len(judged)} figures are over their limits:\n{named}\n{weak}\n{_REMEDIES[engine]}"


_REMEDIES = {
    "autoregressive": "What to do: train longer (make demo MAX_SECONDS=600), or when the machine has less to do.",
    "ctgan": "In this time a CTGAN keeps columns and rough shapes, and loses most dependencies. What to do:\n"
    "take the other engine (make demo), or train longer (make demo ENGINE=ctgan MAX_SECONDS=3600).",
}


def _line(name: str, *values: str) -> str:
    return f"{name:<{_NAME + 6}}" + "".join(f"{value:>11}" for value in values)


def _share(value: float) -> str:
    return f"{value:.4f}"
