"""Serve the Worker on plain CPython over the fakes, or with ``--workerd`` inside the real runtime.

Neither has Workers AI: embeddings count words, and a stand-in answers by quoting a note.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))  # for running this file as a script

from examples import serving  # noqa: E402
from pyworkers_sdk import AIError  # noqa: E402
from pyworkers_sdk.testing import Clock, FakeRuntime, ai  # noqa: E402

CONFIG = HERE / "wrangler.jsonc"


def fakes(port: int = 0) -> AbstractContextManager[str]:
    """Serve the Worker on plain CPython over the fakes."""
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(CONFIG, clock=Clock(running=True))
    ai(runtime.env.AI).on("@cf/meta/*", quote)
    return serving.fakes(runtime, port)


def workerd(port: int = 0, pyodide: str = "314") -> AbstractContextManager[str]:
    """Serve the Worker inside real workerd, with the AI and Vectorize of ``stand_ins``."""
    stand_ins = sorted(HERE.glob("stand_ins/*.mjs"))
    return serving.workerd(CONFIG, port=port, pyodide=pyodide, stand_ins=stand_ins)


def quote(inputs: dict[str, Any]) -> str | AsyncIterator[str]:
    """Stand in for the model: answer with the first note of the prompt."""
    prompt = inputs["messages"][-1]["content"]
    if prompt.endswith("Question: too much"):
        raise AIError("Capacity temporarily exceeded, please try again.", code=3040)
    note = re.search(r"^\[1\] .*\n(.*)", prompt, re.MULTILINE)
    answer = f"The notes say: “{note[1] if note else ''}” [1]"
    return slowly(answer) if inputs.get("stream") else answer


async def slowly(text: str) -> AsyncIterator[str]:
    for word in re.findall(r"\s*\S+", text):
        await asyncio.sleep(0.03)
        yield word


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workerd", action="store_true", help="inside real workerd (needs node)")
    parser.add_argument("--port", type=int, default=8787, help="default: 8787")
    options = parser.parse_args()
    with (workerd if options.workerd else fakes)(options.port) as url:
        print(f"Serving {url} until Ctrl-C", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
