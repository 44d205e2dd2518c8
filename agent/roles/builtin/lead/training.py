"""What the lead's classifier learns from: every example as the lead itself would read it.

The weights are shipped (`WEIGHTS`, made by `make intents`), so that no first question waits for the training.
"""

from datetime import date
from pathlib import Path

from agent.roles.builtin.lead.known import Known
from agent.roles.builtin.lead.material import filled_examples
from agent.roles.builtin.lead.slots import read_slots
from index.core.language import LANGUAGES
from index.questions.spoken import language_of
from index.questions.values import Example, QuestionReader

_HERE = Path(__file__).parent
SOURCES = tuple(
    _HERE / name
    for name in ("intents.toml", "slots.toml", "material.py", "slots.py", "left_out.py", "period.py", "training.py")
)
"""The files that decide what is learnt."""
WEIGHTS = _HERE / "intents.npz"

KNOWN = Known(
    languages=tuple(LANGUAGES),
    surfaces=("web", "mobile", "api"),
    landmarks={"launch": date(2026, 8, 3)},
    oldest=date(2026, 3, 1),
    newest=date(2026, 10, 31),
)
"""An index for the examples' periods and surfaces: any would do, because a slot counts and not its value."""


def examples(reader: QuestionReader) -> list[Example]:
    """The examples with their slots."""
    found = []
    for text, intent in filled_examples():
        slots = read_slots(text, reader, KNOWN, language_of(text))
        found.append(Example(slots.masked, intent, slots.marks_of()))
    return found
