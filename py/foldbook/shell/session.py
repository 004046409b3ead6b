"""IPython's InteractiveShell, speaking to an emitter instead of a terminal."""

import asyncio
import sys
import traceback as tracebacks
from types import TracebackType
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from foldbook.shell.emitter import Emitter
from foldbook.shell.hooks import Hooks
from foldbook.shell.magics import adapt_magics, no_program, rewrite_lines

_CONFIG = {
    "HistoryManager": {"enabled": False},
    "Completer": {"use_jedi": False},
    "IPCompleter": {"use_jedi": False},
    "InteractiveShell": {"autocall": 0, "display_page": True, "enable_tip": False},
}
_MOVING = ("notebook", "nbagg", "widget", "ipympl")
MOVING_NOTE = (
    "%matplotlib {} draws figures that can be moved and zoomed.\n"
    "Here they are shown as pictures, as with %matplotlib inline."
)
EXIT_NOTE = "Python goes on: a notebook's runtime is ended or restarted from its menu."


class ResultHook(DisplayHook):
    """``sys.displayhook`` while a cell runs: the last expression's value becomes a result."""

    shell: "Session"

    def write_output_prompt(self) -> None:
        """A notebook draws it."""

    def write_format_data(
        self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None
    ) -> None:
        self.shell.emitter.result(format_dict, md_dict or {}, self.prompt_count)

    def log_output(self, format_dict: dict[str, Any]) -> None:
        """The log has it; memory need not."""

    def finish_displayhook(self) -> None:
        self._is_active = False


class Publisher(DisplayPublisher):
    """Where ``display`` and ``clear_output`` go."""

    shell: "Session"

    def publish(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        source: object = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **_kwargs: Any,
    ) -> None:
        display_id = (transient or {}).get("display_id")
        display_id = None if display_id is None else str(display_id)
        self.shell.emitter.display(data, metadata or {}, display_id, update)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.emitter.clear(wait)


class Session(InteractiveShell):
    """One user namespace. There is one per process, as IPython's `get_ipython` has it."""

    displayhook_class = Type(ResultHook)
    display_pub_class = Type(Publisher)

    emitter: Emitter
    platform: Hooks
    interrupting = False
    raised = False
    taken = False

    @classmethod
    def prepare(cls) -> "Session":
        """The process's session, for nobody yet: making it takes long."""
        return cls.instance(config=Config(_CONFIG))

    @classmethod
    def create(cls, emitter: Emitter, hooks: Hooks) -> "Session":
        """The process's session, from now on this emitter's. Raises `RuntimeError` where it is
        another's already."""
        session = cls.prepare()
        if session.taken:
            raise RuntimeError("An IPython shell is running in this process already.")
        session.taken = True
        session.emitter, session.platform = emitter, hooks
        adapt_magics(session, hooks)
        session.input_transformers_post.append(lambda lines: rewrite_lines(lines, hooks))
        return session

    def enable_gui(self, gui: str | None = None) -> None:
        """No GUI toolkit runs beside a notebook."""

    def enable_matplotlib(self, gui: str | None = None) -> Any:
        """``%matplotlib``, ``%pylab``; without a name, what shows anything in a notebook."""
        if gui in _MOVING:
            print(MOVING_NOTE.format(gui), file=sys.stderr)
        inline = gui in (None, "auto", *_MOVING)
        return super().enable_matplotlib("inline" if inline else gui)  # type: ignore[no-untyped-call]

    def ask_exit(self) -> None:
        """``exit``, ``quit``."""
        print(EXIT_NOTE, file=sys.stderr)

    async def run_code(self, code_obj: Any, result: Any = None, *, async_: bool = False) -> bool:
        """Run one statement of a cell; True where it failed."""
        try:
            if self.emitter.interrupts.strike():
                raise KeyboardInterrupt  # noqa: TRY301 - as one that strikes here by itself
            failed: bool = await super().run_code(  # type: ignore[no-untyped-call]
                code_obj, result, async_=async_
            )
        except KeyboardInterrupt as why:  # one at the code's door; its own are told of there
            if result is not None:
                result.error_before_exec = why
            self._showtraceback(KeyboardInterrupt, "", ["KeyboardInterrupt"])
            return True
        return failed

    def showtraceback(self, exc_tuple: Any = None, *args: Any, **kwargs: Any) -> None:
        try:
            kind, value, trace = self._get_exc_info(exc_tuple)  # type: ignore[no-untyped-call]
        except ValueError:
            super().showtraceback(exc_tuple, *args, **kwargs)
            return
        if trace is not None:
            _drop_own_frames(trace)
        if self.interrupting and issubclass(kind, asyncio.CancelledError):
            value = KeyboardInterrupt().with_traceback(trace)
            exc_tuple = (KeyboardInterrupt, value, trace)
        elif isinstance(value, ModuleNotFoundError):
            _advise(value)
        elif self.platform.advise is not None and (advice := self.platform.advise(value)):
            value.add_note(advice)
        if isinstance(value, BaseExceptionGroup):
            self._show_group(value, trace)
        else:
            super().showtraceback(exc_tuple, *args, **kwargs)

    def _show_group(self, group: BaseException, trace: TracebackType | None) -> None:
        # IPython prints groups to stderr; a notebook wants an error. Its frames start after ours.
        while trace is not None and "foldbook" not in str(trace.tb_frame.f_globals.get("__name__")):
            if trace.tb_frame.f_globals is self.user_ns:
                break
            trace = trace.tb_next
        lines = tracebacks.format_exception(type(group), group, trace)
        self._showtraceback(type(group), group, "".join(lines).splitlines())

    def _showtraceback(self, etype: type[BaseException], evalue: object, stb: list[str]) -> None:
        self.raised = True
        self.emitter.error(etype.__name__, str(evalue), list(stb))

    def show_usage_error(self, exc: BaseException) -> None:
        """A magic was used wrongly."""
        self._showtraceback(type(exc), exc, [f"UsageError: {exc}"])

    def set_next_input(self, s: str, replace: bool = False) -> None:
        """``%load``, ``%recall``: a runtime writes no cells, so what would go into one is shown."""
        self.emitter.display({"text/plain": s}, {}, None, False)

    def system(self, cmd: str) -> None:
        """``!command``."""
        if not self.platform.programs:
            raise no_program(f"!{cmd.strip()}")
        self.system_piped(cmd)  # type: ignore[no-untyped-call]

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """``x = !command``."""
        if not self.platform.programs:
            raise no_program(f"!{cmd.strip()}")
        return super().getoutput(cmd, split, depth=depth + 1)  # type: ignore[no-untyped-call]


DOORS = (Session.run_code.__code__, InteractiveShell.run_code.__code__)
"""What calls a cell's code: see `foldbook.shell.interrupts`."""


def _drop_own_frames(trace: TracebackType) -> None:
    """Cut what this package did at the end of a traceback: an interrupt, an input, a wait."""
    last, step = trace, trace
    while (following := step.tb_next) is not None:
        if not _is_own(following):
            last = following
        step = following
    last.tb_next = None


def _is_own(step: TracebackType) -> bool:
    name = str(step.tb_frame.f_globals.get("__name__"))
    return name.startswith("foldbook.") or name in ("contextlib", "pyodide.webloop")


def _advise(error: ModuleNotFoundError) -> None:
    name = (error.name or "").partition(".")[0]
    if name and name == error.name and not getattr(error, "__notes__", None):
        error.add_note(f"Perhaps it can be installed:  %pip install {name}")
