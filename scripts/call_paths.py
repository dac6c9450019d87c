"""Draw the pictures of docs/architecture.md: docs/call_paths.toml becomes docs/images/*.svg.

Usage: scripts/call_paths.py [--check]

Every step names a function of the package, and the script fails if the function does not exist, so
the pictures cannot become stale unnoticed. ``--check`` writes nothing and fails if a picture would
change.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from html import escape
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
WIDTH, BOX, GAP, TOP = 880, 58, 26, 64

LAYERS = {
    "application": "The program",
    "public": "Public class",
    "border": "Border",
    "js": "JavaScript",
    "runtime": "Fake runtime",
    "fake": "Fake",
}
STYLE = """
text { font-family: system-ui, sans-serif; fill: #1f2328; }
.name { font: 600 14px ui-monospace, monospace; }
.place { font: 12px ui-monospace, monospace; fill: #59636e; }
.note { font-size: 12.5px; }
.title { font-size: 17px; font-weight: 600; }
.head { font-size: 13px; font-weight: 600; fill: #59636e; }
rect { stroke: #59636e; stroke-width: 1; rx: 6; }
.application { fill: #ffffff; } .public { fill: #ddf4ff; } .border { fill: #fff8c5; }
.js { fill: #ffeff7; } .runtime { fill: #eeeeff; } .fake { fill: #dafbe1; }
path { stroke: #59636e; stroke-width: 1.5; fill: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; } .place, .head { fill: #9198a1; }
  rect, path { stroke: #9198a1; }
  .application { fill: #151b23; } .public { fill: #0c2d4a; } .border { fill: #3b2f00; }
  .js { fill: #42062a; } .runtime { fill: #1c1a4a; } .fake { fill: #04300f; }
}
"""


def main() -> int:
    paths: dict[str, Any] = tomllib.loads((DOCS / "call_paths.toml").read_text(encoding="utf-8"))
    missing = [
        step["call"] for path in paths.values() for step in path["steps"] if not exists(step)
    ]
    if missing:
        print("docs/call_paths.toml names functions that do not exist:", *missing, sep="\n  ")
        return 1
    stale = []
    for name, path in paths.items():
        file = DOCS / "images" / f"{name}.svg"
        svg = picture(path)
        if "--check" not in sys.argv:
            file.parent.mkdir(exist_ok=True)
            file.write_text(svg, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != svg:
            stale.append(str(file.relative_to(ROOT)))
    if stale:
        print("run scripts/call_paths.py; these pictures are stale:", *stale, sep="\n  ")
    return 1 if stale else 0


def exists(step: dict[str, str]) -> bool:
    """Return True if ``step["file"]`` defines the function ``step["call"]`` ("Class.method")."""
    if not step.get("file"):
        return True
    file = ROOT / "pyworkers_sdk" / step["file"]
    if not file.exists():
        return False
    scope: list[ast.stmt] = ast.parse(file.read_text(encoding="utf-8")).body
    for part in step["call"].split("."):
        nodes = [node for statement in scope for node in ast.walk(statement)]
        found = [
            node
            for node in nodes
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            and node.name == part
        ]
        if not found:
            return False
        scope = [statement for node in found for statement in node.body]
    return True


def picture(path: dict[str, Any]) -> str:
    """Return the SVG of one path: a column of boxes, or two columns where the worlds differ."""
    parts: list[str] = []
    y: float = TOP
    bottoms: dict[str, tuple[float, float]] = {}  # column: where the last arrow starts
    for step in path["steps"]:
        column = step.get("column", "both")
        if step.get("beside"):
            y = bottoms["row"][1] - BOX
        left, width = {"both": (20, 840), "left": (20, 410), "right": (450, 410)}[column]
        centre = left + width / 2
        for x, bottom in starts(column, bottoms):
            end = centre if column != "both" else x
            parts.append(f'<path d="M{x} {bottom} L{end} {y}" marker-end="url(#arrow)"/>')
        parts.append(box(step, left, y, width))
        if column == "both":
            bottoms = {"both": (centre, y + BOX), "row": (0, y + BOX)}
        else:
            bottoms[column] = (centre, y + BOX)
            bottoms["row"] = (0, y + BOX)
        y += BOX + GAP
    height = y + 8
    legend = "".join(
        f'<rect class="{key}" x="{20 + 142 * index}" y="38" width="14" height="14"/>'
        f'<text class="head" x="{40 + 142 * index}" y="50">{escape(label)}</text>'
        for index, (key, label) in enumerate(LAYERS.items())
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img">\n<title>{escape(path["title"])}</title>\n'
        f"<style>{STYLE}</style>\n"
        '<defs><marker id="arrow" viewBox="0 0 10 10" refX="10" refY="5" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 L10 5 L0 10"/></marker></defs>\n'
        f'<text class="title" x="20" y="24">{escape(path["title"])}</text>\n{legend}\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def starts(column: str, bottoms: dict[str, tuple[float, float]]) -> list[tuple[float, float]]:
    """Return where the arrows to the next box of a column start."""
    if column == "both":
        sides = [bottoms[side] for side in ("left", "right") if side in bottoms]
        return sides or [bottoms[key] for key in ("both",) if key in bottoms]
    if column in bottoms:
        return [bottoms[column]]
    return [bottoms["both"]] if "both" in bottoms else []


def box(step: dict[str, str], left: float, y: float, width: float) -> str:
    place = step.get("file", "")
    return (
        f'<rect class="{step["layer"]}" x="{left}" y="{y}" width="{width}" height="{BOX}"/>'
        f'<text x="{left + 12}" y="{y + 22}"><tspan class="name">{escape(step["call"])}</tspan>'
        f'<tspan class="place" dx="10">{escape(place)}</tspan></text>'
        f'<text class="note" x="{left + 12}" y="{y + 43}">{escape(step["note"])}</text>'
    )


if __name__ == "__main__":
    sys.exit(main())
