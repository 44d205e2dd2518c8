"""Where a watch's messages go: a signed webhook, a Slack-compatible one, or e-mail. One attempt, and a reason where it failed.

Addresses are in the settings; secrets come from the environment alone. Nothing else is contacted (R10).
"""

import asyncio
import hashlib
import hmac
import json
import os
import smtplib
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from agent.core.settings import Sink

_TIMEOUT_S = 20.0
_SLACK_MOST = 3_000
"""Characters of a Slack text."""
SIGNATURE, SENT_AT = "X-Shoal-Signature", "X-Shoal-Timestamp"


class NotDelivered(Exception):
    """The sink did not take a message. Its text is safe to show: it holds neither an address nor a secret."""


@dataclass(frozen=True, slots=True)
class Message:
    """What leaves: which watch, how serious, what changed in the words of released findings, and where to look. Neither the
    question nor an answer is in it."""

    watch: str
    severity: str
    snapshot: int
    changes: tuple[str, ...]
    link: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe form, what a webhook gets of it."""
        return {
            "watch": self.watch, "severity": self.severity, "snapshot": self.snapshot, "changes": list(self.changes),
            "link": self.link,
        }  # fmt: skip


async def send(sink: Sink, messages: Sequence[Message], environment: Mapping[str, str] = os.environ) -> None:
    """Send messages as one. Raises NotDelivered, also where a secret that the sink names is not set."""
    secret = _secret(sink, environment)
    if sink.kind == "email":
        await asyncio.to_thread(_mail, sink, messages, secret)
    else:
        await _post(sink, messages, secret)


def _secret(sink: Sink, environment: Mapping[str, str]) -> str:
    if not sink.secret_env:
        return ""
    found = environment.get(sink.secret_env, "")
    if not found:
        raise NotDelivered(f"{sink.secret_env} is not set in the environment")
    return found


async def _post(sink: Sink, messages: Sequence[Message], secret: str) -> None:
    import httpx

    body = _slack(messages) if sink.kind == "slack" else {"messages": [message.as_dict() for message in messages]}
    content = json.dumps(body, ensure_ascii=False).encode()
    headers = {"content-type": "application/json"}
    if secret:
        headers |= signed(content, secret, int(time.time()))
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False) as client:
            response = await client.post(sink.url, content=content, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotDelivered(f"it cannot be reached ({type(error).__name__})") from None
    if not response.is_success:
        raise NotDelivered(f"it answered with status {response.status_code}")


def signed(content: bytes, secret: str, at: int) -> dict[str, str]:
    """The headers by which a receiver knows who sent it and when: HMAC-SHA-256 of the time, a full stop and the body."""
    proof = hmac.new(secret.encode(), f"{at}.".encode() + content, hashlib.sha256).hexdigest()
    return {SENT_AT: str(at), SIGNATURE: f"sha256={proof}"}


def _slack(messages: Sequence[Message]) -> dict[str, str]:
    text = "\n".join(_lines(messages)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": text if len(text) <= _SLACK_MOST else f"{text[: _SLACK_MOST - 1]}…"}


def _lines(messages: Sequence[Message]) -> list[str]:
    lines: list[str] = []
    for message in messages:
        lines.append(f"{message.watch}, {message.severity}, snapshot {message.snapshot}:")
        lines += [f"- {change}" for change in message.changes]
        lines += [f"Look: {message.link}", ""]
    return lines[:-1]


def _mail(sink: Sink, messages: Sequence[Message], secret: str) -> None:
    made = EmailMessage()
    made["From"], made["To"] = sink.sender, ", ".join(sink.to)
    made["Subject"] = f"Shoal: {len(messages)} watch{'es' if len(messages) > 1 else ''} with changes"
    made.set_content("\n".join([*_lines(messages), "", "Aggregates released by Shoal; no conversation is in it."]))
    try:
        with smtplib.SMTP(sink.host, sink.port, timeout=_TIMEOUT_S) as server:
            if sink.starttls:
                server.starttls(context=ssl.create_default_context())
            if secret:
                server.login(sink.user or sink.sender, secret)
            server.send_message(made)
    except (OSError, smtplib.SMTPException) as error:
        raise NotDelivered(f"the mail server did not take it ({type(error).__name__})") from None
