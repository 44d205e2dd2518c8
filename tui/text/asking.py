"""Questions that show what can be asked, by what they are about: the help's first page. They fit any index."""

EXAMPLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "How it is used",
        (
            "What do people use the assistant for most?",
            "What are the ten largest themes?",
            "Which languages are used most?",
            "How many conversations have more than ten turns?",
        ),
    ),
    (
        "What changes",
        (
            "What is new in the last month?",
            "How has coding developed by week?",
            "Which uses grew most?",
            "In which month is it used most?",
        ),
    ),
    (
        "Parts beside each other",
        (
            "How do English conversations differ from others?",
            "What is cooking like in Spanish?",
            "What do people ask about learning a language?",
            "Show the map",
        ),
    ),
    (
        "Misuse",
        (
            "Is anyone running coordinated spam?",
            "What is concerning but not flagged?",
            "Is someone writing malware?",
            "Are fake reviews written, and in which languages?",
        ),
    ),
    (
        "Answers themselves",
        (
            "What does this index hold?",
            "What can you not tell me?",
            "How sure are you?",
            "What does suppressed mean?",
        ),
    ),
)
