"""Follow-ups: what a question leaves unsaid is taken from the one before."""

import pytest

from agent.core.answer import Mention
from agent.core.events import AnswerMade
from agent.roles.protocols import Exchange, Task, remembered
from tests.fakes.planning import Asked, check_asked, plan_of
from tools.core.scope import Scope


def _task(focus: str, scope: Scope | None = None, **more: object) -> Task:
    return Task.model_validate(
        {"id": "t1", "specialist": "usage", "focus": focus, "objective": "x", "scope": scope or Scope(), **more}
    )


TOP = Exchange(
    question="What do people use it for?",
    answer="...",
    tasks=(_task("top"), _task("breakdown", facet="language")),
    rows=(
        Mention(label="Cover letters", id="T4", finding="F1"),
        Mention(label="Recipes · cooking", id="T2", finding="F1"),
        Mention(label="English", finding="F2"),
    ),
)
LANGUAGES = Exchange(
    question="Which languages?",
    answer="...",
    tasks=(_task("breakdown", facet="language"),),
    rows=(Mention(label="English", finding="F1"), Mention(label="Spanish", finding="F1")),
)
GERMAN = Exchange(question="German?", answer="...", tasks=(_task("contrast", Scope(language="German")),))
NEAR = Exchange(question="recipes", answer="...", tasks=(_task("topic", Scope(near="recipes")),))

_REVIEWS = Scope(near="Writing fake reviews")
_RING = Exchange(
    question="Do accounts act together?",
    answer="...",
    tasks=(_task("coordination"),),
    rows=(Mention(label="Writing keyword articles for search engines: add city", id="C1", finding="F1"),),
)
"""A theme of the ring, whose name is of an area."""


def _sought(*rows: Mention) -> Exchange:
    return Exchange(question="Fake reviews?", answer="...", tasks=(_task("sought", _REVIEWS),), rows=rows)


_NEAR_AND_AREA = _sought(
    Mention(label="Influence and manipulation of opinion", finding="F1", within=_REVIEWS.describe())
)
_ONLY_AREA = _sought(Mention(label="Deceiving people online", finding="F1", within=Scope().describe()))
_THEME = _sought(Mention(label="Writing fake reviews", id="C9", finding="F1", within=Scope().describe()))
_NEW = Exchange(
    question="What is new?",
    answer="...",
    tasks=(_task("new"),),
    rows=(Mention(label="Operating a computer for someone", id="C7", finding="F1"),),
)
"""A theme of the name of its area, beside which others of the area are new too."""
_MISSED = Exchange(
    question="What are we missing?",
    answer="...",
    tasks=(_task("coverage"), _task("flag_gaps")),
    rows=(Mention(label="unclustered", finding="F1"), Mention(label="Deceiving people online", finding="F2")),
)
_FOUND: dict[str, object] = {"near": "Writing fake reviews", "area": "Influence and manipulation of opinion"}


@pytest.mark.parametrize(
    ("asked", "last"),
    [
        (Asked("how many accounts are involved?", "accounts", {"area": "Search engine articles and ranking"}), _RING),
        (Asked("since when?", "trend", {"area": "Search engine articles and ranking"}), _RING),
        (Asked("in which languages?", "breakdown", {"area": "Search engine articles and ranking"}), _RING),
        (Asked("how many accounts are behind it?", "accounts", _FOUND), _NEAR_AND_AREA),
        (Asked("since when?", "trend", {"area": "Deceiving people online"}), _ONLY_AREA),
        (Asked("which languages are they in?", "breakdown", {"area": "Deceiving people online"}), _ONLY_AREA),
        (Asked("how many accounts?", "accounts", {"cluster": "C9"}), _THEME),
        (Asked("how many accounts are there in total?", "accounts", {}), _RING),
        (Asked("when were the bursts?", "trend", {"area": "Search engine articles and ranking"}), _RING),
        (Asked("how many accounts is that?", "accounts", {"area": "Operating a computer for someone"}), _NEW),
        (Asked("since when?", "trend", {"near": "Deceiving people online"}), _MISSED),
        (
            Asked(
                "et combien de comptes pour les lettres de motivation ?",
                "accounts",
                {"language": "German", "area": "Job applications"},
            ),
            GERMAN,
        ),
    ],
    ids=lambda value: value.question if isinstance(value, Asked) else "",
)
def test_a_follow_up_on_misuse_is_about_what_was_found(asked: Asked, last: Exchange) -> None:
    """A count of all conversations would read as if all were misuse."""
    check_asked(asked, last)


@pytest.mark.parametrize(
    ("asked", "last"),
    [
        (Asked("and in Japanese?", "contrast", {"language": "Japanese"}), GERMAN),
        (Asked("what about French", "contrast", {"language": "French"}), GERMAN),
        (Asked("the same since August", "contrast", {"language": "German", "since": "2026-08-01"}), GERMAN),
        (Asked("same thing but for Japanese speakers", "contrast", {"language": "Japanese"}), GERMAN),
        (Asked("only on mobile", "topic", {"near": "recipes", "surface": "mobile"}), NEAR),
        (Asked("And before the launch?", "topic", {"near": "recipes", "until": "2026-07-31"}), NEAR),
        (Asked("now in Q2", "top", {"since": "2026-04-01", "until": "2026-06-30"}), TOP),
        (Asked("open the second one", "drill", {"cluster": "T2"}), TOP),
        (Asked("tell me more about the first", "drill", {"cluster": "T4"}), TOP),
        (Asked("drill into Recipes · cooking", "drill", {"cluster": "T2"}), TOP),
        (Asked("Open “Cover letters”", "drill", {"cluster": "T4"}), TOP),
        (Asked("open number 2", "drill", {"language": "Spanish"}), LANGUAGES),
        (Asked("why?", "contrast", {"near": "recipes"}), NEAR),
        (Asked("how big is it?", "size", {"near": "recipes"}), NEAR),
        (Asked("no, users, not chats", "accounts", {"near": "recipes"}), NEAR),
        (Asked("Nein, ich meinte Nutzer", "accounts", {"near": "recipes"}), NEAR),
        (Asked("não, eu quis dizer contas", "accounts", {"near": "recipes"}), NEAR),
        (Asked("Has this been seen before?", "precedent", {"near": "recipes"}), NEAR),
        (Asked("How has it developed over time?", "trend", {"near": "recipes"}), NEAR),
        (Asked("Does it look coordinated?", "coordination", {"near": "recipes"}), NEAR),
        (Asked("How has “Cover letters” developed over time?", "trend", {"near": "Cover letters"}), NEAR),
        (Asked("Which languages are used most?", "breakdown", {}), NEAR),
        (Asked("Is there anything harmful, and does the classifier flag it?", "flag_gaps", {}), NEAR),
        (Asked("What do people use it for most?", "top", {}), NEAR),
    ],
    ids=lambda value: value.question if isinstance(value, Asked) else "",
)
def test_a_follow_up_takes_what_it_leaves_unsaid_from_the_question_before(asked: Asked, last: Exchange) -> None:
    check_asked(asked, last)


def test_what_else_leaves_out_what_was_named() -> None:
    (first, *_) = plan_of("what else?", TOP).tasks
    assert first.focus == "top"
    assert first.already_named == ("Cover letters", "Recipes · cooking", "English")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("thanks a lot, could you export this to excel?", "shoal sessions export"),
        ("hazme un resumen en tres puntos", "- "),
        ("sum it up in a sentence", "Spanish"),
    ],
)
def test_the_last_answer_in_another_shape_is_no_new_subject(question: str, said: str) -> None:
    answer = "There are about 645 conversations in Spanish (6.9 % of 9,400 conversations) [F1]."
    last = LANGUAGES.model_copy(update={"answer": answer}) if hasattr(LANGUAGES, "model_copy") else LANGUAGES
    plan = plan_of(question, last)
    assert not plan.tasks
    assert said in (plan.reply or "")


def test_a_table_of_the_last_answer_is_the_last_question_again() -> None:
    assert plan_of("put that into a table for my slides", LANGUAGES).tasks[0].facet == "language"


def test_something_beside_the_last_subject_is_set_beside_it() -> None:
    last = Exchange(
        question="", answer="...", tasks=(_task("size", Scope(language="German", field="Food and cooking")),)
    )
    scopes = [task.scope for task in plan_of("Und im Vergleich zu den französischen?", last).tasks]
    assert [(scope.language, scope.field) for scope in scopes] == [
        ("German", "Food and cooking"),
        ("French", "Food and cooking"),
    ]


def test_how_sure_a_long_answer_is_can_be_asked() -> None:
    text = "\n\n".join(
        ["**Lead 1.** Conversations [F1]." * 100, "**Zuverlässigkeit: mittel.** 20 % fehlen.", "**Unterdrückt.** 3."]
    )
    made = AnswerMade(text=text, cited=("F1",), tasks=(_task("size").model_dump(mode="json"),))
    last = Exchange.model_validate(remembered("Gibt es Missbrauch?", made))
    assert "zuverlässigkeit: mittel. 20 % fehlen." in (plan_of("Und wie sicher bist du dir?", last).reply or "")


def test_a_few_words_that_languages_share_are_in_the_language_of_the_question_before() -> None:
    spanish = NEAR.model_copy(
        update={"tasks": (_task("topic", Scope(near="recipes")).model_copy(update={"spoken": "Spanish"}),)}
    )
    assert plan_of("y en octubre", spanish).spoken == "Spanish"
    assert plan_of("¿y en julio?", NEAR).spoken == "Spanish"
