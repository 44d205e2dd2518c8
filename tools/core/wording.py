"""Words of findings that code on both sides of the gate looks for."""

from index.vocabulary import OF_PHRASES

UNNAMED = "unnamed group"
"""Label of a group whose name may not be shown."""

UNCLUSTERED = "unclustered"
NAMELESS, UNDATED = "in a cluster without a name", "without a date"
"""Label of what is outside every cluster, where it is counted as a row."""

REST = ("other themes", "other requests")
"""Labels of the row of what is too little in each group of a scope, and together is not."""

NO_ACCOUNTS = "the source states no accounts: thresholds count conversations only"
"""Note of every finding of an index without accounts."""
GRADED_BY_RULES = "grades of concern and categories of harm are by built-in rules, which know English best"
"""Note of a finding that rests on grades of the built-in extractor."""
WITH_NOISE = "differential privacy"
"""How the note of a finding begins whose counts bear noise."""

OF_LANGUAGE = "Various requests in "
"""How a name begins that says a language alone."""


def is_fallback(label: str) -> bool:
    """Whether a group has no label of its own."""
    return label == UNNAMED or label.startswith((OF_PHRASES, OF_LANGUAGE))
