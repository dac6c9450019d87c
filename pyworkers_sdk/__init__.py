"""A typed, Pythonic SDK over Cloudflare Workers' bindings.

Names load when they are first used, so a Worker pays at its start for what it uses alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._media_input import ImageSource as ImageSource
    from .abort import AbortController as AbortController, AbortSignal as AbortSignal
    from .access import (
        CloudflareAccessContext as CloudflareAccessContext,
        CloudflareAccessIdentity as CloudflareAccessIdentity,
    )
    from .agent_memory import (
        AgentMemory as AgentMemory,
        AgentMemoryListMemoriesResult as AgentMemoryListMemoriesResult,
        AgentMemoryMemory as AgentMemoryMemory,
        AgentMemoryMemoryListEntry as AgentMemoryMemoryListEntry,
        AgentMemoryMessage as AgentMemoryMessage,
        AgentMemoryProfile as AgentMemoryProfile,
        AgentMemoryRecallResult as AgentMemoryRecallResult,
        AgentMemoryScoredCandidate as AgentMemoryScoredCandidate,
    )
    from .ai import AI as AI, AIModel as AIModel, AiModelsSearchObject as AiModelsSearchObject
    from .ai.documents import (
        ConversionOptions as ConversionOptions,
        ConversionResponse as ConversionResponse,
        MarkdownDocument as MarkdownDocument,
        SupportedFileFormat as SupportedFileFormat,
        ToMarkdownService as ToMarkdownService,
    )
    from .ai.events import EventStream as EventStream
    from .ai.gateway import (
        AiGateway as AiGateway,
        AiGatewayLog as AiGatewayLog,
        AiGatewayPatchLog as AiGatewayPatchLog,
        AIGatewayUniversalRequest as AIGatewayUniversalRequest,
        GatewayOptions as GatewayOptions,
        UniversalGatewayOptions as UniversalGatewayOptions,
    )
    from .ai_search import (
        AiSearchInstance as AiSearchInstance,
        AiSearchNamespace as AiSearchNamespace,
    )
    from .ai_search.items import (
        AiSearchItem as AiSearchItem,
        AiSearchItemContentResult as AiSearchItemContentResult,
        AiSearchItems as AiSearchItems,
        AiSearchJob as AiSearchJob,
        AiSearchJobs as AiSearchJobs,
    )
    from .ai_search.types import (
        AiSearchChatCompletionsResponse as AiSearchChatCompletionsResponse,
        AiSearchConfig as AiSearchConfig,
        AiSearchInstanceInfo as AiSearchInstanceInfo,
        AiSearchItemInfo as AiSearchItemInfo,
        AiSearchJobInfo as AiSearchJobInfo,
        AiSearchMessage as AiSearchMessage,
        AiSearchMultiSearchOptions as AiSearchMultiSearchOptions,
        AiSearchMultiSearchResponse as AiSearchMultiSearchResponse,
        AiSearchOptions as AiSearchOptions,
        AiSearchSearchResponse as AiSearchSearchResponse,
        AiSearchSettings as AiSearchSettings,
    )
    from .analytics import (
        AnalyticsEngineDataset as AnalyticsEngineDataset,
        AnalyticsSQL as AnalyticsSQL,
        AnalyticsSQLResult as AnalyticsSQLResult,
        AnalyticsSQLStatistics as AnalyticsSQLStatistics,
    )
    from .artifacts import (
        Artifacts as Artifacts,
        ArtifactsCommitMetadata as ArtifactsCommitMetadata,
        ArtifactsCreateRepoResult as ArtifactsCreateRepoResult,
        ArtifactsCreateTokenResult as ArtifactsCreateTokenResult,
        ArtifactsRepo as ArtifactsRepo,
        ArtifactsRepoInfo as ArtifactsRepoInfo,
        ArtifactsRepoListResult as ArtifactsRepoListResult,
        ArtifactsTokenInfo as ArtifactsTokenInfo,
        ArtifactsTokenListResult as ArtifactsTokenListResult,
        ArtifactsTreeEntry as ArtifactsTreeEntry,
    )
    from .assets import Assets as Assets
    from .blob import Blob as Blob, File as File
    from .browser import Browser as Browser
    from .browser.sessions import (
        BrowserRunAcquireResult as BrowserRunAcquireResult,
        BrowserRunConnection as BrowserRunConnection,
        BrowserRunDevtools as BrowserRunDevtools,
        BrowserRunDevToolsTarget as BrowserRunDevToolsTarget,
        BrowserRunDevToolsVersion as BrowserRunDevToolsVersion,
        BrowserRunLimits as BrowserRunLimits,
        BrowserRunLiveView as BrowserRunLiveView,
        BrowserRunSession as BrowserRunSession,
    )
    from .cache import Cache as Cache, CacheStorage as CacheStorage, caches as caches
    from .cache_context import (
        CacheContext as CacheContext,
        CachePurgeError as CachePurgeError,
        CachePurgeResult as CachePurgeResult,
    )
    from .cf import (
        IncomingRequestCfProperties as IncomingRequestCfProperties,
        RequestInitCfProperties as RequestInitCfProperties,
    )
    from .containers import (
        Container as Container,
        ContainerDirectorySnapshot as ContainerDirectorySnapshot,
        ContainerDirectorySnapshotRestoreParams as ContainerDirectorySnapshotRestoreParams,
        ContainerExecPtyOptions as ContainerExecPtyOptions,
        ContainerInfo as ContainerInfo,
        ContainerSnapshot as ContainerSnapshot,
        ContainerStartResources as ContainerStartResources,
        ExecOutput as ExecOutput,
        ExecProcess as ExecProcess,
    )
    from .d1 import (
        D1 as D1,
        D1DatabaseSession as D1DatabaseSession,
        D1ExecResult as D1ExecResult,
        D1Meta as D1Meta,
        D1PreparedStatement as D1PreparedStatement,
        D1Result as D1Result,
    )
    from .dispatch_namespaces import DispatchNamespace as DispatchNamespace
    from .durable import (
        DurableObject as DurableObject,
        DurableObjectNamespace as DurableObjectNamespace,
        DurableObjectRetryOptions as DurableObjectRetryOptions,
        DurableObjectStub as DurableObjectStub,
    )
    from .durable.facets import (
        DurableObjectClass as DurableObjectClass,
        DurableObjectFacets as DurableObjectFacets,
        FacetStartupOptions as FacetStartupOptions,
    )
    from .durable.kv import SyncKvStorage as SyncKvStorage
    from .durable.sql import SqlStorage as SqlStorage, SqlStorageCursor as SqlStorageCursor
    from .durable.state import (
        AlarmInvocationInfo as AlarmInvocationInfo,
        DurableObjectId as DurableObjectId,
        DurableObjectState as DurableObjectState,
        WebSocketRequestResponsePair as WebSocketRequestResponsePair,
    )
    from .durable.storage import (
        DurableObjectStorage as DurableObjectStorage,
        DurableObjectTransaction as DurableObjectTransaction,
    )
    from .email import (
        EmailMessage as EmailMessage,
        EmailSendResult as EmailSendResult,
        ForwardableEmailMessage as ForwardableEmailMessage,
    )
    from .email.parts import EmailAddress as EmailAddress, EmailAttachment as EmailAttachment
    from .email.sending import SendEmail as SendEmail
    from .entrypoints import (
        ExecutionContext as ExecutionContext,
        WorkerEntrypoint as WorkerEntrypoint,
    )
    from .env import Env as Env
    from .errors import (
        AbortError as AbortError,
        AbortTimeoutError as AbortTimeoutError,
        AIError as AIError,
        AiSearchError as AiSearchError,
        AnalyticsSQLError as AnalyticsSQLError,
        ArtifactsError as ArtifactsError,
        BindingError as BindingError,
        ConversionError as ConversionError,
        D1ConstraintError as D1ConstraintError,
        D1Error as D1Error,
        DurableObjectConstraintError as DurableObjectConstraintError,
        DurableObjectError as DurableObjectError,
        EmailError as EmailError,
        ImagesError as ImagesError,
        KVError as KVError,
        MediaError as MediaError,
        NonRetryableError as NonRetryableError,
        QueueError as QueueError,
        R2Error as R2Error,
        RowError as RowError,
        RpcError as RpcError,
        StreamBindingError as StreamBindingError,
        StreamError as StreamError,
        VectorizeError as VectorizeError,
        WorkersError as WorkersError,
        WorkflowError as WorkflowError,
    )
    from .flagship import (
        Flagship as Flagship,
        FlagshipEvaluationContext as FlagshipEvaluationContext,
        FlagshipEvaluationDetails as FlagshipEvaluationDetails,
    )
    from .forms import FormData as FormData
    from .global_handlers import handler as handler
    from .headers import Headers as Headers
    from .html_rewriter import (
        Comment as Comment,
        Doctype as Doctype,
        DocumentEnd as DocumentEnd,
        Element as Element,
        EndTag as EndTag,
        HTMLRewriter as HTMLRewriter,
        Text as Text,
    )
    from .http import Request as Request, Response as Response, fetch as fetch
    from .hyperdrive import Hyperdrive as Hyperdrive
    from .images import (
        ImageInfoResponse as ImageInfoResponse,
        Images as Images,
        ImageTransformationResult as ImageTransformationResult,
        ImageTransformer as ImageTransformer,
    )
    from .images.hosted import (
        HostedImages as HostedImages,
        ImageDirectUploadResult as ImageDirectUploadResult,
        ImageHandle as ImageHandle,
        ImageList as ImageList,
        ImageMetadata as ImageMetadata,
    )
    from .kv import (
        KV as KV,
        KVListKey as KVListKey,
        KVListResult as KVListResult,
        KVValueWithMetadata as KVValueWithMetadata,
    )
    from .logs import ConsoleHandler as ConsoleHandler, configure_logging as configure_logging
    from .media import (
        Media as Media,
        MediaTransformationGenerator as MediaTransformationGenerator,
        MediaTransformationResult as MediaTransformationResult,
        MediaTransformer as MediaTransformer,
    )
    from .pipelines import Pipeline as Pipeline
    from .queues import (
        Message as Message,
        MessageBatch as MessageBatch,
        MessageSendRequest as MessageSendRequest,
        Queue as Queue,
        QueueMetadata as QueueMetadata,
        QueueMetrics as QueueMetrics,
        QueueSendResponse as QueueSendResponse,
    )
    from .r2 import R2 as R2, R2MultipartUpload as R2MultipartUpload
    from .r2.objects import (
        HTTPMetadata as HTTPMetadata,
        R2Checksums as R2Checksums,
        R2Conditional as R2Conditional,
        R2Object as R2Object,
        R2ObjectBody as R2ObjectBody,
        R2ObjectRange as R2ObjectRange,
        R2Objects as R2Objects,
        R2Range as R2Range,
        R2UploadedPart as R2UploadedPart,
    )
    from .rate_limit import RateLimit as RateLimit, RateLimitOutcome as RateLimitOutcome
    from .resource_limits import ResourceLimits as ResourceLimits
    from .rpc import (
        RpcPromise as RpcPromise,
        RpcProperty as RpcProperty,
        RpcStub as RpcStub,
        RpcTarget as RpcTarget,
    )
    from .scheduled import ScheduledController as ScheduledController
    from .secrets_store import SecretsStoreSecret as SecretsStoreSecret
    from .services import Exports as Exports, Fetcher as Fetcher, Service as Service
    from .stream_video import (
        Stream as Stream,
        StreamScopedCaptions as StreamScopedCaptions,
        StreamScopedDownloads as StreamScopedDownloads,
        StreamVideoHandle as StreamVideoHandle,
        StreamVideos as StreamVideos,
        StreamWatermarks as StreamWatermarks,
    )
    from .stream_video.types import (
        StreamCaption as StreamCaption,
        StreamDirectUpload as StreamDirectUpload,
        StreamDownload as StreamDownload,
        StreamDownloadGetResponse as StreamDownloadGetResponse,
        StreamVideo as StreamVideo,
        StreamVideoStatus as StreamVideoStatus,
        StreamWatermark as StreamWatermark,
    )
    from .streams import ReadableStream as ReadableStream, WritableStream as WritableStream
    from .tail import (
        ScriptVersion as ScriptVersion,
        TraceDiagnosticChannelEvent as TraceDiagnosticChannelEvent,
        TraceEventInfo as TraceEventInfo,
        TraceException as TraceException,
        TraceItem as TraceItem,
        TraceItemAlarmEventInfo as TraceItemAlarmEventInfo,
        TraceItemCustomEventInfo as TraceItemCustomEventInfo,
        TraceItemEmailEventInfo as TraceItemEmailEventInfo,
        TraceItemFetchEventInfo as TraceItemFetchEventInfo,
        TraceItemFetchEventInfoRequest as TraceItemFetchEventInfoRequest,
        TraceItemFetchEventInfoResponse as TraceItemFetchEventInfoResponse,
        TraceItemHibernatableWebSocketEventInfo as TraceItemHibernatableWebSocketEventInfo,
        TraceItemJsRpcEventInfo as TraceItemJsRpcEventInfo,
        TraceItemOnHibernateEventInfo as TraceItemOnHibernateEventInfo,
        TraceItemQueueEventInfo as TraceItemQueueEventInfo,
        TraceItemScheduledEventInfo as TraceItemScheduledEventInfo,
        TraceItemTailEventInfo as TraceItemTailEventInfo,
        TraceLog as TraceLog,
        TraceLogErrorInfo as TraceLogErrorInfo,
        TracePreviewInfo as TracePreviewInfo,
    )
    from .tcp import (
        Socket as Socket,
        SocketAddress as SocketAddress,
        SocketInfo as SocketInfo,
        connect as connect,
    )
    from .tracing import Span as Span, Tracing as Tracing, TracingSpanContext as TracingSpanContext
    from .vectorize import (
        Vectorize as Vectorize,
        VectorizeAsyncMutation as VectorizeAsyncMutation,
        VectorizeIndexInfo as VectorizeIndexInfo,
        VectorizeMatch as VectorizeMatch,
        VectorizeMatches as VectorizeMatches,
        VectorizeVector as VectorizeVector,
    )
    from .vectorize.legacy_index import (
        VectorizeIndex as VectorizeIndex,
        VectorizeIndexConfig as VectorizeIndexConfig,
        VectorizeIndexDetails as VectorizeIndexDetails,
        VectorizeVectorMutation as VectorizeVectorMutation,
    )
    from .version_metadata import VersionMetadata as VersionMetadata
    from .web_search import (
        WebSearch as WebSearch,
        WebSearchResponseMetadata as WebSearchResponseMetadata,
        WebSearchResult as WebSearchResult,
        WebSearchSearchResponse as WebSearchSearchResponse,
    )
    from .websockets import (
        CloseEvent as CloseEvent,
        ErrorEvent as ErrorEvent,
        MessageEvent as MessageEvent,
        WebSocket as WebSocket,
        WebSocketPair as WebSocketPair,
    )
    from .worker_loader import (
        WorkerCode as WorkerCode,
        WorkerLoader as WorkerLoader,
        WorkerLoaderModule as WorkerLoaderModule,
        WorkerStub as WorkerStub,
    )
    from .workflows import (
        InstanceStatus as InstanceStatus,
        Workflow as Workflow,
        WorkflowBatchCreateResult as WorkflowBatchCreateResult,
        WorkflowBatchDeleteResult as WorkflowBatchDeleteResult,
        WorkflowInstance as WorkflowInstance,
        WorkflowInstanceCreateOptions as WorkflowInstanceCreateOptions,
        WorkflowRestartFrom as WorkflowRestartFrom,
        WorkflowRetention as WorkflowRetention,
    )
    from .workflows.entrypoint import WorkflowEntrypoint as WorkflowEntrypoint
    from .workflows.events import (
        WorkflowCronSchedule as WorkflowCronSchedule,
        WorkflowEvent as WorkflowEvent,
        WorkflowStepEvent as WorkflowStepEvent,
    )
    from .workflows.steps import (
        WorkflowDynamicDelayContext as WorkflowDynamicDelayContext,
        WorkflowRetries as WorkflowRetries,
        WorkflowRollbackContext as WorkflowRollbackContext,
        WorkflowStep as WorkflowStep,
        WorkflowStepConfig as WorkflowStepConfig,
        WorkflowStepContext as WorkflowStepContext,
    )
    from .workflows.subscription import (
        WorkflowInstanceError as WorkflowInstanceError,
        WorkflowInstanceEvent as WorkflowInstanceEvent,
        WorkflowInstanceSubscription as WorkflowInstanceSubscription,
    )

__version__ = "0.1.0"

_MODULES = {
    "abort": "AbortController AbortSignal",
    "access": "CloudflareAccessContext CloudflareAccessIdentity",
    "agent_memory": (
        "AgentMemory AgentMemoryListMemoriesResult AgentMemoryMemory"
        " AgentMemoryMemoryListEntry AgentMemoryMessage AgentMemoryProfile"
        " AgentMemoryRecallResult AgentMemoryScoredCandidate"
    ),
    "ai_search": "AiSearchInstance AiSearchNamespace",
    "ai_search.items": (
        "AiSearchItem AiSearchItemContentResult AiSearchItems AiSearchJob AiSearchJobs"
    ),
    "ai_search.types": (
        "AiSearchChatCompletionsResponse AiSearchConfig AiSearchInstanceInfo"
        " AiSearchItemInfo AiSearchJobInfo AiSearchMessage AiSearchMultiSearchOptions"
        " AiSearchMultiSearchResponse AiSearchOptions AiSearchSearchResponse"
        " AiSearchSettings"
    ),
    "artifacts": (
        "Artifacts ArtifactsCommitMetadata ArtifactsCreateRepoResult"
        " ArtifactsCreateTokenResult ArtifactsRepo ArtifactsRepoInfo"
        " ArtifactsRepoListResult ArtifactsTokenInfo ArtifactsTokenListResult"
        " ArtifactsTreeEntry"
    ),
    "web_search": ("WebSearch WebSearchSearchResponse WebSearchResponseMetadata WebSearchResult"),
    "ai": "AI AIModel AiModelsSearchObject",
    "ai.documents": (
        "ConversionOptions ConversionResponse MarkdownDocument SupportedFileFormat"
        " ToMarkdownService"
    ),
    "ai.events": "EventStream",
    "ai.gateway": (
        "AIGatewayUniversalRequest AiGateway AiGatewayLog AiGatewayPatchLog GatewayOptions"
        " UniversalGatewayOptions"
    ),
    "analytics": ("AnalyticsEngineDataset AnalyticsSQL AnalyticsSQLResult AnalyticsSQLStatistics"),
    "assets": "Assets",
    "blob": "Blob File",
    "cache": "Cache CacheStorage caches",
    "cache_context": "CacheContext CachePurgeError CachePurgeResult",
    "cf": "IncomingRequestCfProperties RequestInitCfProperties",
    "containers": (
        "Container ContainerDirectorySnapshot ContainerDirectorySnapshotRestoreParams"
        " ContainerExecPtyOptions ContainerInfo ContainerSnapshot ContainerStartResources"
        " ExecOutput ExecProcess"
    ),
    "d1": "D1 D1DatabaseSession D1ExecResult D1Meta D1PreparedStatement D1Result",
    "dispatch_namespaces": "DispatchNamespace",
    "durable": "DurableObject DurableObjectNamespace DurableObjectRetryOptions DurableObjectStub",
    "durable.facets": "DurableObjectClass DurableObjectFacets FacetStartupOptions",
    "durable.kv": "SyncKvStorage",
    "durable.sql": "SqlStorage SqlStorageCursor",
    "durable.state": (
        "AlarmInvocationInfo DurableObjectId DurableObjectState WebSocketRequestResponsePair"
    ),
    "durable.storage": "DurableObjectStorage DurableObjectTransaction",
    "email": "EmailMessage EmailSendResult ForwardableEmailMessage",
    "email.sending": "SendEmail",
    "email.parts": "EmailAddress EmailAttachment",
    "_media_input": "ImageSource",
    "entrypoints": "ExecutionContext WorkerEntrypoint",
    "env": "Env",
    "errors": (
        "AIError AbortError AbortTimeoutError AiSearchError AnalyticsSQLError ArtifactsError"
        " BindingError ConversionError D1ConstraintError"
        " D1Error"
        " DurableObjectConstraintError DurableObjectError"
        " EmailError ImagesError KVError MediaError NonRetryableError QueueError R2Error RowError"
        " RpcError StreamBindingError StreamError"
        " VectorizeError WorkersError WorkflowError"
    ),
    "flagship": "Flagship FlagshipEvaluationContext FlagshipEvaluationDetails",
    "forms": "FormData",
    "headers": "Headers",
    "html_rewriter": "Comment Doctype DocumentEnd Element EndTag HTMLRewriter Text",
    "http": "Request Response fetch",
    "hyperdrive": "Hyperdrive",
    "images": "ImageInfoResponse ImageTransformationResult ImageTransformer Images",
    "images.hosted": "HostedImages ImageDirectUploadResult ImageHandle ImageList ImageMetadata",
    "browser": "Browser",
    "browser.sessions": (
        "BrowserRunAcquireResult BrowserRunConnection BrowserRunDevToolsTarget"
        " BrowserRunDevToolsVersion BrowserRunDevtools BrowserRunLimits BrowserRunLiveView"
        " BrowserRunSession"
    ),
    "media": "Media MediaTransformationGenerator MediaTransformationResult MediaTransformer",
    "stream_video": (
        "Stream StreamScopedCaptions StreamScopedDownloads StreamVideoHandle StreamVideos"
        " StreamWatermarks"
    ),
    "stream_video.types": (
        "StreamCaption StreamDirectUpload StreamDownload StreamDownloadGetResponse"
        " StreamVideo StreamVideoStatus StreamWatermark"
    ),
    "kv": "KV KVListKey KVListResult KVValueWithMetadata",
    "global_handlers": "handler",
    "resource_limits": "ResourceLimits",
    "logs": "ConsoleHandler configure_logging",
    "pipelines": "Pipeline",
    "queues": (
        "Message MessageBatch MessageSendRequest Queue QueueMetadata QueueMetrics QueueSendResponse"
    ),
    "r2": "R2 R2MultipartUpload",
    "r2.objects": (
        "HTTPMetadata R2Checksums R2Conditional R2Object R2ObjectBody R2ObjectRange R2Objects"
        " R2Range R2UploadedPart"
    ),
    "rate_limit": "RateLimit RateLimitOutcome",
    "rpc": "RpcPromise RpcProperty RpcStub RpcTarget",
    "scheduled": "ScheduledController",
    "secrets_store": "SecretsStoreSecret",
    "services": "Exports Fetcher Service",
    "tcp": "Socket SocketAddress SocketInfo connect",
    "streams": "ReadableStream WritableStream",
    "tail": (
        "ScriptVersion TraceDiagnosticChannelEvent TraceEventInfo TraceException TraceItem"
        " TraceItemAlarmEventInfo TraceItemCustomEventInfo TraceItemEmailEventInfo"
        " TraceItemFetchEventInfo TraceItemFetchEventInfoRequest TraceItemFetchEventInfoResponse"
        " TraceItemHibernatableWebSocketEventInfo TraceItemJsRpcEventInfo"
        " TraceItemOnHibernateEventInfo TraceItemQueueEventInfo TraceItemScheduledEventInfo"
        " TraceItemTailEventInfo TraceLog TraceLogErrorInfo TracePreviewInfo"
    ),
    "tracing": "Span Tracing TracingSpanContext",
    "vectorize": (
        "Vectorize VectorizeAsyncMutation VectorizeIndexInfo VectorizeMatch VectorizeMatches"
        " VectorizeVector"
    ),
    "vectorize.legacy_index": (
        "VectorizeIndex VectorizeIndexConfig VectorizeIndexDetails VectorizeVectorMutation"
    ),
    "version_metadata": "VersionMetadata",
    "websockets": "CloseEvent ErrorEvent MessageEvent WebSocket WebSocketPair",
    "worker_loader": "WorkerCode WorkerLoader WorkerLoaderModule WorkerStub",
    "workflows.entrypoint": "WorkflowEntrypoint",
    "workflows.events": "WorkflowCronSchedule WorkflowEvent WorkflowStepEvent",
    "workflows.steps": (
        "WorkflowDynamicDelayContext WorkflowRetries WorkflowRollbackContext WorkflowStep"
        " WorkflowStepConfig WorkflowStepContext"
    ),
    "workflows.subscription": (
        "WorkflowInstanceError WorkflowInstanceEvent WorkflowInstanceSubscription"
    ),
    "workflows": (
        "InstanceStatus Workflow WorkflowBatchCreateResult WorkflowBatchDeleteResult"
        " WorkflowInstance WorkflowInstanceCreateOptions WorkflowRestartFrom WorkflowRetention"
    ),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names.split()}

if not TYPE_CHECKING:  # which take the names above for public
    __all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f".{_HOME[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
