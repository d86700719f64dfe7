"""Line charts as SVG, without a library: small, sharp, and readable on a light and on a dark page.

The width of a picture is that of its longest label, which is reckoned for the widest of the usual fonts.
"""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

PLOT, HEIGHT = 498, 420
LEFT, TOP, BOTTOM = 72, 52, 54
GAP, MARGIN = 12, 10
"""Between a line's end and its name, and between the longest name and the edge of the picture."""

END = LEFT + PLOT
SIZE, TITLE_SIZE = 13, 15
COLOURS = ("#2f7fd8", "#e0702c", "#2a9d6f", "#b658c4", "#c9a227", "#8a6d5b", "#d64f6a", "#4fb3bf")
LABEL_GAP = 16
LEAST_SPAN = 20
"""Times that the top of a chart is above its bottom at least, so that what is flat looks flat."""

WIDTHS = {
    0.42: " .,:;'|!()[]-/\\ijlftrI",
    0.85: "ABCDGHKNOQRUVXYZ&w+=<>×#^~",
    1.0: "mMW%@…",
}
"""Of characters in em: no less than in DejaVu Sans, the widest of the fonts that browsers take for sans-serif."""

OTHERS = 0.66
BOLD = 1.12

STYLE = (
    """
text { font: %(size)dpx system-ui, sans-serif; fill: #57606a; }
.title { font-size: %(title)dpx; font-weight: 600; fill: #24292f; }
.grid { stroke: #8c959f; stroke-opacity: 0.25; }
.axis { stroke: #8c959f; stroke-opacity: 0.7; }
@media (prefers-color-scheme: dark) { text { fill: #9198a1; } .title { fill: #e6edf3; } }
""".strip()
    % {"size": SIZE, "title": TITLE_SIZE}
)

Point = tuple[float, float]


class Line(NamedTuple):
    """A named curve through points in the order of x."""

    name: str
    points: Sequence[Point]


class Axis(NamedTuple):
    """A logarithmic axis from `low` to `high`, on pixels from `start` to `stop`."""

    low: float
    high: float
    start: float
    stop: float

    def place(self, value: float) -> float:
        part = (math.log10(value) - math.log10(self.low)) / (math.log10(self.high) - math.log10(self.low))
        return self.start + part * (self.stop - self.start)


def chart(title: str, x_label: str, y_label: str, lines: Sequence[Line]) -> str:
    """Return a chart of the lines, both axes logarithmic, each line labelled where it ends; values are above 0."""
    xs = sorted({x for line in lines for x, _ in line.points})
    ys = [y for line in lines for _, y in line.points]
    across = Axis(xs[0], xs[-1] if len(xs) > 1 else xs[0] * 10, LEFT, END)
    low = _below(min(ys) / (2 if max(ys) < LEAST_SPAN * min(ys) else 1))
    up = Axis(low, max(_above(max(ys)), LEAST_SPAN * low), HEIGHT - BOTTOM, TOP)
    parts = [*_frame(title, x_label, y_label), *_x_ticks(xs, across), *_y_ticks(up)]
    labels: list[tuple[float, str, str]] = []
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        places = [(across.place(x), up.place(y)) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        labels.append((places[-1][1], line.name, colour))
    parts += _labels(labels)
    names = max(text_width(line.name) for line in lines)
    return picture(title, END + GAP + names + MARGIN, HEIGHT, parts)


def picture(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    """Return the parts as an SVG of that size, or wider where its title needs more."""
    width = math.ceil(max(width, LEFT + text_width(title, TITLE_SIZE, bold=True) + MARGIN))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:g}" width="{width}" height="{height:g}"'
        f' role="img" aria-label="{escape(title)}">\n<style>\n{STYLE}\n</style>\n{body}\n</svg>\n'
    )


def text_width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """Return about how many pixels the text is wide at most, in whichever font the reader has."""
    em = sum(next((width for width, those in WIDTHS.items() if letter in those), OTHERS) for letter in text)
    return em * size * (BOLD if bold else 1)


def _frame(title: str, x_label: str, y_label: str) -> list[str]:
    middle = (LEFT + END) / 2
    return [
        f'<text class="title" x="{LEFT}" y="24">{escape(title)}</text>',
        f'<text x="{LEFT}" y="{TOP - 10}">{escape(y_label)}</text>',
        f'<text x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x_label)}</text>',
        f'<line class="axis" x1="{LEFT}" x2="{END}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}"/>',
    ]


def _x_ticks(values: Sequence[float], axis: Axis) -> list[str]:
    return [
        f'<text x="{axis.place(value):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{short(value)}</text>'
        for value in values
    ]


def _y_ticks(axis: Axis) -> list[str]:
    parts: list[str] = []
    power = math.floor(math.log10(axis.low))
    few = math.log10(axis.high / axis.low) < 2.5
    while 10**power <= axis.high:
        for step in (1, 2, 5) if few else (1,):
            value = step * 10.0**power
            if axis.low <= value <= axis.high:
                y = axis.place(value)
                parts.append(f'<line class="grid" x1="{LEFT}" x2="{END}" y1="{y:.1f}" y2="{y:.1f}"/>')
                parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{short(value)}</text>')
        power += 1
    return parts


def _labels(wanted: Sequence[tuple[float, str, str]]) -> list[str]:
    """Write the names beside the ends of the lines, pushed apart where they would overlap."""
    parts: list[str] = []
    free = float(TOP)
    total = len(wanted)
    for number, (y, name, colour) in enumerate(sorted(wanted)):
        room = HEIGHT - BOTTOM - (total - number - 1) * LABEL_GAP
        place = min(max(y + 4, free), room)
        free = place + LABEL_GAP
        parts.append(f'<text x="{END + GAP}" y="{place:.1f}" style="fill: {colour}">{escape(name)}</text>')
    return parts


def _below(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return max(step * power for step in (1, 2, 5) if step * power <= value)


def _above(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return min(step * power for step in (1, 2, 5, 10) if step * power > value)


def short(value: float) -> str:
    """Return a round number as axes show it: 10k, 1M, 0.5."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
