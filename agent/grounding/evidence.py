"""Whether stated quantities are held by known ones: the same number, a rounding of it, or one computed from it.

Where a sentence names groups, a number belongs to the group it stands beside; ratios, differences and sums are computed
from the numbers of the named groups and from those the sentence states itself, never from any two numbers that happen
to fit.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations

from agent.core.quantities import Quantity
from agent.grounding.stated import Group, StatedNumber

_ABOUT = 0.1
"""How far a number may lie from one that "about" stands for, relative to it."""
_BOUND = 0.2
"""How far "more than" and "nearly" may lie from the number they bound."""

Anchors = Sequence[tuple[int, Group]]


def first_unheld(
    stated: Sequence[Quantity],
    anchors: Anchors,
    whole: Sequence[StatedNumber],
    rows: Sequence[StatedNumber],
    largest: int,
) -> str | None:
    """The first stated quantity that nothing holds, as written, or None. `whole` are numbers of whole findings, `rows`
    those of all their rows, `largest` the number of rows of the longest."""
    named = [group for _, group in anchors]
    pool = [known for group in named for known in group.known] or list(_self_stated(stated, [*whole, *rows]))
    free = [*whole, *rows] if not any(group.is_row for group in named) else list(whole)

    def fits(quantity: Quantity, known: Sequence[StatedNumber]) -> bool:
        if quantity.kind == "tally":
            return quantity.value in (len(named), len({group.name for group in named})) or quantity.value <= largest
        if quantity.kind == "ordinal":
            return 1 <= quantity.value <= largest
        return (
            any(_is(quantity, item) for item in (*known, *free))
            or _computed(quantity, [*pool, *whole], named)
            or (quantity.kind == "share" and _is_share_of_stated(quantity, stated, [*whole, *rows]))
            or _is_rest(quantity, named, list(_self_stated(stated, whole)))
        )

    failures = []
    for assigned in _assignments(stated, anchors):
        failed = next((item for item, known in zip(stated, assigned, strict=True) if not fits(item, known)), None)
        if failed is None:
            return None
        failures.append(failed)
    return failures[0].written.strip()


def _assignments(stated: Sequence[Quantity], anchors: Anchors) -> Iterator[list[Sequence[StatedNumber]]]:
    """The ways to read which number is whose: of the group before it, of the group after it, or in the same order."""
    if not anchors:
        yield [()] * len(stated)
        return
    places = [place for place, _ in anchors]

    def before(item: Quantity) -> Sequence[StatedNumber]:
        at = sum(place <= item.start for place in places)
        return anchors[max(at - 1, 0)][1].known

    def after(item: Quantity) -> Sequence[StatedNumber]:
        at = sum(place <= item.start for place in places)
        return anchors[min(at, len(anchors) - 1)][1].known

    yield [before(item) for item in stated]
    yield [after(item) for item in stated]
    owned = [item for item in stated if item.kind not in ("tally", "ordinal", "ratio", "points", "change")]
    if len(owned) == len(anchors):
        order: Iterable[Group] = (group for _, group in anchors)
        own = {id(item): group.known for item, group in zip(owned, order, strict=True)}
        yield [own.get(id(item), ()) for item in stated]


_OF = {"share": ("share", "any", "method"), "count": ("count", "any", "method"), "accounts": ("accounts", "any", "method"),
       "ratio": ("ratio", "any")}  # fmt: skip


def _is(quantity: Quantity, known: StatedNumber) -> bool:
    if quantity.kind in ("points", "change"):
        return False
    if quantity.kind in _OF and known.of not in _OF[quantity.kind]:
        return False
    return near(quantity, known.value)


def near(quantity: Quantity, value: float) -> bool:
    """Whether a stated number is this one, this one rounded to the digits written, or a hedge that fits it."""
    wording = quantity.value
    if abs(round(value / quantity.unit) * quantity.unit - wording) < 1e-6 * max(1.0, abs(wording)):
        return True
    if quantity.hedge == "about":
        return abs(value - wording) <= _ABOUT * abs(value)
    if quantity.hedge == "over":
        return wording <= value <= wording * (1 + _BOUND)
    if quantity.hedge == "under":
        return wording * (1 - _BOUND) <= value <= wording
    return False


def _self_stated(stated: Sequence[Quantity], known: Sequence[StatedNumber]) -> Iterator[StatedNumber]:
    """Known numbers that the sentence itself states: what its ratios and differences may be computed from."""
    for item in known:
        if any(
            quantity.kind not in ("ratio", "points", "change", "tally") and _is(quantity, item) for quantity in stated
        ):
            yield item


def _is_share_of_stated(quantity: Quantity, stated: Sequence[Quantity], known: Sequence[StatedNumber]) -> bool:
    """Whether a percentage is one count of another, both of them said in the sentence: "470 of 9,300, 5 %"."""
    counts = {item.value for item in _self_stated(stated, known) if item.of == "count"}
    return any(near(quantity, 100 * part / whole) for part, whole in permutations(counts, 2) if part < whole)


def _is_rest(quantity: Quantity, named: Sequence[Group], totals: Sequence[StatedNumber]) -> bool:
    """Whether a number is what is left of a total that the sentence states when the named rows are taken away, or its share."""
    rows = {group.name: group for group in named if group.is_row}.values()
    counts = [next((item.value for item in group.known if item.of == "count"), None) for group in rows]
    taken = sum(count for count in counts if count is not None)
    if not counts or None in counts or quantity.kind not in ("count", "plain", "share"):
        return False
    wholes = {item.value for item in totals if item.of == "count" and item.value > taken}
    if quantity.kind == "share":
        return any(near(quantity, round(100 * (whole - taken) / whole, 6)) for whole in wholes)
    return any(near(quantity, whole - taken) for whole in wholes)


def _computed(quantity: Quantity, pool: Sequence[StatedNumber], named: Sequence[Group]) -> bool:
    shares = [item.value for item in pool if item.of == "share"]
    counts = [item.value for item in pool if item.of == "count"]
    match quantity.kind:
        case "ratio":
            # Half as many: the ratio is taken either way round.
            return any(_rounds(quantity, one / other) for one, other in _pairs(shares, counts) if other)
        case "points":
            return any(near(quantity, round(abs(one - other), 6)) for one, other in permutations(shares, 2))
        case "change":
            return any(near(quantity, 100 * abs(one - other) / other) for one, other in _pairs(shares, counts) if other)
        case "count" | "plain" | "share":
            return len(named) > 1 and _sum_or_difference(quantity, named)
    return False


def _rounds(quantity: Quantity, ratio: float) -> bool:
    return near(quantity, ratio) and abs(ratio - quantity.value) <= 0.15 * ratio


def _pairs(*kinds: Sequence[float]) -> Iterator[tuple[float, float]]:
    for values in kinds:
        yield from permutations(sorted(set(values)), 2)


def _sum_or_difference(quantity: Quantity, named: Sequence[Group]) -> bool:
    """Whether a number is the sum of the named rows, or the difference of two: first columns of rows only."""
    rows = list({group.name: group for group in named if group.is_row}.values())
    kinds = {"count": ("count",), "share": ("share",), "plain": ("count", "share")}[quantity.kind]
    for of in kinds:
        firsts = (next((item.value for item in group.known if item.of == of), None) for group in rows)
        values = [value for value in firsts if value is not None]
        if len(values) == len(rows) >= 2 and near(quantity, round(sum(values), 6)):
            return True
        if of == "count" and len(values) == 2 and near(quantity, abs(values[0] - values[1])):
            return True
    return False
