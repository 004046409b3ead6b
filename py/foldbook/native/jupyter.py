"""`JupyterKernel`: any kernel that is installed for Jupyter, by `jupyter_client`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from foldbook.errors import CannotStart
from foldbook.executor import AsyncOutlet, Bundle, Completions
from foldbook.native.kernel import KernelProcess
from foldbook.native.workdir import InWorkdir


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


def known_kernels() -> list[str]:
    """The names of all kernels that are installed for Jupyter, in order."""
    return sorted(KernelSpecManager().find_kernel_specs())
