"""Unit tests of cutting a text into pieces."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, strategies as st

from notes.pieces import pieces

SENTENCES = [f"This is sentence number {number} of the text." for number in range(40)]


def test_short_text_is_one_piece() -> None:
    assert pieces("Hello. You there!") == ["Hello. You there!"]


def test_pieces_end_with_a_sentence_and_overlap_by_one() -> None:
    cuts = pieces(" ".join(SENTENCES), size=200, overlap=60)
    assert len(cuts) > 5
    for before, after in pairwise(cuts):
        assert before.endswith("of the text.")
        assert after.startswith("This is sentence")
        assert before.endswith(after[: after.index(".") + 1])
    for sentence in SENTENCES:
        assert any(sentence in piece for piece in cuts)


def test_too_long_sentence_is_cut_between_words() -> None:
    words = [f"word{number}" for number in range(200)]
    cuts = pieces(" ".join(words), size=100, overlap=20)
    assert {word for piece in cuts for word in piece.split()} == {*words}


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
def test_pieces_keep_every_letter_in_order(pattern: list[str], size: int) -> None:
    # Each letter occurs only once, so its place in the text is known.
    text = "".join(
        chr(0x4E00 + index) if char == "x" else char for index, char in enumerate(pattern)
    )
    cuts = pieces(text, size, size // 5)
    assert all(0 < len(piece) <= size and piece in text for piece in cuts)
    assert {*text} - {*" \n"} == {*"".join(cuts)} - {*" \n"}
    letters = [[letter for letter in piece if letter >= "\u4e00"] for piece in cuts]
    first_letters = [chars[0] for chars in letters if chars]
    assert first_letters == sorted(first_letters)
