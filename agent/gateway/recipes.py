"""Prompts of the MCP server: what an analyst asks for often, as words for the agent that asks."""

from dataclasses import dataclass

from prompts import Prompt, render


@dataclass(frozen=True, slots=True)
class Recipe:
    """A prompt with its arguments: name, what it is, whether it must be given."""

    prompt: Prompt
    title: str
    about: str
    arguments: tuple[tuple[str, str, bool], ...] = ()


RECIPES = {
    "usage_brief": Recipe(Prompt.USAGE_BRIEF, "Usage brief", "What people use the assistant for, on a page"),
    "abuse_investigation": Recipe(
        Prompt.ABUSE_INVESTIGATION,
        "Abuse investigation",
        "Whether there are signs of one kind of abuse, with the benign readings",
        (("concern", "What to look for, for example: phishing", True),),
    ),
    "launch_watch": Recipe(
        Prompt.LAUNCH_WATCH,
        "Launch watch",
        "What is new, grown or vanished since a day",
        (("since", "A day (YYYY-MM-DD) or a landmark of the index", True),),
    ),
    "weekly_report": Recipe(Prompt.WEEKLY_REPORT, "Weekly report", "The last seven days against the seven before"),
}


def words_of(name: str, arguments: dict[str, str]) -> str:
    """The message of a recipe. Raises KeyError for an unknown one, and where an argument is missing."""
    recipe = RECIPES[name]
    values = {argument: arguments[argument].strip()[:200] for argument, _, _ in recipe.arguments}
    return render(recipe.prompt, **values)
