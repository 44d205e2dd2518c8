"""The words that models read: Markdown files with front matter, addressed by an enum.

Words only: no decision is made here. A prompt's stable text never holds a date, a run or a count, so that endpoints
can cache it; what changes comes in the last user message, rendered from the `variables` it declares.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from string import Template


class Prompt(StrEnum):
    """The prompts there are; the value is the file's name."""

    LEAD = "lead"
    INVESTIGATOR = "investigator"
    AUDITOR = "auditor"
    WRITER = "writer"
    READER = "reader"
    WORDER = "worder"
    NAMER = "namer"
    NAME_AUDITOR = "name_auditor"
    EXTRACTOR = "extractor"
    TAXONOMY_PROPOSE = "taxonomy_propose"
    TAXONOMY_DEDUPE = "taxonomy_dedupe"
    TAXONOMY_ASSIGN = "taxonomy_assign"
    TAXONOMY_RENAME = "taxonomy_rename"
    USAGE_BRIEF = "usage_brief"
    ABUSE_INVESTIGATION = "abuse_investigation"
    LAUNCH_WATCH = "launch_watch"
    WEEKLY_REPORT = "weekly_report"


class MissingVariables(KeyError):
    """A prompt was rendered with other variables than it declares."""


@dataclass(frozen=True, slots=True)
class Text:
    """A prompt: its version, the stable system text, the template of the user message, and a hash of all."""

    version: int
    variables: tuple[str, ...]
    system: str
    user: str
    digest: str


@cache
def load(prompt: Prompt) -> Text:
    """Read a prompt's file: front matter, the system text, a line `---user---`, the user template."""
    raw = (files("prompts") / f"{prompt.value}.md").read_text("utf-8")
    _, front, body = raw.split("---\n", 2)
    head = dict(line.split(":", 1) for line in front.strip().splitlines())
    system, user = body.split("---user---\n")
    variables = tuple(name.strip() for name in head["variables"].split(",") if name.strip())
    digest = hashlib.sha256(raw.encode()).hexdigest()[:12]
    return Text(int(head["version"]), variables, system.strip(), user.strip(), digest)


def render(prompt: Prompt, **values: str) -> str:
    """The user message of a prompt. Raises MissingVariables unless exactly the declared variables are given."""
    text = load(prompt)
    if set(values) != set(text.variables):
        raise MissingVariables(f"{prompt.value} takes {text.variables}, got {tuple(values)}")
    return Template(text.user).substitute(values)
