"""The names of Workers AI's models, grouped by task; only type checkers and fakes read them.

Wrap the name of any other model in ``AIModel``. The names come from
``@cloudflare/workers-types`` 5.20261117.1. ``@cf/deepgram/flux`` is left out, because it answers
only over a WebSocket.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = [
    "AuraModel",
    "ChatCompletionModel",
    "ContentSafetyModel",
    "ImageClassificationModel",
    "ImageToTextModel",
    "IndicTranslationModel",
    "MultipartImageModel",
    "RerankingModel",
    "ResponsesModel",
    "SpeechRecognitionModel",
    "SpeechStreamModel",
    "SpeechTurboModel",
    "SummarizationModel",
    "TextClassificationModel",
    "TextEmbeddingsModel",
    "TextGenerationModel",
    "TextToImageModel",
    "TextToSpeechModel",
    "TranslationModel",
    "TurnDetectionModel",
    "VisionModel",
]

TextGenerationModel: TypeAlias = Literal[
    "@cf/meta/llama-2-7b-chat-int8",
    "@cf/mistral/mistral-7b-instruct-v0.1",
    "@cf/meta/llama-2-7b-chat-fp16",
    "@hf/thebloke/llama-2-13b-chat-awq",
    "@hf/thebloke/mistral-7b-instruct-v0.1-awq",
    "@hf/thebloke/zephyr-7b-beta-awq",
    "@hf/thebloke/openhermes-2.5-mistral-7b-awq",
    "@hf/thebloke/neural-chat-7b-v3-1-awq",
    "@hf/thebloke/deepseek-coder-6.7b-base-awq",
    "@hf/thebloke/deepseek-coder-6.7b-instruct-awq",
    "@cf/deepseek-ai/deepseek-math-7b-instruct",
    "@cf/defog/sqlcoder-7b-2",
    "@cf/openchat/openchat-3.5-0106",
    "@cf/tiiuae/falcon-7b-instruct",
    "@cf/thebloke/discolm-german-7b-v1-awq",
    "@cf/qwen/qwen1.5-0.5b-chat",
    "@cf/qwen/qwen1.5-7b-chat-awq",
    "@cf/qwen/qwen1.5-14b-chat-awq",
    "@cf/tinyllama/tinyllama-1.1b-chat-v1.0",
    "@cf/microsoft/phi-2",
    "@cf/qwen/qwen1.5-1.8b-chat",
    "@cf/mistral/mistral-7b-instruct-v0.2-lora",
    "@hf/nousresearch/hermes-2-pro-mistral-7b",
    "@hf/nexusflow/starling-lm-7b-beta",
    "@hf/google/gemma-7b-it",
    "@cf/meta-llama/llama-2-7b-chat-hf-lora",
    "@cf/google/gemma-2b-it-lora",
    "@cf/google/gemma-7b-it-lora",
    "@hf/mistral/mistral-7b-instruct-v0.2",
    "@cf/meta/llama-3-8b-instruct",
    "@cf/fblgit/una-cybertron-7b-v2-bf16",
    "@cf/meta/llama-3-8b-instruct-awq",
    "@cf/meta/llama-3.1-8b-instruct-fp8",
    "@cf/meta/llama-3.1-8b-instruct-awq",
    "@cf/meta/llama-3.2-3b-instruct",
    "@cf/meta/llama-3.2-1b-instruct",
    "@cf/deepseek-ai/deepseek-r1-distill-qwen-32b",
    "@cf/ibm-granite/granite-4.0-h-micro",
    "@cf/meta/llama-3.2-11b-vision-instruct",
    "@cf/meta/llama-3.3-70b-instruct-fp8-fast",
    "@cf/qwen/qwen2.5-coder-32b-instruct",
    "@cf/qwen/qwq-32b",
    "@cf/mistralai/mistral-small-3.1-24b-instruct",
    "@cf/google/gemma-3-12b-it",
    "@cf/meta/llama-4-scout-17b-16e-instruct",
]
"""Models that answer a chat or a prompt in the field ``response``."""

ChatCompletionModel: TypeAlias = Literal[
    "@cf/qwen/qwen3-30b-a3b-fp8",
    "@cf/aisingapore/gemma-sea-lion-v4-27b-it",
    "@cf/zai-org/glm-4.7-flash",
    "@cf/moonshotai/kimi-k2.5",
    "@cf/moonshotai/kimi-k2.6",
    "@cf/nvidia/nemotron-3-120b-a12b",
    "@cf/google/gemma-4-26b-a4b-it",
    "@cf/moonshotai/kimi-k2.7-code",
    "@cf/zai-org/glm-5.2",
    "@cf/deepseek-ai/deepseek-v4-flash-0731",
    "@cf/deepseek-ai/deepseek-v4-pro-0813",
    "@cf/qwen/qwen3.8-27b",
    "@cf/zai-org/glm-5.3",
    "@cf/zai-org/glm-5.3-flash",
]
"""Models that answer a chat in the form of OpenAI's chat completions, with ``choices``."""

ResponsesModel: TypeAlias = Literal[
    "@cf/openai/gpt-oss-120b",
    "@cf/openai/gpt-oss-20b",
]
"""Models that support OpenAI's Responses API and its chat completions."""

TextEmbeddingsModel: TypeAlias = Literal[
    "@cf/google/embeddinggemma-300m",
    "@cf/baai/bge-base-en-v1.5",
    "@cf/baai/bge-small-en-v1.5",
    "@cf/baai/bge-large-en-v1.5",
    "@cf/baai/bge-m3",
    "@cf/qwen/qwen3-embedding-0.6b",
    "@cf/pfnet/plamo-embedding-1b",
]
"""Models that convert texts to embedding vectors."""

RerankingModel: TypeAlias = Literal[
    "@cf/baai/bge-reranker-base",
    "@cf/baai/bge-m3",
]
"""Models that score contexts against a query."""

TextClassificationModel: TypeAlias = Literal["@cf/huggingface/distilbert-sst-2-int8",]
"""Models that label a text."""

ContentSafetyModel: TypeAlias = Literal["@cf/meta/llama-guard-3-8b",]
"""Models that classify a conversation as safe or unsafe."""

TranslationModel: TypeAlias = Literal["@cf/meta/m2m100-1.2b",]
"""Models that translate between many languages."""

IndicTranslationModel: TypeAlias = Literal["@cf/ai4bharat/indictrans2-en-indic-1B",]
"""Models that translate from English to Indic languages."""

SummarizationModel: TypeAlias = Literal["@cf/facebook/bart-large-cnn",]
"""Models that summarize a text."""

SpeechRecognitionModel: TypeAlias = Literal[
    "@cf/openai/whisper",
    "@cf/openai/whisper-tiny-en",
]
"""Models that transcribe short recordings."""

SpeechTurboModel: TypeAlias = Literal["@cf/openai/whisper-large-v3-turbo",]
"""Models that transcribe long recordings, in segments."""

SpeechStreamModel: TypeAlias = Literal[
    "@cf/deepgram/nova-3",
    "@cf/nvidia/nemotron-speech-streaming-en-0.6b",
]
"""Models that transcribe a stream."""

TurnDetectionModel: TypeAlias = Literal["@cf/pipecat-ai/smart-turn-v2",]
"""Models that detect the end of a speaker's turn."""

TextToSpeechModel: TypeAlias = Literal["@cf/myshell-ai/melotts",]
"""Models that speak a text, in several languages."""

AuraModel: TypeAlias = Literal[
    "@cf/deepgram/aura-1",
    "@cf/deepgram/aura-2-en",
    "@cf/deepgram/aura-2-es",
]
"""Models that speak a text, in a choice of voices."""

TextToImageModel: TypeAlias = Literal[
    "@cf/stabilityai/stable-diffusion-xl-base-1.0",
    "@cf/runwayml/stable-diffusion-v1-5-inpainting",
    "@cf/lykon/dreamshaper-8-lcm",
    "@cf/bytedance/stable-diffusion-xl-lightning",
    "@cf/black-forest-labs/flux-1-schnell",
    "@cf/leonardo/phoenix-1.0",
    "@cf/leonardo/lucid-origin",
]
"""Models that generate an image from a prompt."""

MultipartImageModel: TypeAlias = Literal[
    "@cf/black-forest-labs/flux-2-dev",
    "@cf/black-forest-labs/flux-2-klein-4b",
    "@cf/black-forest-labs/flux-2-klein-9b",
]
"""Models that generate an image from a form."""

ImageToTextModel: TypeAlias = Literal[
    "@cf/llava-hf/llava-1.5-7b-hf",
    "@cf/unum/uform-gen2-qwen-500m",
]
"""Models that describe an image."""

VisionModel: TypeAlias = Literal["@cf/moondream/moondream3.1-9B-A2B",]
"""Models that answer questions about an image, or locate objects in it."""

ImageClassificationModel: TypeAlias = Literal["@cf/microsoft/resnet-50",]
"""Models that label an image."""
