"""The checks of `jupyter_kernel_test`, of runtimes of a notebook: one list for all of them.

A notebook does not ask whether code is complete (a console does, and its Enter key); all the others
are here. A pager it has not: what that would show is an output of the cell. Its history is its log.
"""

import jupyter_kernel_test
from jupyter_kernel_test import validate_message

HTML = "from IPython.display import HTML, display\ndisplay(HTML('<b>bold</b>'))"


class Checks(jupyter_kernel_test.KernelTests):  # type: ignore[misc]
    """Those of any runtime; ``kc`` is a `notebook_client.NotebookClient`."""

    test_is_complete = None
    supported_history_operations = ("tail",)

    @classmethod
    def setUpClass(cls) -> None:
        """No kernel is started here."""

    @classmethod
    def tearDownClass(cls) -> None:
        """It leaves with the client."""

    def test_pager(self) -> None:
        """What a pager would show is shown below the cell."""
        if not self.code_page_something:
            self.skipTest("nothing is paged")
        self.flush_channels()
        reply, [shown] = self.execute_helper(self.code_page_something)
        assert reply["content"]["status"] == "ok"
        assert shown["msg_type"] == "display_data"
        assert "Docstring" in shown["content"]["data"]["text/plain"]

    def test_history(self) -> None:
        """The log has what was run, in order."""
        codes = [each["code"] for each in self.code_execute_result] or [self.code_hello_world] * 2
        for code in codes:
            self.execute_helper(code)
        self.flush_channels()
        asked = self.kc.history(n=len(codes), raw=True, output=False, hist_access_type="tail")
        reply = self.get_non_kernel_info_reply()
        validate_message(reply, "history_reply", asked)
        assert [each[2] for each in reply["content"]["history"]] == codes


class PythonChecks(Checks):
    """Those of Python, with IPython."""

    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = ({"text": "zi", "matches": {"zip"}},)
    code_page_something = "zip?"
    code_generate_error = "raise ValueError('wrong')"
    code_execute_result = (
        {"code": "1 + 2 + 3", "result": "6"},
        {"code": "[n * n for n in range(3)]", "result": "[0, 1, 4]"},
        {"code": "from IPython.display import HTML\nHTML('<i>it</i>')", "mime": "text/html"},
    )
    code_display_data = ({"code": HTML, "mime": "text/html"},)
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output\nclear_output()"
