"""What a model plans is shown before any finding exists, so its words pass the same check of names as an answer (R8)."""

from collections.abc import Iterable

from agent.grounding.proper_nouns import unreleased_name
from agent.grounding.verify import sentences_of
from agent.roles.protocols import Brief, Plan, Task

_ASK_BACK = "Which topic, group or period do you mean?"


def without_names(made: Plan, brief: Brief) -> Plan:
    """The plan without assumptions and suggestions that name what neither the analyst nor a finding did. Such an objective
    is put in the words of its scope; such a question back is asked in Shoal's own words."""
    known = "\n".join(_words(brief))

    def is_clean(text: str) -> bool:
        return all(unreleased_name(sentence, known) is None for sentence in sentences_of(text))

    def stated(task: Task) -> Task:
        return task if is_clean(task.objective) else task.model_copy(update={"objective": task.scope.describe()})

    asked = made.clarification
    return made.model_copy(
        update={
            "tasks": tuple(map(stated, made.tasks)),
            "assumptions": tuple(filter(is_clean, made.assumptions)),
            "suggestions": tuple(filter(is_clean, made.suggestions)),
            "clarification": asked if asked is None or is_clean(asked) else _ASK_BACK,
        }
    )


def _words(brief: Brief) -> Iterable[str]:
    yield from (brief.question, *brief.languages, *brief.surfaces, *brief.landmarks, *brief.own_facets)
    for exchange in brief.history:
        yield str(exchange.model_dump())
