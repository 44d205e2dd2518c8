"""The people behind the background traffic: languages, favourite themes, activity and habits.

Activity is heavy-tailed, but nobody is so active that one account could make a theme. An account id must never give
away whether the account belongs to a planted story, so every account gets its id from the same place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from index.demo.clock import DAYS, moment, usual_day
from index.demo.model import DemoConversation, Ids, Message
from index.demo.speech import PLAIN, Teller, Voice, voice_for
from index.demo.texts import Language, Theme

_OFFSETS: dict[str, tuple[float, ...]] = {
    "en": (-8, -7, -6, -5, -5, -5, 0, 1, 1, 5.5, 8, 10),
    "es": (2, 2, -6, -5, -5, -3),
    "pt": (-3, -3, -3, 1),
    "fr": (2, 2, 2, -4, 1),
    "de": (2,),
    "it": (2,),
    "ja": (9,),
    "zh": (8,),
    "ko": (9,),
    "ru": (3, 3, 5, 7),
    "ar": (3, 3, 2, 4),
    "hi": (5.5,),
    "tr": (3,),
}
_SURFACES = ("web", "mobile", "api")
_SURFACE_WEIGHTS = (56, 37, 7)
_MOST_ACTIVE = 26.0
_STEADY_FROM = 6.0
_BY_HABIT = 0.66
_SYSTEM_PROMPT = 0.4


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    languages: tuple[Language, ...]
    favourites: tuple[tuple[Theme, ...], ...]
    voices: tuple[Voice, ...]
    offset: float
    surface: str
    activity: float
    first: int
    last: int

    def voice(self, language: str) -> Voice:
        for spoken, voice in zip(self.languages, self.voices, strict=True):
            if spoken.name == language:
                return voice
        return PLAIN


def population(rng: Random, ids: Ids, languages: Sequence[Language], size: int) -> list[Account]:
    shares = [language.share for language in languages]
    return [_account(rng, ids, languages, rng.choices(languages, shares)[0]) for _ in range(size)]


def own_accounts(rng: Random, ids: Ids, count: int, surface: str | None = None) -> list[Account]:
    """Accounts that do nothing but take part in one planted story."""
    return [
        Account(ids.new(), (), (), (), rng.choice(_OFFSETS["en"]), surface or _surface(rng), 1.0, 0, DAYS - 1)
        for _ in range(count)
    ]


def _surface(rng: Random) -> str:
    return rng.choices(_SURFACES, _SURFACE_WEIGHTS)[0]


def _account(rng: Random, ids: Ids, languages: Sequence[Language], first: Language) -> Account:
    spoken = [first]
    others = [language for language in languages if language is not first]
    if others and rng.random() < (0.05 if first.code == "en" else 0.22):
        english = [language for language in others if language.code == "en"]
        spoken.append(english[0] if english else rng.choice(others))
    activity = min(_MOST_ACTIVE, rng.paretovariate(1.25))
    active = _active(rng) if activity < _STEADY_FROM else (0, DAYS - 1)
    return Account(
        id=ids.new(),
        languages=tuple(spoken),
        favourites=tuple(_favourites(rng, language) for language in spoken),
        voices=tuple(voice_for(rng, language) for language in spoken),
        offset=rng.choice(_OFFSETS.get(first.code, (0.0,))),
        surface=_surface(rng),
        activity=activity,
        first=active[0],
        last=active[1],
    )


def _active(rng: Random) -> tuple[int, int]:
    """The days between which a person uses the assistant; half of them all the time."""
    if rng.random() < 0.5:
        return 0, DAYS - 1
    length = rng.randint(60, 200)
    start = rng.randint(-length // 2, DAYS - length // 2)
    return max(0, start), min(DAYS - 1, start + length)


def _favourites(rng: Random, language: Language) -> tuple[Theme, ...]:
    """Two to five themes, drawn without repetition in proportion to their weight."""
    keyed = sorted(language.themes, key=lambda theme: rng.random() ** (1 / theme.weight), reverse=True)
    return tuple(keyed[: rng.randint(2, 5)])


def _theme(rng: Random, account: Account, which: int) -> Theme:
    if rng.random() < _BY_HABIT:
        return rng.choice(account.favourites[which])
    themes = account.languages[which].themes
    return rng.choices(themes, [theme.weight for theme in themes])[0]


def background(
    rng: Random, accounts: Sequence[Account], count: int, system_prompts: Sequence[str]
) -> Iterator[DemoConversation]:
    """Everyday traffic: each account at least once, the rest by activity."""
    teller = Teller(rng)
    more = rng.choices(accounts, [account.activity for account in accounts], k=count - len(accounts))
    for account in (*accounts, *more):
        which = 1 if len(account.languages) > 1 and rng.random() < 0.3 else 0
        theme = _theme(rng, account, which)
        yield ordinary(rng, teller, account, theme, theme.story, system_prompts)


def ordinary(
    rng: Random,
    teller: Teller,
    account: Account,
    theme: Theme,
    story: str | None,
    system_prompts: Sequence[str] = (),
) -> DemoConversation:
    """One everyday conversation of this account on this theme; stories that hide in everyday traffic use it too."""
    day = usual_day(rng, theme.category, account.first, account.last)
    messages: list[Message] = teller.talk(theme, account.voice(theme.language))
    surface = account.surface if rng.random() < 0.85 else rng.choice(_SURFACES[:2])
    if surface == "api" and system_prompts and rng.random() < _SYSTEM_PROMPT:
        messages.insert(0, ("system", rng.choice(system_prompts)))
    return DemoConversation(
        id="",
        account=account.id,
        time=moment(rng, day, account.offset),
        messages=tuple(messages),
        flagged=rng.random() < theme.flag_rate,
        surface=surface,
        story=story,
        theme=theme.id,
        category=theme.category,
        language=theme.language,
    )
