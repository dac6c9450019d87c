"""README's Python is run as it stands there."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from pyworkers_sdk.testing import FakeRuntime

README = Path(__file__).parent.parent / "README.md"


@pytest.mark.asyncio
async def test_workers_of_the_readme_pass_their_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    module: Any = types.ModuleType("readme")
    monkeypatch.setitem(sys.modules, "readme", module)  # where annotations are looked up
    exec("".join(blocks), vars(module))
    await module.test_greets_the_first_user()
    await module.test_room_wakes_up_for_a_message()
    await serve_a_file(FakeRuntime(module.Files, env=module.FilesEnv))


async def serve_a_file(runtime: FakeRuntime[Any]) -> None:
    url, headers = "https://example.com/a.txt", {"content-type": "text/plain"}
    uploaded = await runtime.fetch(url, method="PUT", body=b"hello", headers=headers)
    assert uploaded.status == 201
    part = await runtime.fetch(url, headers={"range": "bytes=1-2"})
    assert (part.status, await part.bytes()) == (206, b"el")
    assert part.headers["content-type"] == "text/plain"
    assert (await runtime.fetch(url, headers={"if-none-match": "*"})).status == 304
    assert (await runtime.fetch("https://example.com/b.txt")).status == 404


def test_files_named_in_the_readme_exist() -> None:
    text = README.read_text()
    linked = re.findall(r"\]\(([\w/.-]+)\)", text) + re.findall(
        r"`((?:tests|pyworkers_sdk)/[\w./]+)`", text
    )
    assert linked
    assert [name for name in linked if not (README.parent / name).exists()] == []
