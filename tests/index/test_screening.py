"""Screening: each kind of direct identifier is masked, and no text can break the screen."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.records import Conversation, Turn
from index.screening import MASK, mask, screened

_KINDS = {
    "e-mail": ("write to jane.doe+x@example.co.uk please", "jane.doe"),
    "web address": ("see https://example.com/u/jane?x=1 please", "example.com"),
    "phone, grouped": ("call +41 79 555 01 23 now", "555"),
    "phone, brackets": ("call (415) 555-0123 now", "0123"),
    "phone, plain": ("call 5550123456 now", "5550123456"),
    "IBAN": ("pay to DE89 3704 0044 0532 0130 00 today", "0532"),
    "IBAN without spaces": ("pay to GB82WEST12345698765432 today", "WEST"),
    "credit card": ("card 4111 1111 1111 1111 thanks", "4111"),
    "social security number": ("ssn 078-05-1120 thanks", "1120"),
    "IP address": ("host 203.0.113.77 is down", "203.0"),
    "IPv6 address": ("host 2001:db8:85a3::8a2e:370:7334 is down", "8a2e"),
    "MAC address": ("card 00:1B:44:11:3A:B7 is down", "3A:B7"),
    "bitcoin address": ("send to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa now", "1A1zP1"),
    "API key": ("use sk-live51Hxxabcdefgh1234 now", "51Hxx"),
    "cloud key": ("use AKIAIOSFODNN7EXAMPLE now", "IOSFODNN"),
    "long token": ("token eyJhbGciOiJIUzI1NiIsInR5cCI6 now", "eyJ"),
    "private key": ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIE"),
    "private key, cut off": ("key: -----BEGIN PRIVATE KEY-----\nMIIEow", "MIIE"),
    "handle": ("follow @jane_doe now", "jane_doe"),
    "passport number": ("passport C01X00T47, no: AB1234567 is it", "AB1234567"),
    "English street": ("I live at 221 Baker Street, London", "Baker"),
    "German street": ("Ich wohne in der Goethestraße 12a in Bonn", "Goethe"),
    "French street": ("j'habite rue de la Paix 12", "Paix"),
    "introduced name": ("hello my name is Jane Doe and", "Doe"),
    "German introduced name": ("hallo ich heiße Jana Schmidt und", "Jana"),
    "titled name": ("ask Dr. Jane Doe about it", "Doe"),
}


@pytest.mark.parametrize("kind", _KINDS)
def test_each_kind_of_identifier_is_masked(kind: str) -> None:
    text, secret = _KINDS[kind]
    assert secret in text
    assert secret not in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "how do I merge two pandas dataframes on a key",
        "a recipe for 4 people with 250 g of flour",
        "the meeting of 1 March is moved to 15:30",
        "explain c++ templates and node.js streams",
        "敬語でメールを書いて",
    ],
)
def test_ordinary_text_without_identifiers_is_left_as_it_is(text: str) -> None:
    assert mask(text) == text


def test_text_around_an_identifier_stays() -> None:
    masked = mask("write to jane@example.com about pandas")
    assert masked.replace(MASK.strip() or " ", " ").split() == ["write", "to", "about", "pandas"]


def test_every_turn_of_a_conversation_is_masked() -> None:
    turns = (Turn("user", "I am @jane_doe"), Turn("assistant", "hello @jane_doe"))
    masked = screened(Conversation(turns, account="a1"))
    assert [turn.text.strip(" …") for turn in masked.turns] == ["I am", "hello"]
    assert masked.account == "a1"


_PIECES = st.sampled_from(
    [
        "jane@example.com", "https://a.example/x", "12", "345", "6 7", "+", "(", ")", "-", "/", " ", "\n", "Dr. Jane",
        "my name is", "DE89370400440532013000", "192.0.2.1", "sk-", "abcdef", "221", "Baker Street", "@", ".", "rue",
    ]
)  # fmt: skip
_TEXT = (
    st.text(max_size=120) | st.lists(_PIECES, max_size=14).map("".join) | st.lists(_PIECES, max_size=14).map(" ".join)
)


@settings(max_examples=400, deadline=None)
@given(text=_TEXT)
@example(text="1 2 3 a@b.co 4 5 6 7")
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(), max_size=300))
@example(text="\ud83d a lone surrogate 1234567 @someone")
@example(text="a@\u00aa.com www.\u0640.de 1.1.1.1.1 ::::")
def test_masking_never_raises_and_never_adds_anything_but_the_mask(text: str) -> None:
    masked = mask(text)
    assert set(masked) <= set(text) | set(MASK)


@pytest.mark.parametrize("unit", ["a-", "1 ", "1a ", "-----BEGIN A-----", "x@", "::1", "Dr A "])
def test_masking_a_hostile_excerpt_takes_seconds_and_not_minutes(unit: str) -> None:
    mask("warm @up")
    started = time.perf_counter()
    mask((unit * 2_000)[:2_000])
    assert time.perf_counter() - started < 5
