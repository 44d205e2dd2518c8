"""Untrusted text fitted to a terminal: cut, padded, drawn as a line of blocks."""

from rich.cells import cell_len, set_cell_size

from index.core.untrusted import safe


def fit(text: str, width: int) -> str:
    """One line cut or padded to `width` terminal cells."""
    line = safe(text).replace("\n", " ").replace("\t", " ")
    if cell_len(line) > width:
        return set_cell_size(line, max(0, width - 1)) + "…"
    return set_cell_size(line, width)


def many(count: int, what: str) -> str:
    """A count with its noun: "1 group", "1,200 groups"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


BLOCKS = " ▁▂▃▄▅▆▇█"


def spark(values: list[int | None]) -> str:
    """Eight-block line of a series; a suppressed value is a dot."""
    known = [value for value in values if value is not None]
    top = max(known, default=0)
    if top <= 0:
        return "".join("·" for _ in values)
    return "".join("·" if value is None else BLOCKS[max(1, round(8 * value / top))] for value in values)
