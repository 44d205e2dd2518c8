import pytest

from tests.fakes.session import FakeSession, as_session, events
from tui.cli.plain_chat import PlainChat


async def test_plain_chat_asks_line_by_line_and_offers_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    fake = FakeSession(events())
    lines = iter(["3", "1", "resume", ""])
    await PlainChat(as_session(fake), lambda: next(lines)).run()
    assert fake.asked == ["What is new since the launch?", "Which languages are used most?"]
    assert fake.resumed == 1
    out = capsys.readouterr().out
    assert "1: What do people use the assistant for most?" in out
    assert "[F1]" in out
    assert "\x1b" not in out


async def test_plain_chat_ends_with_the_input() -> None:
    fake = FakeSession(events())
    await PlainChat(as_session(fake), lambda: None).run()
    assert fake.asked == []


async def test_commands_of_plain_chat_are_no_questions(capsys: pytest.CaptureFixture[str]) -> None:
    fake = FakeSession(events())
    lines = iter(["help", "/export", "/nothing", "/resume", "quit", "never asked"])
    await PlainChat(as_session(fake), lambda: next(lines)).run()
    assert fake.asked == []
    assert fake.resumed == 1
    out = capsys.readouterr().out
    assert "Is anyone running coordinated spam?" in out
    assert "shoal sessions export s-1" in out
    assert "There is no command nothing here." in out
