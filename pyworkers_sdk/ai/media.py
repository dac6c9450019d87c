"""What Workers AI's models of speech and pictures take and give, as TypedDicts.

The fields are those of the models' own pages, under the same names. Where a field is ``bytes`` the
model takes a list of numbers, base64 or a stream, and ``AI.run`` makes that of them.
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
    "AuraInput",
    "ImageClassificationInput",
    "ImageToTextInput",
    "ImageToTextOutput",
    "MultipartImageInput",
    "SpeechRecognitionInput",
    "SpeechRecognitionOutput",
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


# Speech -----------------------------------------------------------------------------------------


class SpeechRecognitionInput(TypedDict):
    """A recording in a file format; as numbers it is some four times as long on the way, so for
    more than some MB take ``whisper-large-v3-turbo``."""

    audio: bytes


class _Word(TypedDict):
    word: str
    start: float
    end: float


class SpeechRecognitionOutput(TypedDict, total=False):
    """Times are in seconds; ``vtt`` is the text as WebVTT."""

    text: Required[str]
    word_count: int
    words: list[_Word]
    vtt: str


class SpeechTurboInput(TypedDict, total=False):
    """A recording as bytes, which cross as base64, or as base64 already."""

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
    """Segments have ``start`` and ``end`` in seconds; ``vtt`` is the text as WebVTT."""

    text: Required[str]
    word_count: int
    segments: list[dict[str, Any]]
    transcription_info: dict[str, Any]
    vtt: str


class _Stream(TypedDict):
    body: bytes | Blob | ReadableStream | AsyncIterable[bytes]
    contentType: str


class SpeechStreamInput(TypedDict, total=False):
    """A recording that is sent as it is, with its media type; the rest is nova-3's."""

    audio: Required[_Stream]
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
    """``results`` with nova-3, ``text`` and ``duration`` with the other."""

    results: dict[str, Any]
    text: str
    duration: float


class TurnDetectionInput(TypedDict):
    """What was heard so far."""

    audio: _Stream
    dtype: NotRequired[Literal["uint8", "float32", "float64"]]


class TurnDetectionOutput(TypedDict, total=False):
    """Whether the speaker has finished, and how sure that is: 0 to 1."""

    is_complete: bool
    probability: float


class TextToSpeechInput(TypedDict):
    """``lang``: "en" unless given."""

    prompt: str
    lang: NotRequired[str]


class AuraInput(TypedDict, total=False):
    """``speaker`` is a voice, such as "luna"."""

    text: Required[str]
    speaker: str
    encoding: Literal["linear16", "flac", "mulaw", "alaw", "mp3", "opus", "aac"]
    container: Literal["none", "wav", "ogg"]
    sample_rate: int
    bit_rate: int


# Pictures ---------------------------------------------------------------------------------------


class TextToImageInput(TypedDict, total=False):
    """``image``, or ``image_b64``, is a picture to begin with, ``mask`` what may change of it.

    ``steps`` is of the FLUX and Leonardo models, ``num_steps`` of the others.
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


class _Form(TypedDict):
    body: FormData
    contentType: NotRequired[str]


class MultipartImageInput(TypedDict):
    """A form with ``prompt``, ``steps``, ``width``, ``height`` and pictures to go by."""

    multipart: _Form


class ImageToTextInput(TypedDict, total=False):
    """A picture in a file format, and what to say of it."""

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
    """What is in the picture."""

    description: str


class ImageClassificationInput(TypedDict):
    """A picture in a file format."""

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
    """``image`` is a ``data:`` URL; ``question`` is for "query", ``target`` for "point" and
    "detect"."""

    stream: Literal[False]


class VisionStreamInput(_Vision):
    """The same, to be answered piece by piece."""

    stream: Literal[True]


class VisionOutput(TypedDict, total=False):
    """``answer``, ``caption``, ``points`` or ``objects``, by the task; places from 0 to 1."""

    answer: str
    caption: str
    points: list[dict[str, float]]
    objects: list[dict[str, float]]
    reasoning: dict[str, Any]
    finish_reason: str
    metrics: dict[str, float]
