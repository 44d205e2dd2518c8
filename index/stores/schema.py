"""The tables of the facts store, and how an older index becomes one of today.

Migrations are numbered and run in one transaction each: an index is at one version or the next, never between. An
index of a newer Shoal is refused, not guessed at.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from index.core.errors import IndexFault

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


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
CREATE TABLE drafts (id VARCHAR, account INTEGER, {_FACET_TYPES}, draft VARCHAR, sketch BLOB,
    kind VARCHAR);
CREATE TABLE summaries (no INTEGER, id VARCHAR, account INTEGER, {_FACET_TYPES}, text VARCHAR, texts VARCHAR,
    batch INTEGER, sketch BLOB, kind VARCHAR);
CREATE TABLE batches (no INTEGER PRIMARY KEY, complete BOOLEAN NOT NULL);
CREATE TABLE support (mark BIGINT, account INTEGER);
CREATE TABLE vocabulary (mark BIGINT, word VARCHAR, uses INTEGER);
CREATE TABLE failures (id VARCHAR PRIMARY KEY, reason VARCHAR, tries INTEGER);
CREATE TABLE privacy_scores (stage VARCHAR, score TINYINT, conversations INTEGER, PRIMARY KEY (stage, score));
{_OUTGROWN}
{_ENDINGS}
{_COMPLETE}
"""

_MIGRATIONS = {
    # 1 -> 2: harm, outcome, facets of an index's own, free-text facets; failed extractions and privacy scores are kept;
    # a forgotten account leaves its number.
    1: f"""
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
""",
    # 2 -> 3: the form of each first request; what was taken in before has none.
    2: f"""
DROP VIEW complete;
ALTER TABLE drafts ADD COLUMN sketch BLOB;
ALTER TABLE summaries ADD COLUMN sketch BLOB;
{_BEFORE_OUTGROWN}
""",
    # 3 -> 4: a conversation that has grown takes the place of its shorter form.
    3: f"""
DROP VIEW complete;
{_OUTGROWN}
{_COMPLETE}
""",
    # 4 -> 5: a conversation that goes on in a later log is one with its beginning; what was taken in before has no ending.
    4: _ENDINGS,
    # 5 -> 6: the kind of each request; of what was taken in before it is not known.
    5: f"""
DROP VIEW complete;
ALTER TABLE drafts ADD COLUMN kind VARCHAR;
ALTER TABLE summaries ADD COLUMN kind VARCHAR;
{_COMPLETE}
""",
}

VERSION = max(_MIGRATIONS) + 1


def bring_to_today(connection: "DuckDBPyConnection") -> None:
    """Create the tables, or migrate those of an older version. Raises IndexFault for a newer one."""
    if not _has_tables(connection):
        _step(connection, _TODAY, VERSION)
        return
    while (found := _version(connection)) < VERSION:
        _step(connection, _MIGRATIONS[found], found + 1)
    if found > VERSION:
        raise IndexFault(
            f"The index has schema {found}; this Shoal knows up to {VERSION}.", "Use the newer Shoal that wrote it."
        )


def _has_tables(connection: "DuckDBPyConnection") -> bool:
    found = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'manifest'").fetchone()
    return found != (0,)


def _version(connection: "DuckDBPyConnection") -> int:
    row = connection.execute("SELECT value FROM manifest WHERE key = 'schema'").fetchone()
    return int(row[0]) if row else 1


def _step(connection: "DuckDBPyConnection", sql: str, version: int) -> None:
    connection.begin()
    try:
        connection.execute(sql)
        connection.execute("INSERT OR REPLACE INTO manifest VALUES ('schema', ?)", [str(version)])
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
