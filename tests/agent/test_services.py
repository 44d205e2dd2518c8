"""Bedrock and Vertex on the true wire: the SDK's own clients, their addresses and their credentials."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from agent.core.events import AnswerMade, RunEnded
from agent.core.settings import Service, Settings
from agent.llm.services import Credentials, client_for, where
from agent.services.ingest import ingest
from agent.wiring import App
from index.core.errors import SettingsError
from tests.agent.conftest import MakeSession, collect
from tests.fakes.messages_server import MessagesServer
from tests.fakes.team import team

CLOUD = (
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_BEARER_TOKEN_BEDROCK",
    "CLOUD_ML_REGION",
    "ANTHROPIC_VERTEX_PROJECT_ID",
)


@pytest.fixture(autouse=True)
def _no_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*CLOUD, "GOOGLE_APPLICATION_CREDENTIALS", "ANTHROPIC_AWS_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def service_account(folder: Path, token_url: str) -> Path:
    """A Google service account whose tokens a local server gives."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "account.json"
    held = {"type": "service_account", "client_email": "a@example.org", "private_key": key.decode(), "token_uri": token_url,
            "private_key_id": "1", "project_id": "p"}  # fmt: skip
    file.write_text(json.dumps(held))
    return file


async def test_vertex_is_asked_by_its_own_client(
    make_session: MakeSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def token(method: str, path: str, _: bytes) -> bytes | None:
        is_asked = (method, path) == ("POST", "/token")
        return b'{"access_token": "google-token", "expires_in": 3600, "token_type": "Bearer"}' if is_asked else None

    with MessagesServer(team(), token) as server:
        monkeypatch.setenv("CLOUD_ML_REGION", "europe-west1")
        monkeypatch.setenv("ANTHROPIC_VERTEX_PROJECT_ID", "shoal-project")
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(service_account(tmp_path, f"{server.url}/token")))
        events = await collect(make_session(server.url, settings=Settings(service="vertex")).ask("How many?"))
    answer = next(event for event in events if isinstance(event, AnswerMade))
    assert len(answer.cited) == 3
    assert next(event for event in events if isinstance(event, RunEnded)).state == "done"
    model = Settings().lead_model
    place = "/projects/shoal-project/locations/europe-west1/publishers/anthropic/models/"
    assert f"{place}{model}:streamRawPredict" in server.paths
    assert all(path.startswith(place) for path in server.paths)
    assert {headers["authorization"] for headers in server.headers} == {"Bearer google-token"}
    assert all(body["anthropic_version"] and "model" not in body for body in server.requests)


async def test_bedrock_is_asked_by_its_own_client(make_session: MakeSession, monkeypatch: pytest.MonkeyPatch) -> None:
    with MessagesServer(team()) as server:
        monkeypatch.setenv("AWS_REGION", "eu-central-1")
        monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-key")
        events = await collect(make_session(server.url, settings=Settings(service="bedrock")).ask("How many?"))
    assert next(event for event in events if isinstance(event, RunEnded)).state == "done"
    assert set(server.paths) == {"/v1/messages"}
    sent = [json.dumps(headers) for headers in server.headers]
    assert all("bedrock-key" in headers for headers in sent)
    assert not any("test-key" in headers for headers in sent)  # the key of the hosted service stays here


@pytest.mark.parametrize("service", ["bedrock", "vertex"])
def test_a_service_that_is_not_set_up_says_what_it_needs(service: Service) -> None:
    with pytest.raises(SettingsError, match="is not set up") as error:
        client_for(Credentials(service=service))
    assert any(name in error.value.hint for name in CLOUD)


def test_a_clouds_service_counts_as_a_model_and_is_named() -> None:
    assert not Settings().has_model
    assert Settings(service="vertex").has_model
    assert where("vertex", None) == "Google Vertex AI"
    assert where("bedrock", "http://here") == "http://here"


async def test_a_cloud_has_no_message_batches(own_home: Path) -> None:
    (own_home / "settings.toml").write_text('service = "bedrock"\n')
    with pytest.raises(SettingsError, match="bedrock has no Message Batches"):
        await ingest(App.start("none"), [], lambda _: None, batch=True)  # type: ignore[arg-type]
