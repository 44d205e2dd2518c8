"""The planted stories: what an analyst should be able to find, or must never be shown.

Each function draws from its own random stream and returns finished conversations without an id. A story must never
be recognisable by anything but what a real one would leave behind: text, time, account, surface and flag.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from index.demo.accounts import Account, ordinary, own_accounts
from index.demo.clock import any_moment, day_number, moment, moments_of_bursts, ramping_day, usual_day
from index.demo.model import DemoConversation, Ids
from index.demo.speech import PLAIN, Teller, fill
from index.demo.storytexts import Group, Injections, Reseller
from index.demo.texts import Language, Theme


def everyday_themes(language: Language) -> list[Theme]:
    """Themes without a story of their own, in which another story can hide."""
    return [theme for theme in language.themes if theme.story is None]


def speakers(accounts: Sequence[Account], language: str) -> list[Account]:
    return [account for account in accounts if any(spoken.name == language for spoken in account.languages)]


def group_story(rng: Random, ids: Ids, group: Group, accounts: Sequence[Account]) -> list[DemoConversation]:
    """A planted theme: its accounts, each at least once, at the times that the story asks for."""
    members = _members(rng, ids, group, accounts)
    owners = [*members, *rng.choices(members, k=group.conversations - len(members))]
    rng.shuffle(owners)
    times = _burst_times(rng, group)
    voiced = not group.own_accounts and not group.markers
    teller = Teller(rng)
    found = []
    for number, account in enumerate(owners):
        time = times[number] if number < len(times) else _usual_time(rng, group, account)
        voice = account.voice(group.theme.language) if voiced else PLAIN
        found.append(
            DemoConversation(
                id="",
                account=account.id,
                time=time,
                messages=tuple(teller.talk(group.theme, voice, group.keep_going)),
                flagged=rng.random() < group.theme.flag_rate,
                surface=account.surface,
                story=group.story,
                theme=group.theme.id,
                category=group.theme.category,
                language=group.theme.language,
            )
        )
    return found


def _members(rng: Random, ids: Ids, group: Group, accounts: Sequence[Account]) -> list[Account]:
    if group.own_accounts:
        return own_accounts(rng, ids, group.accounts)
    able = speakers(accounts, group.theme.language)
    members = rng.sample(able, min(len(able), group.accounts))
    return [*members, *own_accounts(rng, ids, group.accounts - len(members))]


def burst_days(group: Group) -> list[tuple[str, int]]:
    """The planted burst days with the number of conversations placed on each."""
    return [
        ((burst.day + timedelta(days=n)).isoformat(), count)
        for burst in group.bursts
        for n, count in enumerate(burst.counts)
    ]


def _burst_times(rng: Random, group: Group) -> list[datetime]:
    days = [(burst.day + timedelta(days=n), count) for burst in group.bursts for n, count in enumerate(burst.counts)]
    return moments_of_bursts(rng, days)


def _usual_time(rng: Random, group: Group, account: Account) -> datetime:
    if group.first_day is None:
        return moment(rng, usual_day(rng, group.theme.category), account.offset)
    day = ramping_day(rng, day_number(group.first_day), group.ramp_days)
    return moment(rng, day, account.offset, group.first_day)


def reseller_story(rng: Random, ids: Ids, plan: Reseller, languages: Sequence[Language]) -> list[DemoConversation]:
    """A few accounts that pass on the questions of many people, around the clock, with one wrapper line."""
    members = own_accounts(rng, ids, plan.accounts, surface="api")
    shares = [language.share for language in languages]
    teller = Teller(rng)
    found = []
    for _ in range(plan.conversations):
        language = rng.choices(languages, shares)[0]
        theme = rng.choice(everyday_themes(language))
        messages = teller.talk(theme, keep_going=0.15)
        values = {"plan": rng.choice(plan.plans), "seat": str(rng.randrange(1000, 9999)), "message": messages[0][1]}
        found.append(
            DemoConversation(
                id="",
                account=rng.choice(members).id,
                time=any_moment(rng),
                messages=(("system", plan.system), ("user", fill(plan.wrapper, values)), *messages[1:]),
                flagged=rng.random() < theme.flag_rate,
                surface="api",
                story="reseller",
                theme=theme.id,
                category=theme.category,
                language=theme.language,
            )
        )
    return found


def injection_story(
    rng: Random, plan: Injections, accounts: Sequence[Account], language: Language
) -> list[DemoConversation]:
    """Ordinary conversations in which one user message also speaks to whoever analyses it later."""
    members = rng.sample(speakers(accounts, language.name), plan.conversations)
    themes = everyday_themes(language)
    teller = Teller(rng)
    found = []
    for number, account in enumerate(members):
        conversation = ordinary(rng, teller, account, rng.choice(themes), "injections")
        messages = list(conversation.messages)
        places = [n for n, (role, _) in enumerate(messages) if role == "user"]
        place = rng.choice(places)
        values = {"message": messages[place][1], "injection": plan.texts[number % len(plan.texts)]}
        messages[place] = ("user", _carry(rng.choice(plan.carriers), values))
        found.append(replace(conversation, messages=tuple(messages)))
    return found


def _carry(carrier: str, values: dict[str, str]) -> str:
    """Like `fill`, but without touching the first letter: a planted text stays exactly as it was written."""
    for name, value in values.items():
        carrier = carrier.replace(f"{{{name}}}", value)
    return carrier
