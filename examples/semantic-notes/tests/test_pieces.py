"""Splitting texts into pieces."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, strategies as st

from notes.pieces import pieces

SENTENCES = [f"This is sentence number {number} of the text." for number in range(40)]


def test_short_text_is_one_piece() -> None:
    assert pieces("Hello. You there!") == ["Hello. You there!"]


def test_pieces_end_with_sentences_and_overlap() -> None:
    made = pieces(" ".join(SENTENCES), size=200, overlap=60)
    assert len(made) > 5
    for before, after in pairwise(made):
        assert before.endswith("of the text.")
        assert after.startswith("This is sentence")
        assert before.endswith(after[: after.index(".") + 1])
    for sentence in SENTENCES:
        assert any(sentence in piece for piece in made)


def test_long_sentence_is_split_between_words() -> None:
    words = [f"word{number}" for number in range(200)]
    made = pieces(" ".join(words), size=100, overlap=20)
    assert {word for piece in made for word in piece.split()} == {*words}


def test_paragraphs_and_other_scripts_end_sentences() -> None:
    assert pieces("A title\n\n" + "x" * 15, size=20, overlap=0) == [
        "A title\n\nxxxxxxxxxxx",
        "xxxx",
    ]
    assert pieces("一二三四五六七。八九十。百千", size=12, overlap=0) == [
        "一二三四五六七。八九十。",
        "百千",
    ]


@given(st.lists(st.sampled_from("x. \n!"), max_size=400), st.integers(10, 50))
def test_pieces_contain_the_whole_text(kinds: list[str], size: int) -> None:
    # Each letter occurs once, so that each can be identified.
    text = "".join(chr(0x4E00 + index) if kind == "x" else kind for index, kind in enumerate(kinds))
    made = pieces(text, size, size // 5)
    assert all(0 < len(piece) <= size and piece in text for piece in made)
    assert {*text} - {*" \n"} == {*"".join(made)} - {*" \n"}
    letters = [[letter for letter in piece if letter >= "\u4e00"] for piece in made]
    begins = [of_a_piece[0] for of_a_piece in letters if of_a_piece]
    assert begins == sorted(begins)
