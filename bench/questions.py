"""Does the built-in lead understand questions? `python -m bench.questions [FILE]`.

FILE has `[[asked]]` tables with question, language and intent; the default is `bench/questions.toml`. None of its questions is
an example that the lead learns from. Printed: by language how many are read as labelled, asked back, and read as something
else, and then every confusion.
"""

import sys
import tomllib
from collections import Counter
from pathlib import Path

from agent.roles.builtin.lead.choice import candidates, chosen
from agent.roles.builtin.lead.material import intents
from agent.roles.builtin.lead.slots import read_slots
from agent.roles.builtin.lead.training import KNOWN
from agent.wiring import DEMO, App
from index.questions.spoken import language_of


def main(file: Path) -> None:
    asked = tomllib.loads(file.read_text("utf-8"))["asked"]
    examples = {example.casefold().strip("?!. ") for intent in intents().values() for example in intent.examples}
    reader = App.start(DEMO).question_reader()
    counts: dict[str, Counter[str]] = {}
    confusions = []
    for item in asked:
        question = item["question"]
        if question.casefold().strip("?!. ") in examples:
            sys.stdout.write(f"an example, left out: {question}\n")
            continue
        slots = read_slots(question, reader, KNOWN, language_of(question))
        likely = candidates(reader.intents_of(slots.masked, slots.marks_of()), slots, item.get("follows", False))
        found = chosen(likely) or ""
        verdict = "right" if found in item["intent"].split("|") else "other" if found else "asked back"
        counts.setdefault(item["language"], Counter())[verdict] += 1
        if verdict != "right":
            confusions.append(
                f"{item['language']}: {question} | {item['intent']} | {found} {next(iter(likely.values())):.2f}"
            )
    sys.stdout.write(
        "| language | questions | read as labelled | asked back | read as something else |\n|---|---|---|---|---|\n"
    )
    for language, count in sorted(counts.items(), key=lambda pair: -pair[1].total()):
        row = (language, count.total(), count["right"], count["asked back"], count["other"])
        sys.stdout.write(f"| {' | '.join(map(str, row))} |\n")
    every = sum(counts.values(), Counter[str]())
    sys.stdout.write(f"| all | {every.total()} | {every['right']} | {every['asked back']} | {every['other']} |\n")
    sys.stdout.write("\n" + "\n".join(confusions) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_suffix(".toml"))
