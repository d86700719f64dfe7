"""HTML of other shops as plain text."""

import pytest

from angidi.products.imports.reading.markup import plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("<p>one</p><p>two <b>words</b></p>", "one\ntwo words"),
        ("a<br>b<br/>c<BR />d", "a\nb\nc\nd"),
        ("<table><tr><td>1</td><td>2</td></tr></table>", "1 2"),
        ("one\ntwo<p>three", "one two\nthree"),
        ("Tom &amp; Jerry &#8364;5 &euro;6 &lt;b&gt;", "Tom & Jerry €5 €6 <b>"),
        ("<a title=\"a > b\" href='x>y'>link</a>", "link"),
        ("<p style=it's>that</p>", "that"),
        ("x<!-- a > b -->y<!doctype html>z<?php x ?>!", "xyz!"),
        ("<style>p > a {}</style>a<script>if (1 < 2) '<p>'</script>b", "ab"),
        ("<head><title>t</title></head>body", "body"),
        ("2 < 3 > 1", "2 < 3 > 1"),
        ("price <b", "price <b"),
        ("I <3 you", "I <3 you"),
        ("a <3> b", "a <3> b"),
        ("<script>never closed <p>x</p>", ""),
        ("a<!-- never closed <p>x</p>", "a"),
        ("&#" + "9" * 10_000 + ";<p>", "\ufffd"),
        ("", ""),
    ],
)
def test_what_a_reader_sees_is_kept(html: str, text: str) -> None:
    assert plain_text(html) == text


@pytest.mark.timeout(30)  # this is much: by the square of their length these took hours for a megabyte
@pytest.mark.parametrize("end", ["", ">", "x>", "-->", "\"'>"])
@pytest.mark.parametrize(
    "part",
    [
        "<", "<a", "<a ", "</", "</a", "<!", "<!-", "<!--", "<!-->", "<?", "<![CDATA[", "<script>", "<script/",
        "</script", "<a b=", "<a b='", '<a b="', "<a b='\"", "<a =\"'", "<a b=' c=\"", "<p>", "&", "&#", "&#x", "&a",
        "&amp", "<a\n", "=",
    ],
)  # fmt: skip
def test_hostile_markup_takes_time_by_its_length(part: str, end: str) -> None:
    html = part * (400_000 // len(part)) + end
    assert len(plain_text("<p>" + html)) <= len(html)
