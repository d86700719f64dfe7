"""Plots: well-formed, complete, and no label is cut off."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
from benchmarks.bars import Bar, Group, bars
from benchmarks.plots import Line, chart

NARROWEST_FONT, WIDEST_FONT = 6.2, 7.4
"""Pixels of an average letter, in fonts of this size that readers may have; DejaVu Sans is the widest."""

LONG = "subtree list by price, a middle one with a very long name in it"
LINES = [Line("ours", [(1, 2), (10, 3)]), Line(LONG, [(1, 200), (10, 9000)])]
GROUPS = [
    Group("create a product, 16 connections", [Bar("Angidi", 100.0, "100/s"), Bar("A & B", 4_300.0, "4,300/s")]),
    Group(LONG * 3, [Bar("Angidi", 0.0, "0.000/s")]),
]


def texts(svg: str) -> Iterator[tuple[str, float, str]]:
    """Yield each label with the place it is anchored at, and how."""
    for element in ET.fromstring(svg).iter():
        if element.tag.endswith("text"):
            yield element.text or "", float(element.get("x", "nan")), element.get("text-anchor", "start")


@pytest.mark.parametrize("svg", [chart("A & B", "rows", "ms", LINES), bars("A & B", GROUPS)])
def test_every_label_lies_within_the_picture(svg: str) -> None:
    width = float(ET.fromstring(svg).get("width", "0"))
    for text, x, anchor in texts(svg):
        share = {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        taken = WIDEST_FONT * len(text)
        assert x - share * taken >= 0
        assert x + (1 - share) * taken <= width, text


def test_a_long_title_makes_room_for_itself() -> None:
    width = float(ET.fromstring(chart(LONG * 3, "rows", "ms", LINES[:1])).get("width", "0"))
    assert width >= NARROWEST_FONT * len(LONG * 3)


def test_a_chart_names_every_line_and_its_axes() -> None:
    found = {text for text, _, _ in texts(chart("A & B", "rows", "ms", LINES))}
    assert {"A & B", "ours", LONG, "rows", "ms", "1", "10", "100", "1k"} <= found


def test_bars_are_drawn_on_one_scale_and_say_their_values() -> None:
    root = ET.fromstring(bars("title", GROUPS))
    widths = [float(element.get("width", "0")) for element in root.iter() if element.tag.endswith("rect")]
    assert widths[0] / widths[1] == pytest.approx(100 / 4_300, rel=0.01)
    assert {"100/s", "4,300/s", "0.000/s", "A & B"} <= {text for text, _, _ in texts(bars("title", GROUPS))}
