"""The real network and ciphers of native processes, for tests."""

from foldbook.native.outside import outside

OUTSIDE = outside()
