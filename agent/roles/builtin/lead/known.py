"""What the lead may take as known of an index when it reads a question."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Known:
    """What may be named of an index."""

    languages: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = ()
    landmarks: Mapping[str, date] = field(default_factory=dict)
    oldest: date | None = None
    newest: date | None = None
    own_facets: tuple[str, ...] = ()
