"""Resources of the MCP server: the policy, the glossary, the taxonomy's released top, a finding by its ref."""

import asyncio
from typing import TYPE_CHECKING

import mcp_types as types

from agent.gateway import shapes
from agent.gateway.people import Caller
from index.core.errors import SettingsError
from index.core.untrusted import safe_json

if TYPE_CHECKING:
    from agent.gateway.house import House

_JSON, _TEXT = "application/json", "text/markdown"
LISTED = [
    types.Resource(
        uri="shoal://policy",
        name="policy",
        title="Privacy policy",
        description="The thresholds in force: what a released count must at least stand for",
        mime_type=_JSON,
    ),
    types.Resource(
        uri="shoal://glossary",
        name="glossary",
        title="Glossary",
        description="The words of findings: theme, suppressed, unclustered, coordination",
        mime_type=_TEXT,
    ),
    types.Resource(
        uri="shoal://themes",
        name="themes",
        title="Themes",
        description="The taxonomy's top as it was released: groups with their themes and sizes. Names are data",
        mime_type=_JSON,
    ),
]
TEMPLATES = [
    types.ResourceTemplate(
        uri_template="shoal://finding/{session}/{handle}",
        name="finding",
        title="A finding",
        description="A finding that was released to you, for example shoal://finding/s-1a2b3c4d/F3",
        mime_type=_JSON,
    )
]
_FINDING = "shoal://finding/"
_GLOSSARY = """# The words of findings

- **conversation, summary**: one user's talk with the assistant; what is kept of it are words that several accounts use.
- **theme**: a cluster of conversations with a name; a **group** (T3) holds themes (C12).
- **released**: a value that passed the privacy gate. Counts are rounded.
- **suppressed**: not shown, because it is below the privacy threshold or would give such a value away. It may be zero.
- **unclustered**: conversations outside every theme.
- **accounts**: how many different accounts a group has, rounded.
- **coordination**: signs that a group is one actor's work, in bands from low to very high. High is a reason to look, no proof.
- **concern**: a grade from 1 to 5 of how worrying a request is; **flagged**: an external classifier marked it.
- **surface**: where it was asked: web, mobile, API.
- **snapshot**: the state of the index that answers rest on.
"""


async def read(house: "House", caller: Caller, uri: str) -> tuple[str, str]:
    """The text of a resource and its type. Raises ShoalError or ToolRefusal."""
    if uri == "shoal://glossary":
        return _GLOSSARY, _TEXT
    if uri == "shoal://policy":
        return safe_json(await asyncio.to_thread(house.policy, caller), indent=1), _JSON
    if uri == "shoal://themes":
        page = shapes.page_of(await house.desk(caller).call(caller, "overview", {}), 1)
        return safe_json(page.model_dump(mode="json")), _JSON
    if uri.startswith(_FINDING):
        found = await asyncio.to_thread(house.desk(caller).finding, caller, uri.removeprefix(_FINDING))
        return safe_json(shapes.page_of(found, 1).model_dump(mode="json")), _JSON
    raise SettingsError("There is no such resource.", "List them: resources/list.")
