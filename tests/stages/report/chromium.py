"""A headless Chromium, spoken to in the DevTools protocol over a pair of pipes.

https://chromedevtools.github.io/devtools-protocol/ (--remote-debugging-pipe: the browser reads
commands from file descriptor 3 and writes to 4, each message ended by a zero byte). So there is no
driver, no port and no library that could be missing or of another version.
"""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
    "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
LIMIT_SECONDS = 30
KEYS = {
    "ArrowDown": 40, "ArrowUp": 38, "Home": 36, "End": 35, "PageDown": 34, "PageUp": 33,
    "Enter": 13, "Escape": 27, "Tab": 9, " ": 32,
}  # fmt: skip

Event = dict[str, Any]


def find_chromium() -> str | None:
    """The path of a browser on this machine."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class BrowserError(Exception):
    """The browser did not do what it was told."""


class Pipe:
    """Messages to and from the browser; events are kept until they are asked for."""

    def __init__(self, process: "subprocess.Popen[bytes]", read: int, write: int) -> None:
        self.process, self._read, self._write = process, read, write
        self._number, self._rest = 0, b""
        self._messages: list[Event] = []
        self.events: list[Event] = []

    def send(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """The answer to a command."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        content = json.dumps({**message, **({"sessionId": session} if session else {})})
        os.write(self._write, content.encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                break
            self.events.append(answer)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def wait(self, method: str) -> Event:
        """The next event of a kind, those already here included; it is taken out."""
        while True:
            for event in self.events:
                if event["method"] == method:
                    self.events.remove(event)
                    return event
            self.events.append(self._receive())

    def _receive(self) -> Event:
        while b"\0" not in self._rest:
            if not select.select([self._read], [], [], LIMIT_SECONDS)[0]:
                raise BrowserError(f"no word from the browser in {LIMIT_SECONDS} s")
            found = os.read(self._read, 2**20)
            if not found:
                raise BrowserError("the browser has ended")
            self._rest += found
        content, _, self._rest = self._rest.partition(b"\0")
        message: Event = json.loads(content)
        return message


class Page:
    """A page of its own; events of network, console and errors are recorded from the start."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._target = pipe.send("Target.createTarget", url="about:blank")["targetId"]
        attached = pipe.send("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a command for this page."""
        return self._pipe.send(method, self._session, **params)

    def open(self, url: str) -> None:
        """Returns when the page and all that it names are loaded."""
        self.send("Page.navigate", url=url)
        self._pipe.wait("Page.loadEventFired")

    def run(self, expression: str) -> Any:
        """The value of an expression, as JSON; promises are waited for."""
        found = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise BrowserError(f"{expression}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def press(self, *keys: str) -> None:
        """Presses keys one after the other: names of KEYS, or single letters."""
        for key in keys:
            code = KEYS.get(key, ord(key[0].upper()))
            text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
            base = {"key": key, "windowsVirtualKeyCode": code}
            kind = "keyDown" if text else "rawKeyDown"
            self.send("Input.dispatchKeyEvent", type=kind, text=text, **base)
            self.send("Input.dispatchKeyEvent", type="keyUp", **base)

    def point(self, selector: str, click: bool = False) -> None:
        """Moves the mouse to the middle of an element, and clicks there."""
        place = self.run(
            f"(() => {{ const box = document.querySelector({json.dumps(selector)})"
            ".getBoundingClientRect(); return {x: box.x + box.width / 2, y: box.y + 12} })()"
        )
        kinds = ["mouseMoved", *(["mousePressed", "mouseReleased"] if click else [])]
        for kind in kinds:
            button = {"button": "left", "clickCount": 1} if kind != "mouseMoved" else {}
            self.send("Input.dispatchMouseEvent", type=kind, **place, **button)

    def resize(self, width: int, height: int, mobile: bool = False, scale: float = 1) -> None:
        """Sets the size in CSS pixels."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=scale, mobile=mobile,
        )  # fmt: skip

    def prefer(self, **features: str) -> None:
        """Sets media features, such as prefers_color_scheme="dark"."""
        chosen = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        self.send("Emulation.setEmulatedMedia", features=chosen)

    def capture(self, path: Path, whole: bool = False) -> None:
        """Writes a PNG of what is in sight, or of the whole page."""
        shot = self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def list_events(self, method: str) -> list[dict[str, Any]]:
        """What has happened on this page."""
        self.run("0")  # whatever was sent before its answer is here by then
        return [
            event["params"]
            for event in self._pipe.events
            if event["method"] == method and event.get("sessionId") == self._session
        ]

    def close(self) -> None:
        """Ends the page."""
        self._pipe.send("Target.closeTarget", targetId=self._target)


@contextmanager
def run_chromium(command: str, profile: Path) -> Iterator[Callable[[], Page]]:
    """Yields a function that opens a new page; the browser ends with the block.

    Args:
        command: the browser's path.
        profile: an empty folder for what the browser remembers.
    """
    read_commands, write_commands = os.pipe()
    read_events, write_events = os.pipe()
    # The shell puts the pipes where the browser expects them, whatever numbers they have here.
    wiring = f'exec 3<&{read_commands} 4>&{write_events}; exec "$@"'
    process = subprocess.Popen(
        ["bash", "-c", wiring, "bash", command, *FLAGS, f"--user-data-dir={profile}"],
        pass_fds=(read_commands, write_events),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(read_commands)
    os.close(write_events)
    pipe = Pipe(process, read_events, write_commands)
    try:
        yield lambda: Page(pipe)
    finally:
        os.close(write_commands)
        os.close(read_events)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
