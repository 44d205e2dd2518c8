"""The tables of the facts store, and how an older index becomes one of today.

Migrations are numbered and run in one transaction each: an index is at one version or the next, never between. An
index of a newer Shoal is refused, not guessed at.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from index.core.errors import IndexFault
from index.privacy.cipher import Cipher
from index.stores.support import Support

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


PLAIN_PAGES = "plain_pages"
"""In the manifest: the file's free pages may hold what is encrypted now, until it is written anew."""

_PAGE = 50_000
"""Rows that are encrypted at a time."""


def quoted(path: Path) -> str:
    """A path as SQL has it, for ATTACH."""
    return "'" + str(path).replace("'", "''") + "'"


FACETS = "language, concern, turns, day, flagged, surface, harm, outcome, own"
"""Columns of the closed facets, in the order in which `facet_columns` gives their values. `own` is JSON."""

_FACET_TYPES = """language VARCHAR, concern TINYINT, turns INTEGER, day INTEGER, flagged BOOLEAN, surface VARCHAR,
    harm VARCHAR, outcome VARCHAR, own VARCHAR"""

_OUTGROWN = "CREATE TABLE outgrown (id VARCHAR PRIMARY KEY);"
"""Conversations of which a longer form was taken since: known, and not counted."""

_ENDINGS = "CREATE TABLE endings (ending VARCHAR, id VARCHAR);"
"""By what a conversation that a log of requests broke off is known when a later log goes on with it."""

_BEFORE_OUTGROWN = """
CREATE OR REPLACE VIEW complete AS
    SELECT summaries.* FROM summaries JOIN batches ON summaries.batch = batches.no WHERE complete;
"""

_COMPLETE = """
CREATE OR REPLACE VIEW complete AS
    SELECT summaries.* FROM summaries JOIN batches ON summaries.batch = batches.no
    WHERE complete AND id NOT IN (SELECT id FROM outgrown);
"""

_TODAY = f"""
CREATE TABLE manifest (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);
CREATE TABLE accounts (no INTEGER PRIMARY KEY, hash BLOB);
CREATE TABLE drafts (id VARCHAR, account INTEGER, {_FACET_TYPES}, draft BLOB, sketch BLOB,
    kind VARCHAR);
CREATE TABLE summaries (no INTEGER, id VARCHAR, account INTEGER, {_FACET_TYPES}, text VARCHAR, texts VARCHAR,
    batch INTEGER, sketch BLOB, kind VARCHAR);
CREATE TABLE batches (no INTEGER PRIMARY KEY, complete BOOLEAN NOT NULL);
CREATE TABLE support (part BLOB);
CREATE TABLE vocabulary (mark BIGINT, word VARCHAR, uses INTEGER);
CREATE TABLE failures (id VARCHAR PRIMARY KEY, reason VARCHAR, tries INTEGER);
CREATE TABLE privacy_scores (stage VARCHAR, score TINYINT, conversations INTEGER, PRIMARY KEY (stage, score));
{_OUTGROWN}
{_ENDINGS}
{_COMPLETE}
"""

Migration = Callable[["DuckDBPyConnection", Cipher], object]


def _sql(statements: str) -> Migration:
    return lambda connection, _: connection.execute(statements)


def _encrypt(connection: "DuckDBPyConnection", cipher: Cipher) -> None:
    connection.execute("INSERT OR REPLACE INTO manifest VALUES (?, 'yes')", [PLAIN_PAGES])
    marks = connection.execute("SELECT mark, account FROM support").fetchnumpy()
    connection.execute("DROP TABLE support; CREATE TABLE support (part BLOB)")
    if len(marks["mark"]):
        sealed = cipher.seal(Support(marks["mark"], marks["account"]).packed())
        connection.execute("INSERT INTO support VALUES (?)", [sealed])
    connection.execute("DROP VIEW complete; ALTER TABLE drafts ALTER draft TYPE BLOB USING encode(draft)")
    connection.execute("CREATE TEMP TABLE sealing (row BIGINT, sealed BLOB)")
    for table, column in (("drafts", "draft"), ("drafts", "sketch"), ("summaries", "sketch")):
        found = connection.execute(f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()
        for start in range(0, len(found), _PAGE):
            page = found[start : start + _PAGE]
            connection.execute(
                "INSERT INTO sealing SELECT unnest(?::BIGINT[]), unnest(?::BLOB[])",
                [[row for row, _ in page], [cipher.seal(clear) for _, clear in page]],
            )
        connection.execute(f"UPDATE {table} SET {column} = sealed FROM sealing WHERE {table}.rowid = sealing.row")
        connection.execute("DELETE FROM sealing")
    connection.execute("DROP TABLE sealing")
    connection.execute(_COMPLETE)


_MIGRATIONS: dict[int, Migration] = {
    # 1 -> 2: harm, outcome, facets of an index's own, free-text facets; failed extractions and privacy scores are kept;
    # a forgotten account leaves its number.
    1: _sql(f"""
DROP VIEW complete;
ALTER TABLE accounts RENAME TO old_accounts;
CREATE TABLE accounts (no INTEGER PRIMARY KEY, hash BLOB);
INSERT INTO accounts SELECT * FROM old_accounts;
DROP TABLE old_accounts;
ALTER TABLE drafts RENAME TO old_drafts;
CREATE TABLE drafts (id VARCHAR, account INTEGER, {_FACET_TYPES}, draft VARCHAR);
INSERT INTO drafts SELECT id, account, language, concern, turns, day, flagged, surface, 'unknown', 'unknown', '{{}}',
    '{{"summary": ' || draft || '}}' FROM old_drafts ORDER BY rowid;
DROP TABLE old_drafts;
ALTER TABLE summaries RENAME TO old_summaries;
CREATE TABLE summaries (no INTEGER, id VARCHAR, account INTEGER, {_FACET_TYPES}, text VARCHAR, texts VARCHAR,
    batch INTEGER);
INSERT INTO summaries SELECT no, id, account, language, concern, turns, day, flagged, surface, 'unknown', 'unknown',
    '{{}}', text, '{{}}', batch FROM old_summaries ORDER BY rowid;
DROP TABLE old_summaries;
CREATE TABLE failures (id VARCHAR PRIMARY KEY, reason VARCHAR, tries INTEGER);
CREATE TABLE privacy_scores (stage VARCHAR, score TINYINT, conversations INTEGER, PRIMARY KEY (stage, score));
{_BEFORE_OUTGROWN}
"""),
    # 2 -> 3: the form of each first request; what was taken in before has none.
    2: _sql(f"""
DROP VIEW complete;
ALTER TABLE drafts ADD COLUMN sketch BLOB;
ALTER TABLE summaries ADD COLUMN sketch BLOB;
{_BEFORE_OUTGROWN}
"""),
    # 3 -> 4: a conversation that has grown takes the place of its shorter form.
    3: _sql(f"""
DROP VIEW complete;
{_OUTGROWN}
{_COMPLETE}
"""),
    # 4 -> 5: a conversation that goes on in a later log is one with its beginning; what was taken in before has no ending.
    4: _sql(_ENDINGS),
    # 5 -> 6: the kind of each request; of what was taken in before it is not known.
    5: _sql(f"""
DROP VIEW complete;
ALTER TABLE drafts ADD COLUMN kind VARCHAR;
ALTER TABLE summaries ADD COLUMN kind VARCHAR;
{_COMPLETE}
"""),
    # 6 -> 7: drafts, forms and the accounts of rare words are encrypted.
    6: _encrypt,
}

VERSION = max(_MIGRATIONS) + 1


def bring_to_today(connection: "DuckDBPyConnection", cipher: Cipher) -> None:
    """Create the tables, or migrate those of an older version. Raises IndexFault for a newer one."""
    if not _has_tables(connection):
        _step(connection, partial(connection.execute, _TODAY), VERSION)
        return
    before = _version(connection)
    if before > VERSION:
        raise IndexFault(
            f"The index has schema {before}; this Shoal knows up to {VERSION}.", "Use the newer Shoal that wrote it."
        )
    for found in range(before, VERSION):
        step = _MIGRATIONS[found]
        _step(connection, partial(step, connection, cipher), found + 1)


def _has_tables(connection: "DuckDBPyConnection") -> bool:
    found = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'manifest'").fetchone()
    return found != (0,)


def _version(connection: "DuckDBPyConnection") -> int:
    row = connection.execute("SELECT value FROM manifest WHERE key = 'schema'").fetchone()
    return int(row[0]) if row else 1


def _step(connection: "DuckDBPyConnection", change: Callable[[], object], version: int) -> None:
    connection.begin()
    try:
        change()
        connection.execute("INSERT OR REPLACE INTO manifest VALUES ('schema', ?)", [str(version)])
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
