"""The notes: texts in R2, their pieces in D1, and the pieces' embeddings in Vectorize."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Final, TypedDict, TypeVar

from pyworkers_sdk import AI, D1, R2, Env, R2ObjectBody, Request, Vectorize, VectorizeVector

from .pieces import pieces

EMBEDDER: Final = "@cf/baai/bge-m3"
EMBED_BATCH = 50
DELETE_BATCH = 100

T = TypeVar("T")


class AppEnv(Env):
    AI: AI
    INDEX: Vectorize
    DB: D1
    TEXTS: R2


class Note(TypedDict):
    id: str
    title: str
    length: int
    ready: bool


class Piece(TypedDict):
    id: str
    note: str
    title: str
    number: int
    text: str


class SearchResult(Piece):
    score: float


class Library:
    """The collection of notes.

    A note is inserted into D1 first, marked as not ready, and deleted from D1 last. So an upload or
    a deletion that fails halfway can be retried with the same ids, and searches skip the note.
    """

    def __init__(self, env: AppEnv) -> None:
        self.ai = env.AI
        self.index = env.INDEX
        self.db = env.DB
        self.texts = env.TEXTS

    async def add(self, title: str, text: str) -> tuple[Note, bool]:
        """Add a note. Return it, and True if it is new: the id is a hash of title and text."""
        note_id = hashlib.sha256(f"{title}\0{text}".encode()).hexdigest()[:32]
        note = Note(id=note_id, title=title, length=len(text), ready=True)
        row = await self.db.prepare("SELECT ready FROM notes WHERE id = ?").bind(note_id).first()
        if row and row["ready"]:
            return note, False
        parts = pieces(text)
        await self.db.batch(
            [
                self.db.prepare(
                    "INSERT OR IGNORE INTO notes (id, title, length) VALUES (?, ?, ?)"
                ).bind(note_id, title, len(text)),
                self.db.prepare(
                    "INSERT OR IGNORE INTO pieces (id, note, number, text)"
                    " SELECT ?1 || '-' || key, ?1, key, value FROM json_each(?2)"
                ).bind(note_id, json.dumps(parts)),
            ]
        )
        content_type = "text/plain;charset=utf-8"
        await self.texts.put(_key(note_id), text, http_metadata={"content_type": content_type})
        ids = [f"{note_id}-{number}" for number in range(len(parts))]
        for batch in _batches([*zip(ids, parts)], EMBED_BATCH):
            embeddings = await self._embed([part for _, part in batch])
            await self.index.upsert(
                VectorizeVector(piece_id, values)
                for (piece_id, _), values in zip(batch, embeddings)
            )
        await self._mark(note_id, ready=True)
        return note, True

    async def newest(self, limit: int = 100) -> list[Note]:
        """Return the notes, newest first."""
        query = "SELECT id, title, length, ready FROM notes ORDER BY rowid DESC LIMIT ?"
        return [*await self.db.prepare(query, Note).bind(limit).all()]

    async def text(self, note_id: str, request: Request) -> R2ObjectBody | None:
        """Return a note's text, or the part of it for which the request asks."""
        return await self.texts.get(_key(note_id), range=request.headers)

    async def delete(self, note_id: str) -> bool:
        """Delete a note; return False if it does not exist. Searches skip it at once."""
        if not await self._mark(note_id, ready=False):
            return False
        query = "SELECT id FROM pieces WHERE note = ?"
        rows = await self.db.prepare(query).bind(note_id).all()
        for batch in _batches([row["id"] for row in rows], DELETE_BATCH):
            await self.index.delete_by_ids(batch)
        await self.texts.delete(_key(note_id))
        await self.db.batch(
            [
                self.db.prepare("DELETE FROM pieces WHERE note = ?").bind(note_id),
                self.db.prepare("DELETE FROM notes WHERE id = ?").bind(note_id),
            ]
        )
        return True

    async def search(self, question: str, limit: int = 5) -> list[SearchResult]:
        """Return the pieces nearest to a question, nearest first."""
        embeddings = await self._embed([question])
        # Ask for more than limit: some matches may belong to notes that are not ready.
        matches = await self.index.query(embeddings[0], top_k=4 * limit)
        query = (
            "SELECT pieces.id, note, title, number, text"
            " FROM pieces JOIN notes ON notes.id = note AND ready"
            " WHERE pieces.id IN (SELECT value FROM json_each(?))"
        )
        ids = json.dumps([match.id for match in matches])
        rows = {row["id"]: row for row in await self.db.prepare(query, Piece).bind(ids).all()}
        results = [
            SearchResult(**rows[match.id], score=match.score)
            for match in matches
            if match.id in rows
        ]
        return results[:limit]

    async def _embed(self, texts: list[str]) -> list[list[float]]:
        return (await self.ai.run(EMBEDDER, {"text": texts}))["data"]

    async def _mark(self, note_id: str, *, ready: bool) -> bool:
        query = "UPDATE notes SET ready = ? WHERE id = ?"
        result = await self.db.prepare(query).bind(ready, note_id).run()
        return result.meta.changes > 0


def _key(note_id: str) -> str:
    return f"notes/{note_id}.txt"


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
