"""Facets of an index's own, before they are used: written to a file, checked, and tried on a sample of a log.

A facet that is in use cannot change, so it is tried first. A preview reads a sample in memory, screened as ingest does, and
stores nothing. What it shows of the sample is what a table shows: values that enough conversations of enough accounts have.
"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agent.services.cost import Estimate, estimate, spending
from agent.wiring import App
from index.core.errors import SettingsError
from index.core.facets import FacetSpec, Kind, load_facets, require_kept
from index.core.records import UNKNOWN, Conversation
from index.core.settings_file import toml_text
from index.ingest.extraction import Extraction, Extractor, NotExtracted
from index.ingest.pipeline import Progress, with_languages
from index.ingest.reading import excerpt, screen_all
from index.sources import Skipped, Source
from tools.core.policy import PrivacyPolicy

if TYPE_CHECKING:
    from agent.roles.claude import Readers

_SEED = 7
_WRITTEN = "(written)"
"""Of free text: that there is some."""
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Checked:
    """A facet that is well formed. `remarks`: what will not work as somebody may expect."""

    name: str
    kind: Kind
    values: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """What a facet came to on a sample. `counts`: conversations by value, rounded, and of those without one ("unknown"); None: none
    or too few to be shown. Of free text: how many have some, and how many none."""

    name: str
    counts: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview. `sampled` of `conversations` were read by `extractor`; `failed`: could not be. `spent`: US dollars; None: the
    price is not in the settings. `whole`: what the whole source would take with the model; None: there is none."""

    conversations: int
    sampled: int
    failed: int
    extractor: str
    spent: float | None
    facets: tuple[Tried, ...]
    whole: Estimate | None


def add(
    file: Path, name: str, question: str, kind: str, values: Sequence[str], words: Mapping[str, Sequence[str]]
) -> FacetSpec:
    """Write a facet to the end of a file, which is made where it is not there. Nothing is written where the file would not be
    read again: raises SettingsError."""
    before = file.read_text("utf-8") if file.exists() else ""
    lines = ["[[facet]]", f"name = {toml_text(name)}", f"question = {toml_text(question)}", f"kind = {toml_text(kind)}"]
    lines += [f"values = [{', '.join(map(toml_text, values))}]"] if values else []
    lines += [f"words.{toml_text(value)} = [{', '.join(map(toml_text, listed))}]" for value, listed in words.items()]
    partial = file.with_name(f".{file.name}.partial")
    try:
        partial.write_text((before.rstrip() + "\n\n" if before.strip() else "") + "\n".join(lines) + "\n", "utf-8")
        found = load_facets(partial)
        partial.replace(file)
    except OSError as error:
        raise SettingsError(f"Cannot write {file}: {error.strerror}.", "Give another file.") from error
    except SettingsError as error:
        raise SettingsError(error.message.replace(str(partial), str(file)), error.hint) from None
    finally:
        partial.unlink(missing_ok=True)
    return found[-1]


def check(file: Path, known: Sequence[FacetSpec] = ()) -> tuple[Checked, ...]:
    """Every facet of a file, with remarks. `known`: those that the index has. Raises SettingsError."""
    if not file.is_file():
        raise SettingsError(f"There is no file {file}.", "Write one: shoal facets new NAME --help")
    found = load_facets(file)
    if not found:
        raise SettingsError(f"{file} holds no facet.", "Write one: shoal facets new NAME --help")
    require_kept(file, found, known)
    return tuple(Checked(spec.name, spec.kind, spec.values, tuple(_remarks(spec, spec in known))) for spec in found)


def _remarks(spec: FacetSpec, is_known: bool) -> list[str]:
    remarks = ["the index has it already"] if is_known else []
    if spec.kind == "text":
        remarks.append("free text: only a model writes it, and words of fewer than five accounts are left out")
    elif not spec.words:
        remarks.append('no words: without a model every conversation has "unknown"')
    elif silent := [value for value in spec.values if value not in spec.words]:
        remarks.append(f"without a model nothing has the value {', '.join(map(repr, silent))}: it has no words")
    if not spec.question.strip().endswith("?"):
        remarks.append("its question has no question mark: a model reads it as it is written")
    return remarks


async def preview(
    app: App,
    source: Source,
    file: Path,
    policy: PrivacyPolicy,
    told: Callable[[Progress], None],
    *,
    sample: int,
    built_in: bool,
    max_cost: float | None,
) -> Preview:
    """Read a sample of a source with the facets of a file. The sample is drawn evenly, the same each time. Raises
    SettingsError for a file that is not right, and what the endpoint raises."""
    check(file)
    own = load_facets(file)
    seen, drawn = await asyncio.to_thread(_drawn, source, sample, told)
    if not drawn:
        raise SettingsError("The input holds no conversation.", "See what it holds: shoal ingest FILE --inspect")
    uses_model = app.uses_model(built_in=built_in)
    spent = spending(app.settings, max_cost) if uses_model else None
    readers = app.readers_of_facets(own, spent.run if spent is not None else None)
    try:
        answers = await _read(readers, drawn, told)
    finally:
        await readers.close()
    whole = await asyncio.to_thread(estimate, source, app.settings, own, batch=False) if uses_model else None
    read = [(item, conversation) for item, conversation in answers if isinstance(item, Extraction)]
    return Preview(
        seen,
        len(drawn),
        len(answers) - len(read),
        readers.extractor.name,
        0.0 if spent is None else spent.budget.cost,
        tuple(_tried(spec, read, policy) for spec in own),
        whole,
    )


def _drawn(source: Source, sample: int, told: Callable[[Progress], None]) -> tuple[int, list[Conversation]]:
    """How many conversations there are, and some of them: each as likely as any other (reservoir sampling)."""
    chance, seen, kept = random.Random(_SEED), 0, list[Conversation]()
    for read in source:
        if isinstance(read.item, Skipped):
            continue
        seen += 1
        if len(kept) < sample:
            kept.append(read.item)
        elif (place := chance.randrange(seen)) < sample:
            kept[place] = read.item
        if seen % _AT_ONCE == 0:
            told(Progress("drawing a sample", seen, 0))
    return seen, kept


async def _read(
    readers: "Readers", drawn: Sequence[Conversation], told: Callable[[Progress], None]
) -> list[tuple[Extraction | NotExtracted, Conversation]]:
    extractor = readers.extractor
    found: list[tuple[Extraction | NotExtracted, Conversation]] = []
    for start in range(0, len(drawn), _AT_ONCE):
        told(Progress("reading", start, len(drawn)))
        part = [excerpt(conversation, extractor.portion)[0] for conversation in drawn[start : start + _AT_ONCE]]
        screened, _ = await asyncio.to_thread(screen_all, part)
        shown = await asyncio.to_thread(with_languages, [item for item in screened if isinstance(item, Conversation)])
        if isinstance(extractor, Extractor):
            answers = await extractor.extract(shown)
        else:
            answers = await asyncio.to_thread(extractor.extract_here, shown)
        found += zip(answers, shown, strict=True)
        found += [(item, part[0]) for item in screened if isinstance(item, NotExtracted)]
    told(Progress("reading", len(drawn), len(drawn)))
    return found


def _tried(spec: FacetSpec, read: Sequence[tuple[Extraction, Conversation]], policy: PrivacyPolicy) -> Tried:
    counts: Counter[str] = Counter()
    accounts: dict[str, set[str]] = defaultdict(set)
    for place, (item, conversation) in enumerate(read):
        if spec.values:
            said = item.values.get(spec.name, "")
            value = said if said in spec.values else UNKNOWN
        else:
            value = _WRITTEN if spec.name in item.texts else UNKNOWN
        counts[value] += 1
        accounts[value].add(conversation.account or str(place))
    step = policy.round_to
    shown = {
        value: step * round(counts[value] / step)
        if counts[value] >= policy.min_conversations and len(accounts[value]) >= policy.min_accounts
        else None
        for value in (*(spec.values or (_WRITTEN,)), UNKNOWN)
    }
    return Tried(spec.name, shown)
