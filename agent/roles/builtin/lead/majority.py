"""Questions whether something is most of the rest: "are most conversations in English?".

They are answered by a share and a yes or a no, and not by what the subject holds.
"""

from collections.abc import Sequence

import regex

from agent.roles.builtin.lead.left_out import SUBJECTS
from agent.roles.builtin.lead.material import slots
from index.questions.values import Found

_IS_WHOLE = regex.compile(r"\b(?:most|majority)(?: of)?(?: the| all| our)?\s*$", regex.IGNORECASE)
_PARTS = ("mark", "language", "surface", *SUBJECTS)


def part_asserted(text: str, found: Sequence[Found], spoken: str) -> tuple[Found, Found | None] | None:
    """What is asked to be more than half, and what of: the last thing that a yes-or-no question with a word for most names,
    and the one before it. None: it is no such question."""
    words = slots("most")
    lowered = text.casefold().strip(" ¿¡\"'“")
    begins = tuple(words["begins"].get(spoken, ()))
    is_yes_or_no = lowered.startswith(begins) or any(mark in lowered for mark in words["holds"])
    if not is_yes_or_no or any(regex.search(rf"\b{regex.escape(word)}\b", lowered) for word in words["asks_which"]):
        return None
    if any(word in lowered for word in words["asks_which_inside"]):
        return None
    if not any(word in lowered for word in words["words"].get(spoken, ())):
        return None
    named = [item for item in found if item.kind in _PARTS]
    if not named or _IS_WHOLE.search(text[: named[-1].start]):
        return None  # "are most refusals justified": what they are asked to be is nothing that is known
    return named[-1], named[-2] if len(named) > 1 else None
