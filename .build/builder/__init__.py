"""How Foldbook is built, served and checked. Standard library only; front door: `build.py`."""
