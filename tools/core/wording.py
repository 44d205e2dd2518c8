"""Words of findings that code on both sides of the gate looks for."""

UNNAMED = "unnamed group"
"""Label of a group whose name may not be shown."""

GRADED_BY_RULES = "grades of concern and categories of harm are by built-in rules, which know English best"
"""Note of a finding that rests on grades of the built-in extractor."""
