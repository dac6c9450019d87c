"""The rows that a statement reads and writes, as D1 and Durable Objects bill them.

workerd counts them in its own build of SQLite: a read for each row to which a cursor moves, and a
write for each entry of a table or an index. No other build has these counters. So the fake asks
EXPLAIN for the statement's program, and computes how often each instruction ran: from SQLite's
counter of the steps of full scans, the rows of the result and the changes. Where a condition comes
between two loops, the result is an estimate.

https://www.sqlite.org/opcode.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ._apsw import apsw
from .sqlite_authorizer import Authorizer

__all__ = ["Counter", "Run"]

_MAX_PROGRAMS = 200
_NOT_COUNTED = re.compile(r"(?i)[\s(]*(explain|pragma)\b")
_NEXT = ("Next", "Prev", "SorterNext", "VNext")
_SEEKS = ("SeekGE", "SeekGT", "SeekLE", "SeekLT")
_TEMPORARY = ("OpenEphemeral", "SorterOpen", "OpenAutoindex", "OpenPseudo")
_OPENINGS = ("Rewind", "Last", "Sort", "SorterSort", "VFilter", *_SEEKS)
_READS = ("NotExists", "SeekRowid", "Count", *_OPENINGS, *_NEXT)
_WRITES = ("Insert", "IdxInsert", "Delete", "VUpdate")
_FULL_SCAN = 1  # in p5 of Next
_DOES_NOTHING = 64  # in p5 of Insert, for hooks
_COUNTS_AS_CHANGE = 1  # in p5 of Insert and Delete


class Counter:
    """Counts the rows of the statements of one connection."""

    def __init__(self, connection: apsw.Connection, authorizer: Authorizer) -> None:
        self.connection: Any = connection  # Any: apsw's own types are partly unknown to pyright
        self.authorizer = authorizer
        self._programs: dict[str, Program] = {}

    def forget(self) -> None:
        """Forget the programs, because the schema may have changed."""
        self._programs.clear()

    def run(self, sql: str, params: tuple[Any, ...]) -> Run:
        """Return a context in which the statement runs, and that counts its rows."""
        if self.authorizer.changes_schema or len(self._programs) > _MAX_PROGRAMS:
            self.authorizer.changes_schema = False
            self.forget()
        program = self._programs.get(sql)
        if program is None:
            program = self._programs[sql] = Program(self._explained(sql, params))
        return Run(self, program)

    def _explained(self, sql: str, params: tuple[Any, ...]) -> list[Instruction]:
        if _NOT_COUNTED.match(sql):
            return []
        self.authorizer.trusted = True
        try:
            rows = self.connection.execute(f"EXPLAIN {sql}", params, can_cache=False)
            return [Instruction._make((*row[:5], row[6])) for row in rows]
        except (apsw.Error, UnicodeDecodeError):  # The statement itself will fail likewise.
            return []
        finally:
            self.authorizer.trusted = False

    def table_rows(self, root: int) -> int:
        """Count the rows of the table to which this root page, of itself or an index, belongs."""
        self.authorizer.trusted = True
        try:
            query = "SELECT tbl_name FROM sqlite_schema WHERE rootpage = ?"
            name = self.connection.execute(query, (root,)).get or "sqlite_schema"
            table = name.replace('"', '""')
            count: int = self.connection.execute(f'SELECT count(*) FROM "{table}"').get
            return count
        finally:
            self.authorizer.trusted = False


class Instruction(NamedTuple):
    address: int
    opcode: str
    p1: int
    p2: int
    p3: int
    p5: int


class Loop(NamedTuple):
    """Instructions that repeat, from ``start`` to ``end``. The last one moves the cursor."""

    start: int
    end: int
    move: Instruction
    opening: Instruction | None
    """The instruction that moves the cursor to its first row."""
    has_end: bool
    """True if a search ends at an entry that does not match."""

    @property
    def is_full_scan(self) -> bool:
        return self.move.opcode in _NEXT and self.move.p5 == _FULL_SCAN


class Program:
    """The instructions of a statement, and its loops."""

    def __init__(self, instructions: list[Instruction]) -> None:
        # The programs of triggers follow the main one; each begins with the address 0.
        main = list(_until_next_program(instructions))
        self.instructions: list[Instruction] = main
        self.triggered: list[Instruction] = [
            instruction
            for instruction in instructions[len(main) :]
            if instruction.opcode in ("Insert", "IdxInsert")
        ]
        self.roots: dict[int, int] = {
            op.p1: op.p2 for op in main if op.opcode in ("OpenRead", "OpenWrite") and op.p2
        }
        self.temporary: set[int] = {op.p1 for op in main if op.opcode in _TEMPORARY}
        self.has_loop: bool = any(op.opcode in _NEXT for op in main)
        self.loops: list[Loop] = sorted(self._loops())
        inner_first = sorted(self.loops, key=lambda loop: loop.end - loop.start)
        self._part_of: dict[int, Loop | None] = {
            op.address: next((p for p in inner_first if p.start <= op.address <= p.end), None)
            for op in main
        }
        self._own: dict[Loop | None, list[Instruction]] = {}
        for op in main:
            self._own.setdefault(self._part_of[op.address], []).append(op)
        self._changing = {
            loop: [op for op in own if _is_change(op) and op.p1 not in self.temporary]
            for loop, own in self._own.items()
        }
        self.moving: list[Instruction] = [op for op in main if op.opcode in _READS]
        self.writing: list[Instruction] = [op for op in main if _is_write(op)]

    def _loops(self) -> Iterator[Loop]:
        for op in self.instructions:
            if op.opcode in _NEXT:
                yield Loop(op.p2, op.address, op, self._opening(op), self._has_end(op))
            elif op.opcode == "Once":
                yield Loop(op.address, op.p2 - 1, op, None, False)
            elif op.opcode == "Goto" and op.p2 < op.address and not self._is_start(op):
                yield Loop(op.p2, op.address, op, None, False)

    def part_of(self, op: Instruction) -> Loop | None:
        """Return the innermost loop of an instruction."""
        return self._part_of[op.address]

    def own_instructions(self, loop: Loop | None) -> list[Instruction]:
        """Return the instructions of a loop that are not in an inner loop."""
        return self._own.get(loop, [])

    def changing(self, loop: Loop | None) -> list[Instruction]:
        """Return the instructions of a loop that count as a change of a row."""
        return self._changing.get(loop, [])

    def _has_end(self, move: Instruction) -> bool:
        ends = ("IdxGT", "IdxGE", "IdxLT", "IdxLE")
        body = self.instructions[move.p2 : move.address]
        return any(op.opcode in ends and op.p1 == move.p1 for op in body)

    def _is_start(self, op: Instruction) -> bool:
        return op.p2 == 1 and op is self.instructions[-1]

    def _opening(self, move: Instruction) -> Instruction | None:
        before = reversed(self.instructions[: move.p2])
        return next((op for op in before if op.p1 == move.p1 and op.opcode in _OPENINGS), None)


def _until_next_program(instructions: list[Instruction]) -> Iterator[Instruction]:
    for index, op in enumerate(instructions):
        if index and op.address == 0:
            return
        yield op


class Run:
    """A context in which a statement runs once."""

    def __init__(self, counter: Counter, program: Program) -> None:
        self._counter = counter
        self._program = program
        self._steps = self._vm_steps = 0

    def __enter__(self) -> Run:
        if self._program.has_loop:
            self._counter.connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, self._profiled)
        return self

    def __exit__(self, *failure: object) -> None:
        if self._program.has_loop:
            self._counter.connection.trace_v2(0)

    def _profiled(self, event: dict[str, Any]) -> None:
        status = event["stmt_status"]
        self._steps = int(status["SQLITE_STMTSTATUS_FULLSCAN_STEP"])
        self._vm_steps = int(status["SQLITE_STMTSTATUS_VM_STEP"])

    def counts(self, rows: int, changes: int) -> tuple[int, int]:
        """Return the rows read and the rows written.

        Args:
            rows: The number of rows of the result.
            changes: The number of rows that were changed, also by triggers.
        """
        program = self._program
        if not program.instructions:
            return 0, 0
        self._rows: int = rows
        self._changes: int = min(changes, int(self._counter.connection.changes()))
        self._times_of: dict[Loop, float] = {}
        self._entries: dict[int, float] = {}
        self._count_full_scans([loop for loop in program.loops if loop.is_full_scan])
        read = self._steps + sum(map(self._reads, program.moving))
        written = sum(map(self._writes, program.writing))
        written += len(program.triggered) * self._changes
        return round(read), round(written)

    def _count_full_scans(self, loops: list[Loop]) -> None:
        """Distribute the steps of all full scans over their loops, from outside to inside."""
        steps = self._steps
        for loop in loops:
            if loop.opening is None:
                continue
            entries = self._times(loop.opening)
            if loop is loops[-1]:
                own = steps
                size = self._table_rows(loop.move.p1) if len(loops) > 1 else 0
                if size > 1 and entries > 1:
                    entries = own / (size - 1)
            else:
                own = min(steps, int(entries * max(self._table_rows(loop.move.p1) - 1, 0)))
            steps -= own
            self._entries[loop.opening.address] = entries
            self._times_of[loop] = own + entries

    def _table_rows(self, cursor: int) -> int:
        return self._counter.table_rows(self._program.roots.get(cursor, 1))

    def _times(self, op: Instruction) -> float:
        """Return how often an instruction ran."""
        part = self._program.part_of(op)
        if part is not None:
            return self._loop_times(part)
        changing = self._program.changing(None)
        return self._changes / len(changing) if changing and op.opcode in _WRITES else 1

    def _loop_times(self, loop: Loop) -> float:
        """Return how often the instructions of a loop ran."""
        if loop not in self._times_of:
            self._times_of[loop] = 1  # for a loop that would depend on itself
            self._times_of[loop] = self._computed_times(loop)
        return self._times_of[loop]

    def _computed_times(self, loop: Loop) -> float:
        program = self._program
        if loop.move.opcode == "Once":
            return 1
        if changing := program.changing(loop):
            return self._changes / len(changing)
        own = program.own_instructions(loop)
        if loop.move.opcode == "Goto":
            yields = [op for op in program.instructions if op.opcode == "Yield"]
            coroutines = {op.p1 for op in yields if op.address == loop.start}
            return sum(
                self._times(op) for op in yields if op.p1 in coroutines and op.address != loop.start
            )
        if any(op.opcode == "ResultRow" for op in own):
            return self._rows
        cursor = loop.move.p1
        if cursor in program.temporary:
            inserted = ("Insert", "IdxInsert", "SorterInsert")
            return sum(
                self._times(op)
                for op in program.instructions
                if op.opcode in inserted and op.p1 == cursor
            )
        opening = loop.opening
        if opening is not None and opening.opcode in ("Rewind", "Last"):  # of an index to create
            return self._times(opening) * self._table_rows(cursor)
        if any(op.opcode.startswith("Agg") for op in own):
            return max((self._vm_steps - len(program.instructions)) // len(own) + 1, 0)
        return max(self._rows, self._changes)

    def _reads(self, op: Instruction) -> float:
        if op.opcode in _SEEKS and self._program.part_of(op) is None:
            return float(bool(self._rows or self._changes or self._loop_of(op)))
        if op.opcode in ("NotExists", "SeekRowid", *_SEEKS):
            return self._times(op)
        if op.opcode == "Count":
            return self._times(op) * self._table_rows(op.p1)
        if op.opcode == "Last" and not op.p2:  # makes room in a sorter with a LIMIT
            return max(self._times(op) - self._rows, 0)
        if op.opcode in ("Rewind", "Last", "Sort", "SorterSort"):
            return self._entries.get(op.address, self._times(op))
        loop = next((loop for loop in self._program.loops if op is loop.move), None)
        if loop is None or loop.is_full_scan or op.opcode == "Goto":
            return 0
        times = self._loop_times(loop)
        if op.opcode == "VNext":
            return times
        entries = 1 if loop.opening is None else self._times(loop.opening)
        # A search by an index moves to the entry after the last match, too.
        return max(times - entries, 0) + (entries if times and loop.has_end else 0)

    def _loop_of(self, opening: Instruction) -> Loop | None:
        return next((loop for loop in self._program.loops if loop.opening is opening), None)

    def _writes(self, op: Instruction) -> float:
        if op.opcode == "Clear":
            return self._changes if op.p3 else 0
        is_temporary = op.opcode != "VUpdate" and op.p1 in self._program.temporary
        return 0 if is_temporary else self._times(op)


def _is_write(op: Instruction) -> bool:
    if op.opcode == "Insert":
        return not op.p5 & _DOES_NOTHING
    return op.opcode in ("IdxInsert", "VUpdate", "Clear") or _is_change(op)


def _is_change(op: Instruction) -> bool:
    flags = op.p2 if op.opcode == "Delete" else op.p5
    is_entry = op.opcode in ("Insert", "Delete", "IdxInsert")
    return is_entry and bool(flags & _COUNTS_AS_CHANGE)
