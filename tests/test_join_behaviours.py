"""How outputs, questions and interrupts behave of runtimes that have joined a notebook."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import pytest
from behaviours import Behaviours
from joined_client import joined


@pytest.fixture(autouse=True, scope="class")
def _client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    behaviours: Any = request.cls
    with joined(behaviours.kernel, tmp_path_factory.mktemp("kernel")) as behaviours.kc:
        yield


class TestOwnPython(Behaviours):
    kernel = None


class TestIPykernel(Behaviours):
    """The measure of all the others."""

    kernel = "python3"
    errors = MappingProxyType({"await": "CancelledError"})  # so it shows in JupyterLab, too
