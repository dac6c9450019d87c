"""The inputs and outputs of Workers AI's models for speech and images, as TypedDicts.

The fields have the names that the models' own pages in the documentation use. A field of type
``bytes`` crosses in the form that the model takes: a list of numbers, base64 or a stream.
``AI.run`` converts it.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Required, TypedDict

if TYPE_CHECKING:
    from ..blob import Blob
    from ..forms import FormData
    from ..streams import ReadableStream
    from .text_generation import ChatMessage

__all__ = [
    "AudioStream",
    "AuraInput",
    "ImageClassificationInput",
    "ImageToTextInput",
    "ImageToTextOutput",
    "MultipartForm",
    "MultipartImageInput",
    "SpeechRecognitionInput",
    "SpeechRecognitionOutput",
    "SpeechRecognitionWord",
    "SpeechStreamInput",
    "SpeechStreamOutput",
    "SpeechTurboInput",
    "SpeechTurboOutput",
    "TextToImageInput",
    "TextToSpeechInput",
    "TurnDetectionInput",
    "TurnDetectionOutput",
    "VisionInput",
    "VisionOutput",
    "VisionStreamInput",
]


# Speech ------------------------------------------------------------------------------------------


class SpeechRecognitionInput(TypedDict):
    """A recording in an audio file format.

    It crosses as a list of numbers, in about four times its size. For more than a few MB, use
    ``whisper-large-v3-turbo``.
    """

    audio: bytes


class SpeechRecognitionWord(TypedDict):
    """A word of a transcript, with its start and its end in seconds."""

    word: str
    start: float
    end: float


class SpeechRecognitionOutput(TypedDict, total=False):
    """A transcription. ``start`` and ``end`` of a word are in seconds; ``vtt`` is WebVTT text."""

    text: Required[str]
    word_count: int
    words: list[SpeechRecognitionWord]
    vtt: str


class SpeechTurboInput(TypedDict, total=False):
    """A recording: bytes, converted to base64, or a str of base64."""

    audio: Required[bytes | str]
    task: Literal["transcribe", "translate"]
    language: str
    vad_filter: bool
    initial_prompt: str
    prefix: str
    beam_size: int
    condition_on_previous_text: bool
    no_speech_threshold: float
    compression_ratio_threshold: float
    log_prob_threshold: float
    hallucination_silence_threshold: float


class SpeechTurboOutput(TypedDict, total=False):
    """A transcription. Segments have ``start`` and ``end`` in seconds; ``vtt`` is WebVTT text."""

    text: Required[str]
    word_count: int
    segments: list[dict[str, Any]]
    transcription_info: dict[str, Any]
    vtt: str


class AudioStream(TypedDict):
    """A sound that crosses as a stream, and its media type."""

    body: bytes | Blob | ReadableStream | AsyncIterable[bytes]
    contentType: str


class SpeechStreamInput(TypedDict, total=False):
    """A recording that is streamed unchanged, with its media type.

    The other fields are options of nova-3.
    """

    audio: Required[AudioStream]
    custom_topic_mode: Literal["extended", "strict"]
    custom_topic: str
    custom_intent_mode: Literal["extended", "strict"]
    custom_intent: str
    detect_entities: bool
    detect_language: bool
    diarize: bool
    dictation: bool
    encoding: Literal["linear16", "flac", "mulaw", "amr-nb", "amr-wb", "opus", "speex", "g729"]
    extra: str
    filler_words: bool
    keyterm: str
    keywords: str
    language: str
    measurements: bool
    mip_opt_out: bool
    mode: Literal["general", "medical", "finance"]
    multichannel: bool
    numerals: bool
    paragraphs: bool
    profanity_filter: bool
    punctuate: bool
    redact: str
    replace: str
    search: str
    sentiment: bool
    smart_format: bool
    topics: bool
    utterances: bool
    utt_split: float
    channels: int
    interim_results: bool
    endpointing: str
    vad_events: bool
    utterance_end_ms: bool
    sample_rate: str


class SpeechStreamOutput(TypedDict, total=False):
    """A transcription: ``results`` from nova-3, ``text`` and ``duration`` from the other model."""

    results: dict[str, Any]
    text: str
    duration: float
    """The duration of the sound, in seconds."""


class TurnDetectionInput(TypedDict):
    """The recording so far."""

    audio: AudioStream
    dtype: NotRequired[Literal["uint8", "float32", "float64"]]


class TurnDetectionOutput(TypedDict, total=False):
    """The end of a turn: if the speaker has finished, with a ``probability`` from 0 to 1."""

    is_complete: bool
    probability: float


class TextToSpeechInput(TypedDict):
    """The text to speak, as ``prompt``; ``lang`` defaults to "en"."""

    prompt: str
    lang: NotRequired[str]


class AuraInput(TypedDict, total=False):
    """The text to speak; ``speaker`` is the name of a voice, such as "luna"."""

    text: Required[str]
    speaker: str
    encoding: Literal["linear16", "flac", "mulaw", "alaw", "mp3", "opus", "aac"]
    container: Literal["none", "wav", "ogg"]
    sample_rate: int
    bit_rate: int


# Images ------------------------------------------------------------------------------------------


class TextToImageInput(TypedDict, total=False):
    """A description of the image to generate.

    ``image`` or ``image_b64`` is an image to start from, and ``mask`` the part of it that may
    change. The number of steps is ``steps`` for the FLUX and Leonardo models, ``num_steps`` for the
    others.
    """

    prompt: Required[str]
    negative_prompt: str
    height: int
    width: int
    image: bytes
    image_b64: bytes | str
    mask: bytes
    num_steps: int
    steps: int
    strength: float
    guidance: float
    seed: int


class MultipartForm(TypedDict):
    """A form that crosses as a stream."""

    body: FormData
    contentType: NotRequired[str]


class MultipartImageInput(TypedDict):
    """A form with ``prompt``, ``steps``, ``width``, ``height`` and reference images."""

    multipart: MultipartForm


class ImageToTextInput(TypedDict, total=False):
    """An image in an image file format, and a prompt for its description."""

    image: Required[bytes]
    prompt: str
    messages: list[ChatMessage]
    max_tokens: int
    temperature: float
    top_p: float
    top_k: float
    seed: int
    repetition_penalty: float
    frequency_penalty: float
    presence_penalty: float
    raw: bool


class ImageToTextOutput(TypedDict):
    """The description of an image."""

    description: str


class ImageClassificationInput(TypedDict):
    """An image in an image file format."""

    image: bytes


class _Vision(TypedDict, total=False):
    task: Literal["query", "caption", "point", "detect"]
    image: str
    question: str
    caption_length: Literal["short", "normal", "long"]
    target: str
    reasoning: bool
    temperature: float
    top_p: float
    max_tokens: int
    max_objects: int


class VisionInput(_Vision, total=False):
    """An image as a ``data:`` URL, and a task.

    The task "query" takes a ``question``, "point" and "detect" take a ``target``.
    """

    stream: Literal[False]


class VisionStreamInput(_Vision):
    """An image and a task with ``"stream": True``: the answer is an EventStream."""

    stream: Literal[True]


class VisionOutput(TypedDict, total=False):
    """An answer: ``answer``, ``caption``, ``points`` or ``objects``, depending on the task.

    Coordinates are fractions of the image's size, from 0 to 1.
    """

    answer: str
    caption: str
    points: list[dict[str, float]]
    objects: list[dict[str, float]]
    reasoning: dict[str, Any]
    finish_reason: str
    metrics: dict[str, float]
