"""What people read is plain: no old expression is in a string, docstring, comment, prompt or document.

The list holds what readers with English as a second language did not understand. It is words, not grammar: a fresh reader
still has to read what is new.
"""

import ast
import tokenize
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
import regex

ROOT = Path(__file__).parents[2]
PACKAGES = ("agent", "index", "prompts", "tools", "tui")
EXPRESSIONS = (
    r"told of",
    r"(?:may|can|could|must|not)(?: it| they)? be told\b(?! apart)",
    r"\bis told\b",
    r"\bare told\b(?! apart)",
    r"said of\b",
    r"too (?:few|small) to be (?:said|told|stated)",
    r"for (?:another|an other)'s sake",
    r"\bstands? in\b(?! for)",
    r"\bstood\b",
    r"held against",
    r"(?:what|it|they) came to\b",
    r"a word of\b",
    r"\blet it (?:be|not)",
    r"as far as \w+ (?:are|is) told",
    r"the level changes at",
    r"wherever they lie",
    r"the policy's size",
    r"lies? outside\b",
    r"a course of\b",
    r"\bstruck\b",
    r"or so many that",
    r"would give (?:it|one|them) (?:back|away)",
    r"in question have, as one group",
    r"\bwithheld for\b",
    r"\bthe others are too few\b",
)
_OLD = regex.compile("|".join(EXPRESSIONS), regex.IGNORECASE)
_IS_PATTERN = regex.compile(r"\(\?|\\[bswd]|\[\^")
"""Marks a string that is a regular expression: it reads what users write."""


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """The line and text of every string and docstring of a module; the parts of an f-string are joined."""
    tree = ast.parse(path.read_text("utf-8"))
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "x" for part in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.lineno, node.value


def comments(path: Path) -> Iterator[tuple[int, str]]:
    with path.open(encoding="utf-8") as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def documents() -> list[Path]:
    found = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "prompts").glob("*.md")]
    return sorted(path for path in found if path.name != "glossary.md")


def _prose(path: Path) -> str:
    """A document's text without its code spans."""
    return " ".join(regex.sub(r"`[^`\n]*`", "", path.read_text("utf-8")).split())


@pytest.mark.parametrize("package", PACKAGES)
def test_no_string_docstring_or_comment_has_an_old_expression(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match.group()!r} in {text.strip()[:90]!r}"
        for path in modules()
        if path.relative_to(ROOT).parts[0] == package
        for line, text in chain(strings(path), comments(path))
        if " " in text and not _IS_PATTERN.search(text) and (match := _OLD.search(" ".join(text.split())))
    ]
    assert not found, "\n".join(found)


def test_no_document_has_an_old_expression() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()!r}" for path in documents() if (match := _OLD.search(_prose(path)))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "the others are too few to be told of",
        "of no theme can it be told",
        "The second half does not clearly differ from the first, as far as buckets are told",
        "What attacks on it came to",
        "withheld for another's sake",
    ],
)
def test_the_list_knows_the_old_style(text: str) -> None:
    assert _OLD.search(text)
