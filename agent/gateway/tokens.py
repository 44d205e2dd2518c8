"""Bearer tokens and what their identities have spent (SQLite, one file for each index, outside the index's folder).

A token is shown once, when it is made. Kept is its SHA-256: a token has 256 random bits, so nobody can guess it from the
digest and a slow hash would protect nothing. Every request reads the file, so a revocation holds at once.
"""

import hashlib
import json
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from pathlib import Path

from agent.gateway.people import Caller, Limits, Role
from index.core.database import opened
from index.core.errors import SettingsError, ShoalError
from index.core.home import private_folder

_PREFIX = "shoal"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens (
    id TEXT PRIMARY KEY, digest TEXT NOT NULL, identity TEXT NOT NULL, role TEXT NOT NULL, limits TEXT NOT NULL,
    made TEXT NOT NULL, expires TEXT, revoked TEXT, used TEXT);
CREATE TABLE IF NOT EXISTS spent (at TEXT NOT NULL, identity TEXT NOT NULL, questions INTEGER NOT NULL, dollars REAL NOT NULL);
CREATE TABLE IF NOT EXISTS handed_over (session TEXT NOT NULL, receiver TEXT NOT NULL, owner TEXT NOT NULL,
    findings TEXT NOT NULL, PRIMARY KEY (session, receiver)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claimed (session TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS spent_by ON spent (identity, at);
"""
_NOBODY = hashlib.sha256(b"").hexdigest()


class BudgetOfIdentity(ShoalError):
    """An identity has spent what its tokens allow."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class Token:
    """A token as a list shows it; the secret itself is not kept."""

    id: str
    identity: str
    role: Role
    limits: Limits
    made: str
    expires: str | None
    revoked: str | None
    used: str | None


@dataclass(frozen=True, slots=True)
class HandOver:
    """Whose a session is that was handed over, and the handles of the findings that were."""

    owner: str
    findings: frozenset[str]


class TokenStore:
    """Makes, lists, limits, revokes and checks tokens. Safe for several threads and processes."""

    def __init__(self, path: Path) -> None:
        private_folder(path.parent)
        self._lock = threading.Lock()
        self._connection = opened(path, "the tokens")
        self._connection.execute("PRAGMA secure_delete = ON")
        self._connection.executescript(_SCHEMA)

    def make(self, identity: str, role: Role, limits: Limits, days: int | None = None) -> str:
        """A new token; it is returned this once."""
        if not identity.strip() or not identity.isprintable() or len(identity) > 120:
            raise SettingsError(
                "A token needs an identity: a name or an address.", "Write: shoal token make ana@example.org"
            )
        name, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        now = datetime.now(UTC)
        expires = _iso(now + timedelta(days=days)) if days is not None else None
        with self._lock:
            self._connection.execute(
                "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                [name, _digest(secret), identity.strip(), role, limits.model_dump_json(), _iso(now), expires],
            )
        return f"{_PREFIX}_{name}_{secret}"

    def tokens(self) -> list[Token]:
        """Every token, the newest first, revoked ones too."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT id, identity, role, limits, made, expires, revoked, used FROM tokens ORDER BY rowid DESC"
            ).fetchall()
        return [
            Token(name, identity, role, Limits.model_validate_json(limits), made, expires, revoked, used)
            for name, identity, role, limits, made, expires, revoked, used in rows
        ]

    def limit(self, name: str, limits: Limits) -> None:
        """Give a token other limits. Raises SettingsError where there is none of that id."""
        self._change("UPDATE tokens SET limits = ? WHERE id = ?", [limits.model_dump_json(), name], name)

    def revoke(self, name: str) -> None:
        """Make a token useless, at once. Raises SettingsError where there is none of that id."""
        self._change(
            "UPDATE tokens SET revoked = coalesce(revoked, ?) WHERE id = ?", [_iso(datetime.now(UTC)), name], name
        )

    def _change(self, sql: str, parameters: list[str], name: str) -> None:
        with self._lock:
            changed = self._connection.execute(sql, parameters).rowcount
        if not changed:
            raise SettingsError(f"There is no token {name!r}.", "List them: shoal token list")

    def caller(self, token: str) -> Caller | None:
        """Who holds this token; None where it is none of ours, revoked, or past its day."""
        prefix, _, rest = token.partition("_")
        name, _, secret = rest.partition("_")
        with self._lock:
            row = self._connection.execute(
                "SELECT digest, identity, role, limits, expires, revoked FROM tokens WHERE id = ?", [name]
            ).fetchone()
        # Where no token has the id, something is compared all the same, so that this takes as long.
        is_right = compare_digest(row[0] if row else _NOBODY, _digest(secret)) and prefix == _PREFIX
        if row is None or not is_right:
            return None
        _, identity, role, limits, expires, revoked = row
        now = _iso(datetime.now(UTC))
        if revoked is not None or (expires is not None and expires <= now):
            return None
        with self._lock:
            self._connection.execute(
                "UPDATE tokens SET used = ? WHERE id = ? AND used IS NOT ?", [now[:16], name, now[:16]]
            )
        return Caller(identity, role, name, Limits.model_validate_json(limits))

    def take_question(self, caller: Caller) -> None:
        """Charge one question, or raise BudgetOfIdentity where the day's are used up or the month's money is."""
        allowed, now = caller.limits, _iso(datetime.now(UTC))
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                asked = self._sum("questions", caller.identity, now[:10])
                if allowed.questions_per_day is not None and asked >= allowed.questions_per_day:
                    raise BudgetOfIdentity(
                        f"{caller.identity} asked {asked} questions today, which is all that its token allows.",
                        "Wait until tomorrow (UTC), or ask an admin for more.",
                    )
                spent = self._sum("dollars", caller.identity, now[:7])
                if allowed.dollars_per_month is not None and spent >= allowed.dollars_per_month > 0:
                    raise BudgetOfIdentity(
                        f"{caller.identity} spent {spent:.2f} US dollars this month, which is all that its token allows.",
                        "Wait until next month (UTC), or ask an admin for more.",
                    )
                self._connection.execute("INSERT INTO spent VALUES (?, ?, 1, 0)", [now, caller.identity])
            finally:
                self._connection.execute("COMMIT")

    def charge(self, identity: str, dollars: float) -> None:
        """Note what models cost for an identity."""
        with self._lock:
            self._connection.execute(
                "INSERT INTO spent VALUES (?, ?, 0, ?)", [_iso(datetime.now(UTC)), identity, dollars]
            )

    def dollars_left(self, caller: Caller) -> float | None:
        """US dollars that are left this month; None where there is no limit."""
        if caller.limits.dollars_per_month is None:
            return None
        with self._lock:
            spent = self._sum("dollars", caller.identity, _iso(datetime.now(UTC))[:7])
        return max(0.0, caller.limits.dollars_per_month - spent)

    def hand_over(self, session: str, owner: str, receiver: str, findings: frozenset[str]) -> None:
        """Note that an identity may open these findings, released to another one in a session. Raises SettingsError where nobody of
        that name may ask."""
        if not any(
            token.identity == receiver and token.role == "analyst" and not token.revoked for token in self.tokens()
        ):
            raise SettingsError(
                f"No analyst here is called {receiver!r}.", "Give the identity of one: shoal token list"
            )
        with self._lock:
            self._connection.execute(
                "INSERT OR REPLACE INTO handed_over VALUES (?, ?, ?, ?)",
                [session, receiver, owner, json.dumps(sorted(findings))],
            )

    def handed_over(self, session: str, receiver: str) -> HandOver | None:
        """Who handed this session over to an identity, and what of it; None: nobody did."""
        with self._lock:
            found = self._connection.execute(
                "SELECT owner, findings FROM handed_over WHERE session = ? AND receiver = ?", [session, receiver]
            ).fetchone()
        return HandOver(found[0], frozenset(json.loads(found[1]))) if found is not None else None

    def claim(self, session: str, identity: str) -> None:
        """Note whose a new session is: an id is one identity's. Raises SettingsError where it is another one's."""
        with self._lock:
            self._connection.execute("INSERT OR IGNORE INTO claimed VALUES (?, ?)", [session, identity])
            (owner,) = self._connection.execute("SELECT owner FROM claimed WHERE session = ?", [session]).fetchone()
        if owner != identity:
            raise SettingsError(f"The id {session} is taken.", "Leave it out to begin a new session.")

    def _sum(self, column: str, identity: str, since: str) -> float:
        total: float
        (total,) = self._connection.execute(
            f"SELECT coalesce(sum({column}), 0) FROM spent WHERE identity = ? AND at >= ?", [identity, since]
        ).fetchone()
        return total

    def close(self) -> None:
        self._connection.close()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
