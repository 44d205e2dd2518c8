"""What the documentation says of the interfaces is so."""

import shutil
from pathlib import Path

import jsonschema
import pytest
import regex

from agent.core.events import dump
from agent.services.event_reference import reference, schema
from agent.wiring import App
from tests.agent.conftest import MakeSession, collect
from tests.fakes.corpus import FakeEncoder, small

DOCS = Path(__file__).parents[2] / "docs"


def test_the_reference_of_the_events_is_that_of_the_code() -> None:
    assert (DOCS / "events.md").read_text("utf-8") == reference()


async def test_every_event_of_a_run_fits_the_schema(make_session: MakeSession) -> None:
    check = jsonschema.Draft202012Validator(schema())
    session = make_session()
    for question in ("Is anyone running coordinated spam?", "hm?"):
        for event in await collect(session.ask(question)):
            check.validate(dump(event))
    assert not check.is_valid({"type": "notice"})


async def test_the_example_of_the_documentation_answers(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from asyncio import to_thread

    built = await to_thread(small)
    shutil.copytree(built.home.root, own_home)
    (own_home / "indexes" / "small").rename(own_home / "indexes" / "demo")
    monkeypatch.setattr(App, "encoder", lambda self, on_compile=None: FakeEncoder())
    (block,) = regex.findall(r"```python\n(.*?)```", (DOCS / "api.md").read_text("utf-8"), regex.DOTALL)
    names: dict[str, object] = {}
    exec(block, names)
    made = names["answer"]
    assert callable(made)
    text = await made("Which languages are used most?")
    assert "[F1]" in text
    assert "count_by" in capsys.readouterr().out
