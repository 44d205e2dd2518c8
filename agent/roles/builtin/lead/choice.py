"""Which intent a question has: of those that its slots can fill the likeliest, where it is likely enough.

What the slots say beyond doubt decides; the rest is the classifier's.
"""

from collections.abc import Mapping

from agent.roles.builtin.lead.follow import FOLLOWS
from agent.roles.builtin.lead.replies import LATER
from agent.roles.builtin.lead.slots import Slots

SURE = 0.22
"""Probability, among the candidates, from which an intent is taken (docs/benchmarks/questions.md)."""

CLEAR = 1.08
"""How many times as likely as the next one it must be below twice that."""

_ALIKE = (
    {"refused_themes", "by_outcome"}, {"trend", "volume"}, {"overview", "by_field"}, {"trend", "this_trend"}, {"by_flag", "flag_gaps"},
)  # fmt: skip
"""Intents whose answers say nearly the same: which of them is likelier need not be clear."""
_SIDE_BY_SIDE = 5.0
_CLEARLY = 1.5
"""How many times as likely a count must be as a comparison, where two of a kind are named."""
_SHORT_FALL = 6
"""Words of a question that says little more than that something fell."""
_FEASIBLE = 0.3
"""Probability that must be left to intents that can be filled."""


def candidates(likely: Mapping[str, float], slots: Slots, has_earlier: bool) -> dict[str, float]:
    """The intents that the slots can fill, with their probabilities among each other."""
    abuse = any(item.is_abuse for item in slots.subjects)
    named = bool(slots.subjects or slots.excluded)
    scoped = bool(named or slots.languages or slots.surfaces or slots.clusters or slots.marks)
    needs = {
        "topic": named and not abuse, "abuse_kind": abuse, "trend": scoped or bool(slots.period.ends), "facet_of": named or bool(slots.clusters), "unique": slots.is_scoped,
        "beside_rest": scoped and not abuse and bool(slots.marks or slots.negated or "turns" in slots.facets), "open": len(slots.clusters) == 1, "compare": _is_compared(slots), "precedent": slots.is_scoped or has_earlier, "marked": bool(slots.marks) or "harm" in slots.facets or not (named or slots.negated), "by_flag": bool(slots.marks) or not slots.negated,
        "flag_gaps": "flagged" in (*slots.marks, *slots.negated) or not abuse,
    }  # fmt: skip
    later = {*FOLLOWS, "shorter", "as_table", "not_meant"}
    if slots.is_scoped or slots.facets:
        later |= LATER.keys()  # it says itself what it is about
    kept = {
        name: chance
        for name, chance in likely.items()
        if needs.get(name, True)
        and (has_earlier or name not in later)
        and not (name in ("again", "else") and named and slots.left > 4)
    }
    if slots.says("false_alarm"):
        return {"false_alarms": 1.0}
    if _is_share_of_part(slots) and not abuse:
        return {"size": 1.0}
    if slots.says("future"):
        return {"forecast": 1.0}
    apart = (
        slots.subjects,
        slots.languages,
        slots.surfaces,
        slots.clusters,
        slots.marks,
        slots.facets,
        slots.period.parts,
    )
    if slots.says("share") and slots.excluded and not any(apart) and len({item.kind for item in slots.excluded}) == 1:
        return {"size": 1.0}  # the share of all that is left
    if slots.says("ring") and not slots.subjects:
        kept["coordination"] = _SIDE_BY_SIDE * likely["coordination"]
    sides = (slots.subjects, slots.marks, slots.languages, slots.surfaces)
    if slots.whole is not None and sum(map(len, sides)) + len(slots.negated) > 1 and not abuse:
        return {"rate": 1.0}
    if slots.says("share") and slots.grade and "flagged" in (*slots.marks, *slots.negated):
        return {"rate": 1.0}
    if slots.says("share") and slots.period.parts and any(map(len, sides)) and not abuse:
        return {"compare": 1.0}
    is_course = slots.says("growth") or slots.says("fall") or slots.says("change")
    if slots.says("usage") and is_course and not (scoped or slots.facets):
        return {"volume": 1.0}
    # A subject alone asks about it; a language or a period alone, about what there is.
    if (slots.left == 0 or slots.is_bare) and slots.spoken not in ("Japanese", "Chinese", "Thai"):
        bare = (
            "compare"
            if slots.period.parts
            else "abuse_kind"
            if abuse
            else "topic"
            if slots.subjects
            else "open"
            if slots.clusters
            else ""
        )
        bare = bare or (
            "overview" if slots.is_scoped and not has_earlier and not slots.facets and not slots.marks else ""
        )
        if bare:
            return {bare: 1.0}
    for facet, many in (("surface", slots.surfaces), ("language", slots.languages)):
        is_ranked = (facet in slots.facets and many and not slots.says("share")) or (
            slots.says("bigness") and len(many) > 1
        )
        if (len(many) > 2 or is_ranked) and not named and not slots.clusters and not slots.marks:
            # More than two are not set against each other, and one among all is a row of their table.
            kept[f"by_{facet}"] = _SIDE_BY_SIDE
            kept.pop("compare", None)
    for facet, many in (("surface", slots.surfaces), ("language", slots.languages)):
        is_one = len(many) == 1 and facet not in slots.facets and not (slots.marks or slots.cues)
        if is_one and f"by_{facet}" in kept:
            kept["size"] = kept.get("size", 0.0) + kept.pop(f"by_{facet}")  # one value is counted, not listed
    least = next((name for name in ("field", "language", "surface") if name in slots.facets), None)
    if slots.says("least") and least and not (named or slots.marks):
        return {f"by_{least}": 1.0}
    if slots.says("busy") and not (named or slots.marks):
        return {"volume": 1.0}
    since = slots.period.pivot is not None or (slots.period.since is not None and slots.period.until is None)
    changed = slots.says("growth") or slots.says("fall")
    if changed and since and {"language", "surface"} & {*slots.facets} and not (slots.subjects or slots.marks):
        return {"new": 1.0}
    if "harm" in slots.facets and not named:
        kept["by_hazard"] = _SIDE_BY_SIDE
    if slots.says("least") and {"month", "week", "day"} & {*slots.facets} and not abuse:
        return {"volume": 1.0}
    if slots.period.parts or max(map(len, (slots.clusters, slots.languages, slots.surfaces))) > 1:
        # Two of a kind side by side are seldom named but to be compared.
        counted = max(likely[name] for name in ("size", "by_surface", "by_language", "cross"))
        is_counted = counted > _CLEARLY * likely["compare"]
        kept["compare"] = likely["compare"] if is_counted else _SIDE_BY_SIDE * likely["compare"]
    if slots.period.parts and {"language", "surface", "harm"} & {*slots.facets} and not (named or slots.marks):
        kept["compare"] = _SIDE_BY_SIDE
    if slots.says("growth") and "turns" in slots.facets:
        kept["by_length"] = _SIDE_BY_SIDE * likely["by_length"]
    elif slots.says("growth") and (slots.marks or slots.subjects) and not slots.says("least"):
        kept["trend"] = _SIDE_BY_SIDE * likely["trend"]
    if slots.period.pivot:
        kept["new"] = 2 * likely["new"]
    if slots.says("fall") and not named and not slots.marks and not slots.period.parts:
        kept["falling"] = _SIDE_BY_SIDE * likely["falling"]
    if slots.says("fall") and not named and slots.left <= _SHORT_FALL:
        kept["falling"] = 1.0
    if {"concern", "flagged"} <= {*slots.marks}:
        kept["flag_gaps"] = _SIDE_BY_SIDE * likely["flag_gaps"]
    total = sum(kept.values()) or 1.0
    if total < _FEASIBLE:
        return {}  # what it asks for is something that the slots cannot fill
    return {name: chance / total for name, chance in sorted(kept.items(), key=lambda item: -item[1])}


def _is_share_of_part(slots: Slots) -> bool:
    """Whether the share of one language or one surface is asked for, and nothing else is named."""
    others = (
        slots.subjects,
        slots.marks,
        slots.clusters,
        slots.facets,
        slots.negated,
        slots.excluded,
        slots.period.parts,
    )
    return slots.says("share") and len((*slots.languages, *slots.surfaces)) == 1 and not any(others)


def _is_compared(slots: Slots) -> bool:
    """Whether there are two things to compare, or one to compare with all others."""
    pairs = (slots.languages, slots.surfaces, slots.clusters, slots.subjects)
    period = slots.period
    if period.parts or period.ends or period.pivot or any(len(names) > 1 for names in pairs):
        return True
    return any(pairs) and not slots.marks


def chosen(likely: Mapping[str, float]) -> str | None:
    """The likeliest intent, where it is likely enough and clearly before the next."""
    first, second = [*likely.items(), ("", 0.0), ("", 0.0)][:2]
    if {first[0], second[0]} == {"size", "topic"} and first[1] + second[1] >= 2 * SURE:
        return first[0] if first[1] >= CLEAR * second[1] else "topic"  # which has its size too
    if any({first[0], second[0]} <= family for family in _ALIKE) and first[1] >= SURE:
        return first[0]
    is_clear = first[1] >= 2 * SURE or first[1] >= CLEAR * second[1]
    return first[0] if first[1] >= SURE and is_clear else None
