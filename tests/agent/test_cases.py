"""A case as a report: leads, links on both sides, limits, method, references and figures; and links to places."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.exports.forms import FORMS
from agent.storage.case_report import case_document, headline
from agent.storage.cases import Case, CaseStore
from agent.storage.links import Link
from agent.storage.session_store import Released
from index.core.errors import SettingsError
from tests.fakes.session import finding, row

LEAD = {
    "claim": "“Reviews for hire” shows signs of one operator [F2].",
    "clusters": ["“Reviews for hire” (C4): 80 conversations of about 60 accounts [F2]."],
    "signals": ["It has template very high [F2]."],
}


def released(session: str, made: dict[str, Any]) -> Released:
    return Released(session, "r", "abuse", made["tool"], {}, made)


def ring(verdict: str = "very high", **changed: Any) -> dict[str, Any]:
    measures = [{"name": "template", "verdict": verdict}, {"name": "coordination", "verdict": verdict}]
    rows = [row("Reviews for hire", 80, 8.0, id="C4", measures=measures), row("Cooking", 90, 9.0, id="C7")]
    return {
        **finding("F2", "table", rows, title="Signs of coordination"),
        "tool": "coordination",
        "digest": "d-ring",
        **changed,
    }


@pytest.fixture
def cases(tmp_path: Path) -> CaseStore:
    return CaseStore(tmp_path)


def begun(cases: CaseStore) -> Case:
    made = cases.new("Ring", Path("/indexes/demo"))
    languages = {**finding("F1", "table", [row("English", 600, 60.0)]), "digest": "d-lang"}
    cases.add(cases.find(made), [released("s-1", ring()), released("s-2", languages)])
    assert cases.add_leads(cases.find(made), "s-1", [LEAD, LEAD]) == 1
    assert cases.add_leads(cases.find(made), "s-1", [LEAD]) == 0
    return cases.find(made)


def text_of(case: Case) -> str:
    return FORMS["markdown"].make(case_document(case)).decode().replace("\\", "")


def test_a_case_prints_as_a_report_with_every_part(cases: CaseStore) -> None:
    case = begun(cases)
    cases.mark(case, 3, "escalated", "ana")
    cases.note(case, "Same template as in October.")
    text = text_of(cases.find(case.id))
    parts = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert parts == [
        "Summary", "1. Signs of coordination", "2. Conversations by theme", "3. Lead", "Note", "Timeline", "Limits", "Method",
        "Ledger references", "Appendix: figures of finding 1", "Appendix: figures of finding 2",
    ]  # fmt: skip
    assert "Findings: 2. Leads: 1. Notes: 1. States: 2 new, 1 escalated." in text
    assert "1 (finding, new): Signs of coordination: “Reviews for hire” coordination very high" in text
    assert "3 (lead, escalated): “Reviews for hire” shows signs" in text
    assert "sha256 d-ring, released in session s-1" in text
    assert "Finding 1: 1.5 % of its conversations are not shown" in text


def test_a_lead_knows_the_findings_and_themes_that_it_rests_on(cases: CaseStore) -> None:
    text = text_of(begun(cases))
    assert "Rests on finding 1 of this case, as first released." in text
    assert "Themes: C4 “Reviews for hire”." in text
    assert "template very high" in text


def test_a_link_is_shown_on_both_sides_and_in_the_timeline(cases: CaseStore) -> None:
    case = begun(cases)
    cases.link(case, 3, "2", "same weeks", "ana")
    cases.link(case, 3, "C7", "", "ana")
    text = text_of(cases.find(case.id))
    assert "Linked to finding 2 by ana: same weeks" in text
    assert "Linked from lead 3 by ana: same weeks" in text
    assert "Linked to theme C7 “Cooking” by ana" in text
    assert "lead 3 was linked to theme C7 “Cooking” by ana" in text


@pytest.mark.parametrize(("place", "target"), [(9, "1"), (1, "9"), (1, "C999"), (1, "1"), (1, ""), (4, "1")])
def test_a_link_to_what_is_not_in_the_case_is_refused(cases: CaseStore, place: int, target: str) -> None:
    case = begun(cases)
    cases.note(case, "a note is no end of a link")
    with pytest.raises(SettingsError):
        cases.link(cases.find(case.id), place, target, "", "ana")
    assert not any(item.links for item in cases.find(case.id).items)


def test_a_case_holds_its_leads_in_stix(cases: CaseStore) -> None:
    bundle = json.loads(FORMS["stix"].make(case_document(begun(cases))))
    assert any("Reviews for hire" in json.dumps(item) for item in bundle["objects"] if item["type"] == "grouping")


def test_the_headline_quotes_rows_and_concludes_nothing() -> None:
    assert headline(ring("typical")) == "“Cooking” 90 (9.0 %), “Reviews for hire” 80 (8.0 %)"
    hidden = finding("F1", "table", [{"label": "a", "values": [{"count": None, "share": None}]}])
    assert headline(hidden) == "every row is suppressed"
    moved = {**finding("F1", "trend", [], totals=[300]), "notes": ["change of level at 2026-08: more", "b", "c"]}
    assert headline(moved) == "Total 300; change of level at 2026-08: more; b"


def test_deleting_a_case_takes_its_links_and_leads(cases: CaseStore, tmp_path: Path) -> None:
    case = begun(cases)
    cases.link(case, 1, "C7", "zugzwang", "ana")
    cases.delete(cases.find(case.id))
    cases.close()
    left = (tmp_path / "cases.sqlite3").read_bytes()
    assert b"zugzwang" not in left
    assert b"Reviews for hire" not in left


@given(
    st.sampled_from(["session", "finding", "case"]),
    st.from_regex(r"[A-Za-z0-9_.-]{1,20}", fullmatch=True),
    st.integers(1, 99),
)
def test_a_link_reads_back_as_it_was_written(kind: Any, identity: str, number: int) -> None:
    part = {"session": "", "finding": f"F{number}", "case": str(number)}[kind]
    assert Link.read(str(Link(kind, identity, part))) == Link(kind, identity, part)


@given(st.text(max_size=40) | st.sampled_from(["shoal:", "shoal:finding/s-1", "shoal:case/c-1/x", "shoal:session/a/b"]))
def test_what_is_no_link_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="is no link"):
        Link.read(text)


def test_a_link_of_another_kind_says_what_it_is() -> None:
    assert Link.id_in("s-1", "session") == "s-1"
    assert Link.id_in("shoal:finding/s-1/F3", "session", "finding") == "s-1"
    assert Link.finding_in("shoal:finding/s-1/F3") == "F3"
    with pytest.raises(SettingsError, match="is a link to a case"):
        Link.id_in("shoal:case/c-1", "session", "finding")


def test_a_title_is_one_line_and_no_other_cases(cases: CaseStore) -> None:
    made = cases.new("Spring\n spam", Path("/i"))
    assert cases.find(made).title == "Spring spam"
    for wrong in ("Spring spam", "", "x" * 201):
        with pytest.raises(SettingsError):
            cases.new(wrong, Path("/i"))


def test_a_finding_that_was_asked_again_says_which_release_is_which(cases: CaseStore) -> None:
    case = begun(cases)
    cases.add_version(case, case.items[0], {**ring(), "snapshot": 9, "digest": "d-new"})
    text = text_of(cases.find(case.id))
    assert "first released as shoal:finding/s-1/F2" in text
    assert "snapshot 9: sha256 d-new, asked again for this case." in text
