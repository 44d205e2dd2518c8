"""Reads every settings file of Shoal into a frozen Pydantic model: one loader and one style of error.

A wrong value is named with its file, its place and what it must be. Nothing is read from the environment here.
"""

import json
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from index.core.errors import SettingsError, ShoalError

Model = TypeVar("Model", bound="SettingsModel")

_WORDS = {
    "Input should be a valid boolean": "must be true or false",
    "Input should be a valid integer": "must be a whole number",
    "Input should be a valid number": "must be a number",
    "Input should be a finite number": "must be a finite number",
    "Input should be a valid string": "must be text in quotes",
    "Input should be a valid date": "must be a date such as 2026-08-03",
    "Input should be a valid dictionary": "must be a table",
    "Field required": "is missing",
}
"""What Pydantic says of a value, as a person would."""


class SettingsModel(BaseModel):
    """A settings file as a value: frozen, without unknown names, without conversion of one kind into another. The sentence
    under a field is its description."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    def with_values(self, **changes: Any) -> Self:
        """A checked copy with other values. Raises pydantic's ValidationError."""
        kept = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate({**kept, **changes})


def read_toml(path: Path, fault: type[ShoalError] = SettingsError) -> dict[str, Any]:
    """The tables of a TOML file; empty where there is no file. Raises `fault` for a file that is not TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise fault(f"{path} could not be read: {error.strerror}.", "Name another folder, or correct it.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise fault(f"{path} could not be read: it is not valid TOML ({error}).", "Correct it.") from None


def checked(
    model: type[Model],
    values: Mapping[str, Any],
    where: str,
    fault: type[ShoalError] = SettingsError,
    hint: str = "",
    left_out: Collection[str] = (),
) -> Model:
    """The model of these values. Raises `fault` with every wrong value of `where` in one message. `left_out`: fields that
    the file may not set."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = [_problem(item) for item in error.errors(include_url=False)]
        known = f"Known names: {', '.join(sorted(model.model_fields.keys() - set(left_out)))}."
        is_unknown = any(item["type"] == "extra_forbidden" for item in error.errors(include_url=False))
        raise fault(f"{where}: {'; '.join(problems)}.", hint or (known if is_unknown else "Correct it.")) from None


def usable(model: type[Model], values: Mapping[str, Any], where: str) -> tuple[Model, tuple[str, ...]]:
    """The model of those values that are right, and a sentence for each that is not and was left out."""
    try:
        return model.model_validate(values), ()
    except ValidationError as error:
        items = error.errors(include_url=False)
        wrong = {str(item["loc"][0]) for item in items if item["loc"]}
        kept = {name: value for name, value in values.items() if name not in wrong}
        return model.model_validate(kept), tuple(f"{where}: {_problem(item)}; it is left out." for item in items)


def _problem(item: ErrorDetails) -> str:
    place = ".".join(_place(item)) or "the file"
    if item["type"] == "extra_forbidden":
        return f"{place!r} is not a known name"
    said = str(item["msg"])
    for begin, words in _WORDS.items():
        if said.startswith(begin):
            return f"{place} {words}" if begin == "Field required" else f"{place} {words}, not {item['input']!r:.40}"
    if item["type"] == "value_error":
        return said.removeprefix("Value error, ")
    return f"{place} {said.replace('Input should be', 'must be')}, not {item['input']!r:.40}"


def _place(item: ErrorDetails) -> Iterator[str]:
    yield from (str(part) for part in item["loc"])


def toml_text(text: str) -> str:
    """A string as TOML has it. JSON's escapes are TOML's too, and TOML wants one character more escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
