"""The room of the browser: the only one that imports `js`, `pyodide` and `micropip`."""
