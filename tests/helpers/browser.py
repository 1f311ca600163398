"""A real headless Chromium, spoken to over a pipe: what a page shows, logs and prints."""

import base64
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 60  # that a command may take on a busy machine


def find() -> str:
    """The browser's program, installed where that can be done; else the test is skipped with the reason."""
    if not any(map(shutil.which, NAMES)):
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            pytest.skip("no Chromium, and it can be installed only as root on Debian (apt-get)")
        install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:  # an old list of packages
            subprocess.run(["apt-get", "update"], capture_output=True, check=False)
            done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"apt-get cannot install Chromium: {(done.stderr.splitlines() or ['?'])[-1]}")
    return next(filter(None, map(shutil.which, NAMES)))


class Browser:
    """One page of a headless Chromium, by the Chrome DevTools Protocol (https://chromedevtools.github.io).

    Args:
        profile: an empty folder for it.
    """

    def __init__(self, profile: Path):
        to_browser, write = os.pipe()
        read, from_browser = os.pipe()
        # Chromium reads commands from descriptor 3 and writes to 4; the shell puts the pipes there.
        flags = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --remote-debugging-pipe"
        shell = f'exec "$0" {flags} --user-data-dir="$1" about:blank 3<&{to_browser} 4>&{from_browser}'
        self._log = (profile / "browser.log").open("wb")
        self._process = subprocess.Popen(
            ["bash", "-c", shell, find(), str(profile)],
            pass_fds=(to_browser, from_browser),
            stdout=self._log,
            stderr=self._log,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._write, self._read = os.fdopen(write, "wb", 0), os.fdopen(read, "rb", 0)
        os.set_blocking(read, False)
        self._buffer, self._number, self._session = b"", 0, None
        self.events: list[dict] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(timeout=SECONDS)
        for stream in (self._write, self._read, self._log):
            stream.close()

    def call(self, method: str, **parameters) -> dict:
        """Run a command of the protocol and wait for its result; events meanwhile go to `events`."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._write.write(json.dumps(message).encode() + b"\0")
        while True:
            found = self._next(method)
            if found.get("id") == self._number:
                assert "error" not in found, (method, found["error"])
                return found["result"]
            self.events.append(found)

    def _next(self, waiting_for: str) -> dict:
        deadline = time.monotonic() + SECONDS
        while b"\0" not in self._buffer:
            self._buffer += self._read.read(1 << 20) or b""
            if time.monotonic() > deadline:
                pytest.fail(f"the browser does not answer {waiting_for}")
            time.sleep(0.001)
        line, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(line)

    def open(self, page: Path, width: int = 1280, height: int = 900, fragment: str = "") -> None:
        """Open a file and wait for it to load."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        # From another page, so that it loads anew even where only the fragment differs.
        self.call("Page.navigate", url="about:blank")
        self.events.clear()
        self.call("Page.navigate", url=f"file://{page.resolve()}{fragment}")
        deadline = time.monotonic() + SECONDS
        while self.run("document.readyState + location.protocol") != "completefile:":
            assert time.monotonic() < deadline, "the page does not load"
            time.sleep(0.02)

    def run(self, script: str) -> object:
        """Value of a JavaScript expression on the page."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found.get("exceptionDetails")
        return found["result"].get("value")

    def complaints(self) -> list[str]:
        """What the page logged as warning or error, and exceptions, since it was opened."""
        self.run("1")
        found = []
        for event in self.events:
            name, about = event.get("method"), event.get("params", {})
            if name == "Runtime.exceptionThrown":
                found.append(about["exceptionDetails"]["text"])
            elif name == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
                found.append(str(about["args"]))
            elif name == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
                found.append(about["entry"]["text"])
        return found

    def requests(self) -> list[str]:
        """Addresses that the page asked for since it was opened."""
        self.run("1")
        sent = [event for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in sent]

    def press(self, key: str, code: int) -> None:
        """Press and release a key, e.g. Enter (13) or Tab (9)."""
        text = {"Enter": "\r"}.get(key, "")
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                text=text if kind == "keyDown" else "",
            )

    def move(self, x: float, y: float) -> None:
        """Move the mouse."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def picture(self, whole: bool = False) -> bytes:
        """A PNG of what is seen, or of the whole page."""
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(found["data"])

    def pdf(self) -> bytes:
        """The page as it prints."""
        found = self.call("Page.printToPDF", preferCSSPageSize=True, generateDocumentOutline=True)
        return base64.b64decode(found["data"])
