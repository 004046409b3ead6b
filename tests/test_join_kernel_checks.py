"""The checks of `jupyter_kernel_test`, of kernels that have joined a notebook.

Of a kernel's pager, its history and whether code is complete a notebook knows nothing: these checks
are not among them.
"""

from collections.abc import Iterator

import jupyter_kernel_test
import pytest
from executors import install_bash
from notebook_client import NotebookClient

HTML = "from IPython.display import HTML, display\ndisplay(HTML('<b>bold</b>'))"


class Joined(jupyter_kernel_test.KernelTests):  # type: ignore[misc]
    """Those that a notebook can answer."""

    test_pager = test_history = test_is_complete = None

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _client(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        folder = tmp_path_factory.mktemp("kernel")
        with pytest.MonkeyPatch.context() as patch:
            if cls.kernel_name == "bash":
                install_bash(folder, patch)
            cls.kc = NotebookClient(cls.kernel_name, folder)
            yield
            cls.kc.stop_channels()

    @classmethod
    def setUpClass(cls) -> None:
        """No kernel is started here: it joins."""

    @classmethod
    def tearDownClass(cls) -> None:
        """It leaves with the client."""


class TestIPykernel(Joined):
    kernel_name = "python3"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = ({"text": "zi", "matches": {"zip"}},)
    code_generate_error = "raise ValueError('wrong')"
    code_execute_result = (
        {"code": "1 + 2 + 3", "result": "6"},
        {"code": "[n * n for n in range(3)]", "result": "[0, 1, 4]"},
        {"code": "from IPython.display import HTML\nHTML('<i>it</i>')", "mime": "text/html"},
    )
    code_display_data = ({"code": HTML, "mime": "text/html"},)
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output\nclear_output()"


class TestBash(Joined):
    kernel_name = "bash"
    language_name = "bash"
    file_extension = ".sh"
    code_hello_world = "echo hello, world"
    completion_samples = ({"text": "readar", "matches": {"readarray"}},)
    code_generate_error = "false"
    test_execute_stderr = None  # the terminal in which it runs bash has one stream for both
    test_inspect = test_execute_result = test_display_data = test_clear_output = None


del Joined, jupyter_kernel_test
