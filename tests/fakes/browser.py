"""A real headless Chromium, driven over its debugging port: opens an address, waits, types, takes a picture."""

import asyncio
import base64
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--remote-debugging-port=0")


class Page:
    """One page. `asked` are the addresses that it asked for, `said` what its console said."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.asked: list[str] = []
        self.said: list[str] = []

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the DevTools protocol, and its result."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json(timeout=30)
            if message.get("id") == self._number:
                return dict(message.get("result", {}))
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        if message.get("method") == "Network.requestWillBeSent":
            self.asked.append(message["params"]["request"]["url"])
        elif message.get("method") in ("Log.entryAdded", "Runtime.consoleAPICalled"):
            self.said.append(str(message["params"]))

    async def type(self, text: str) -> None:
        """Keys, as a person presses them."""
        for letter in text:
            key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"} if letter == "\n" else {
                "key": letter, "text": letter}  # fmt: skip
            await self.call("Input.dispatchKeyEvent", type="keyDown", **key)
            await self.call("Input.dispatchKeyEvent", type="keyUp", key=key["key"])

    async def picture(self) -> bytes:
        """A PNG of the page."""
        return base64.b64decode((await self.call("Page.captureScreenshot", format="png"))["data"])


async def visit(address: str, profile: Path, act: Callable[[Page], Any], size: tuple[int, int] = (1280, 800)) -> None:
    """Open `address` in a Chromium with a profile of its own, and let `act` do what it wants there."""
    browser = await asyncio.create_subprocess_exec(
        str(CHROMIUM), *_FLAGS, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        port = await _port(profile)
        async with aiohttp.ClientSession() as client:
            async with client.get(f"http://127.0.0.1:{port}/json") as listed:
                (target, *_) = [item for item in await listed.json() if item["type"] == "page"]
            async with client.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                for domain in ("Network", "Log", "Runtime", "Page"):
                    await page.call(f"{domain}.enable")
                await page.call("Page.navigate", url=address)
                await act(page)
    finally:
        browser.terminate()
        await browser.wait()


async def _port(profile: Path) -> int:
    """The debugging port, once the browser has written it down."""
    note = profile / "DevToolsActivePort"
    for _ in range(300):
        if note.exists() and note.read_text():
            return int(note.read_text().splitlines()[0])
        await asyncio.sleep(0.1)
    raise TimeoutError("Chromium did not open its debugging port.")
