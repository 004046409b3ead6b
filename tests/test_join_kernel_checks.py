"""The checks of `jupyter_kernel_test`, of runtimes that have joined a notebook."""

from collections.abc import Iterator
from typing import Any

import pytest
from executors import install_bash
from joined_client import joined
from kernel_checks import Checks, PythonChecks


@pytest.fixture(autouse=True, scope="class")
def _client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    checks: Any = request.cls
    folder = tmp_path_factory.mktemp("kernel")
    with pytest.MonkeyPatch.context() as patch:
        if checks.kernel == "bash":
            install_bash(folder, patch)
        with joined(checks.kernel, folder) as checks.kc:
            yield


class TestOwnPython(PythonChecks):
    kernel = None


class TestIPykernel(PythonChecks):
    kernel = "python3"


class TestBash(Checks):
    kernel = "bash"
    language_name = "bash"
    file_extension = ".sh"
    code_hello_world = "echo hello, world"
    completion_samples = ({"text": "readar", "matches": {"readarray"}},)
    code_generate_error = "false"
    test_execute_stderr = None  # the terminal in which it runs bash has one stream for both
    test_inspect = test_execute_result = test_display_data = None
    test_clear_output = test_pager = None


del Checks, PythonChecks
