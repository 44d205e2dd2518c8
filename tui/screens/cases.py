"""Cases: saved investigations. List and open them, add the finding on the desk, write notes, ask again and see what changed.

It shows what the case store holds and asks it to do things; what a change is, is decided in `agent.storage.changes`.
"""

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import DataTable, Input, Static

from index.core.errors import ShoalError
from index.core.untrusted import safe
from tui.screens.panels import ConfirmScreen, Panel
from tui.screens.saving import Form, forms_of
from tui.text.untrusted import fit

if TYPE_CHECKING:
    from agent.storage.cases import Asked, Case, CaseStore, Item
    from agent.storage.session_store import Released

_HINT = "n new · a add the desk's finding · t note · r ask again · e export · ctrl+d deletes · esc closes"


class CasesScreen(Panel[None]):
    """`released` is the finding selected on the desk, None where there is none. `again` asks a case's findings anew. `at`: the
    case that it opens at, by its id; empty: the newest."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="case_new"),
        Binding("a", "add", "Add finding", id="case_add"),
        Binding("t", "note", "Note", id="case_note"),
        Binding("r", "again", "Ask again", id="case_again"),
        Binding("e", "export", "Export", id="case_export"),
        Binding("ctrl+d,delete", "delete", "Delete", id="case_delete"),
        Binding("j", "cursor(1)", "Down", show=False, id="cases_j"),
        Binding("k", "cursor(-1)", "Up", show=False, id="cases_k"),
        Binding("f8", "close", "Close", show=False),
    ]

    def __init__(
        self,
        store: "CaseStore",
        index_path: Any,
        released: "Released | None",
        again: "Callable[[Case], Awaitable[list[Asked]]]",
        save: "Callable[[str, str, Sequence[Form]], object]",
        at: str = "",
    ) -> None:
        super().__init__()
        self._store = store
        self._index_path = index_path
        self._released = released
        self._again = again
        self._save = save
        self._first = at
        self._cases: list[Case] = []
        self._writing = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Static("Cases", classes="title", id="cases-title", markup=False)
            yield DataTable(id="cases", cursor_type="row", zebra_stripes=True)
            yield Input(id="case-text")
            with VerticalScroll(id="case-scroll"):
                yield Static("", id="case", markup=False)
            yield Static(_HINT, classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).display = False
        table = self.query_one(DataTable)
        table.add_column("case", width=9)
        table.add_column("title", width=max(20, self.app.size.width - 52))
        table.add_column("items", width=5)
        table.add_column("made", width=10)
        self._fill(next((place for place, case in enumerate(self._store.cases()) if case.id == self._first), 0))
        table.focus()

    def _fill(self, place: int = 0) -> None:
        self._cases = self._store.cases()
        table = self.query_one(DataTable)
        table.clear()
        for case in self._cases:
            title = fit(case.title, max(20, self.app.size.width - 52)).rstrip()
            table.add_row(
                Text(case.id), Text(title), Text(str(len(case.items)), justify="right"), Text(safe(case.made[:10]))
            )
        if self._cases:
            table.move_cursor(row=min(place, len(self._cases) - 1))
        self._say("" if self._cases else "none yet; n makes one")
        self._show()

    def _say(self, text: str) -> None:
        title = f"Cases · {len(self._cases)}" + (f" · {safe(text)}" if text else "")
        self.query_one("#cases-title", Static).update(title)

    @property
    def _at(self) -> "Case | None":
        place = self.query_one(DataTable).cursor_row
        return self._cases[place] if 0 <= place < len(self._cases) else None

    def _show(self, asked: "list[Asked] | None" = None) -> None:
        case = self._at
        shown = Content("") if case is None else Content("\n").join(lines(case, asked or []))
        self.query_one("#case", Static).update(shown)

    def on_data_table_row_highlighted(self) -> None:
        self._show()

    def on_data_table_row_selected(self) -> None:
        self.query_one("#case-scroll").focus()

    def action_cursor(self, step: int) -> None:
        table = self.query_one(DataTable)
        table.action_cursor_down() if step > 0 else table.action_cursor_up()

    def action_new(self) -> None:
        self._write("new", "the new case's title; enter makes it, esc leaves it")

    def action_note(self) -> None:
        if self._at is not None:
            self._write("note", "a note; enter keeps it, esc leaves it")

    def _write(self, what: str, placeholder: str) -> None:
        self._writing = what
        field = self.query_one(Input)
        field.value, field.placeholder, field.display = "", placeholder, True
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        place, case = self.query_one(DataTable).cursor_row, self._at
        if event.value.strip() and self._writing == "new":
            self._store.new(event.value, self._index_path)
            place = 0
        elif event.value.strip() and case is not None:
            self._store.note(case, event.value)
        self._leave_writing()
        self._fill(place)

    def _leave_writing(self) -> None:
        self._writing = ""
        self.query_one(Input).display = False
        self.query_one(DataTable).focus()

    def action_close(self) -> None:
        if self._writing:
            self._leave_writing()
        else:
            self.dismiss(None)

    def action_add(self) -> None:
        case = self._at
        if case is None or self._released is None:
            self._say("make a case first (n)" if case is None else "select a finding on the desk first")
            return
        added = self._store.add(case, [self._released])
        self._fill(self.query_one(DataTable).cursor_row)
        self._say(f"{self._released.finding['id']} is added" if added else "it is in the case already")

    @work(group="case", exclusive=True, exit_on_error=False)
    async def action_again(self) -> None:
        """Ask every finding again on the newest snapshot; what came is kept."""
        case, place = self._at, self.query_one(DataTable).cursor_row
        if case is None:
            return
        self._say("asking again …")
        asked = await self._again(case)
        self._fill(place)
        self._show(asked)
        self._say("asked again")

    def action_export(self) -> None:
        """Save the case as a report, in any form."""
        from agent.storage.case_report import case_document

        case = self._at
        if case is not None:
            self._save("Export this case", f"shoal-{case.id}", forms_of(lambda: case_document(case)))

    def say_fault(self, fault: ShoalError) -> None:
        self._say(f"{fault.message} {fault.hint}")

    def action_delete(self) -> None:
        case = self._at
        if case is None:
            return

        def decided(is_sure: bool | None) -> None:
            if is_sure:
                self._store.delete(case)
                self._fill()

        question = f"Delete the case “{fit(case.title, 40).rstrip()}” with its notes and findings? It cannot be undone."
        self.app.push_screen(ConfirmScreen(question), decided)


def lines(case: "Case", asked: "list[Asked]") -> Iterator[Content]:
    """A case in words: its items in order, each finding with what asking it again came to."""
    yield Content.styled(f"{case.id} · {safe(case.title)}", "bold")
    if not case.items:
        yield Content.styled("  nothing in it yet: a adds the finding on the desk, t a note", "$quiet")
    outcomes = {item.place: item for item in asked}
    for item in case.items:
        yield from _item(item)
        if item.place in outcomes:
            yield from _outcome(outcomes[item.place])


def _item(item: "Item") -> Iterator[Content]:
    if item.kind == "note":
        yield Content.assemble(f"{item.place:>3}  ", ("note  ", "$quiet"), safe(item.text))
        return
    if item.kind == "lead":
        claim = str(json.loads(item.text)["claim"])
        yield Content.assemble(f"{item.place:>3}  ", (f"lead · {item.state}  ", "$quiet"), safe(claim))
        yield from _links(item)
        return
    newest = item.versions[-1]
    yield Content.assemble(f"{item.place:>3}  ", (f"{item.tool}  ", "$quiet"), safe(str(newest["title"])))
    versions = len(item.versions)
    kept = f" · {versions} versions" if versions > 1 else ""
    where = f"     {item.state} · snapshot {newest['snapshot']} · {safe(str(newest['scope']))}{kept}"
    yield Content.styled(where, "$quiet")
    yield from _links(item)


def _links(item: "Item") -> Iterator[Content]:
    for link in item.links:
        why = f": {link.why}" if link.why else ""
        yield Content.styled(f"     linked to {safe(link.target)}{safe(why)}", "$quiet")


def _outcome(asked: "Asked") -> Iterator[Content]:
    before, after = asked.snapshots
    if asked.refusal:
        yield Content.styled(f"     no longer answered: {safe(asked.refusal)}", "$warn")
    elif before == after:
        yield Content("     not asked: there is no newer snapshot")
    elif not asked.changes:
        yield Content(f"     nothing changed beyond rounding (snapshot {before} to {after})")
    for change in asked.changes:
        yield Content.styled(f"     {safe(change.in_words())}", "bold" if change.material else "")
