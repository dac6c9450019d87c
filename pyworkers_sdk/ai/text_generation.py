"""The inputs and outputs of Workers AI's text models, as TypedDicts for type checkers.

The fields have the names that the models' own pages use. A field for any JSON is an ``object``
where a program writes it, and ``Any`` where it reads it: inputs that contain ``Any`` would let mypy
make the answer ``Any``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, Required, TypedDict

__all__ = [
    "ChatAnswer",
    "ChatChoice",
    "ChatChunkChoice",
    "ChatCompletion",
    "ChatCompletionChunk",
    "ChatCompletionInput",
    "ChatCompletionStreamInput",
    "ChatDelta",
    "ChatMessage",
    "ChatStreamOptions",
    "ChatTemplateOptions",
    "ContentPart",
    "ContentPartImage",
    "ResponseFormat",
    "ResponsesInput",
    "ResponsesOutput",
    "ResponsesStreamInput",
    "TextGenerationEvent",
    "TextGenerationInput",
    "TextGenerationOutput",
    "TextGenerationStreamInput",
    "Tool",
    "ToolCall",
    "ToolCallFunction",
    "ToolCode",
    "ToolFunction",
    "Usage",
]


class Usage(TypedDict):
    """The number of tokens in a call."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


# Chats -------------------------------------------------------------------------------------------


class ContentPartImage(TypedDict):
    """An image in a message, as a ``data:`` URL."""

    url: str
    detail: NotRequired[Literal["auto", "low", "high"]]


class ContentPart(TypedDict, total=False):
    """A part of a message: text, or an image as a ``data:`` URL."""

    type: Required[str]
    text: str
    image_url: ContentPartImage


class ToolCallFunction(TypedDict):
    """The function that a model calls, and its arguments as JSON text."""

    name: str
    arguments: str


class ToolCall(TypedDict, total=False):
    """A function call that the model requests.

    Models that answer in ``response`` set ``name`` and ``arguments``. Models that answer in
    ``choices`` set ``id``, ``type`` and ``function``, whose arguments are JSON text.
    """

    name: str
    arguments: Any
    id: str
    type: Literal["function"]
    function: ToolCallFunction


class ChatMessage(TypedDict):
    """A message in a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[ContentPart] | None
    name: NotRequired[str]
    tool_calls: NotRequired[Sequence[Mapping[str, object]]]
    tool_call_id: NotRequired[str]


class ToolFunction(TypedDict):
    """The name and the parameters of a function that the model may call."""

    name: str
    description: NotRequired[str]
    parameters: NotRequired[Mapping[str, object]]
    strict: NotRequired[bool | None]


class Tool(TypedDict):
    """A function that the model may call; ``parameters`` is the JSON schema of an object."""

    type: Literal["function"]
    function: ToolFunction


class ToolCode(TypedDict):
    """The source code of a function."""

    name: str
    code: str


class ResponseFormat(TypedDict, total=False):
    """The format of the answer.

    For models that answer in ``response``, ``json_schema`` is the schema itself. For models that
    answer in ``choices``, it is ``{"name": …, "schema": …}``.
    """

    type: Required[Literal["text", "json_object", "json_schema"]]
    json_schema: object


class _Sampling(TypedDict, total=False):
    messages: list[ChatMessage]
    max_tokens: int | None
    temperature: float | None
    top_p: float | None
    seed: int | None
    frequency_penalty: float | None
    presence_penalty: float | None
    response_format: ResponseFormat
    functions: list[ToolCode]


class _TextGeneration(_Sampling, total=False):
    prompt: str
    raw: bool
    top_k: float
    repetition_penalty: float
    lora: str
    guided_json: Mapping[str, object]
    image: bytes | str
    tools: list[Tool] | list[ToolFunction]


class TextGenerationInput(_TextGeneration, total=False):
    """A ``prompt`` or ``messages``, and options for the answer.

    ``image`` is for models with vision: the bytes of an image, or a ``data:`` URL.
    """

    stream: Literal[False] | None


class TextGenerationStreamInput(_TextGeneration):
    """A prompt or messages with ``"stream": True``: the answer is an EventStream."""

    stream: Literal[True]


class TextGenerationOutput(TypedDict, total=False):
    """An answer; ``response`` is text, or the value that the JSON schema describes."""

    response: Any
    tool_calls: list[ToolCall]
    usage: Usage


class TextGenerationEvent(TypedDict, total=False):
    """A part of a streamed answer; ``p`` is padding."""

    response: str | None
    tool_calls: list[ToolCall]
    usage: Usage
    p: str


class ChatStreamOptions(TypedDict, total=False):
    """The options of a streamed answer."""

    include_usage: bool
    include_obfuscation: bool


class ChatTemplateOptions(TypedDict, total=False):
    """The options of the template that makes a prompt of a conversation."""

    enable_thinking: bool
    clear_thinking: bool


class _ChatCompletion(_Sampling, total=False):
    prompt: str
    model: str
    tools: list[Tool]
    tool_choice: object
    parallel_tool_calls: bool
    stream_options: ChatStreamOptions
    max_completion_tokens: int | None
    reasoning_effort: Literal["low", "medium", "high"] | None
    chat_template_kwargs: ChatTemplateOptions
    n: int | None
    stop: str | list[str] | None
    logit_bias: dict[str, float] | None
    logprobs: bool | None
    top_logprobs: int | None
    metadata: Mapping[str, object] | None
    modalities: list[Literal["text", "audio"]] | None
    audio: Mapping[str, object]
    prediction: Mapping[str, object]
    service_tier: Literal["auto", "default", "flex", "scale", "priority"] | None
    store: bool | None
    user: str
    web_search_options: Mapping[str, object]
    function_call: object
    raw: bool
    lora: str
    top_k: float
    repetition_penalty: float
    skip_special_tokens: bool


class ChatCompletionInput(_ChatCompletion, total=False):
    """A list of ``messages``, and options under OpenAI's names."""

    stream: Literal[False] | None


class ChatCompletionStreamInput(_ChatCompletion):
    """A list of messages with ``"stream": True``: the answer is an EventStream."""

    stream: Literal[True]


class ChatAnswer(TypedDict, total=False):
    """The message of an answer."""

    role: Literal["assistant"]
    content: Required[str | None]
    reasoning_content: str | None
    refusal: str | None
    tool_calls: list[ToolCall]


class ChatChoice(TypedDict):
    """A choice of an answer; ``finish_reason`` is "stop", "length", "tool_calls", …"""

    index: int
    message: ChatAnswer
    finish_reason: str | None
    logprobs: NotRequired[Any]


class ChatCompletion(TypedDict):
    """An answer in the form of OpenAI's chat completions."""

    id: str
    object: str
    created: int
    model: str
    choices: list[ChatChoice]
    usage: NotRequired[Usage]
    system_fingerprint: NotRequired[str | None]
    service_tier: NotRequired[str | None]


class ChatDelta(TypedDict, total=False):
    """The next piece of a streamed message."""

    role: Literal["assistant"]
    content: str | None
    reasoning_content: str | None
    tool_calls: list[Any]


class ChatChunkChoice(TypedDict):
    """A choice of a streamed answer."""

    index: int
    delta: ChatDelta
    finish_reason: NotRequired[str | None]


class ChatCompletionChunk(TypedDict):
    """A part of a streamed answer in the form of OpenAI's chat completions."""

    id: str
    object: str
    created: int
    model: str
    choices: list[ChatChunkChoice]
    usage: NotRequired[Usage | None]


class _Responses(TypedDict, total=False):
    input: Required[str | Sequence[Mapping[str, object]]]
    instructions: str | None
    reasoning: Mapping[str, object] | None
    max_output_tokens: int | None
    temperature: float | None
    top_p: float | None
    tools: Sequence[Mapping[str, object]]
    tool_choice: object
    parallel_tool_calls: bool | None
    text: Mapping[str, object]
    truncation: Literal["auto", "disabled"] | None
    include: list[str] | None
    previous_response_id: str | None
    conversation: str | Mapping[str, object] | None
    background: bool | None
    metadata: Mapping[str, object] | None
    prompt_cache_key: str
    safety_identifier: str
    service_tier: Literal["auto", "default", "flex", "scale", "priority"] | None
    store: bool | None
    user: str


class ResponsesInput(_Responses, total=False):
    """An ``input``, text or a conversation, in the form of OpenAI's Responses API."""

    stream: Literal[False] | None


class ResponsesStreamInput(_Responses):
    """An input with ``"stream": True``: the answer is an EventStream.

    Each event has a ``type``.
    """

    stream: Literal[True]


class ResponsesOutput(TypedDict, total=False):
    """An answer in the form of OpenAI's Responses API; ``output`` holds its items."""

    id: str
    object: str
    created_at: int
    status: str
    output: list[dict[str, Any]]
    output_text: str
    error: dict[str, Any] | None
    incomplete_details: dict[str, Any] | None
    usage: dict[str, Any]
