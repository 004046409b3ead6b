"""Notebooks as Python scripts in the percent format, as jupytext 1.19 has it: out and in. Pure.

    text = writing.write(notebook)               # for Spyder, VS Code, PyCharm, a code review
    imported = reading.read(data, "trend.py")    # cells again; their outputs were never in there

The format is jupytext's "percent" 1.3: cells begin at ``# %%``, ``# %% [markdown]``,
``# %% [raw]``, with a title and metadata behind it as ``key=value``; what only IPython understands
(magics, shell lines, ``name?``) is commented out; a YAML header names the kernel. The tests hold
what is written to jupytext itself, over the whole corpus. It is not used in its place: it starts
programs (pandoc, quarto) when it is imported, needs a compiled YAML in the browser, and all of
nbformat, where most of what is asked of it here is this one format.

Only `reading` imports nbformat, which is slow to load; so it is imported by whoever opens a file.
"""
