"""The files of a release: their contents, and the wheel that an installer takes."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import subprocess
import sys
import tarfile
from email.parser import BytesParser
from pathlib import Path
from zipfile import ZipFile

import pytest

from scripts.production import ABSENT, ROOT, production_files
from scripts.pyodide_wheels import PLATFORMS

WHOLE = ["py3-none-any"]
INDEXED, OWN = ([f"py3-none-{platform}" for platform in platforms] for platforms in PLATFORMS)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


def build(folder: Path) -> Path:
    told = {"BUILD_PYTHON": sys.executable, "SOURCE_DATE_EPOCH": "1700000000"}
    environment = {**os.environ, **told}
    command = [str(ROOT / "scripts" / "build"), str(folder)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return folder


def wheel(dist: Path, tags: list[str]) -> ZipFile:
    """The wheel that has just these tags."""
    [found] = [file for file in dist.glob("*.whl") if tags_of(file) == tags]
    return ZipFile(found)


def tags_of(file: Path) -> list[str]:
    with ZipFile(file) as opened:
        [name] = [name for name in opened.namelist() if name.endswith(".dist-info/WHEEL")]
        tags = BytesParser().parsebytes(opened.read(name)).get_all("Tag", [])
    python, abi, platforms = file.stem.split("-")[2:]
    assert tags == [f"{python}-{abi}-{platform}" for platform in platforms.split(".")]
    return tags


def test_release_has_one_sdist_and_three_wheels(dist: Path) -> None:
    assert sorted(map(tags_of, dist.glob("*.whl"))) == sorted([WHOLE, INDEXED, OWN])
    [sdist] = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as opened:
        inside = {name.partition("/")[2] for name in opened.getnames()}
    with wheel(dist, WHOLE) as whole:
        modules = {name for name in whole.namelist() if ".dist-info/" not in name}
    assert {"pyproject.toml", "README.md", "LICENSE", *modules} <= inside


@pytest.mark.parametrize("tags", [WHOLE, INDEXED, OWN], ids="-".join)
def test_record_names_each_file_with_its_hash(dist: Path, tags: list[str]) -> None:
    with wheel(dist, tags) as opened:
        [record] = [name for name in opened.namelist() if name.endswith(".dist-info/RECORD")]
        rows = {name: rest for name, *rest in csv.reader(opened.read(record).decode().splitlines())}
        assert list(rows) == opened.namelist()
        assert rows.pop(record) == ["", ""]
        for name, (digest, size) in rows.items():
            content = opened.read(name)
            encoded = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
            assert digest == f"sha256={encoded.rstrip(b'=').decode()}", name
            assert int(size) == len(content), name


@pytest.mark.parametrize("tags", [INDEXED, OWN], ids="-".join)
def test_wheel_for_pyodide_holds_what_production_runs(dist: Path, tags: list[str]) -> None:
    with wheel(dist, WHOLE) as whole, wheel(dist, tags) as opened:
        modules = [name for name in whole.namelist() if ".dist-info/" not in name]
        expected = dict(production_files((name, whole.read(name)) for name in modules))
        about = {name.split("/")[-1] for name in opened.namelist() if ".dist-info/" in name}
        contents = {name: opened.read(name) for name in opened.namelist()}
        [metadata] = [name for name in contents if name.endswith("/METADATA")]
        headers, _, description = whole.read(metadata).partition(b"\n\n")
        assert contents[metadata] == headers + b"\n"
        assert description
    assert {name: data for name, data in contents.items() if ".dist-info/" not in name} == expected
    assert {name.split("/")[1] for name in expected} & set(ABSENT) == set()
    assert about == {"METADATA", "WHEEL", "LICENSE", "RECORD"}  # no plugin, no command line


def test_building_again_gives_the_same_bytes(dist: Path, tmp_path: Path) -> None:
    before, after = (
        {file.name: file.read_bytes() for file in folder.iterdir()}
        for folder in (dist, build(tmp_path))
    )
    assert before == after


# Installing --------------------------------------------------------------------------------------


def installed(folder: Path) -> list[str]:
    """The tags of the wheel that was installed there."""
    [about] = folder.glob("pyworkers_sdk-*.dist-info/WHEEL")
    tags: list[str] = BytesParser().parsebytes(about.read_bytes()).get_all("Tag", [])
    assert (folder / "pyworkers_sdk" / "testing").exists() == (tags == WHOLE)
    return tags


def uv(dist: Path, folder: Path, *options: str) -> list[str]:
    command = [sys.executable, "-m", "uv", "pip", "install", "--no-index", "--offline"]
    command += ["--no-cache", "--find-links", str(dist), "--target", str(folder), *options]
    subprocess.run([*command, "pyworkers-sdk"], check=True, capture_output=True)
    return installed(folder)


def pip(dist: Path, folder: Path, *options: str) -> list[str]:
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--no-compile"]
    command += ["--find-links", str(dist), "--only-binary=:all:", "--target", str(folder), *options]
    subprocess.run([*command, "pyworkers-sdk"], check=True, capture_output=True)
    return installed(folder)


def interpreter(folder: Path, variable: str, version: str) -> Path:
    """Write an interpreter that uv takes for Pyodide, by the ``variable`` with its version."""
    file = folder / "python"
    file.write_text(f"""#!{sys.executable}
import platform, sys, sysconfig
ask = sysconfig.get_config_var
told = {{"PYODIDE_ABI_VERSION": None, "PYEMSCRIPTEN_PLATFORM_VERSION": None}}
told["{variable}"] = "{version}"
sysconfig.get_config_var = lambda name: told[name] if name in told else ask(name)
sysconfig.get_platform = lambda: "emscripten-4.0.9-wasm32"
sysconfig.get_config_vars()  # while it knows where they are
sys.platform = "emscripten"
platform.system, platform.machine = lambda: "Emscripten", lambda: "wasm32"
at = sys.argv.index("-c")
code, sys.argv = sys.argv[at + 1], ["-c", *sys.argv[at + 2:]]
exec(compile(code, "<uv>", "exec"), {{"__name__": "__main__"}})
""")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize(
    ("platform", "python", "tags"),
    [
        ("wasm32-pyodide2024", "3.12", [INDEXED, OWN]),
        ("wasm32-pyodide2025", "3.13", [INDEXED, OWN]),
        ("linux", "3.13", [WHOLE]),
        ("macos", "3.13", [WHOLE]),
        ("windows", "3.13", [WHOLE]),
    ],
)
def test_uv_takes_the_wheel_of_its_platform_and_nothing_else(
    dist: Path, tmp_path: Path, platform: str, python: str, tags: list[list[str]]
) -> None:
    # `dist` has no other package: no dependency is needed there.
    options = ["--python-platform", platform, "--python-version", python]
    assert uv(dist, tmp_path / "site", *options) in tags


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Pyodide is a script")
@pytest.mark.parametrize(
    ("variable", "version"),
    [
        ("PYODIDE_ABI_VERSION", "2024_0"),
        ("PYODIDE_ABI_VERSION", "2025_0"),
        ("PYEMSCRIPTEN_PLATFORM_VERSION", "2026_0"),
    ],
)
def test_uv_takes_the_indexed_wheel_for_each_interpreter_of_pywrangler(
    dist: Path, tmp_path: Path, variable: str, version: str
) -> None:
    # PyPI has the wheel with PEP 783's tags only.
    links = tmp_path / "links"
    links.mkdir()
    for file in dist.glob("*.whl"):
        if tags_of(file) != OWN:
            (links / file.name).symlink_to(file)
    python = interpreter(tmp_path, variable, version)
    assert uv(links, tmp_path / "site", "--python", str(python)) == INDEXED


@pytest.mark.parametrize(
    ("platform", "python", "tags"),
    [
        ("pyodide_2024_0_wasm32", "3.12", OWN),
        ("pyodide_2025_0_wasm32", "3.13", OWN),
        ("pyemscripten_2026_0_wasm32", "3.14", INDEXED),
        ("manylinux2014_x86_64", "3.13", WHOLE),
    ],
)
def test_pip_takes_the_wheel_of_its_platform(
    dist: Path, tmp_path: Path, platform: str, python: str, tags: list[str]
) -> None:
    options = ["--platform", platform, "--python-version", python, "--implementation", "cp"]
    assert pip(dist, tmp_path / "site", *options) == tags


def test_pip_takes_the_whole_wheel_here(dist: Path, tmp_path: Path) -> None:
    assert pip(dist, tmp_path / "site") == WHOLE
