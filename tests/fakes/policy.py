"""The policy of most tests: exact thresholds, so that what is released can be counted by hand."""

from pathlib import Path

from tools.core.policy import PrivacyPolicy

SHARP = PrivacyPolicy(soft_edge=0)


def make_sharp(index: Path) -> None:
    """Give an index of a test the same thresholds, in its own file."""
    file = index / "index.toml"
    text = file.read_text("utf-8")
    if "soft_edge" not in text:
        file.write_text(text.replace("[policy]\n", "[policy]\nsoft_edge = 0\n"), "utf-8")
