"""Saving and copying: in which form, where to, and the path on the clipboard afterwards.

A file is written for its owner alone, and never over another one. Where the screen is in a browser, it is sent there.
"""

import asyncio
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from index.core.untrusted import safe
from tui.screens.desk import Desk
from tui.screens.panels import Panel
from tui.text.clipboard import copy, tool
from tui.text.untrusted import fit

if TYPE_CHECKING:
    from agent.storage.export import Document


@dataclass(frozen=True, slots=True)
class Form:
    """A form to save in: the ending of its files, its name, a sentence, and what makes the text."""

    suffix: str
    name: str
    says: str
    make: Callable[[], str | bytes]


def forms_of(made: "Callable[[], Document]") -> list[Form]:
    """The forms in which a session or a case can be saved; a chart of one finding is its table's own."""
    from agent.exports.forms import FORMS

    def written(name: str) -> bytes:
        return FORMS[name].make(made())

    return [
        Form(form.suffix, form.suffix[1:], form.about, partial(written, name))
        for name, form in FORMS.items()
        if name not in ("svg", "png")
    ]


class Wanted(NamedTuple):
    """The form and the file that were chosen."""

    form: Form
    file: Path


class SaveScreen(Panel[Wanted]):
    """A form and a file. Choosing another form changes the file's ending."""

    def __init__(self, title: str, stem: str, forms: Sequence[Form]) -> None:
        super().__init__()
        self._heading = title
        self._forms = list(forms)
        self._stem = stem

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel -small"):
            yield Static(self._heading, classes="title", markup=False)
            yield OptionList(*(Option(Text(f"{fit(form.name, 12)} {form.says}")) for form in self._forms), id="forms")
            yield Input(id="file")
            yield Static(
                "up and down choose the form · tab: the file's name · enter saves · esc closes", classes="hint"
            )

    def on_mount(self) -> None:
        forms = self.query_one(OptionList)
        forms.styles.height = "auto"
        self.query_one(Input).value = str(Path.cwd() / f"{self._stem}{self._forms[0].suffix}")
        forms.highlighted = 0
        forms.focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        field = self.query_one(Input)
        file = Path(field.value or self._stem)
        form = _of_file(self._forms, file)
        stem = file.with_name(file.name.removesuffix(form.suffix)) if form is not None else file
        field.value = f"{stem}{self._forms[event.option_index].suffix}"

    def on_option_list_option_selected(self) -> None:
        self._done()

    def on_input_submitted(self) -> None:
        self._done()

    def _done(self) -> None:
        name = self.query_one(Input).value.strip()
        place = self.query_one(OptionList).highlighted or 0
        if name:
            self.dismiss(Wanted(self._forms[place], Path(name).expanduser()))


class Saving(Desk):
    """The desk with its ways out to the clipboard and to files."""

    @work(group="save", exclusive=True, exit_on_error=False)
    async def _save(self, title: str, stem: str, forms: Sequence[Form], file: Path | None = None) -> None:
        """Ask for a form and a file where none is given, and write it; its path is copied."""
        if file is None:
            wanted = await self.push_screen_wait(SaveScreen(title, stem, forms))
        else:
            file = file / f"{stem}{forms[0].suffix}" if file.is_dir() else file
            form = _of_file(forms, file)
            if form is None:
                self._warn(f"{file.name}: choose one of the endings {', '.join(form.suffix for form in forms)}")
                return
            wanted = Wanted(form, file)
        if wanted is None:
            return
        self._say(f"writing {wanted.file.name} …")
        made = await asyncio.to_thread(wanted.form.make)
        content = made if isinstance(made, bytes) else made.encode()
        if self.is_web:
            self.deliver_binary(io.BytesIO(content), save_filename=wanted.file.name)
            self._say(f"sent to the browser: {wanted.file.name}")
            return
        problem = _written(wanted.file, content)
        if problem:
            self.notify(problem, title="not saved", severity="error", markup=False)
            return
        path = wanted.file.resolve()
        copied = await copy(str(path), self.copy_to_clipboard, self._copies, tool())
        self._say(f"saved {path.name}")
        self.notify(safe(f"{path}\npath {copied}"), title="saved", markup=False)

    @work(group="copy")
    async def _copy(self, text: str) -> None:
        if text:
            self._say(await copy(text, self.copy_to_clipboard, self._copies, tool()))

    @property
    def _copies(self) -> Path:
        """Where what was copied lies too, for terminals that take no copies."""
        return self._started.home.root / "exports"


def _of_file(forms: Sequence[Form], file: Path) -> Form | None:
    """The form whose ending a file has; the longest, where one ends as another does."""
    fitting = [form for form in forms if file.name.endswith(form.suffix)]
    return max(fitting, key=lambda form: len(form.suffix), default=None)


def _written(file: Path, content: bytes) -> str:
    """Write a file that is not there yet, for its owner alone; what went wrong, or nothing."""
    try:
        with file.open("xb") as opened:
            file.chmod(0o600)
            opened.write(content)
    except FileExistsError:
        return safe(f"{file} is there already. Give another name.")
    except OSError as error:
        return safe(f"{file} could not be written: {error.strerror}. Give another place.")
    return ""
