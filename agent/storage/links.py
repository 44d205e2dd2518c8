"""Links to a place in Shoal: what a message and a report carry, what any command takes as an argument, what opens the screen.

    shoal:session/s-1a2b3c4d     shoal:finding/s-1a2b3c4d/F3     shoal:case/c-1a2b3c     shoal:case/c-1a2b3c/2

A link names a place in one person's home, so it says nothing to who has not that home.
"""

from dataclasses import dataclass
from typing import Literal

import regex

from index.core.errors import SettingsError

Kind = Literal["session", "finding", "case"]
_KINDS: dict[str, Kind] = {"session": "session", "finding": "finding", "case": "case"}
_FORM = regex.compile(
    r"shoal:(?:(?P<kind>session)/(?P<id>[\w.-]+)|(?P<kind>finding)/(?P<id>[\w.-]+)/(?P<part>F\d+)"
    r"|(?P<kind>case)/(?P<id>[\w.-]+)(?:/(?P<part>\d+))?)"
)
HELP = "shoal:session/ID, shoal:finding/SESSION/F3, shoal:case/ID or shoal:case/ID/2"


@dataclass(frozen=True, slots=True)
class Link:
    """A place. `id`: of the session or the case; `part`: a finding's handle, or a number in a case; empty: all of it."""

    kind: Kind
    id: str
    part: str = ""

    def __str__(self) -> str:
        return f"shoal:{self.kind}/{self.id}" + (f"/{self.part}" if self.part else "")

    @classmethod
    def read(cls, text: str) -> "Link":
        """Raises SettingsError for what is no link."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise SettingsError(f"{text!r} is no link.", f"Links: {HELP}.")
        return cls(_KINDS[found["kind"]], found["id"], found["part"] or "")

    @staticmethod
    def finding_in(text: str) -> str:
        """The handle of the finding that a text links to; empty where it is no such link."""
        return Link.read(text).part if text.startswith("shoal:finding/") else ""

    @staticmethod
    def id_in(text: str, *kinds: Kind) -> str:
        """The id in a link of one of these kinds; what is no link stays as it is. Raises SettingsError for another link."""
        if not text.startswith("shoal:"):
            return text
        link = Link.read(text)
        if link.kind not in kinds:
            raise SettingsError(f"{text} is a link to a {link.kind}.", f"Here it can be a {' or a '.join(kinds)}.")
        return link.id
