"""The clients of the services that offer the Messages API: the hosted one or any endpoint that speaks it, Amazon Bedrock and
Google Vertex AI. Bedrock and Vertex are reached by the SDK's own clients, with credentials from the environment.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agent.core.settings import Service
from index.core.errors import SettingsError

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic, AsyncAnthropicBedrockMantle, AsyncAnthropicVertex

    Client = AsyncAnthropic | AsyncAnthropicBedrockMantle | AsyncAnthropicVertex

BEDROCK_KEY = "AWS_BEARER_TOKEN_BEDROCK"
_NEEDS = {
    "bedrock": f"AWS_REGION and {BEDROCK_KEY}",
    "vertex": "CLOUD_ML_REGION, ANTHROPIC_VERTEX_PROJECT_ID, and credentials that the Google tools find",
}
"""What each service takes from the environment."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to reach an endpoint: its service, a key or a token, and its address where it is not the service's own."""

    api_key: str | None = field(default=None, repr=False)
    auth_token: str | None = field(default=None, repr=False)
    base_url: str | None = None
    service: Service = "anthropic"


def client_for(given: Credentials, **shared: Any) -> "Client":
    """The SDK's client. `shared`: what every client takes (retries, timeout, middleware). Raises SettingsError where a package
    or a setting of the service is missing."""
    if given.service == "anthropic":
        return _hosted(given, shared)
    makers: dict[str, Callable[[], Client]] = {
        "bedrock": lambda: _bedrock(given, shared),
        "vertex": lambda: _vertex(given, shared),
    }
    try:
        return makers[given.service]()
    except ImportError as error:
        raise SettingsError(
            f"The service {given.service} needs a package that is not installed.",
            f'Install it: pip install "shoal[{given.service}]"',
        ) from error
    except ValueError as error:  # the SDK's word for a region or a project that it does not find
        raise SettingsError(
            f"The service {given.service} is not set up.", f"Set in the environment: {_NEEDS[given.service]}."
        ) from error


def _hosted(given: Credentials, shared: dict[str, Any]) -> "AsyncAnthropic":
    from anthropic import AsyncAnthropic

    # The SDK refuses to start without a credential, also where the endpoint asks for none.
    is_bare = not (given.api_key or given.auth_token)
    key = "none" if is_bare else given.api_key
    return AsyncAnthropic(api_key=key, auth_token=given.auth_token, base_url=given.base_url, **shared)


def _bedrock(given: Credentials, shared: dict[str, Any]) -> "AsyncAnthropicBedrockMantle":
    """By Bedrock's Messages API and a Bedrock key. The SDK's other client signs requests by boto3, which cannot be installed
    beside chromadb: the two ask for different versions of python-dateutil."""
    from anthropic import AsyncAnthropicBedrockMantle

    if not os.environ.get(BEDROCK_KEY) or not (given.base_url or os.environ.get("AWS_REGION")):
        raise ValueError
    return AsyncAnthropicBedrockMantle(api_key=os.environ[BEDROCK_KEY], base_url=given.base_url, **shared)


def _vertex(given: Credentials, shared: dict[str, Any]) -> "AsyncAnthropicVertex":
    import google.auth  # noqa: F401
    from anthropic import AsyncAnthropicVertex

    if not os.environ.get("ANTHROPIC_VERTEX_PROJECT_ID"):
        raise ValueError
    return AsyncAnthropicVertex(base_url=given.base_url, **shared)


def where(service: Service, base_url: str | None) -> str:
    """The place that requests go to, for a person."""
    if base_url is not None:
        return base_url
    return {"anthropic": "api.anthropic.com", "bedrock": "Amazon Bedrock", "vertex": "Google Vertex AI"}[service]
