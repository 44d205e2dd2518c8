"""What an analyst types, as it may be kept: without direct identifiers. Every store of typed text goes through here."""


def typed(text: str) -> str:
    """The text without white space at its ends and without identifiers."""
    from index.screening import mask_typed  # its patterns take time to compile

    return mask_typed(text.strip())
