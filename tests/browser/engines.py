"""Firefox and WebKitGTK behind one small face: enough for a story in either.

Firefox is driven over WebDriver BiDi by its own remote agent, without a driver program;
WebKitGTK by its own WebDriver, in a display that nobody sees.
"""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from websockets.sync.client import ClientConnection, connect

PATIENCE = 180.0
"""Seconds that a condition may take on a loaded machine."""
_MARKS = "return window.__hacked ?? []"
_PAUSE = 0.1  # seconds between two looks at a condition
_MINIBROWSER = "webkit2gtk-4*/MiniBrowser"
_KEYS = {
    "Shift": Keys.SHIFT,
    "Control": Keys.CONTROL,
    "Enter": Keys.ENTER,
    "Escape": Keys.ESCAPE,
    "Home": Keys.HOME,
    "End": Keys.END,
}


class Missing(Exception):
    """The browser is not installed here."""


class FrameIsGone(AssertionError):
    """A frame was asked that has left the page."""


class Engine(Protocol):
    """One browser with one tab."""

    name: str

    def go(self, url: str) -> None:
        """Load an address."""

    def run(self, body: str, *arguments: Any) -> Any:
        """The value that this body of an async function (over ``args``) returns in the page."""

    def press(self, *keys: str) -> None:
        """Press keys together, as a person does."""

    def click(self, x: float, y: float) -> None:
        """Click at a place of the window."""

    def below(self, body: str) -> list[Any]:
        """What this body of a function returns in each frame of the page."""

    def marks_below(self) -> list[str]:
        """The marks (`tests.browser.hostile.notebook.mark`) in the frames of the page."""

    def shot(self, path: Path) -> None:
        """Leave a picture of the page."""


@contextmanager
def launched(name: str, folder: Path) -> Iterator[Engine]:
    """A browser with a new profile in this folder.

    A story is skipped, and says what is missing, where this machine has no such browser:
    ``build.py test`` installs what it can, and not every system has WebKitGTK.
    """
    with ExitStack() as stack:
        try:
            engine = stack.enter_context(ENGINES[name](folder))
        except Missing as why:
            pytest.skip(str(why))
        yield engine


def wait_until(look: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Look until there is something to see; what was seen."""
    end = time.monotonic() + patience
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"{what} expected within {patience:.0f} s")
        time.sleep(_PAUSE)
    return found


# Firefox


class Firefox:
    """Firefox over WebDriver BiDi."""

    name = "firefox"

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._count = 0
        capabilities = {"alwaysMatch": {"acceptInsecureCerts": True}}
        self._ask("session.new", capabilities=capabilities)
        self._context = self._tree()["contexts"][0]["context"]

    def go(self, url: str) -> None:
        """See `Engine`."""
        self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def run(self, body: str, *arguments: Any) -> Any:
        """See `Engine`."""
        return self._run(self._context, body, arguments)

    def press(self, *keys: str) -> None:
        """See `Engine`."""
        values = [_KEYS.get(key, key) for key in keys]
        down = [{"type": "keyDown", "value": value} for value in values]
        up = [{"type": "keyUp", "value": value} for value in reversed(values)]
        self._act({"type": "key", "id": "keys", "actions": [*down, *up]})

    def click(self, x: float, y: float) -> None:
        """See `Engine`."""
        move = {"type": "pointerMove", "x": round(x), "y": round(y)}
        press = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self._act({"type": "pointer", "id": "mouse", "actions": [move, *press]})

    def below(self, body: str) -> list[Any]:
        """See `Engine`."""
        found = []
        waiting = list(self._tree()["contexts"][0]["children"])
        while waiting:
            frame = waiting.pop()
            waiting += frame.get("children") or []
            with suppress(FrameIsGone):  # a frame goes where its cell leaves the screen
                found.append(self._run(frame["context"], body, ()))
        return found

    def marks_below(self) -> list[str]:
        """See `Engine`."""
        return [mark for marks in self.below(_MARKS) for mark in marks]

    def shot(self, path: Path) -> None:
        """See `Engine`."""
        found = self._ask("browsingContext.captureScreenshot", context=self._context)
        path.write_bytes(base64.b64decode(found["data"]))

    def end(self) -> None:
        """Have the browser end."""
        self._ask("browser.close")

    def _tree(self) -> Any:
        return self._ask("browsingContext.getTree")

    def _act(self, source: dict[str, Any]) -> None:
        self._ask("input.performActions", context=self._context, actions=[source])

    def _run(self, context: str, body: str, arguments: tuple[Any, ...]) -> Any:
        function = f"async (text) => {{ const args = JSON.parse(text); {_returning(body)} }}"
        answer = self._ask(
            "script.callFunction",
            functionDeclaration=function,
            arguments=[{"type": "string", "value": json.dumps(arguments)}],
            target={"context": context},
            awaitPromise=True,
        )
        if answer["type"] != "success":
            raise AssertionError(f"in the page: {answer['exceptionDetails']['text']}")
        return json.loads(answer["result"]["value"])

    def _ask(self, method: str, **params: Any) -> Any:
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv(PATIENCE))
            if answer.get("id") != self._count:
                continue  # an event, or the late answer to something else
            if answer["type"] == "error":
                kind = FrameIsGone if answer["error"] == "no such frame" else AssertionError
                raise kind(f"{method}: {answer['error']}: {answer['message']}")
            return answer["result"]


@contextmanager
def firefox(folder: Path) -> Iterator[Engine]:
    """A headless Firefox with a new profile in this folder. Raises `Missing`."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        raise Missing("no Firefox: expected firefox-esr or firefox on the PATH")
    profile = folder / "firefox"
    profile.mkdir()
    (profile / "user.js").write_text(_PREFERENCES, encoding="utf-8")
    command = [program, "--headless", "--no-remote", "--profile", profile]
    command += ["--remote-debugging-port", "0", "--width", "1280", "--height", "900"]
    env = {**os.environ, "MOZ_HEADLESS": "1", "HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"}
    with ExitStack() as after:
        process = _started(after, command, folder / "firefox.log", env)
        port = wait_until(lambda: _bidi_port(profile, process), "the port of Firefox")
        socket = connect(f"ws://127.0.0.1:{port}/session", max_size=None, compression=None)
        browser = Firefox(after.enter_context(socket))
        try:
            yield browser
        finally:
            browser.end()


_PREFERENCES = "".join(
    f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
    for name, value in {
        "app.update.enabled": False,
        "browser.shell.checkDefaultBrowser": False,
        "browser.startup.page": 0,
        "browser.aboutwelcome.enabled": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
        "toolkit.telemetry.reportingpolicy.firstRun": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "extensions.update.enabled": False,
        "services.settings.server": "data:,#nowhere",
        "dom.disable_beforeunload": True,
    }.items()
)


def _bidi_port(profile: Path, process: subprocess.Popen[bytes]) -> int | None:
    if process.poll() is not None:
        raise AssertionError(f"Firefox ended at once with code {process.returncode}")
    told = profile / "WebDriverBiDiServer.json"
    try:
        port: int = json.loads(told.read_text(encoding="utf-8"))["ws_port"]
    except (OSError, ValueError):  # not written, or not to its end
        return None
    return port


# WebKitGTK


class WebKit:
    """MiniBrowser over WebDriver."""

    name = "webkit"

    def __init__(self, driver: webdriver.WebKitGTK) -> None:
        self._driver = driver
        driver.set_script_timeout(PATIENCE)
        driver.set_page_load_timeout(PATIENCE)

    def go(self, url: str) -> None:
        """See `Engine`."""
        self._driver.get(url)

    def run(self, body: str, *arguments: Any) -> Any:
        """See `Engine`."""
        script = (
            "const args = JSON.parse(arguments[0]), tell = arguments[1];"
            f"(async () => {{ {_returning(body)} }})()"
            ".then((text) => tell([true, text]), (error) => tell([false, String(error)]));"
        )
        done, text = self._driver.execute_async_script(script, json.dumps(arguments))
        if not done:
            raise AssertionError(f"in the page: {text}")
        return json.loads(text)

    def press(self, *keys: str) -> None:
        """See `Engine`."""
        actions = ActionChains(self._driver)
        values = [_KEYS.get(key, key) for key in keys]
        for value in values:
            actions.key_down(value)
        for value in reversed(values):
            actions.key_up(value)
        actions.perform()

    def click(self, x: float, y: float) -> None:
        """See `Engine`."""
        actions = ActionChains(self._driver)
        actions.w3c_actions.pointer_action.move_to_location(round(x), round(y))
        actions.w3c_actions.pointer_action.click()
        actions.perform()

    def marks_below(self) -> list[str]:
        """See `Engine`."""
        return [mark for marks in self.below(_MARKS) for mark in marks]

    def below(self, body: str) -> list[Any]:
        """See `Engine`."""
        found = []
        for frame in self._driver.find_elements("css selector", "iframe"):
            try:
                self._driver.switch_to.frame(frame)
                found.append(self._driver.execute_script(body))
            except WebDriverException:  # it shows a page that was refused
                continue
            finally:
                self._driver.switch_to.default_content()
        return found

    def shot(self, path: Path) -> None:
        """See `Engine`."""
        self._driver.save_screenshot(str(path))


@contextmanager
def webkit(folder: Path) -> Iterator[Engine]:
    """WebKitGTK's MiniBrowser in a display of its own. Raises `Missing`."""
    driver = shutil.which("WebKitWebDriver")
    browser = next(Path("/usr").glob(f"lib/*/{_MINIBROWSER}"), None)
    browser = browser or next(Path("/usr").glob(f"libexec/{_MINIBROWSER}"), None)
    if driver is None or browser is None:
        raise Missing("no WebKitGTK: expected WebKitWebDriver and MiniBrowser (webkit2gtk-driver)")
    display = shutil.which("Xvfb")
    if display is None:
        raise Missing("no display for WebKitGTK: expected Xvfb on the PATH")
    with ExitStack() as after:
        read, write = os.pipe()
        command = [display, "-displayfd", str(write), "-screen", "0", "1280x900x24"]
        _started(after, [*command, "-nolisten", "tcp"], folder / "xvfb.log", pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as told:
            number = told.readline().strip()
        env = {**os.environ, "DISPLAY": f":{number}", "HOME": str(folder), **_WEBKIT}
        options = webdriver.WebKitGTKOptions()
        options.binary_location = str(browser)
        options.add_argument("--automation")
        options.accept_insecure_certs = True
        options.set_capability("unhandledPromptBehavior", "accept")
        service = webdriver.WebKitGTKService(executable_path=driver, env=env)
        driven = webdriver.WebKitGTK(options=options, service=service)
        after.callback(driven.quit)
        yield WebKit(driven)


_WEBKIT = {
    "GDK_BACKEND": "x11",
    "LIBGL_ALWAYS_SOFTWARE": "1",
    "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
    "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
    "NO_AT_BRIDGE": "1",
}


ENGINES: dict[str, Callable[[Path], Any]] = {"firefox": firefox, "webkit": webkit}


def _returning(body: str) -> str:
    """The body, with what it returns as JSON text."""
    return f"return JSON.stringify(await (async () => {{ {body} }})()) ?? 'null'"


def _started(
    after: ExitStack,
    command: list[Any],
    log: Path,
    env: dict[str, str] | None = None,
    pass_fds: tuple[int, ...] = (),
) -> subprocess.Popen[bytes]:
    """A process that ends, at the latest, with the stack."""
    output = after.enter_context(log.open("wb"))
    process = subprocess.Popen(command, stdout=output, stderr=output, env=env, pass_fds=pass_fds)

    def end() -> None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    after.callback(end)
    return process
