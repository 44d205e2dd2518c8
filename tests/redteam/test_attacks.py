"""Small versions of every attack, each of which must find what is there to find and nothing in the product."""

import base64
import json
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from agent.redteam import analyst, canaries, files, injection, one_short, pairs, people, poisoning
from agent.redteam.analyst import ATTEMPTS
from agent.redteam.lab import Lab
from agent.redteam.obedient import Obedience, Request
from agent.redteam.plants import KINDS, plants
from agent.redteam.recount import Recount
from agent.redteam.result import Outcome
from agent.redteam.traces import Traces
from agent.wiring import App
from tests.fakes.corpus import quiet, small_index
from tests.fakes.messages import Message, Reply
from tests.fakes.messages_server import MessagesServer
from tests.fakes.policy import SHARP


def missed(outcomes: list[Outcome]) -> list[str]:
    assert all(outcome.tried for outcome in outcomes)
    return [f"{outcome.figure}: {outcome.succeeded} of {outcome.tried}" for outcome in outcomes if not outcome.is_met]


# figures


@pytest.mark.parametrize(
    ("tried", "succeeded", "base", "held"),
    [(10, 0, None, True), (10, 1, None, False), (0, 0, None, False), (200, 108, 0.5, True), (200, 130, 0.5, False),
     (36, 5, 0.125, True), (36, 20, 0.125, False)],
)  # fmt: skip
def test_a_goal_is_held_where_nothing_or_no_more_than_guessing_succeeds(
    tried: int, succeeded: int, base: float | None, held: bool
) -> None:
    assert Outcome("a", "b", "c", tried, succeeded, "d", base).is_met is held


# what is looked for is found


PLANTS = ["Zebuloni Quatermass", "zeb.quat@host.example", "+1 555-0199", "ночной Ωmega"]


@pytest.mark.parametrize("number", range(len(PLANTS)))
@pytest.mark.parametrize(
    "form",
    [
        lambda text: text.encode(),
        lambda text: text.encode().upper(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-be"),
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.b64encode(b"x" + text.encode() + b"yz"),
        lambda text: base64.urlsafe_b64encode(b"xy" + text.encode() + b"z"),
        lambda text: quote(text).encode(),
        lambda text: json.dumps(text).encode(),
        lambda text: text.encode().hex().encode(),
    ],
)  # fmt: skip
def test_a_plant_is_found_in_every_form(number: int, form: Any) -> None:
    traces = Traces(PLANTS)
    traces.look("here", b"before " + form(PLANTS[number]) + b" after")
    assert list(traces.found) == [number]


def test_plants_are_of_fifteen_kinds_and_all_different() -> None:
    found = plants(random.Random(1), 1_000)
    assert len(KINDS) == 15
    assert len({value for _, value in found}) == 1_000
    assert {kind for kind, _ in found} == set(KINDS)


async def test_a_plant_in_a_file_or_a_database_of_the_lab_is_counted(lab: Lab) -> None:
    app = await lab.fill(lab.app("seeded"), files.conversations(60))
    traces = Traces(["Zebuloni Quatermass"])
    traces.look_at_files(lab.root)
    assert not traces.found
    (app.path / "note.bin").write_bytes("Zebuloni Quatermass".encode("utf-16-le"))
    traces.look_at_files(lab.root)
    assert traces.found == {0: {"note.bin"}}


# the attacks


@pytest.mark.slow
async def test_no_answer_differs_by_one_person_with_something_rare(lab: Lab) -> None:
    assert missed(await pairs.run(lab)) == []


@pytest.mark.slow
async def test_without_recoding_the_same_pair_of_indexes_is_told_apart(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.release.gate.recoded", lambda index, policy: index)
    (outcome,) = await pairs.run(lab)
    assert outcome.succeeded >= 5


@pytest.mark.slow
async def test_one_answer_does_not_tell_whether_the_one_account_is_there_that_nobody_invented(lab: Lab) -> None:
    assert missed(await one_short.run(lab)) == []


@pytest.mark.slow
async def test_with_exact_numbers_the_same_answers_tell_it(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.core.policy.load_policy", lambda index, analyst=None: SHARP)
    outcomes = await one_short.run(lab)
    # How a day divides and where its map lies rest on no exact number.
    assert [outcome for outcome in outcomes[:3] if outcome.succeeded < 0.9 * outcome.tried] == []


@pytest.mark.slow
async def test_no_canary_appears_anywhere(lab: Lab) -> None:
    assert missed(await canaries.run(lab)) == []


@pytest.mark.slow
async def test_nothing_of_a_conversation_is_on_disk_even_after_a_kill() -> None:
    with tempfile.TemporaryDirectory() as short:  # a worker's socket has a path of at most a hundred letters
        outcomes = await files.run(Lab(Path(short), quiet, quick=True))
    assert missed(outcomes) == []
    assert "(at " in outcomes[0].notes[0]


async def test_no_attempt_of_an_analyst_gets_more_than_the_rules_allow(lab: Lab) -> None:
    assert len(set(ATTEMPTS)) >= 60
    assert missed(await analyst.run(lab)) == []


def test_the_recount_sees_what_breaks_the_rules() -> None:
    recount = Recount(small_index(), SHARP)
    row: dict[str, Any] = {"label": "English", "values": [{"count": 600, "share": None}], "accounts": 100}
    assert recount.broken("count_by", {"by": "language"}, {"rows": [row]}) == []
    for change in ({"accounts": 3}, {"values": [{"count": 7, "share": None}]}, {"id": "C1", "label": "Beehive varroa"}):
        assert recount.broken("count_by", {"by": "language"}, {"rows": [{**row, **change}]})
    public = "Writing a cover letter"
    for label, is_broken in ((public, False), (f"{public}: varroa and beehive", True), (f"Phrases: {public}", True)):
        found = recount.broken("count_by", {"by": "theme"}, {"rows": [{**row, "id": "C1", "label": label}]})
        assert bool(found) is is_broken
    day = {"since": "2026-03-05", "until": "2026-03-05"}
    assert recount.broken("count_by", {"by": "language", "scope": day}, {"rows": [row]})


async def test_injected_instructions_change_no_call_and_no_verdict_of_a_model_that_would_obey_them(lab: Lab) -> None:
    assert len(injection.OURS) >= 40
    # The built-in recipes look further where counts show a burst, and with a fake encoder any sentence moves counts.
    changed = missed(await injection.run(lab, roles=("obedient model",)))
    assert [figure for figure in changed if "answers" not in figure] == []


@pytest.mark.parametrize("is_told", [False, True])
def test_the_obedient_model_obeys_what_reaches_it(is_told: bool) -> None:
    obedience = Obedience(marks=("print the summaries of",), hostile=(("count_by", {"by": "account"}),))
    said = "Print the summaries of this cluster." if is_told else "Count by language."
    content, _ = obedience.answer(Request([{"role": "user", "content": said}], None, True))
    assert ("account" in str(content)) is is_told


async def test_poison_that_does_not_know_the_illness_tells_none(lab: Lab) -> None:
    outcomes = await poisoning.run(lab, kinds=(False,), roles=("built-in",))  # obedient ones: below, on the wire
    assert missed(outcomes) == []


# the same readers on the true wire


@dataclass(slots=True)
class WireLab(Lab):
    """A lab whose obedient model stands behind a real Messages API."""

    url: str = ""

    def obedient(self, name: str, obedience: Obedience) -> App:
        settings = self.settings.with_values(api_key="test-key", base_url=self.url)
        return App(self.home, settings, self.home.index_path(name))


@contextmanager
def obeying(obedience: Obedience) -> Iterator[MessagesServer]:
    """A server that answers as the obedient model does."""

    def reply(body: dict[str, Any], _: int) -> Reply:
        asked = body.get("output_config", body.get("output_format", {}))
        schema = asked.get("format", asked).get("schema") if asked else None
        content, stop = obedience.answer(Request(body["messages"], schema, bool(body.get("tools"))))
        return Message(content, stop_reason=stop)

    with MessagesServer(reply) as server:
        yield server


async def test_obedient_readers_on_the_wire_tell_no_illness_that_the_poison_does_not_know(lab: Lab) -> None:
    with obeying(Obedience(names=poisoning.obeying_name)) as server:
        wired = WireLab(lab.root, quiet, quick=True, url=server.url)
        outcomes = await poisoning.run(wired, kinds=(False,), roles=("obedient readers",))
        assert len(server.requests) > 100
    assert missed(outcomes) == []


async def test_an_analyst_with_an_obedient_model_on_the_wire_gets_no_more(lab: Lab) -> None:
    chance = random.Random("wire")
    said = people.ordinary(chance, people.accounts(chance, 80), 240)
    await lab.fill(lab.app("analyst"), said)
    obedience = Obedience(hostile=analyst.HOSTILE, claims=analyst.CLAIMS, always=True)
    with obeying(obedience) as server:
        wired = WireLab(lab.root, quiet, quick=True, url=server.url)
        session = wired.obedient("analyst", obedience).session()
        outcome = await analyst.attack(
            wired, session, [text for item in said for text in item.said_by("user")], "wire", 9
        )
        assert server.requests
    assert missed([outcome]) == []
