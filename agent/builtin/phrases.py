"""What everyday words of an abuse question stand for: phrases to look for in the index.

General knowledge about how abuse reads, not about any one corpus. The built-in planner and investigator share it.
"""

ABUSE: dict[str, tuple[str, ...]] = {
    "spam": ("seo article with keywords and backlinks", "bulk product reviews", "mass marketing messages"),
    "seo": ("seo article with keywords and backlinks",),
    "review": ("fake product reviews in bulk",),
    "phishing": ("account locked notice to customers", "verify your account message"),
    "scam": ("account locked notice to customers", "investment scam message"),
    "fraud": ("account locked notice to customers", "fake documents and invoices"),
    "malware": ("malware or ransomware code",),
    "stalking": ("track a partner's phone secretly",),
    "tracking": ("track a partner's phone secretly",),
    "surveillance": ("track a partner's phone secretly",),
    "influence": ("political persona posts for social media", "many accounts posting the same opinion"),
    "election": ("election campaign messages", "political persona posts for social media"),
}
"""Topic word of a question to English phrases near which such conversations lie."""

DEFAULT: tuple[str, ...] = (
    "seo article with keywords and backlinks",
    "fake product reviews in bulk",
    "account locked notice to customers",
    "mass marketing messages",
)
"""Where to look when a question asks about abuse or coordination and names no kind of it."""


def phrases_for(question: str) -> tuple[str, ...]:
    """Phrases to look near for an abuse question, at most four, the question's own kinds first."""
    folded = question.casefold()
    found = [phrase for word, phrases in ABUSE.items() if word in folded for phrase in phrases]
    return tuple(dict.fromkeys(found))[:4] or DEFAULT
