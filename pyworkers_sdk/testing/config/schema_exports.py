"""The tables ``exports`` and ``migrations``: the classes of a Worker and their storage."""

# The lists are defaults, and never changed.
# ruff: noqa: RUF012

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from .schema_types import Json, Names, Text, WorkflowName
from .tables import Alias, Table

__all__ = ["Export", "Migration"]


class Renamed(Table):
    from_: Annotated[str, Alias("from")]
    to: str


class Transferred(Renamed):
    from_script: str


class Migration(Table):
    tag: str
    new_classes: Names = []
    new_sqlite_classes: Names = []
    renamed_classes: list[Renamed] = []
    transferred_classes: list[Transferred] = []
    deleted_classes: Names = []


class ExportCache(Table):
    enabled: bool


class Export(Table):
    """A class that the main module exports: its kind, and the state of its storage."""

    type: Literal["durable-object", "worker", "workflow"]
    # of a Durable Object
    state: Literal["created", "deleted", "renamed", "transferred", "expecting-transfer"] = "created"
    storage: Literal["sqlite", "legacy-kv"] | None = None
    container: Text | None = None
    renamed_to: Text | None = None
    transferred_to: Text | None = None
    transfer_from: Text | None = None
    # of an entrypoint
    cache: ExportCache | None = None
    # of a Workflow
    name: WorkflowName | None = None
    limits: Json = None
    concurrency: Json = None
    schedules: str | Names | None = None
    default_retention: Json = None
    jurisdiction: Json = None

    @property
    def is_live(self) -> bool:
        """True if the main module has to export the class."""
        return self.state in ("created", "expecting-transfer")

    def check(self) -> Iterator[tuple[str, str]]:
        kind = self.state if self.type == "durable-object" else self.type
        required, optional = _KEYS[kind]
        for key in required:
            if key not in self.given:
                yield key, f'missing; "{kind}" needs it'
        for key in sorted(self.given - {"type", *required, *optional}):
            yield key, f'unknown key of "{kind}"'
        if self.storage == "legacy-kv" and self.container is not None:
            yield "container", 'expected the storage "sqlite" beside it'


_KEYS: dict[str, tuple[list[str], list[str]]] = {
    "created": (["storage"], ["state", "container"]),
    "deleted": (["state"], []),
    "renamed": (["state", "renamed_to"], []),
    "transferred": (["state", "transferred_to"], []),
    "expecting-transfer": (["state", "storage", "transfer_from"], ["container"]),
    "worker": ([], ["cache"]),
    "workflow": (
        ["name"],
        ["limits", "concurrency", "schedules", "default_retention", "jurisdiction"],
    ),
}
"""The keys of each state or type: required ones, and optional ones."""
