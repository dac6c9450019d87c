"""The type of ``AI.run``: the inputs and the answer of each group of models.

It is never imported at run time. The model's name selects the overload. So a wrong input for a
known model is a type error, and so is a name that is neither known nor an ``AIModel``.
"""

# The overloads for mistakes overlap the others on purpose.
# mypy: disable-error-code="overload-overlap"
# pyright: reportOverlappingOverload=false
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, TypedDict, TypeVar, Unpack, overload

from .._row_types import RowType
from ..abort import AbortSignal
from ..http import Response
from . import (
    AIModel,
    media as ai_media,
    models as ai_models,
    tasks as ai_tasks,
    text_generation as ai_text,
)
from .events import EventStream
from .gateway import GatewayOptions

__all__ = ["Run", "RunOptions"]

T = TypeVar("T")


class RunOptions(TypedDict, total=False):
    """The options that every call of a model has."""

    gateway: GatewayOptions | None
    prefix: str | None
    tags: Sequence[str] | None
    extra_headers: Mapping[str, str] | None
    signal: AbortSignal | None


class Run(Protocol):
    """The overloads of ``AI.run``."""

    # By option

    @overload
    async def __call__(
        self,
        model: str,
        inputs: Mapping[str, object],
        *,
        return_raw_response: Literal[True],
        **options: Unpack[RunOptions],
    ) -> Response: ...
    @overload
    async def __call__(
        self,
        model: str,
        inputs: Mapping[str, object],
        *,
        websocket: Literal[True],
        **options: Unpack[RunOptions],
    ) -> Response: ...
    @overload
    async def __call__(
        self,
        model: str,
        inputs: ai_tasks.AsyncBatchInput,
        *,
        queue_request: Literal[True],
        **options: Unpack[RunOptions],
    ) -> ai_tasks.AsyncBatchResponse: ...
    @overload
    async def __call__(
        self, model: str, inputs: ai_tasks.AsyncBatchPoll, **options: Unpack[RunOptions]
    ) -> ai_tasks.AsyncBatch: ...

    # By the task of the model: text

    @overload
    async def __call__(
        self,
        model: ai_models.TextGenerationModel,
        inputs: ai_text.TextGenerationInput,
        **options: Unpack[RunOptions],
    ) -> ai_text.TextGenerationOutput: ...
    @overload
    async def __call__(
        self,
        model: ai_models.TextGenerationModel,
        inputs: ai_text.TextGenerationStreamInput,
        **options: Unpack[RunOptions],
    ) -> EventStream[ai_text.TextGenerationEvent]: ...
    @overload
    async def __call__(
        self,
        model: ai_models.TextGenerationModel,
        inputs: ai_text.TextGenerationInput,
        row_type: RowType[T],
        **options: Unpack[RunOptions],
    ) -> T: ...
    @overload
    async def __call__(
        self,
        model: ai_models.ChatCompletionModel | ai_models.ResponsesModel,
        inputs: ai_text.ChatCompletionInput,
        **options: Unpack[RunOptions],
    ) -> ai_text.ChatCompletion: ...
    @overload
    async def __call__(
        self,
        model: ai_models.ChatCompletionModel | ai_models.ResponsesModel,
        inputs: ai_text.ChatCompletionStreamInput,
        **options: Unpack[RunOptions],
    ) -> EventStream[ai_text.ChatCompletionChunk]: ...
    @overload
    async def __call__(
        self,
        model: ai_models.ChatCompletionModel | ai_models.ResponsesModel,
        inputs: ai_text.ChatCompletionInput,
        row_type: RowType[T],
        **options: Unpack[RunOptions],
    ) -> T: ...
    @overload
    async def __call__(
        self,
        model: ai_models.ResponsesModel,
        inputs: ai_text.ResponsesInput,
        **options: Unpack[RunOptions],
    ) -> ai_text.ResponsesOutput: ...
    @overload
    async def __call__(
        self,
        model: ai_models.ResponsesModel,
        inputs: ai_text.ResponsesStreamInput,
        **options: Unpack[RunOptions],
    ) -> EventStream[dict[str, Any]]: ...
    @overload
    async def __call__(
        self,
        model: ai_models.ResponsesModel,
        inputs: ai_text.ResponsesInput,
        row_type: RowType[T],
        **options: Unpack[RunOptions],
    ) -> T: ...
    @overload
    async def __call__(
        self,
        model: ai_models.TextEmbeddingsModel,
        inputs: ai_tasks.TextEmbeddingsInput,
        **options: Unpack[RunOptions],
    ) -> ai_tasks.TextEmbeddingsOutput: ...
    @overload
    async def __call__(
        self,
        model: ai_models.RerankingModel,
        inputs: ai_tasks.RerankingInput,
        **options: Unpack[RunOptions],
    ) -> ai_tasks.RerankingOutput: ...
    @overload
    async def __call__(
        self,
        model: ai_models.TextClassificationModel,
        inputs: ai_tasks.TextClassificationInput,
        **options: Unpack[RunOptions],
    ) -> list[ai_tasks.Classification]: ...
    @overload
    async def __call__(
        self,
        model: ai_models.ContentSafetyModel,
        inputs: ai_tasks.ContentSafetyInput,
        **options: Unpack[RunOptions],
    ) -> ai_tasks.ContentSafetyOutput: ...
    @overload
    async def __call__(
        self,
        model: ai_models.TranslationModel,
        inputs: ai_tasks.TranslationInput,
        **options: Unpack[RunOptions],
    ) -> ai_tasks.TranslationOutput: ...
    @overload
    async def __call__(
        self,
        model: ai_models.IndicTranslationModel,
        inputs: ai_tasks.IndicTranslationInput,
        **options: Unpack[RunOptions],
    ) -> ai_tasks.IndicTranslationOutput: ...
    @overload
    async def __call__(
        self,
        model: ai_models.SummarizationModel,
        inputs: ai_tasks.SummarizationInput,
        **options: Unpack[RunOptions],
    ) -> ai_tasks.SummarizationOutput: ...

    # Speech

    @overload
    async def __call__(
        self,
        model: ai_models.SpeechRecognitionModel,
        inputs: ai_media.SpeechRecognitionInput,
        **options: Unpack[RunOptions],
    ) -> ai_media.SpeechRecognitionOutput: ...
    @overload
    async def __call__(
        self,
        model: ai_models.SpeechTurboModel,
        inputs: ai_media.SpeechTurboInput,
        **options: Unpack[RunOptions],
    ) -> ai_media.SpeechTurboOutput: ...
    @overload
    async def __call__(
        self,
        model: ai_models.SpeechStreamModel,
        inputs: ai_media.SpeechStreamInput,
        **options: Unpack[RunOptions],
    ) -> ai_media.SpeechStreamOutput: ...
    @overload
    async def __call__(
        self,
        model: ai_models.TurnDetectionModel,
        inputs: ai_media.TurnDetectionInput,
        **options: Unpack[RunOptions],
    ) -> ai_media.TurnDetectionOutput: ...
    @overload
    async def __call__(
        self,
        model: ai_models.TextToSpeechModel,
        inputs: ai_media.TextToSpeechInput,
        **options: Unpack[RunOptions],
    ) -> bytes: ...
    @overload
    async def __call__(
        self,
        model: ai_models.AuraModel,
        inputs: ai_media.AuraInput,
        **options: Unpack[RunOptions],
    ) -> bytes: ...

    # Images

    @overload
    async def __call__(
        self,
        model: ai_models.TextToImageModel,
        inputs: ai_media.TextToImageInput,
        **options: Unpack[RunOptions],
    ) -> bytes: ...
    @overload
    async def __call__(
        self,
        model: ai_models.MultipartImageModel,
        inputs: ai_media.MultipartImageInput,
        **options: Unpack[RunOptions],
    ) -> bytes: ...
    @overload
    async def __call__(
        self,
        model: ai_models.ImageToTextModel,
        inputs: ai_media.ImageToTextInput,
        **options: Unpack[RunOptions],
    ) -> ai_media.ImageToTextOutput: ...
    @overload
    async def __call__(
        self,
        model: ai_models.ImageClassificationModel,
        inputs: ai_media.ImageClassificationInput,
        **options: Unpack[RunOptions],
    ) -> list[ai_tasks.Classification]: ...
    @overload
    async def __call__(
        self,
        model: ai_models.VisionModel,
        inputs: ai_media.VisionInput,
        **options: Unpack[RunOptions],
    ) -> ai_media.VisionOutput: ...
    @overload
    async def __call__(
        self,
        model: ai_models.VisionModel,
        inputs: ai_media.VisionStreamInput,
        **options: Unpack[RunOptions],
    ) -> EventStream[dict[str, Any]]: ...

    # Any other model

    @overload
    async def __call__(
        self, model: AIModel, inputs: Mapping[str, Any], **options: Unpack[RunOptions]
    ) -> Any: ...
    @overload
    async def __call__(
        self,
        model: AIModel,
        inputs: Mapping[str, Any],
        row_type: RowType[T],
        **options: Unpack[RunOptions],
    ) -> T: ...

    # Mistakes. Without these overloads, mypy prints 18 KB: all overloads above, with all names of
    # models. The result of a mistake cannot be awaited, and its type is the advice. pyright shows
    # 50 characters of it.

    @overload
    def __call__(
        self, model: ai_models.TextGenerationModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: TextGenerationInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.ChatCompletionModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: ChatCompletionInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.ResponsesModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: ResponsesInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.TextEmbeddingsModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: TextEmbeddingsInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.RerankingModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: RerankingInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.TextClassificationModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: TextClassificationInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.ContentSafetyModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: ContentSafetyInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.TranslationModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: TranslationInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.IndicTranslationModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: IndicTranslationInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.SummarizationModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: SummarizationInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.SpeechRecognitionModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: SpeechRecognitionInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.SpeechTurboModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: SpeechTurboInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.SpeechStreamModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: SpeechStreamInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.TurnDetectionModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: TurnDetectionInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.TextToSpeechModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: TextToSpeechInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.AuraModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal["write inputs: AuraInput = ... to see the wrong key; or an option is wrong"]: ...

    @overload
    def __call__(
        self, model: ai_models.TextToImageModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: TextToImageInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.MultipartImageModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: MultipartImageInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.ImageToTextModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: ImageToTextInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.ImageClassificationModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal[
        "write inputs: ImageClassificationInput = ... to see the wrong key; or an option is wrong"
    ]: ...

    @overload
    def __call__(
        self, model: ai_models.VisionModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal["write inputs: VisionInput = ... to see the wrong key; or an option is wrong"]: ...

    @overload
    def __call__(
        self, model: AIModel, inputs: object, *rest: Any, **options: Any
    ) -> Literal["write inputs: dict[str, Any] = ...; or an option is wrong"]: ...
    @overload
    def __call__(
        self, model: str, inputs: object, *rest: Any, **options: Any
    ) -> Literal["write AIModel(name), or NAME: Final for a constant"]: ...

    # Without inputs, or with their keys as keywords. A dict matches no parameter here: a call that
    # two overloads of mistakes match would be Any.

    @overload
    def __call__(
        self, model: object = ..., *, inputs: None = ..., **options: Any
    ) -> Literal["write run(model, {...}): the inputs are one dict"]: ...
