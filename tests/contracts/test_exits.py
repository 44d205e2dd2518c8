"""Every way out to a terminal, a browser or a file drops what steers a terminal, whoever wrote the text."""

import json
from pathlib import Path
from typing import Any

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from agent.exports.forms import FORMS
from agent.storage.export import Document, Part
from index.core.untrusted import is_unsafe, safe, safe_json
from tui.cli.output import say, say_json

ROOT = Path(__file__).parents[2]
HOSTILE = (
    "\x1b]8;;https://x.example\x07link\x1b]8;;\x07",
    "\x1b]52;c;cm0gLXJm\x07",
    "\x1b[2J\x1b[31m",
    "\x9b31m",
    "\x90q\x9c",
    "a\rb\x08c",
    "\u202egnp.exe",
    "\u2066a\u2069",
    "zero\u200bwidth\ufeff",
    "\U000e0041tag",
)
"""OSC 8 and OSC 52, CSI, C1, carriage return and backspace, bidirectional overrides, what is not seen."""
_TEXTS = st.text() | st.sampled_from(HOSTILE) | st.lists(st.sampled_from(HOSTILE)).map("".join)
_FORMATS = tuple(name for name, form in FORMS.items() if form.is_text and name != "svg")


def _document(text: str) -> Document:
    finding: dict[str, Any] = {
        "id": "F1",
        "tool": "count_by",
        "shape": "table",
        "digest": text,
        "title": text,
        "scope": text,
        "period": text,
        "snapshot": 1,
        "columns": [text],
        "rows": [
            {"label": text, "values": [{"count": 20, "share": 1.0}], "measures": [{"name": text, "verdict": text}]}
        ],
        "totals": [20],
        "suppressed": {"groups": 0, "cells": 0, "share": 0.0},
        "outside": None,
        "notes": [text],
        "method": text,
    }
    return Document(text, text, (Part(text, text, text, (text,), (text,), (finding,)),))


@given(text=_TEXTS)
@pytest.mark.parametrize("form", _FORMATS)
def test_no_export_has_a_character_that_steers_a_terminal(form: str, text: str) -> None:
    assert not [letter for letter in FORMS[form].make(_document(text)).decode() if is_unsafe(letter)]


@given(text=_TEXTS)
def test_json_loses_nothing_and_steers_nothing(text: str) -> None:
    written = safe_json({text: [text]})
    assert not [letter for letter in written if is_unsafe(letter)]
    assert json.loads(written) == {text: [text]}


@given(text=_TEXTS)
def test_safe_text_keeps_all_that_is_seen(text: str) -> None:
    assert safe(text) == "".join(letter for letter in text if not is_unsafe(letter))
    assert safe(safe(text)) == safe(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_command_line_prints_nothing_that_steers(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(text)
    say(text, err=True)
    say_json({"answer": text})
    out, err = capsys.readouterr()
    assert not [letter for letter in out + err if is_unsafe(letter)]


def test_the_command_line_has_one_way_out() -> None:
    around = regex.compile(r"typer\.(?:s?echo)|\bprint\(|sys\.std(?:out|err)\.write")
    found = [path.name for path in (ROOT / "tui" / "cli").glob("*.py") if around.search(path.read_text("utf-8"))]
    assert set(found) <= {"output.py", "progress.py"}, "say it by tui.cli.output"
