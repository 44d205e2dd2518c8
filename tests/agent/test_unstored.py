"""What a question asks for that no index holds is said in the answer, and is no topic."""

import pytest

from agent.core.events import AnswerMade, PlanMade
from agent.grounding.unrecorded import unstored, unstored_words
from tests.agent.conftest import MakeSession, collect

ASKED = {
    "Who uses the assistant for coding at night?": ("time of day", "Individuals"),
    "Do people write more code in the morning than in the evening?": ("time of day",),
    "At what hour is usage highest?": ("time of day",),
    "What time of day is busiest?": ("time of day",),
    "What do people ask on weekends?": ("Days of the week",),
    "Which countries use the assistant most?": ("Where people are",),
    "What do users from Germany want?": ("Where people are",),
    "Where are our users based?": ("Where people are",),
    "Break it down by country": ("Where people are",),
    "What do women ask?": ("Who people are",),
    "Do students ask for homework help?": ("Who people are",),
    "Break down by age": ("Who people are",),
    "Which users are abusive?": ("Individuals",),
    "List the accounts in the ring": ("Individuals",),
    "What is the user satisfaction?": ("Ratings",),
    "Compare weekends with weekdays": ("Days of the week",),
    "How many tokens does an average user burn per session?": ("Tokens and words",),
    "Does the new model make people happier?": ("Ratings", "Which model"),
    "Did people who got refused come back later?": ("Ratings",),
    "Show me some examples": ("Single conversations",),
    "Can you give me the flagged conversations?": ("Single conversations",),
    "Which programming language is most popular?": ("Programming languages are not stored",),
}
NOT_ASKED = (
    "How many people ask about crypto tokens?",
    "Do people ask about new car models?",
    "How do people fix their sleep at night?",
    "Which cities do people plan trips to?",
    "What do people ask in Japanese that others don't?",
    "How many questions about student loans are there?",
    "Which customer service requests are most common?",
    "Is anyone running coordinated SEO spam since the launch?",
    "What is new since 2024-10-22?",
    "How many people ask about time management at work?",
    "What do German conversations have that French ones do not?",
    "Weekend trips",
    "How many users ask about taxes?",
    "Show me the map of German conversations",
    "What examples of essays do people want?",
    "Who writes longer chats, web or mobile users?",
    "How many people ask about programming languages?",
)


@pytest.mark.parametrize("question", ASKED)
def test_what_no_index_holds_is_named(question: str) -> None:
    said = unstored(question)
    assert len(said) == len(ASKED[question])
    for sentence, words in zip(said, ASKED[question], strict=True):
        assert words in sentence
    assert list(unstored_words(question))


@pytest.mark.parametrize("question", NOT_ASKED)
def test_what_conversations_are_about_is_left_alone(question: str) -> None:
    assert not unstored(question)
    assert not list(unstored_words(question))


def test_a_facet_of_the_indexs_own_is_stored() -> None:
    assert not unstored("Break it down by country", ["Country"])
    assert not list(unstored_words("Break it down by country", ["country"]))


async def test_an_answer_says_what_it_did_not_take_in(make_session: MakeSession) -> None:
    events = await collect(make_session().ask("Which languages are used most at night?"))
    (plan,) = [event for event in events if isinstance(event, PlanMade)]
    assert not any("night" in task.objective for task in plan.tasks)
    (answer,) = [event for event in events if isinstance(event, AnswerMade)]
    assert "English" in answer.text
    assert answer.text.strip().startswith("The time of day is not stored: a day is the finest step. ")
    assert not answer.removed


async def test_a_question_of_nothing_else_is_answered_with_the_reason(make_session: MakeSession) -> None:
    events = await collect(make_session().ask("What do women ask?"))
    (answer,) = [event for event in events if isinstance(event, AnswerMade)]
    assert answer.text.startswith("Who people are (age, gender, profession) is not stored. Recorded are language")
