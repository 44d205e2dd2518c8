"""The desks of all identities, and what overseers and operators may do: everything that a transport can ask for."""

import asyncio
import threading
import time
from dataclasses import asdict
from datetime import date
from typing import Any

from agent.gateway import shapes
from agent.gateway.desk import Desk
from agent.gateway.people import Caller, Limits, Role
from agent.gateway.service import GateService
from agent.gateway.tokens import Token
from agent.services.ingest import forget, publish
from agent.services.oversight import audit, snapshots
from index.core.errors import IndexFault, SettingsError
from tools.core.ledger import Release

_ROWS_OF_LEDGER = 40_000
"""Letters of the JSON of one page of the ledger."""
_OWN_ENTRIES = 500
"""Newest entries of one's own that a terminal shows."""
_VERIFIED_FOR_S = 300.0


class House:
    """One service with its desks. Close when done."""

    def __init__(self, service: GateService) -> None:
        self.service = service
        self._desks: dict[str, Desk] = {}
        self._operating = asyncio.Lock()
        self._verifying = threading.Lock()
        self._verified_at: float | None = None
        self._broken: int | None = None

    def desk(self, caller: Caller) -> Desk:
        """The desk of whoever calls. Raises NotAllowed where the role asks nothing."""
        caller.require("ask")
        if caller.identity not in self._desks:
            self._desks[caller.identity] = Desk(self.service, caller.identity)
        return self._desks[caller.identity]

    def own_entries(self, caller: Caller) -> dict[str, Any]:
        """What was released to or refused for whoever calls, and whether the whole chain holds."""
        caller.require("ask")
        own = self.service.context().gate.ledger.releases(analyst=caller.identity, most=_OWN_ENTRIES)
        return {"releases": [asdict(entry) for entry in own], "broken": self._verified()}

    def _verified(self) -> int | None:
        """The first entry of the ledger that does not hold, as it was found a few minutes ago: reading the whole chain takes
        longer the longer it is. Overseers have it read each time."""
        with self._verifying:
            if self._verified_at is None or time.monotonic() - self._verified_at > _VERIFIED_FOR_S:
                self._broken = self.service.context().gate.ledger.verify()
                self._verified_at = time.monotonic()
            return self._broken

    # Oversight

    def ledger_page(self, caller: Caller, page: int) -> shapes.LedgerPage:
        """A page of the ledger, verified: everybody's entries, the newest first. What was typed is in it, answers are not."""
        caller.require("oversee")
        found = audit(self.service.app)
        parts = shapes.paged([_entry(entry) for entry in found.entries], _ROWS_OF_LEDGER)
        page = min(page, len(parts))
        return shapes.LedgerPage(
            entries=list(parts[page - 1]),
            page=page,
            pages=len(parts),
            is_whole=found.broken is None,
            broken=found.broken or 0,
        )

    def policy(self, caller: Caller) -> dict[str, Any]:
        """The policy in force, and the snapshots that are published."""
        if caller.role not in ("analyst", "oversight"):
            caller.require("oversee")
        gate = self.service.context().gate
        return {
            "policy": gate.policy.as_dict(),
            "in_words": gate.policy.describe(),
            "snapshots": [asdict(item) for item in snapshots(self.service.app)] if caller.role == "oversight" else [],
        }

    # Operation

    async def publish(self, caller: Caller) -> str:
        """Publish a snapshot of what is stored."""
        caller.require("operate")
        async with self._operating:
            published = await publish(self.service.app, lambda _: None, built_in=True)
        if published.snapshot is None:
            return f"No snapshot was published: {published.why}."
        return f"Snapshot {published.snapshot} is published."

    async def forget(self, caller: Caller, account: str | None, before: date | None) -> str:
        """Erase what the index holds of an account, or from before a day."""
        caller.require("operate")
        if (account is None) == (before is None):
            raise SettingsError(
                "Give an account or a day, one of the two.", "account: its name, or before: YYYY-MM-DD."
            )
        async with self._operating:
            gone = await forget(self.service.app, lambda _: None, account=account, before=before)
        if account is not None and not gone.summaries and not gone.waiting:
            raise IndexFault("Nothing was erased: this index holds no conversation of that account.", "Check its name.")
        return f"{gone.summaries:,} summaries and {gone.waiting:,} waiting drafts are erased."

    # Administration

    def make_token(self, caller: Caller, identity: str, role: Role, limits: Limits, days: int | None) -> str:
        """A new token; it is shown this once."""
        caller.require("administer")
        return self.service.tokens.make(identity, role, limits, days)

    def tokens(self, caller: Caller) -> list[Token]:
        caller.require("administer")
        return self.service.tokens.tokens()

    def limit_token(self, caller: Caller, name: str, limits: Limits) -> None:
        caller.require("administer")
        self.service.tokens.limit(name, limits)

    def revoke_token(self, caller: Caller, name: str) -> None:
        caller.require("administer")
        self.service.tokens.revoke(name)

    async def close(self) -> None:
        """Close every desk, and what they share."""
        for desk in self._desks.values():
            await desk.close()
        await self.service.close()


def _entry(entry: Release) -> dict[str, Any]:
    """An entry as an overseer reads it: without the policy's values, which are read apart."""
    return {name: value for name, value in asdict(entry).items() if name != "policy"}
