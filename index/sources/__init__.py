"""Readers of other people's files: each turns one format into `Conversation` values, streaming.

A reader takes every whole record, says in fixed words why it passed one over, and never puts a record's content in a
message. Memory stays flat however large the file is.
"""

from index.sources.base import Read, Skipped, Source
from index.sources.files import open_file, require_account
from index.sources.in_memory import Place, is_held
from index.sources.inspection import Inspection, inspect_file
from index.sources.many import ManyFiles, files_at, open_files
from index.sources.shapes.table import parse_mapping

__all__ = [
    "Inspection",
    "ManyFiles",
    "Place",
    "Read",
    "Skipped",
    "Source",
    "files_at",
    "inspect_file",
    "is_held",
    "open_file",
    "open_files",
    "parse_mapping",
    "require_account",
]
