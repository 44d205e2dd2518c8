"""Where a link leads: that it is there, and on which index."""

from contextlib import closing
from dataclasses import dataclass, replace

from agent.storage.links import Link
from agent.wiring import App
from index.core.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Place:
    """What a link leads to. `link` has the whole id; `index_path`: of the index that it is about."""

    link: Link
    index_path: str


def place_of(app: App, text: str) -> Place:
    """Raises SettingsError for what is no link, and for a session, finding or case that is not here."""
    link = Link.read(text)
    if link.kind == "case":
        with closing(app.cases()) as cases:
            case = cases.find(link.id)
        if link.part and int(link.part) not in [item.place for item in case.items]:
            raise SettingsError(f"The case has no item {link.part}.", f"Show it: shoal case show {case.id}")
        return Place(replace(link, id=case.id), case.index_path)
    with closing(app.store()) as store:
        session = store.find(link.id)
        handles = [item.finding["id"] for item in store.released(session)]
        if link.part and link.part not in handles:
            raise SettingsError(f"The session has no finding {link.part}.", f"It has: {', '.join(handles) or 'none'}.")
        return Place(replace(link, id=session), store.runs(session)[0].index_path)
