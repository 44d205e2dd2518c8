"""Colours of words that can be read in every theme: the theme's own, made darker or lighter until the contrast is enough.

Contrast is that of WCAG 2.2, 1.4.3 (level AA: 4.5 to 1), on every ground that words stand on. A theme of the terminal's
own colours (ansi) stays as it is: what those colours are, nobody here knows.
"""

from collections.abc import Mapping, Sequence

from textual.color import BLACK, WHITE, Color

LEAST, LEAST_EDGE = 4.5, 3.0
"""The contrast of level AA for words, and (1.4.11) for the edges of what can be used."""
_GROUNDS = ("background", "surface", "panel")
_TONES = {
    "mark": "text-accent",
    "title": "text-primary",
    "warn": "text-warning",
    "bad": "text-error",
    "good": "text-success",
    "quiet": "foreground-muted",
}
"""Our names, and the theme's colour that each begins with."""
_STEPS = 40


def tones(variables: Mapping[str, str]) -> dict[str, str]:
    """Our colours by name, of the variables of a theme."""
    if variables["background"].startswith("ansi"):
        return {name: variables[source] for name, source in _TONES.items()} | {"edge": variables["panel"]}
    grounds = [Color.parse(variables[name]) for name in _GROUNDS]
    words = {name: legible(Color.parse(variables[source]), grounds).hex for name, source in _TONES.items()}
    return words | {"edge": legible(Color.parse(variables["panel"]), grounds[:2], LEAST_EDGE).hex}


def legible(colour: Color, grounds: Sequence[Color], least: float = LEAST) -> Color:
    """The colour nearest to this one that can be read on all of the grounds."""
    solid = grounds[0].blend(colour, colour.a, 1) if colour.a < 1 else colour
    far = WHITE if max(map(_light, grounds)) < 0.5 else BLACK
    for step in range(_STEPS + 1):
        found = solid.blend(far, step / _STEPS)
        if min(contrast(found, ground) for ground in grounds) >= least:
            return found
    return far


def contrast(one: Color, other: Color) -> float:
    """The contrast of two colours, 1 to 21."""
    low, high = sorted((_light(one), _light(other)))
    return (high + 0.05) / (low + 0.05)


def _light(colour: Color) -> float:
    """Relative luminance, 0 to 1."""
    red, green, blue = (_linear(part / 255) for part in colour.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
