"""The executor that runs Python in this very process, through IPython, in both worlds.

parents     which execution the code that is running now belongs to
emitter     outputs on their way to the outlet, in order; streams are gathered
interrupts  when an interrupt may strike, and when it has to wait
hooks       what the platform does for the shell
session     IPython's InteractiveShell, speaking to an emitter
magics      what a cell may say that IPython alone would not do here
figures     matplotlib's figures, inline
charts      Altair's and Plotly's charts as what a notebook draws itself
bars        tqdm's bars as text
imports     which modules a cell is going to import
completion  completions with their types
variables   what is in memory, told briefly
executor    the `foldbook.executor.Executor` made of all this
"""

from foldbook.shell.executor import ShellExecutor
from foldbook.shell.hooks import Hooks

__all__ = ["Hooks", "ShellExecutor"]
