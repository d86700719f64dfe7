"""Bar charts as SVG, in groups: for workloads without an order on an axis."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from benchmarks.plots import COLOURS, MARGIN, picture, text_width

LEFT, TOP = 24, 44
ROW, HEAD, BETWEEN, BAR = 18, 20, 10, 12
LONGEST = 420
GAP = 8


class Bar(NamedTuple):
    """One contestant's bar; `label` is the value as people read it."""

    who: str
    value: float
    label: str


class Group(NamedTuple):
    """The bars of one work."""

    name: str
    bars: Sequence[Bar]


def bars(title: str, groups: Sequence[Group]) -> str:
    """Return a chart of the groups, all bars on one scale from 0; a contestant has the same colour everywhere."""
    everything = [bar for group in groups for bar in group.bars]
    who = list(dict.fromkeys(bar.who for bar in everything))
    start = LEFT + max(text_width(name) for name in who) + GAP
    scale = LONGEST / (max(bar.value for bar in everything) or 1)
    parts = [f'<text class="title" x="{LEFT}" y="24">{escape(title)}</text>']
    right, y = 0.0, float(TOP)
    for group in groups:
        parts.append(f'<text x="{LEFT}" y="{y + ROW - 5:g}" font-weight="600">{escape(group.name)}</text>')
        y += HEAD
        for bar in group.bars:
            end = start + max(1.0, bar.value * scale)
            parts += _row(bar, y, start, end, COLOURS[who.index(bar.who) % len(COLOURS)])
            right = max(right, end + GAP + text_width(bar.label), LEFT + text_width(group.name, bold=True))
            y += ROW
        y += BETWEEN
    return picture(title, right + MARGIN, y, parts)


def _row(bar: Bar, y: float, start: float, end: float, colour: str) -> list[str]:
    base = y + ROW - 5
    width = end - start
    return [
        f'<text x="{start - GAP:.1f}" y="{base:g}" text-anchor="end">{escape(bar.who)}</text>',
        f'<rect x="{start:.1f}" y="{y + (ROW - BAR) / 2:g}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>',
        f'<text x="{end + GAP:.1f}" y="{base:g}">{escape(bar.label)}</text>',
    ]
