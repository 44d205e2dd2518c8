"""Which fields a theme is about, by the hand-written lexicon: what the built-in taxonomist weighs beside the vectors.

The embedding knows English best, so that vectors alone put themes of one language together and what is asked about one
field in many languages apart. It sees attested phrases of a group and no summary.
"""

from agent.roles.builtin.lexicon import concepts, fields
from index.publish.taxonomy import Theme


def fields_of(theme: Theme) -> list[float]:
    """The share of a theme's accounts that used a phrase of each field, of the phrase that most of them used. Shape
    (fields,), the same order for every theme."""
    found = dict.fromkeys(fields().values(), 0.0)
    for phrase in theme.phrases:
        for concept in concepts(phrase.text):
            field = fields().get(concept)
            if field is not None:
                found[field] = max(found[field], phrase.share)
    return list(found.values())
