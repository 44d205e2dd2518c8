"""The documents hold together: links lead somewhere, paths exist, prose is narrow, and no page is long."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import regex
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
WIDTH = 120
WORDS = 1_650
"""The longest page of a generated transcript; prose is to stay under 1,500."""
_PACKAGES = ("agent", "bench", "docs", "index", "prompts", "scripts", "tests", "tools", "tui")
_PATH = regex.compile(rf"\b(?:{'|'.join(_PACKAGES)})/[\w/.-]*\w/?(?![\w*])")
_IDS = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


def tokens(path: Path) -> Iterator[Token]:
    for block in MarkdownIt("commonmark").enable("table").parse(path.read_text("utf-8")):
        yield block
        yield from block.children or ()


def anchors(path: Path) -> set[str]:
    """Anchors of the headings of a page, as code hosts make them."""
    titles = regex.findall(r"(?m)^#+ (.+)$", path.read_text("utf-8"))
    return {regex.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", DOCUMENTS, ids=_IDS)
def test_every_link_leads_somewhere(path: Path) -> None:
    broken = []
    for token in tokens(path):
        target = str(token.attrs.get("href") or token.attrs.get("src") or "")
        if not target or target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("path", DOCUMENTS, ids=_IDS)
def test_every_path_that_a_page_names_exists(path: Path) -> None:
    named = [token.content for token in tokens(path) if token.type == "code_inline"]
    missing = [found for text in named for found in _PATH.findall(text) if not (ROOT / found).exists()]
    assert not missing


def test_every_test_and_picture_that_a_page_names_as_evidence_exists() -> None:
    pages = "\n".join(path.read_text("utf-8") for path in DOCUMENTS)
    written = "\n".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    named = set(regex.findall(r"`(test_\w+)`", pages))
    assert len(named) > 20
    assert {name for name in named if not regex.search(rf"def {name}\b", written)} == set()
    states = ROOT / "tests" / "tui" / "__snapshots__" / "test_states"
    pictures = set(regex.findall(r"picture `([\w-]+)`", pages))
    shown = "test_a_state_says_what_it_is_and_what_can_be_done[{}-wide].svg"
    assert pictures
    assert {name for name in pictures if not (states / shown.format(name)).exists()} == set()


def test_every_page_that_the_code_names_exists() -> None:
    missing = [
        f"{file.relative_to(ROOT)}: {found}"
        for package in _PACKAGES
        for file in (ROOT / package).rglob("*.py")
        for found in regex.findall(r"\bdocs/[\w/-]+\.(?:md|svg|png|py)", file.read_text("utf-8"))
        if not (ROOT / found).exists()
    ]
    assert not missing


@pytest.mark.parametrize("path", DOCUMENTS, ids=_IDS)
def test_prose_is_narrow_and_pages_are_short(path: Path) -> None:
    text = path.read_text("utf-8")
    prose = regex.sub(r"(?ms)^```.*?^```$", "", text).splitlines()
    is_transcript = path.parent.name == "investigations"
    wide = [line for line in prose if len(line) >= WIDTH and not line.startswith(("|", "![")) and not is_transcript]
    assert not wide
    assert len(text.split()) <= WORDS
