"""Tokens at rest and in use; what an identity may spend."""

from pathlib import Path

import pytest

from agent.gateway.people import Limits
from agent.gateway.tokens import BudgetOfIdentity, TokenStore
from index.core.errors import SettingsError


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return TokenStore(tmp_path / "gate" / "tokens.sqlite3")


def test_a_secret_is_kept_nowhere_and_found_by_its_digest(store: TokenStore, tmp_path: Path) -> None:
    token = store.make("ana@example.org", "analyst", Limits())
    secret = token.split("_", 2)[2]
    assert len(secret) >= 43
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert secret.encode() not in kept
    found = store.caller(token)
    assert found is not None
    assert (found.identity, found.role) == ("ana@example.org", "analyst")
    assert (tmp_path / "gate" / "tokens.sqlite3").stat().st_mode & 0o077 == 0


def test_two_processes_see_a_revocation_at_once(store: TokenStore, tmp_path: Path) -> None:
    token = store.make("ana", "analyst", Limits())
    other = TokenStore(tmp_path / "gate" / "tokens.sqlite3")
    other.revoke(token.split("_")[1])
    assert store.caller(token) is None
    assert [item.revoked is not None for item in store.tokens()] == [True]
    with pytest.raises(SettingsError):
        store.revoke("ffffffff")
    with pytest.raises(SettingsError):
        store.limit("ffffffff", Limits())


@pytest.mark.parametrize("identity", ["", "  ", "a\nb", "x" * 121, "\x1b[31mred"])
def test_who_a_token_is_for_can_be_printed(store: TokenStore, identity: str) -> None:
    with pytest.raises(SettingsError):
        store.make(identity, "analyst", Limits())


def test_questions_and_money_are_counted_over_all_tokens_of_an_identity(store: TokenStore) -> None:
    limits = Limits(questions_per_day=3, dollars_per_month=1.0)
    first, second = (store.caller(store.make("ana", "analyst", limits)) for _ in range(2))
    other = store.caller(store.make("bo", "analyst", limits))
    assert first is not None
    assert second is not None
    assert other is not None
    for caller in (first, second, first):
        store.take_question(caller)
    with pytest.raises(BudgetOfIdentity, match="3 questions today"):
        store.take_question(second)
    store.take_question(other)
    store.charge("bo", 0.75)
    assert store.dollars_left(other) == 0.25
    store.charge("bo", 0.5)
    assert store.dollars_left(other) == 0.0
    with pytest.raises(BudgetOfIdentity, match="US dollars this month"):
        store.take_question(other)
