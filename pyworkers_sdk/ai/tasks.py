"""What Workers AI takes and gives for embeddings, ranking, labels, translation and batches.

As TypedDicts, with the fields of the models' own pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NotRequired, Required, TypedDict

if TYPE_CHECKING:
    from .text_generation import ResponseFormat, Usage

__all__ = [
    "AsyncBatch",
    "AsyncBatchInput",
    "AsyncBatchPoll",
    "AsyncBatchResponse",
    "Classification",
    "ContentSafetyInput",
    "ContentSafetyOutput",
    "IndicTranslationInput",
    "IndicTranslationOutput",
    "RerankingInput",
    "RerankingOutput",
    "SummarizationInput",
    "SummarizationOutput",
    "TextClassificationInput",
    "TextEmbeddingsInput",
    "TextEmbeddingsOutput",
    "TranslationInput",
    "TranslationOutput",
]


# Batches ----------------------------------------------------------------------------------------


class AsyncBatchInput(TypedDict):
    """What ``queue_request`` takes: many inputs at once, each as the model takes one, with an
    ``external_reference`` of one's own to find its answer by."""

    requests: list[dict[str, Any]]


class AsyncBatchResponse(TypedDict):
    """A batch that was taken; to ask for its answers give ``{"request_id": …}`` to the model."""

    request_id: str
    status: NotRequired[str]
    model: NotRequired[str]


class AsyncBatchPoll(TypedDict):
    """Asks for the answers of a batch."""

    request_id: str


class AsyncBatch(TypedDict, total=False):
    """The answers of a batch, or how far it is: ``status`` is then "queued" or "running"."""

    responses: list[dict[str, Any]]
    usage: Usage
    status: str
    request_id: str


# Other texts ------------------------------------------------------------------------------------


class TextEmbeddingsInput(TypedDict, total=False):
    """``text``: one, or up to 100 at once.

    ``pooling``: of the bge models; "cls" is better, and vectors of the two do not compare.
    Qwen's model takes ``queries``, with an ``instruction``, or ``documents`` instead.
    """

    text: str | list[str]
    pooling: Literal["mean", "cls"]
    queries: str | list[str]
    instruction: str
    documents: str | list[str]
    truncate_inputs: bool


class TextEmbeddingsOutput(TypedDict):
    """``data``: one vector for each text; ``shape``: how many, and of how many numbers each."""

    shape: list[int]
    data: list[list[float]]
    pooling: NotRequired[Literal["mean", "cls"]]


class _Context(TypedDict):
    text: str


class RerankingInput(TypedDict, total=False):
    """A ``query``, and the ``contexts`` to score against it."""

    query: Required[str]
    contexts: Required[list[_Context]]
    top_k: int
    truncate_inputs: bool


class _Score(TypedDict):
    id: int
    score: float


class RerankingOutput(TypedDict):
    """The places of the contexts in the list given, and their scores, the best first."""

    response: list[_Score]


class TextClassificationInput(TypedDict):
    """The text to label."""

    text: str


class Classification(TypedDict):
    """A label, and how sure it is: 0 to 1."""

    label: str
    score: float


class _GuardedMessage(TypedDict):
    role: Literal["user", "assistant"]
    content: str


class ContentSafetyInput(TypedDict, total=False):
    """A conversation to judge by its last message."""

    messages: Required[list[_GuardedMessage]]
    max_tokens: int
    temperature: float
    response_format: ResponseFormat


class _Verdict(TypedDict, total=False):
    safe: bool
    categories: list[str]


class ContentSafetyOutput(TypedDict, total=False):
    """ "safe", or "unsafe" with categories below it; a dict where JSON was asked for."""

    response: str | _Verdict
    usage: Usage


class TranslationInput(TypedDict):
    """``source_lang`` is English unless given; languages by name or code."""

    text: str
    target_lang: str
    source_lang: NotRequired[str]


class TranslationOutput(TypedDict, total=False):
    """The translation."""

    translated_text: str


class IndicTranslationInput(TypedDict):
    """``target_language`` such as "hin_Deva"."""

    text: str | list[str]
    target_language: str


class IndicTranslationOutput(TypedDict):
    """A translation for each text."""

    translations: list[str]


class SummarizationInput(TypedDict):
    """``max_length``: in tokens, 1,024 unless given."""

    input_text: str
    max_length: NotRequired[int]


class SummarizationOutput(TypedDict):
    """The text in short."""

    summary: str
