"""What the commands that keep an index print: one plain table each, for people; `--json` prints the same values."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from index.core.untrusted import safe
from tui.text.untrusted import fit, many

if TYPE_CHECKING:
    from agent.redteam.result import Outcome
    from agent.services.cost import Estimate, Spending
    from agent.services.ingest import Taken
    from index.maintenance.health import Check
    from index.snapshots.history import Published, SnapshotInfo, StageScores
    from index.sources import Inspection, Source


def ledger_table(releases: Sequence[Any], broken: int | None) -> str:
    """The ledger, newest first, and whether its chain holds."""
    state = "the chain holds" if broken is None else f"THE CHAIN IS BROKEN AT ENTRY {broken}"
    lines = [f"{len(releases)} releases; {state}", ""]
    header = ("seq", "at", "tool", "shown", "suppressed", "smallest", "to model", "scope")
    rows = [
        (
            str(item.seq),
            item.at,
            item.tool,
            str(item.shown),
            str(item.suppressed),
            "-" if item.smallest is None else str(item.smallest),
            "yes" if item.to_model else "no",
            item.scope,
        )
        for item in releases
    ]
    widths = [max(cell_len(row[place]) for row in [header, *rows]) for place in range(len(header))]
    for row in [header, *rows]:
        lines.append("  ".join(fit(cell, min(width, 60)) for cell, width in zip(row, widths, strict=True)).rstrip())
    return "\n".join(lines)


def epsilon_line(spent: float, total: float) -> str:
    """What closed counts cost of the index's ε, and what is left."""
    return f"differential privacy: ε {spent:g} of {total:g} spent on closed counts, {max(0.0, total - spent):g} left"


def phrases_line(asked: int, total: int) -> str:
    """How many distinct phrases everybody asked near this month, of how many."""
    return f"phrases: {asked:,} of {total:,} distinct phrases asked near this month"


def refusal_table(refusals: Sequence[Any], releases: Sequence[Any]) -> str:
    """The smallest group that was ever shown, and how many questions were refused, by tool and reason."""
    shown = [item.smallest for item in releases if item.smallest is not None]
    smallest = f"smallest group shown: {min(shown):,} conversations" if shown else "no group was shown yet"
    counts = Counter((item.tool, item.scope) for item in refusals)
    lines = [smallest, f"{len(refusals)} refusals"]
    lines += [f"{count:>9,}  {tool}: {reason}" for (tool, reason), count in counts.most_common()]
    return "\n".join(lines)


def inspection_table(seen: "Inspection", choose: str = "Use --map account=FIELD or --no-accounts.") -> str:
    """What a file holds and what would become of it: counts and names of fields, nothing was written. `choose` says how an
    account is chosen."""
    extent = "the whole file" if seen.complete else "the beginning of the file only; ingest reads all of it"
    unread = ", ".join(safe(name[:40]) for name in seen.unread_accounts[:4])
    lines = [
        *([f"No account is read, and these fields look like one: {unread}. {choose}"] if unread else []),
        f"{safe(seen.name)}: {seen.format}",
        f"{seen.records:,} records looked at ({extent}); {seen.unit}",
        f"{seen.conversations:,} conversations would be taken; nothing was written",
    ]
    lines += [f"  {count:,} skipped: {reason} (first: {safe(seen.first_skips[reason])})"
              for reason, count in seen.skipped.most_common()]  # fmt: skip
    span = f"{seen.first:%Y-%m-%d} to {seen.last:%Y-%m-%d}" if seen.first and seen.last else "none stated"
    accounts = "more than 100,000" if seen.accounts is None else f"{seen.accounts:,}"
    stated = (
        f"{accounts} on {seen.with_account:,} conversations"
        if seen.with_account
        else "none stated: each conversation counts as its own"
    )
    lines += [
        "",
        f"time       {span}" + (f" (on {seen.dated:,} conversations)" if seen.dated else ""),
        f"accounts   {stated}",
        f"flagged    {_counts(seen.flagged)}",
        f"language   {_counts(seen.languages)}",
        f"surface    {_counts(seen.surfaces)}",
        f"turns      {_counts(seen.turns)}",
        "",
        f"{'field':<42}{'records':>10}  becomes",
    ]
    lines += [f"{fit(safe(item.name), 42)}{item.records:>10,}  {item.becomes}" for item in seen.fields]
    return "\n".join(lines)


def _counts(counts: Mapping[str, int], most: int = 8) -> str:
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    rest = sum(count for _, count in ordered[most:])
    shown = [f"{safe(name)} {count:,}" for name, count in ordered[:most]] + ([f"others {rest:,}"] if rest else [])
    return ", ".join(shown) or "none"


def snapshot_table(found: "Sequence[SnapshotInfo]") -> str:
    """The published snapshots, newest last."""
    if not found:
        return "No snapshot is published yet. Publish one: shoal publish"
    lines = [f"{'no':>4}  {'published':<26}{'summaries':>11}{'accounts':>10}{'clusters':>10}{'MiB':>8}  extractor"]
    for item in found:
        lines.append(
            f"{item.number:>4}  {item.published:<26}{item.summaries:>11,}{item.accounts:>9,}+{item.clusters:>10}"
            f"{item.size_mib:>8}  {item.extractor}"
        )
    return "\n".join(lines)


_SIGNS = {"ok": "✓", "note": "·", "wrong": "✗"}


def doctor_table(checks: "Sequence[Check]") -> str:
    """One line a check, and the next step under what needs one."""
    lines = []
    for check in checks:
        lines.append(f"{_SIGNS[check.state]} {check.what:<20} {check.seen}")
        if check.next:
            lines.append(f"  {'':<20} next: {check.next}")
    return "\n".join(lines)


def privacy_table(report: "Sequence[StageScores]") -> str:
    """Shares of each privacy score by stage. 1: identifies a person … 5: nothing identifying."""
    if not report:
        return "No privacy scores: nothing was ingested since Shoal began to keep them."
    lines = [f"{'privacy score':<20}{'scored':>9}" + "".join(f"{score:>9}" for score in range(1, 6))]
    for item in report:
        lines.append(f"{item.stage:<20}{item.scored:>9,}" + "".join(f"{share:>7.1f} %" for share in item.shares))
    lines.append(
        "1 identifies a person, 2 a small group, 3 some thousands, 4 needs much context, 5 nothing; by built-in rules"
    )
    return "\n".join(lines)


def taken_lines(source: "Source", taken: "Taken") -> list[str]:
    """The closing summary of an ingest."""
    outcome = taken.outcome
    lines = [f"{safe(source.name)} ({source.format}): {outcome.taken:,} taken in {outcome.elapsed_s:.0f} s"]
    for reason, count in outcome.skipped.most_common():
        lines.append(f"  {count:,} skipped: {reason} (first: {safe(outcome.first_skips[reason])})")
    for reason, count in outcome.failed.most_common():
        where = safe(outcome.first_skips[reason])
        lines.append(f"  {count:,} not extracted: {reason} (first: {where}); the same ingest tries them again")
    if outcome.grown:
        lines.append(f"  {many(outcome.grown, 'conversation')} had grown: the longer form is counted, not the shorter")
    if outcome.read_in_part:
        lines.append(
            f"  {outcome.read_in_part:,} long conversations were read in part: beginning, end, samples between"
        )
    if outcome.without_account:
        lines.append(f"  {outcome.without_account:,} without an account: each counts as an account of its own")
    if outcome.without_time:
        lines.append(f"  {outcome.without_time:,} without a usable time: they count in no period")
    if taken.spent is not None:
        lines.append(f"  {_spent(taken.spent)}")
    return [*lines, published_line(taken.published)]


def taken_values(source: "Source", taken: "Taken") -> dict[str, Any]:
    """The same as JSON."""
    outcome, published = taken.outcome, taken.published
    values = {
        "source": source.name,
        "format": source.format,
        "taken": outcome.taken,
        "summarised": outcome.summarised,
        "grown": outcome.grown,
        "without_account": outcome.without_account,
        "without_time": outcome.without_time,
        "read_in_part": outcome.read_in_part,
        "skipped": dict(outcome.skipped),
        "not_extracted": dict(outcome.failed),
        "stopped": outcome.stopped.message if outcome.stopped else None,
        "elapsed_s": round(outcome.elapsed_s, 1),
        "snapshot": published.snapshot,
        "clusters": published.clusters,
        "not_published": published.why,
    }
    budget = taken.spent.budget if taken.spent else None
    if taken.spent is not None and budget is not None:
        usage = budget.usage
        values["model"] = {
            "calls": budget.calls,
            "input_tokens": usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens,
            "output_tokens": usage.output_tokens,
            "cost_usd": budget.cost,
            "waits": taken.spent.waits,
        }
    return values


def _spent(spent: "Spending") -> str:
    budget = spent.budget
    usage = budget.usage
    read = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    cost = "price unknown" if budget.cost is None else f"{budget.cost:,.2f} US dollars"
    return (
        f"model: {budget.calls:,} calls, {read:,} tokens in, {usage.output_tokens:,} out, {cost}, {spent.waits} waits"
    )


def published_line(published: "Published") -> str:
    """What publishing did."""
    if published.snapshot is None:
        return f"No snapshot published: {published.why}."
    return f"Snapshot {published.snapshot}: {published.summaries:,} summaries, {published.clusters} base clusters."


def estimate_table(found: "Estimate") -> str:
    """What an ingest with a model would take."""
    cost = (
        f'unknown: add [prices."{found.model}"] to settings.toml'
        if found.cost is None
        else f"about {found.cost:,.2f} US dollars"
    )
    time = "up to a day" if found.seconds is None else f"about {max(1, round(found.seconds / 60)):,} min"
    return "\n".join(
        [
            f"{found.conversations:,} conversations by {found.model}; nothing was sent or written",
            f"  skipped   {found.skipped:,}",
            f"  in part   {found.read_in_part:,} long ones",
            f"  tokens    about {found.input_tokens:,} in, {found.output_tokens:,} out",
            f"  cost      {cost}",
            f"  time      {time}",
            "Conversations that the index already holds are not asked about again and are not subtracted here.",
        ]
    )


def redteam_table(outcomes: "Sequence[Outcome]") -> str:
    """Each figure of the red team beside its goal, and below what was seen on the way."""
    header = ("attack", "figure", "tried", "succeeded", "base rate", "goal", "")
    rows = [
        (
            item.attack,
            item.figure,
            f"{item.tried:,} {item.unit}",
            f"{item.succeeded:,}",
            "-" if item.base_rate is None else f"{item.base_rate:.1%} = {item.base_rate * item.tried:.0f}",
            item.goal,
            "held" if item.is_met else "MISSED" if item.tried else "NOT TRIED",
        )
        for item in outcomes
    ]
    widths = [max(cell_len(row[place]) for row in [header, *rows]) for place in range(len(header))]
    lines = [
        "  ".join(fit(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [header, *rows]
    ]
    notes = [f"  {item.attack}, {item.figure}: {safe('; '.join(item.notes))}" for item in outcomes if item.notes]
    missed = sum(not item.is_met for item in outcomes)
    return "\n".join([*lines, "", *notes, "", "every goal is met" if not missed else f"{missed} goals are missed"])
