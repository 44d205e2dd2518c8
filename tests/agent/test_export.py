"""Sessions written out: names and answers stay text, in every format."""

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from agent.exports.forms import FORMS
from agent.storage.export import Document, Part, document
from tests.agent.conftest import MakeSession, collect
from tests.fakes.session import finding, row

HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[click](http://evil.example)", "![x](http://evil.example)",
    "a | b | c", "`code`", "**bold**", "# heading", "javascript:alert(1)", "&lt;b&gt;", "]]>", "http://evil.example",
    "www.evil.example", "- item", "1. item", "<!-- x", "a\nb\n\n# c", "<http://evil.example>", "\\[x](http://evil.example)",
)  # fmt: skip
HARMLESS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "ul", "li", "br", "table", "thead",
            "tbody", "tr", "th", "td", "s", "strong", "em"}  # fmt: skip


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said += data


def _with(name: str) -> Document:
    found = finding("F1", rows=[row(name, 20, 2.0)], title=name, notes=[name])
    answer = f"“{name}” is largest (20) [F1].\n\n*Written by rules.*"
    return Document(name, name, (Part(name, name, answer, (name,), (name,), (found,)),))


def _tags(made: Document) -> _Tags:
    seen = _Tags()
    seen.feed(FORMS["html"].make(made).decode())
    return seen


DRAWN = {"svg", "defs", "style", "g", "path", "text", "tspan", "use", "clippath", "rect"}
"""The shapes of a chart."""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_never_becomes_a_tag_of_the_page(name: str) -> None:
    usual = _tags(_with("plain words"))
    seen = _tags(_with(name))
    assert {tag for tag, _ in seen.tags} <= HARMLESS | DRAWN
    inner = DRAWN - {"svg", "style"} | {"p"}
    assert [tag for tag, _ in seen.tags if tag not in inner] == [tag for tag, _ in usual.tags if tag not in inner]
    assert not [attributes for _, attributes in seen.tags if {"href", "src", "onerror"} & set(attributes)]
    local = [attributes.get("xlink:href") or "#" for _, attributes in seen.tags]
    assert all(place.startswith("#") for place in local)


@given(st.text(max_size=60))
def test_no_text_whatever_adds_a_tag(name: str) -> None:
    assert {tag for tag, _ in _tags(_with(name)).tags} <= HARMLESS | DRAWN


def _markdown_tags(made: Document) -> list[str]:
    """What a Markdown renderer with raw HTML, tables and bare links switched on makes of it."""
    page = MarkdownIt("commonmark", {"html": True}).enable(["table"]).render(FORMS["markdown"].make(made).decode())
    seen = _Tags()
    seen.feed(page)
    return [tag for tag, _ in seen.tags]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_never_becomes_markup_of_the_markdown(name: str) -> None:
    assert _markdown_tags(_with(name)) == _markdown_tags(_with("plain words"))


@given(st.text(alphabet="ab<>[]()*_`#|!&~\\\n -+1.:/", max_size=30))
def test_no_name_made_of_signs_becomes_markup(name: str) -> None:
    assert set(_markdown_tags(_with(f"x{name}”"))) <= {"h1", "h2", "h3", "p", "ul", "li", "table", "thead", "tbody", "tr",
                                                       "th", "td", "em"}  # fmt: skip


@pytest.mark.parametrize(
    "sentence", ["See <b onclick=x>this</b> [here](http://evil.example).", "![p](http://evil.example)"]
)
def test_what_a_model_writes_has_no_links_pictures_or_tags(sentence: str) -> None:
    made = Document("t", "a", (Part("q", "", sentence),))
    assert set(_markdown_tags(made)) <= {"h1", "h2", "p", "em"}
    assert {tag for tag, _ in _tags(made).tags} <= HARMLESS - {"b"}


async def test_a_session_is_written_with_its_questions_answers_and_cited_findings(make_session: MakeSession) -> None:
    session = make_session()
    await collect(session.ask("Which languages are used most?"))
    made = document(session.store, session.id)
    page, text = FORMS["html"].make(made).decode(), FORMS["markdown"].make(made).decode()
    stored: dict[str, Any] = json.loads(FORMS["json"].make(made).decode())
    (part,) = stored["parts"]
    assert part["findings"][0]["id"] == "F1"
    for row_ in part["findings"][0]["rows"]:
        assert f"{row_['values'][0]['count']:,}" in text
        assert row_["label"] in page
    for shown in (page, text):
        assert "Which languages are used most?" in shown
        assert "Written by built-in rules" in shown
