"""Names of people, found by a model, where a spaCy pipeline is installed.

The layer is off unless a pipeline is there: spaCy's small English one, or those that `SHOAL_NER` names (packages or
folders, separated by commas; `off` turns the layer off). A pipeline that is named and missing is an error and never a silent
half: whoever turned the layer on relies on it. Only persons are taken. Organisations and places are often what a
conversation is about, and attestation (R6) decides about them.

A pipeline is loaded once a process, without the parts that find no names, and one text at a time goes through it:
spaCy's vocabulary is written to while it reads, and the gate may ask from several threads.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

import regex

from index.core.errors import SettingsError
from index.screening.look import Span
from index.screening.recognisers import torch_hidden

SETTING = "SHOAL_NER"

_USUAL = ("en_core_web_sm",)
"""Found without being named: spaCy's own small English pipeline."""
_PERSON = frozenset({"PERSON", "PER", "PERS", "persName", "PS", "PRS"})
_NOT_NEEDED = ("tagger", "parser", "senter", "morphologizer", "attribute_ruler", "lemmatizer", "textcat")
_PIECE = regex.compile(r"[\s\S]{1,20000}(?=\s|$)|[\s\S]{1,20000}")
"""A pipeline's memory grows with the text; nothing that is screened is longer, but nothing promises it."""
_LETTER = regex.compile(r"\p{L}")

_lock = Lock()


def ner_models() -> tuple[str, ...]:
    """The pipelines in use; none: the layer is off."""
    setting = os.environ.get(SETTING, "").strip()
    if setting.casefold() == "off":
        return ()
    if setting:
        return tuple(name.strip() for name in setting.split(",") if name.strip())
    return tuple(name for name in _USUAL if find_spec(name) is not None)


def ner_available() -> bool:
    """Whether names are looked for by a model."""
    return bool(ner_models())


@cache
def names_by_ner(model: str) -> Callable[[str], Sequence[Span]]:
    """A finder of people's names by one installed pipeline."""
    if find_spec(model.replace("/", "_")) is None and not Path(model).is_dir():
        raise SettingsError(
            f"The name recognition pipeline '{model}' is not installed.",
            f"Install it, or set {SETTING} to an installed one, or to 'off'.",
        )
    with torch_hidden():
        import spacy
    pipeline = spacy.load(model, exclude=_NOT_NEEDED)

    def find(text: str) -> Sequence[Span]:
        found: list[Span] = []
        for piece in _PIECE.finditer(text):
            for entity in pipeline(piece.group()).ents:
                if entity.label_ in _PERSON and _LETTER.search(entity.text):
                    found.append((piece.start() + entity.start_char, piece.start() + entity.end_char))
        return found

    return find


def spans(text: str) -> Iterator[Span]:
    """Where any of the pipelines in use finds a person."""
    models = _models()
    if models and _LETTER.search(text):
        with _lock:
            for model in models:
                yield from names_by_ner(model)(text)


@cache
def _models() -> tuple[str, ...]:
    """Looked up once a process: the setting does not change under a running ingest."""
    return ner_models()
