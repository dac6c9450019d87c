"""Inputs and outputs of Workers AI for embeddings, ranking, labels, translation and batches.

They are TypedDicts. Their fields have the names that the models' own pages use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    "ContentSafetyMessage",
    "ContentSafetyOutput",
    "ContentSafetyVerdict",
    "IndicTranslationInput",
    "IndicTranslationOutput",
    "RerankingContext",
    "RerankingInput",
    "RerankingOutput",
    "RerankingScore",
    "SummarizationInput",
    "SummarizationOutput",
    "TextClassificationInput",
    "TextEmbeddingsInput",
    "TextEmbeddingsOutput",
    "TranslationInput",
    "TranslationOutput",
]


# Batches -----------------------------------------------------------------------------------------


class AsyncBatchInput(TypedDict):
    """Many inputs for one call with ``queue_request``.

    Each request is an input of the model. An ``external_reference`` in it, chosen by the caller,
    comes back with its answer.
    """

    requests: Sequence[Mapping[str, object]]


class AsyncBatchResponse(TypedDict):
    """A batch that was accepted. Run the model with ``{"request_id": …}`` to poll its answers."""

    request_id: str
    status: NotRequired[str]
    model: NotRequired[str]


class AsyncBatchPoll(TypedDict):
    """A request for the answers of a batch."""

    request_id: str


class AsyncBatch(TypedDict, total=False):
    """The answers of a batch, or its ``status``, "queued" or "running", until they are ready."""

    responses: list[dict[str, Any]]
    usage: Usage
    status: str
    request_id: str


# Text tasks --------------------------------------------------------------------------------------


class TextEmbeddingsInput(TypedDict, total=False):
    """A text, or a list of at most 100 texts, in ``text``.

    ``pooling`` is an option of the bge models. "cls" gives better vectors than "mean". Vectors of
    one cannot be compared with vectors of the other. Qwen's model takes ``queries``, with an
    ``instruction``, or ``documents`` in place of ``text``.
    """

    text: str | list[str]
    pooling: Literal["mean", "cls"]
    queries: str | list[str]
    instruction: str
    documents: str | list[str]
    truncate_inputs: bool


class TextEmbeddingsOutput(TypedDict):
    """The vectors of the texts, in ``data``; ``shape`` is their number and their length."""

    shape: list[int]
    data: list[list[float]]
    pooling: NotRequired[Literal["mean", "cls"]]


class RerankingContext(TypedDict):
    """A text to rank."""

    text: str


class RerankingInput(TypedDict, total=False):
    """A ``query``, and the ``contexts`` to score against it."""

    query: Required[str]
    contexts: Required[list[RerankingContext]]
    top_k: int
    truncate_inputs: bool


class RerankingScore(TypedDict):
    """The rank of a text: its index among the contexts, and a score."""

    id: int
    score: float


class RerankingOutput(TypedDict):
    """The scores of the contexts, best first; ``id`` is the index of a context in the input."""

    response: list[RerankingScore]


class TextClassificationInput(TypedDict):
    """The text to label."""

    text: str


class Classification(TypedDict):
    """A label and its probability, 0 to 1."""

    label: str
    score: float


class ContentSafetyMessage(TypedDict):
    """A message to check."""

    role: Literal["user", "assistant"]
    content: str


class ContentSafetyInput(TypedDict, total=False):
    """A conversation; the model classifies its last message."""

    messages: Required[list[ContentSafetyMessage]]
    max_tokens: int
    temperature: float
    response_format: ResponseFormat


class ContentSafetyVerdict(TypedDict, total=False):
    """The verdict on a conversation."""

    safe: bool
    categories: list[str]


class ContentSafetyOutput(TypedDict, total=False):
    """A verdict: "safe", or "unsafe" with categories on the next line.

    It is a dict if the input requested JSON.
    """

    response: str | ContentSafetyVerdict
    usage: Usage


class TranslationInput(TypedDict):
    """A text, and languages as names or codes; ``source_lang`` defaults to English."""

    text: str
    target_lang: str
    source_lang: NotRequired[str]


class TranslationOutput(TypedDict, total=False):
    """The translated text."""

    translated_text: str


class IndicTranslationInput(TypedDict):
    """A text or several, and a ``target_language`` such as "hin_Deva"."""

    text: str | list[str]
    target_language: str


class IndicTranslationOutput(TypedDict):
    """A translation for each text."""

    translations: list[str]


class SummarizationInput(TypedDict):
    """A text; ``max_length`` of the summary is in tokens, 1,024 by default."""

    input_text: str
    max_length: NotRequired[int]


class SummarizationOutput(TypedDict):
    """The summary of a text."""

    summary: str
