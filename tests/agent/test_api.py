"""What the documentation says of the interfaces is so."""

from pathlib import Path

import jsonschema
import pytest
import regex

from agent.core.events import dump
from docs.generate import FOLDER, event_schema, pages
from tests.agent.conftest import MakeSession, collect
from tests.fakes.corpus import FakeEncoder, small
from tests.fakes.encoders import use_encoder
from tests.fakes.homes import copied

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("name", "text"), pages().items(), ids=pages().keys())
def test_a_generated_page_is_up_to_date(name: str, text: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == text, "run make reference"


async def test_every_event_of_a_run_fits_the_schema(make_session: MakeSession) -> None:
    check = jsonschema.Draft202012Validator(event_schema())
    session = make_session()
    for question in ("Is anyone running coordinated spam?", "blah fnord qwerty"):
        for event in await collect(session.ask(question)):
            check.validate(dump(event))
    assert not check.is_valid({"type": "notice"})


async def test_the_example_of_the_documentation_answers(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from asyncio import to_thread

    built = await to_thread(small)
    copied(built.home.root, own_home)
    (own_home / "indexes" / "small").rename(own_home / "indexes" / "demo")
    use_encoder(monkeypatch, FakeEncoder())
    (block,) = regex.findall(
        r"```python\n(.*?)```", (DOCS / "reference" / "python.md").read_text("utf-8"), regex.DOTALL
    )
    names: dict[str, object] = {}
    exec(block, names)
    made = names["answer"]
    assert callable(made)
    text = await made("Which languages are used most?")
    assert "[F1]" in text
    assert "count_by" in capsys.readouterr().out
