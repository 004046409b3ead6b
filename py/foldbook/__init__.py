"""Foldbook: a notebook that is the fold of its event log."""

__version__ = "0.1.0"
