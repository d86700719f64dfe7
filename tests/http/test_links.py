"""Links between pages: a header that nothing breaks out of, and addresses that ask for the same list."""

import re
from urllib.parse import parse_qsl

from hypothesis import example, given
from hypothesis import strategies as st

from angidi.http.routing.links import between_pages

LINKS = re.compile(r'<(/[!-~]*)>; rel="next", <(/[!-~]*)>; rel="first"')

PARTS = st.sampled_from([
    b"page", b"cursor", b"%63ursor", b"p%61ge", b"search", b"=", b"&", b"&&", b"+", b"%", b"%2", b"%20", b"%zz", b"%2B",
    b"%26", b"<", b">", b'"', b"; rel=x", b",", b"\\", b"#", b"?", b"/", b"\r\nSet-Cookie: x", b"\0", b"\xff", b" ",
    "\u00fc".encode(), b"1",
])  # fmt: skip


def parameters(query: bytes | str) -> list[tuple[str, str]]:
    """Return what a query asks for, but not for which page."""
    text = query if isinstance(query, str) else query.decode("latin-1")
    pairs = parse_qsl(text, keep_blank_values=True, encoding="latin-1")
    return [(name, value) for name, value in pairs if name not in {"page", "cursor"}]


@given(query=st.lists(PARTS, max_size=12).map(b"".join) | st.binary(max_size=20))
@example(query=b"a=1>; rel=x, <b")
def test_links_keep_what_was_asked_for_and_cannot_be_broken_out_of(query: bytes) -> None:
    found = LINKS.fullmatch(between_pages("/api/v1/products", query, "abc"))
    assert found
    assert not any(char in '<>",;' for url in found.groups() for char in url)
    following, first = (url.partition("?")[2] for url in found.groups())
    assert parameters(first) == parameters(following) == parameters(query)
    assert parse_qsl(following)[-1] == ("cursor", "abc")
    assert {name for name, _ in parse_qsl(first)}.isdisjoint({"page", "cursor"})


@given(path=st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_no_path_breaks_out_either(path: str) -> None:
    assert LINKS.fullmatch(between_pages(f"/{path}", b"", "abc"))


def test_parameters_stay_as_they_were_sent() -> None:
    links = between_pages("/api/v1/products", b"b=%31&page=2&a=x+y&flag&cursor=z&empty=", "abc")
    assert links == (
        '</api/v1/products?b=%31&a=x+y&flag&empty=&cursor=abc>; rel="next", '
        '</api/v1/products?b=%31&a=x+y&flag&empty=>; rel="first"'
    )


def test_the_last_page_has_no_next_one() -> None:
    assert between_pages("/api/v1/products", b"page=3", None) == '</api/v1/products>; rel="first"'
