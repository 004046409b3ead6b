"""Languages that a cell may be in by a magic of its own: jupytext has them in the cell's mark."""

from typing import Final

LANGUAGES: Final = frozenset(
    "R bash sh python python2 python3 coconut javascript js perl html latex markdown pypy ruby "
    "script svg matlab octave idl robotframework sas spark sql cython haskell tcl gnuplot julia "
    "c++ scheme clojure powershell q typescript scala rust csharp fsharp sos java groovy sage "
    "ocaml maxima stata xonsh lua go c# f# cs fs".split()
) | {"wolfram language"}
