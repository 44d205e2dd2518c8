"""The screen in a browser: nothing without the token, no other host, a store for each visitor."""

import asyncio
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.fakes.browser import CHROMIUM, Page, visit

ROOT = Path(__file__).parents[2]


def _free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _bare(address: str) -> str:
    """The address without its token."""
    return address.partition("/?")[0]


@pytest.fixture
def address(own_home: Path) -> Iterator[str]:
    """The address that `shoal serve` prints, while it runs."""
    command = [sys.executable, "-m", "tui", "serve", "--built-in", "--port", str(_free_port())]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


async def test_nothing_is_answered_without_the_token_or_to_another_page(address: str) -> None:
    bare = _bare(address)
    async with aiohttp.ClientSession() as client:
        for path in ("/", "/?token=wrong", "/ws", "/static/js/textual.js", "/download/x"):
            async with client.get(bare + path) as answer:
                assert answer.status == 403
        async with client.get(address, headers={"Origin": "http://127.0.0.1:1"}) as answer:
            assert answer.status == 403
    async with aiohttp.ClientSession() as client, client.get(address.replace("/?", "/ws?")) as answer:
        assert answer.status == 403
    async with aiohttp.ClientSession() as client:
        port = urlsplit(bare).port
        for host in (f"localhost:{port}", f"shoal.example:{port}", "127.0.0.1", f"127.0.0.1:{(port or 0) + 1}"):
            async with client.get(address, headers={"Host": host}) as answer:
                assert answer.status == 403
        async with client.get(f"http://127.0.0.1:{port}/?{urlsplit(address).query}") as answer:
            assert answer.status == 404
    assert bare.startswith("http://127.0.0.1:")


async def test_the_page_names_no_other_host_and_forbids_them(address: str) -> None:
    bare = _bare(address)
    async with aiohttp.ClientSession() as client, client.get(address) as answer:
        page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
        cookies = answer.headers.getall("Set-Cookie")
    hosts = set(re.findall(r"(?:https?|wss?)://[^/\"' ;]+", page + policy))
    root = urlsplit(bare)
    assert hosts <= {f"http://{root.netloc}", f"ws://{root.netloc}"}
    assert len(root.path) > 20
    assert all(f"Path={root.path}/" in cookie for cookie in cookies)
    assert policy.startswith("default-src 'none'")
    assert all("HttpOnly" in cookie and "SameSite=Strict" in cookie for cookie in cookies)


async def test_each_browser_has_a_store_of_its_own_and_keeps_it(address: str, own_home: Path) -> None:
    bare = _bare(address)
    names = set()
    for _ in range(2):
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
            for path in (address, bare + "/"):
                async with client.get(path) as answer:
                    assert answer.status == 200
                    names.add(next(cookie.value for name, cookie in answer.cookies.items() if "visitor" in name))
            async with client.ws_connect(bare.replace("http", "ws") + "/ws?width=100&height=30") as screen:
                seen = b""
                while b"Shoal" not in seen:
                    message = await screen.receive(timeout=60)
                    seen += message.data if message.type == aiohttp.WSMsgType.BINARY else b""
    assert len(names) == 2


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
async def test_a_real_browser_draws_the_screen_and_asks_no_other_host(address: str, tmp_path: Path) -> None:
    bare = _bare(address)
    pictures: list[bytes] = []

    async def act(page: Page) -> None:
        for _ in range(60):  # until the screen stands: a page of one colour is a small picture
            await asyncio.sleep(0.5)
            pictures.append(await page.picture())
            if len(pictures[-1]) > 20_000:
                break
        assert {urlsplit(url).netloc for url in page.asked if url.startswith(("http", "ws"))} == {urlsplit(bare).netloc}
        assert "Content Security Policy" not in "".join(page.said)

    await visit(address, tmp_path / "profile", act)
    assert len(pictures[-1]) > 20_000
