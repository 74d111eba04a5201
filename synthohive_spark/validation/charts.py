"""Charts of the report's page as inline SVG; colours are classes, so that the page's style decides on light or dark."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import accumulate

from markupsafe import Markup

from synthohive_spark.validation.figures import Bar, Histogram, PairReport

NOTHING = "\N{EN DASH}"
"""What stands for a figure that there is none of."""
_WIDTH = 280
_LABELS = 112
_FIGURES = 40
_ROW = 16
_PLOT = 64
_CELL = 18
_NAME = 130
_STRONGEST = 0.5
"""The difference of Cramér's V that has the full colour."""


def bar_chart(name: str, bars: Sequence[Bar], title: str = "Shares of the values of {}") -> Markup:
    """A row for each value: the real share as a broad bar, the synthetic one as a narrow bar on it."""
    longest = max((max(b.real, b.synthetic) for b in bars), default=0.0) or 1.0
    span = _WIDTH - _LABELS - _FIGURES
    rows = []
    for i, b in enumerate(bars):
        label = "all others" if b.label is None else b.label
        # The tooltip has the whole label and both shares; the row has room for less.
        hint = f"{label}: real {percent(b.real)}, synthetic {percent(b.synthetic)}"
        rows.append(
            Markup(
                '<g><title>{hint}</title><text class="{kind}" x="{x}" y="{y}" text-anchor="end">{label}</text>'
                '<rect class="real" x="{left}" y="{top}" width="{real:.2f}" height="11"/>'
                '<rect class="synthetic" x="{left}" y="{inner}" width="{synthetic:.2f}" height="4"/>'
                '<text class="figure" x="{end:.2f}" y="{y}">{share}</text></g>'
            ).format(
                hint=hint,
                kind="label rest" if b.label is None else "label",
                x=_LABELS - 6,
                y=i * _ROW + 12,
                label=shortened(label, _LABELS - 6),
                left=_LABELS,
                top=i * _ROW + 2.5,
                inner=i * _ROW + 6,
                real=_bounded(b.real / longest * span),
                synthetic=_bounded(b.synthetic / longest * span),
                end=_LABELS + _bounded(max(b.real, b.synthetic) / longest * span) + 5,
                share=percent(b.real),
            )
        )
    described = "; ".join(
        f"{b.label or 'all others'}: {percent(b.real)} real, {percent(b.synthetic)} synthetic" for b in bars
    )
    return svg(_WIDTH, len(bars) * _ROW + 2, title.format(name), described, rows)


def histogram(name: str, bins: Histogram) -> Markup:
    """Real shares as filled columns, synthetic shares as a line over them, and the two ends of the axis."""
    highest = max((*bins.real, *bins.synthetic), default=0.0) or 1.0
    step = _WIDTH / max(1, len(bins.real))
    parts = []
    for i, (real, synthetic) in enumerate(zip(bins.real, bins.synthetic, strict=True)):
        tall = _bounded(real / highest * _PLOT)
        parts.append(
            Markup(
                '<rect class="real" x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{tall:.2f}">'
                "<title>real {real}, synthetic {synthetic}</title></rect>"
            ).format(
                x=i * step + 0.5,
                y=_PLOT + 2 - tall,
                width=step - 1,
                tall=tall,
                real=percent(real),
                synthetic=percent(synthetic),
            )
        )
    heights = [_PLOT + 2 - _bounded(share / highest * _PLOT) for share in bins.synthetic]
    line = " ".join(f"{i * step:.2f},{y:.2f} {(i + 1) * step:.2f},{y:.2f}" for i, y in enumerate(heights))
    parts.append(Markup('<polyline class="synthetic-line" points="{line}"/>').format(line=line))
    parts.append(
        Markup(
            '<line class="axis" x1="0" x2="{width}" y1="{y}" y2="{y}"/>'
            '<text class="figure" x="0" y="{under}">{low}</text>'
            '<text class="figure" x="{width}" y="{under}" text-anchor="end">{high}</text>'
        ).format(width=_WIDTH, y=_PLOT + 2, under=_PLOT + 16, low=number(bins.low), high=number(bins.high))
    )
    described = (
        f"{len(bins.real)} bins from {number(bins.low)} to {number(bins.high)}; the end bins hold what is beyond"
    )
    return svg(_WIDTH, _PLOT + 22, f"Distribution of {name}", described, parts)


def heat_map(pairs: Sequence[PairReport]) -> Markup:
    """A square for each pair of columns, the stronger coloured the further their strengths are apart."""
    names = list(dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second)))
    place = {name: i for i, name in enumerate(names)}
    parts = []
    for i, name in enumerate(names):
        parts.append(
            Markup(
                '<g><title>{name}</title><text class="label" x="{x}" y="{y}" text-anchor="end">{label}</text>'
                '<text class="label" transform="translate({across},{down}) rotate(-60)">{label}</text></g>'
            ).format(
                name=name,
                label=shortened(name, _NAME - 6),
                x=_NAME - 6,
                y=_NAME + i * _CELL + 13,
                across=_NAME + i * _CELL + 12,
                down=_NAME - 6,
            )
        )
        parts.append(_cell(place[name], place[name], "cell same", 1.0, name))
    for p in pairs:
        hint = f"{p.first} and {p.second}: real {p.real:.2f}, synthetic {p.synthetic:.2f}, apart {p.difference:.2f}"
        strength = min(1.0, p.difference / _STRONGEST)
        for row, column in ((p.first, p.second), (p.second, p.first)):
            parts.append(_cell(place[row], place[column], "cell", strength, hint))
    size = _NAME + len(names) * _CELL + 2
    worst = max(pairs, key=lambda p: p.difference)
    described = f"{len(pairs)} pairs; furthest apart are {worst.first} and {worst.second}, by {worst.difference:.2f}"
    # Room at the right for the last slanted name.
    return svg(size + 60, size, "Differences of Cramér's V between real and synthetic", described, parts)


def percent(share: float | None) -> str:
    """A share as a reader takes it in: at most one decimal, and never a plain 0 for what is not nothing."""
    if share is None:
        return NOTHING
    if 0 < share < 0.0005:
        return "<0.1%"
    if 0.9995 < share < 1:
        return ">99.9%"
    return f"{share:.0%}" if share in (0, 1) or share >= 0.9995 else f"{share:.1%}"


def number(value: float | str) -> str:
    """The end of an axis, with four significant digits at most where it is no whole number."""
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:,.4g}"


def shortened(text: str, room: float) -> str:
    """``text`` on one line, cut to what fits into ``room`` pixels, whichever font shows it."""
    text = " ".join(text.split()) or "(empty)"
    if sum(map(_width, text)) <= room:
        return text
    ends = accumulate(map(_width, text), initial=_width("…"))
    return text[: max(1, sum(end <= room for end in ends) - 1)] + "…"


def _width(letter: str) -> float:
    """Pixels of a letter of 11 pixels, as broad as it is in a broad font."""
    if unicodedata.east_asian_width(letter) in "WF":
        return 11.5
    if letter in "mwMW@%#&+<=>~^—…":
        return 11.0
    if letter in "ijl.,:;'|!()[]/ -_ftrI":
        return 5.6
    return 8.7 if letter.isupper() else 7.2


def _cell(row: int, column: int, kind: str, strength: float, hint: str) -> Markup:
    return Markup(
        '<rect class="{kind}" x="{x}" y="{y}" width="{size}" height="{size}" fill-opacity="{strength:.2f}">'
        "<title>{hint}</title></rect>"
    ).format(
        kind=kind,
        x=_NAME + column * _CELL,
        y=_NAME + row * _CELL,
        size=_CELL - 1,
        strength=strength,
        hint=hint,
    )


def svg(width: int, height: int, title: str, described: str, parts: Iterable[Markup]) -> Markup:
    """A picture with what it is, and what it shows, in words."""
    return Markup(
        '<svg class="chart" role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        "<title>{title}</title><desc>{described}</desc>{parts}</svg>"
    ).format(
        width=width,
        height=height,
        title=title,
        described=described,
        parts=Markup("").join(parts),
    )


def _bounded(length: float) -> float:
    """A length that is not lost to the eye because it is small."""
    return 0.0 if length <= 0 else max(1.0, length)
