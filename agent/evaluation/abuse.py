"""The suite `abuse`: precision and recall of leads over generated corpora, each with one planted story or none.

The demo's generator with other seeds gives everyday traffic and stories; a corpus is so many everyday accounts and one story:
a ring of articles to order, a reseller, or what only looks alike: a launch that many take up in a week, and benign themes
that the classifier flags. The usual question is asked, and a lead is right where a ring or a reseller was planted.
"""

from collections.abc import Sequence
from functools import partial
from random import Random

from agent.core.events import AnswerMade
from agent.evaluation.bench import Bench
from agent.evaluation.items import Item, Result
from index.core.records import Conversation
from index.demo.generate import as_record, conversations
from index.demo.model import DemoConversation
from index.sources.shapes import SHAPES

NAME = "abuse"
STORIES = {
    "a ring": "seo-ring",
    "a reseller": "reseller",
    "a launch": "launch-use",
    "flagged and benign": "false-positives",
    "nothing planted": None,
}
"""What is planted, by the name of its story in the generator."""
ABUSIVE = ("a ring", "a reseller")
QUESTIONS = {"a reseller": "Is anyone reselling access to the assistant?"}
_USUAL = "Is anyone running coordinated spam or abuse?"
MISSED, FALSE_ALARM, NOT_ANSWERED = "missed", "false alarm", "not answered"
_SIZES, _SIZES_QUICK = (1_500, 4_000), (1_500,)
_SEEDS, _SEEDS_QUICK = (11, 12), (11,)


def corpus(seed: int, story: str | None, size: int) -> list[Conversation]:
    """Everyday conversations of drawn accounts, about `size`, and those of one story, in time order."""
    made = list(conversations(seed))
    everyday: dict[str, list[DemoConversation]] = {}
    for one in made:
        if one.story is None:
            everyday.setdefault(one.account, []).append(one)
    accounts = sorted(everyday)
    Random(seed).shuffle(accounts)
    kept: list[DemoConversation] = []
    for account in accounts:
        if len(kept) >= size:
            break
        kept += everyday[account]
    kept += [one for one in made if story is not None and one.story == story]
    read = [SHAPES[0].convert(as_record(one)) for one in sorted(kept, key=lambda one: one.time)]
    return [one for one in read if isinstance(one, Conversation)]


def items(bench: Bench) -> list[Item]:
    """A corpus each: what is planted, among how many, of which seed."""
    sizes, seeds = (_SIZES_QUICK, _SEEDS_QUICK) if bench.quick else (_SIZES, _SEEDS)
    return [
        Item(
            NAME,
            f"{planted}, {size}, seed {seed}",
            planted,
            f"{size:,} everyday",
            f"{planted} among {size:,} everyday conversations",
            partial(_asked, bench, planted, size, seed),
        )
        for size in sizes
        for planted in STORIES
        for seed in seeds
    ]


async def _asked(bench: Bench, planted: str, size: int, seed: int) -> Result:
    app = await bench.made(f"{planted} {size} {seed}".replace(" ", "-"), corpus(seed, STORIES[planted], size))
    session = bench.session(app)
    question = QUESTIONS.get(planted, _USUAL)
    try:
        answers = [event async for event in session.ask(question) if isinstance(event, AnswerMade)]
    finally:
        session.waiting = ""
        await session.close()
    return judged(answers, is_abusive=planted in ABUSIVE)


def judged(answers: Sequence[AnswerMade], *, is_abusive: bool) -> Result:
    """Whether there is a lead where there should be one, and none where there should not."""
    if not answers:
        return Result(0, 1, verdict=NOT_ANSWERED)
    parts = answers[-1].parts
    leads = len(parts.leads) if parts is not None else 0
    verdict = "" if bool(leads) == is_abusive else (MISSED if is_abusive else FALSE_ALARM)
    figures = {"leads": float(leads), "abusive": float(is_abusive)}
    return Result(int(not verdict), 1, verdict=verdict, detail=(parts.answer if parts else "")[:300], figures=figures)
