"""`JupyterKernel`: any kernel that is installed for Jupyter, by `jupyter_client`."""

import ast
import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from foldbook.errors import CannotStart, Refused
from foldbook.executor import AsyncOutlet, Bundle, Completions
from foldbook.native.kernel import KernelProcess
from foldbook.native.workdir import InWorkdir
from foldbook.shell import variables

_EVALUATED: Final = """(lambda told: (exec({source!r}, vars(told)), {told})[1])(
    __import__('types').ModuleType('foldbook_variables'))"""
"""An expression that makes a module of a source, for itself alone, and asks it something."""


class JupyterKernel(InWorkdir[KernelProcess]):
    """A `foldbook.executor.Executor`: a Jupyter kernel in a process of its own.

    name: of a kernelspec. folder: the working directory, made if need be.

    Interrupts go the way that the kernelspec names, a signal or a message. The outputs have to
    be read as they come, because a kernel drops what nobody takes; so they never wait for the
    outlet, whose limits per execution bound them. ZeroMQ holds a thousand of them back inside
    the kernel: a burst of more on a machine that is too busy to send them loses some, with this
    client as with any other, and nobody can tell.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._language = ""
        super().__init__(folder)

    async def start(self, outlet: AsyncOutlet) -> Mapping[str, Any]:
        """See `foldbook.executor.Executor`; so for the following ones."""
        await self.stop()
        self._running = None
        try:
            KernelSpecManager().get_kernel_spec(self.name)
        except NoSuchKernel:
            known = ", ".join(known_kernels()) or "none"
            raise CannotStart(f"There is no kernel {self.name!r} here. Known: {known}.") from None
        except (OSError, ValueError) as why:
            raise CannotStart(f"The kernelspec {self.name!r} cannot be read: {why}") from why
        running = KernelProcess(self.name, outlet)
        try:
            self._make_folder()
            language = await running.start(self._folder)
        except OSError as why:
            await running.stop()
            raise CannotStart(f"The kernel {self.name} cannot be started: {why}") from why
        except BaseException:
            await running.stop()
            raise
        self._running = running
        self._language = str(language.get("name", ""))
        return language

    async def complete(self, source: str, position: int) -> Completions:
        """Completions; "busy" while code runs."""
        there = self._there()
        found = await there.ask(lambda: there.client.complete(source, position))
        kinds = found.get("metadata", {}).get("_jupyter_types_experimental", [])
        types = {kind.get("text"): kind.get("type", "") for kind in kinds}
        matches = [str(match) for match in found.get("matches", [])]
        start, end = found.get("cursor_start", position), found.get("cursor_end", position)
        return Completions(matches, start, end, [str(types.get(match, "")) for match in matches])

    async def inspect(self, source: str, position: int, detail: int = 0) -> Bundle:
        """Documentation; "busy" while code runs."""
        there = self._there()
        found = await there.ask(lambda: there.client.inspect(source, position, detail))
        bundle: Bundle = found.get("data", {}) if found.get("found") else {}
        return bundle

    async def variables(self) -> Bundle:
        """What is in memory, of a kernel of Python; "busy" while code runs."""
        return await self._tell("variables(get_ipython().user_ns, get_ipython().user_ns_hidden)")

    async def variable(self, name: str) -> Bundle:
        """One variable, of a kernel of Python; "busy" while code runs."""
        return await self._tell(f"variable(get_ipython().user_ns, {name!r})")

    async def _tell(self, call: str) -> Bundle:
        """What `foldbook.shell.variables` says in the kernel, which need not know of Foldbook."""
        if self._language != "python":
            raise Refused("language", f"Variables are shown for Python; this is {self.name}")
        told = f"__import__('json').dumps(told.{call})"
        asked = {"told": _EVALUATED.format(source=inspect.getsource(variables), told=told)}
        there = self._there()
        reply = await there.ask(
            lambda: there.client.execute("", silent=True, user_expressions=asked)
        )
        found = reply.get("user_expressions", {}).get("told", {})
        if found.get("status") != "ok":
            raise Refused("failed", f"The kernel {self.name} cannot tell its variables")
        bundle: Bundle = json.loads(ast.literal_eval(found["data"]["text/plain"]))
        return bundle


def known_kernels() -> list[str]:
    """The names of all kernels that are installed for Jupyter, in order."""
    return sorted(KernelSpecManager().find_kernel_specs())
