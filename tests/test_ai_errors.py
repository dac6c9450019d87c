"""The errors of type checkers about a wrong call of ``AI.run``: short, and with advice.

Whether a call is right or wrong is in tests/typing/ai.py.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYRIGHT = ROOT / "tests/real/node_modules/pyright/index.js"

HEAD = """\
from typing import Any, Final
from pyworkers_sdk import AI, AIModel, ChatMessage, TextGenerationInput
LLAMA: Final = "@cf/meta/llama-3.2-3b-instruct"
async def run(ai: AI, name: str, data: dict[str, Any], messages: list[ChatMessage]) -> None:
"""

NAME = "write AIModel(name)"
LLAMA = "write inputs: TextGenerationInput = ..."
INPUTS = "write run(model, {...})"

MISTAKES = {
    'await ai.run(name, {"prompt": "Hi"})': NAME,
    'await ai.run("@cf/meta/lama-3.2-3b-instruct", {"prompt": "Hi"})': NAME,
    "await ai.run(name, data)": NAME,
    'await ai.run(LLAMA, {"mesages": messages})': LLAMA,
    'await ai.run(LLAMA, {"messages": "Hi"})': LLAMA,
    'await ai.run(LLAMA, {"messages": [{"role": "robot", "content": ""}]})': LLAMA,
    "await ai.run(LLAMA, data)": LLAMA,
    'await ai.run(LLAMA, "Hi")': LLAMA,
    'await ai.run(LLAMA, {"prompt": "Hi"}, gateway={"cache_ttl": 60})': LLAMA,
    'await ai.run(LLAMA, {"prompt": "Hi"}, cache_ttl=60)': LLAMA,
    'await ai.run("@cf/moonshotai/kimi-k2.6", {"mesages": messages})': "ChatCompletionInput",
    'await ai.run("@cf/openai/gpt-oss-20b", {"inptu": "a"})': "write inputs: ",
    'await ai.run("@cf/baai/bge-m3", {"texts": "a"})': "write inputs: TextEmbeddingsInput",
    'await ai.run("@cf/openai/whisper", {"audio": "a"})': "write inputs: SpeechRecognitionInput",
    'await ai.run("@cf/meta/m2m100-1.2b", {"txt": "a"})': "write inputs: TranslationInput",
    'await ai.run("@cf/black-forest-labs/flux-1-schnell", {"text": 1})': "TextToImageInput",
    'await ai.run(AIModel(name), "Hi")': "write inputs: dict[str, Any]",
    "await ai.run(LLAMA, messages=messages)": INPUTS,
    'await ai.run(name, prompt="Hi")': INPUTS,
    "await ai.run(LLAMA)": INPUTS,
    "await ai.run()": INPUTS,
    "await ai.run(name, inputs=data)": NAME,
}
"""Wrong lines, each with the advice that its error has."""

SHOWN = 'inputs: TextGenerationInput = {"mesages": messages}'
"""The line that follows the advice: its error has the wrong key."""


def errors(output: str) -> dict[int, str]:
    """Return the output of a type checker for each line, by the number of the line."""
    by_line: dict[int, str] = {}
    line = 0
    for text in output.splitlines():
        if match := re.match(r".*probe\.py:(\d+):", text):
            line = int(match[1])
        if line and not re.match(r"Found \d|\d+ errors?,", text):
            by_line[line] = by_line.get(line, "") + text + "\n"
    return by_line


def check(output: str, most: int) -> None:
    by_line = errors(output)
    first = HEAD.count("\n") + 1
    for number, (line, advice) in enumerate(MISTAKES.items(), first):
        message = by_line.get(number, "")
        assert advice in message, (line, message)
        assert len(message) < most, (line, message)
    assert "mesages" in by_line[first + len(MISTAKES)]


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ai") / "probe.py"
    file.write_text(HEAD + "".join(f"    {line}\n" for line in [*MISTAKES, SHOWN]))
    return file


def test_mypy_says_in_a_line_what_to_write(probe: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", probe.name]
    paths = {**os.environ, "MYPYPATH": str(ROOT), "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        command, cwd=probe.parent, env=paths, capture_output=True, text=True, check=False
    )
    check(result.stdout, most=400)


@pytest.mark.real
@pytest.mark.skipif(not PYRIGHT.exists(), reason="pyright is not installed")
def test_pyright_says_in_some_lines_what_to_write(probe: Path) -> None:
    (probe.parent / "pyrightconfig.json").write_text(f'{{"extraPaths": ["{ROOT}"]}}')
    command = ["node", str(PYRIGHT), "--pythonpath", sys.executable, "--project", "."]
    result = subprocess.run(command, cwd=probe.parent, capture_output=True, text=True, check=False)
    check(result.stdout, most=600)
