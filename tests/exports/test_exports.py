"""Exports for other tools: each is read back by a reader of its own, and holds released findings and nothing else."""

import csv
import io
import json
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st

from agent.exports.charts import chart
from agent.exports.forms import FORMS, form_of, of_findings
from agent.exports.navigator import as_layer
from agent.exports.stix import TLP, as_stix
from agent.exports.techniques import named_in, techniques
from agent.exports.tidy import Long, as_csv, as_parquet, long_rows
from agent.figures.plots import Tone, svg
from agent.storage.export import Document, Part
from index.core.errors import SettingsError
from index.core.untrusted import is_unsafe
from index.vocabulary import vocabulary

NUMBER = re.compile(r"[+-]?[\d.,]+")
AT = datetime(2026, 12, 2, tzinfo=UTC)
NAMES = st.text(max_size=30) | st.sampled_from(["=1+1", "</svg><script>", "$x$", "\x1b[2J", "長い名前" * 9, "a\u202eb"])


def finding(handle: str = "F1", **changed: Any) -> dict[str, Any]:
    made = {
        "id": handle, "tool": "count_by", "title": "Conversations by language", "shape": "table", "scope": "all conversations",
        "period": "2026-03 to 2026-10", "columns": ["conversations"], "totals": [900], "outside": None, "notes": [],
        "suppressed": {"groups": 1, "cells": 0, "share": 2.0, "unnamed": 0}, "method": "counted", "policy": "p", "snapshot": 3,
        "digest": f"d-{handle}",
        "rows": [
            {"label": "English", "values": [{"count": 600, "share": 66.7}], "accounts": 200},
            {"label": "Welsh", "values": [{"count": None, "share": None}]},
        ],
    }  # fmt: skip
    return {**made, **changed}


def trend(counts: list[int | None]) -> dict[str, Any]:
    rows = [
        {
            "label": f"2026-{month:02}", "values": [{"count": count, "share": None}, {"count": 900, "share": None}],
            "measures": [] if count is None else [{"name": "share", "value": count / 9, "low": count / 10, "high": count / 8}],
        }
        for month, count in enumerate(counts, start=3)
    ]  # fmt: skip
    notes = ["a change of level at 2026-05"]
    return finding(
        "F2", shape="trend", tool="trend", title="Code by month", columns=["in scope", "all"], rows=rows, notes=notes
    )


LEAD = {
    "claim": "A ring orders articles [F1].",
    "clusters": ["Building phishing pages or messages: 85 conversations [F1]"],
}


def document(*findings: dict[str, Any], leads: tuple[dict[str, Any], ...] = ()) -> Document:
    return Document(
        "A case", "Case c-1", (Part("What?", "about", "English leads [F1].", findings=findings, leads=leads),)
    )


def test_long_rows_are_the_columns_of_the_economic_index_and_hidden_is_not_zero() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv([finding()]))))
    assert list(rows[0])[:7] == ["date_start", "date_end", "facet", "level", "variable", "cluster_name", "value"]
    first, share, accounts, hidden, *_ = rows
    assert (first["date_start"], first["date_end"], first["facet"]) == ("2026-03-01", "2026-10-31", "language")
    assert (first["variable"], first["value"], first["suppressed"]) == ("count", "600", "0")
    assert (share["variable"], share["value"]) == ("pct", "66.7")
    assert (accounts["variable"], accounts["value"]) == ("accounts", "200")
    assert (hidden["cluster_name"], hidden["value"], hidden["suppressed"]) == ("Welsh", "", "1")


def test_a_trend_has_the_dates_of_its_buckets_and_a_tree_its_levels() -> None:
    months = [row for row in long_rows([trend([90, None])]) if row.variable == "in scope, count"]
    assert [(row.date_start, row.date_end, row.value) for row in months] == [
        ("2026-03-01", "2026-03-31", 90), ("2026-04-01", "2026-04-30", None),
    ]  # fmt: skip
    rows = [
        {"label": "Food", "id": "T1", "values": [{"count": 90, "share": None}]},
        {"label": "Bread", "id": "C1", "parent": "T1", "values": [{"count": 40, "share": None}]},
    ]
    found = long_rows([finding(shape="tree", title="What it is used for", rows=rows)])
    tree = [row for row in found if row.cluster_name]
    assert [(row.level, row.cluster_name, row.parent, row.facet) for row in tree] == [
        (0, "Food", "", "theme"), (1, "Bread", "Food", "theme"),
    ]  # fmt: skip


def test_parquet_holds_the_same_rows(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    file.write_bytes(as_parquet([finding(), trend([90, None])]))
    with duckdb.connect() as connection:
        read = connection.execute("SELECT * FROM read_parquet(?)", [str(file)])
        assert tuple(column[0] for column in read.description or ()) == Long._fields
        assert [tuple(row) for row in read.fetchall()] == list(long_rows([finding(), trend([90, None])]))


@given(name=NAMES)
def test_no_cell_is_a_formula_and_no_name_steers_or_becomes_markup(name: str) -> None:
    rows = [{"label": name, "values": [{"count": 20, "share": 1.0}]}]
    made = document(finding(title=name, scope=name, rows=rows, notes=[name]), leads=({"claim": name},))
    for cells in csv.reader(io.StringIO(FORMS["tidy"].make(made).decode())):
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@")) and not NUMBER.fullmatch(cell)]
    drawn = FORMS["svg"].make(made).decode()
    assert "<script" not in drawn
    assert not [letter for letter in drawn if is_unsafe(letter)]


def test_a_stix_bundle_is_read_by_its_own_library_and_every_object_is_marked() -> None:
    for tlp in TLP:
        bundle = stix2.parse(as_stix(document(finding(), trend([90, 120]), leads=(LEAD,)), tlp, AT))
        kinds = [item.type for item in bundle.objects]
        assert kinds.count("report") == kinds.count("grouping") == kinds.count("attack-pattern") == 1
        assert kinds.count("note") == 3
        (marking,) = [item for item in bundle.objects if item.type == "marking-definition"]
        assert all(
            item.object_marking_refs == [marking.id] for item in bundle.objects if item.type != "marking-definition"
        )
        (pattern,) = [item for item in bundle.objects if item.type == "attack-pattern"]
        assert pattern.external_references[0].external_id == "T1566"
        held = {item.id for item in bundle.objects}
        assert all(ref in held for item in bundle.objects for ref in getattr(item, "object_refs", ()))
    assert as_stix(document(finding()), at=AT) == as_stix(document(finding()), at=AT)
    assert stix2.parse(as_stix(document(), at=AT)).objects  # an empty case is a report too


def test_techniques_are_of_labels_that_the_vocabulary_has() -> None:
    known = {name for request in vocabulary().requests for name in (request.label, request.area)}
    assert [technique.label for technique in techniques() if technique.label not in known] == []
    assert [technique.id for technique in named_in(["Building phishing pages or messages (German)"])] == ["T1566"]
    assert named_in(["Everyday cooking"]) == []
    assert all(technique.url.startswith("https://") for technique in techniques())


def test_a_navigator_layer_scores_a_technique_by_its_largest_released_count() -> None:
    rows = [
        {"label": "Building phishing pages or messages", "values": [{"count": 45, "share": None}]},
        {"label": "Building phishing pages or messages (German)", "values": [{"count": None, "share": None}]},
        {"label": "Everyday cooking", "values": [{"count": 900, "share": None}]},
    ]
    layer = json.loads(as_layer(document(finding(rows=rows))))
    assert layer["domain"] == "enterprise-attack"
    assert [(one["techniqueID"], one["score"]) for one in layer["techniques"]] == [("T1566", 45)]
    assert json.loads(as_layer(document(finding(rows=rows)), "atlas"))["techniques"] == []


def test_a_notebook_holds_its_rows_and_is_well_formed() -> None:
    made = json.loads(FORMS["notebook"].make(document(finding())))
    assert (made["nbformat"], made["nbformat_minor"]) == (4, 5)
    data: dict[str, Any] = {}
    exec("".join(made["cells"][1]["source"]), data)
    assert data["DATA"] == as_csv([finding()])


@given(counts=st.lists(st.none() | st.integers(15, 900), min_size=2, max_size=8))
def test_a_trend_is_drawn_with_its_gaps_and_its_change(counts: list[int | None]) -> None:
    drawn = chart(trend(counts))
    assert (drawn is None) is all(count is None for count in counts)
    if drawn is None:
        return
    values = np.asarray(drawn.axes[0].lines[0].get_ydata(), dtype=float)
    assert np.isnan(values).tolist() == [count is None for count in counts]
    assert ("change of level at 2026-05" in svg(drawn)) is (len(counts) > 2)


def test_a_map_a_comparison_and_small_multiples_are_drawn() -> None:
    grid = [{"label": "Food", "id": "C1", "place": [0, 1], "values": [{"count": 40, "share": None}]}]
    two = [{"label": "Food", "values": [{"count": 40, "share": 10.0}, {"count": None, "share": None}]}]
    months = [{"label": f"2026-0{month}", "values": [{"count": 40 * month, "share": None}] * 4} for month in (5, 3, 4)]
    languages = finding(columns=["English", "German", "French", "Thai"], rows=months)
    tones: tuple[Tone, ...] = ("light", "dark")
    for made in (
        finding(shape="map", rows=grid),
        finding(columns=["first", "second"], rows=two),
        languages,
    ):
        for tone in tones:
            figure = chart(made, tone=tone)
            assert figure is not None
            assert svg(figure).startswith("<svg")
    small = chart(languages)
    assert small is not None
    plots = [axes for axes in small.axes if axes.lines]
    assert len(plots) == 4
    assert [list(np.asarray(axes.lines[0].get_ydata())) for axes in plots] == [
        [120, 160, 200]
    ] * 4  # in order of months
    assert all(axes.get_ylim()[0] == 0 and axes.get_ylim()[1] >= 200 for axes in plots)  # nothing lies outside its plot
    drawn = chart(finding(columns=["first", "second"], rows=two))
    assert drawn is not None
    assert "suppressed" in svg(drawn)
    assert chart(finding(rows=[])) is None


def test_one_chart_is_a_picture_and_several_are_an_archive() -> None:
    assert FORMS["png"].make(document(finding())).startswith(b"\x89PNG")
    both = document(finding(), trend([20, 30]))
    names = zipfile.ZipFile(io.BytesIO(FORMS["charts"].make(both))).namelist()
    assert names == ["F1.svg", "F1.png", "F2.svg", "F2.png"]
    with pytest.raises(SettingsError, match="several findings to draw: F1, F2"):
        FORMS["svg"].make(both)
    with pytest.raises(SettingsError, match="nothing to draw"):
        FORMS["png"].make(document())


def test_findings_of_two_sessions_with_one_handle_are_both_kept() -> None:
    made = document(finding(), finding(digest="other", title="Conversations by surface"))
    names = zipfile.ZipFile(io.BytesIO(FORMS["charts"].make(made))).namelist()
    assert names == ["F1.svg", "F1.png", "F1-2.svg", "F1-2.png"]
    notes = [item for item in stix2.parse(as_stix(made, at=AT)).objects if item.type == "note"]
    assert {note.abstract for note in notes} == {"F1 Conversations by language", "F1 Conversations by surface"}


def test_a_page_has_charts_and_loads_nothing() -> None:
    page = FORMS["html"].make(document(finding(), trend([20, 30]))).decode()
    assert page.count("<svg") == 2
    for loads in ("src=", "@import", "<link", "url(http"):
        assert loads not in page


def test_findings_are_chosen_by_handle_and_unknown_ones_are_refused() -> None:
    made = document(finding(), trend([20, 30]))
    assert [held["id"] for part in of_findings(made, ["F2"]).parts for held in part.findings] == ["F2"]
    assert of_findings(made, []) == made
    with pytest.raises(SettingsError, match="no finding F9"):
        of_findings(made, ["F9"])
    with pytest.raises(SettingsError, match="'xml' is no format"):
        form_of("xml")


def test_a_week_ends_on_its_last_day_and_verdicts_and_hidden_groups_are_rows() -> None:
    weekly = {**trend([20, None]), "title": "Code by week"}
    weekly["rows"] = [
        {**row, "label": day} for row, day in zip(weekly["rows"], ("2026-02-23", "2026-03-02"), strict=True)
    ]
    ends = {(row.date_start, row.date_end) for row in long_rows([weekly]) if row.cluster_name}
    assert ends == {("2026-02-23", "2026-03-01"), ("2026-03-02", "2026-03-08")}
    judged = finding()
    judged["rows"][0]["measures"] = [{"name": "coordination", "verdict": "very high"}]
    (found,) = [row for row in long_rows([judged]) if row.variable == "coordination"]
    assert (found.value, found.suppressed, found.verdict) == (None, 0, "very high")
    hidden = {row.variable: row.value for row in long_rows([judged]) if not row.cluster_name}
    assert hidden == {"suppressed groups": 1, "suppressed pct": 2.0}
    assert "very high" in FORMS["csv"].make(document(judged)).decode()


def test_a_finding_without_a_row_that_is_shown_has_no_chart() -> None:
    nothing = finding(rows=[{"label": "a", "values": [{"count": None, "share": None}]}])
    assert chart(nothing) is None
    assert chart(trend([None, None])) is None
    with pytest.raises(SettingsError, match="every row of it is suppressed"):
        FORMS["svg"].make(document(nothing))
