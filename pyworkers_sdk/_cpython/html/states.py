"""The states of the HTML tokenizer that outlive a token, and the transitions inside a script.

The names are the standard's: https://html.spec.whatwg.org/multipage/parsing.html#tokenization.
A script may contain a comment, and the comment may hide a nested script with its end tag. The
standard calls the inside of that comment "escaped", and the nested script "double escaped".
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

__all__ = ["ENDS_NAME", "SCRIPT_TRANSITIONS", "State", "Transition"]


class State(Enum):
    DATA = auto()
    CDATA_SECTION = auto()
    PLAINTEXT = auto()
    RAWTEXT = auto()
    """Also RCDATA, as of ``<title>``: it differs only in references, and none is decoded here."""
    SCRIPT_DATA = auto()
    SCRIPT_DATA_ESCAPED = auto()
    SCRIPT_DATA_ESCAPED_DASH_DASH = auto()
    SCRIPT_DATA_ESCAPED_LESS_THAN_SIGN = auto()
    SCRIPT_DATA_ESCAPED_END_TAG_OPEN = auto()
    SCRIPT_DATA_DOUBLE_ESCAPE_START = auto()
    SCRIPT_DATA_DOUBLE_ESCAPED = auto()
    SCRIPT_DATA_DOUBLE_ESCAPED_DASH_DASH = auto()
    SCRIPT_DATA_DOUBLE_ESCAPED_LESS_THAN_SIGN = auto()
    SCRIPT_DATA_DOUBLE_ESCAPE_END = auto()


ENDS_NAME = b"\t\n\f\r />"
"""The bytes that end the name of a tag."""


class Transition(NamedTuple):
    """A step of the machine: if the input continues with one of ``texts``, go to ``state``."""

    texts: tuple[bytes, ...]
    """In capitals; the input is compared without case. Empty: the step applies to all input."""
    state: State
    consumes: int
    """The number of bytes that belong to the text so far."""
    emits: bool = False
    """True if the text so far becomes a token, unless it is empty."""


_NAME_ENDS = tuple(ENDS_NAME[index : index + 1] for index in range(len(ENDS_NAME)))

SCRIPT_TRANSITIONS: dict[State, tuple[Transition, ...]] = {
    State.SCRIPT_DATA_ESCAPED: (
        Transition((b"<",), State.SCRIPT_DATA_ESCAPED_LESS_THAN_SIGN, 0, emits=True),
        Transition((b"--",), State.SCRIPT_DATA_ESCAPED_DASH_DASH, 2),
        Transition((), State.SCRIPT_DATA_ESCAPED, 1),
    ),
    State.SCRIPT_DATA_ESCAPED_DASH_DASH: (
        Transition((b"<",), State.SCRIPT_DATA_ESCAPED_LESS_THAN_SIGN, 0, emits=True),
        Transition((b">",), State.SCRIPT_DATA, 0, emits=True),
        Transition((b"-",), State.SCRIPT_DATA_ESCAPED_DASH_DASH, 1),
        Transition((), State.SCRIPT_DATA_ESCAPED, 1),
    ),
    State.SCRIPT_DATA_ESCAPED_LESS_THAN_SIGN: (
        Transition((b"<SCRIPT",), State.SCRIPT_DATA_DOUBLE_ESCAPE_START, 7),
        Transition((), State.SCRIPT_DATA_ESCAPED_END_TAG_OPEN, 0),
    ),
    State.SCRIPT_DATA_DOUBLE_ESCAPE_START: (
        Transition(_NAME_ENDS, State.SCRIPT_DATA_DOUBLE_ESCAPED, 1),
        Transition((), State.SCRIPT_DATA_ESCAPED, 0),  # another name, such as <scripts>
    ),
    State.SCRIPT_DATA_DOUBLE_ESCAPED: (
        Transition((b"<",), State.SCRIPT_DATA_DOUBLE_ESCAPED_LESS_THAN_SIGN, 0, emits=True),
        Transition((b"--",), State.SCRIPT_DATA_DOUBLE_ESCAPED_DASH_DASH, 2),
        Transition((), State.SCRIPT_DATA_DOUBLE_ESCAPED, 1),
    ),
    State.SCRIPT_DATA_DOUBLE_ESCAPED_DASH_DASH: (
        # workerd splits the text at "<" everywhere but here
        Transition((b"<",), State.SCRIPT_DATA_DOUBLE_ESCAPED_LESS_THAN_SIGN, 0),
        Transition((b">",), State.SCRIPT_DATA, 0, emits=True),
        Transition((b"-",), State.SCRIPT_DATA_DOUBLE_ESCAPED_DASH_DASH, 1),
        Transition((), State.SCRIPT_DATA_DOUBLE_ESCAPED, 1),
    ),
    State.SCRIPT_DATA_DOUBLE_ESCAPED_LESS_THAN_SIGN: (
        Transition((b"</SCRIPT",), State.SCRIPT_DATA_DOUBLE_ESCAPE_END, 8),
        Transition((), State.SCRIPT_DATA_DOUBLE_ESCAPED, 1),
    ),
    State.SCRIPT_DATA_DOUBLE_ESCAPE_END: (
        Transition(_NAME_ENDS, State.SCRIPT_DATA_ESCAPED, 1),
        Transition((), State.SCRIPT_DATA_DOUBLE_ESCAPED, 0),
    ),
}
"""For each state its transitions; the first that applies is taken."""
