"""A typed, Pythonic SDK over Cloudflare Workers' bindings.

Names load when they are first used, so a Worker pays at its start for what it uses alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .abort import AbortController, AbortSignal
    from .access import CloudflareAccessContext, CloudflareAccessIdentity
    from .agent_memory import (
        AgentMemory,
        AgentMemoryListMemoriesResult,
        AgentMemoryMemory,
        AgentMemoryMemoryListEntry,
        AgentMemoryMessage,
        AgentMemoryProfile,
        AgentMemoryRecallResult,
        AgentMemoryScoredCandidate,
    )
    from .ai import AI, AIModel, AiModelsSearchObject
    from .ai_documents import (
        ConversionOptions,
        ConversionResponse,
        MarkdownDocument,
        SupportedFileFormat,
        ToMarkdownService,
    )
    from .ai_events import EventStream
    from .ai_gateway import (
        AiGateway,
        AiGatewayLog,
        AiGatewayPatchLog,
        AIGatewayUniversalRequest,
        GatewayOptions,
        UniversalGatewayOptions,
    )
    from .ai_search import (
        AiSearchInstance,
        AiSearchNamespace,
    )
    from .ai_search_items import (
        AiSearchItem,
        AiSearchItemContentResult,
        AiSearchItems,
        AiSearchJob,
        AiSearchJobs,
    )
    from .ai_search_types import (
        AiSearchChatCompletionsResponse,
        AiSearchConfig,
        AiSearchInstanceInfo,
        AiSearchItemInfo,
        AiSearchJobInfo,
        AiSearchMessage,
        AiSearchMultiSearchOptions,
        AiSearchMultiSearchResponse,
        AiSearchOptions,
        AiSearchSearchResponse,
        AiSearchSettings,
    )
    from .analytics import AnalyticsEngineDataset
    from .artifacts import (
        Artifacts,
        ArtifactsCommitMetadata,
        ArtifactsCreateRepoResult,
        ArtifactsCreateTokenResult,
        ArtifactsRepo,
        ArtifactsRepoInfo,
        ArtifactsRepoListResult,
        ArtifactsTokenInfo,
        ArtifactsTokenListResult,
        ArtifactsTreeEntry,
    )
    from .assets import Assets
    from .blob import Blob, File
    from .browser import Browser
    from .browser_sessions import (
        BrowserRunAcquireResult,
        BrowserRunConnection,
        BrowserRunDevtools,
        BrowserRunDevToolsTarget,
        BrowserRunDevToolsVersion,
        BrowserRunLimits,
        BrowserRunLiveView,
        BrowserRunSession,
    )
    from .cache import Cache, CacheStorage, caches
    from .cache_context import CacheContext, CachePurgeError, CachePurgeResult
    from .cf import IncomingRequestCfProperties, RequestInitCfProperties
    from .containers import (
        Container,
        ContainerDirectorySnapshot,
        ContainerDirectorySnapshotRestoreParams,
        ContainerExecPtyOptions,
        ContainerInfo,
        ContainerSnapshot,
        ContainerStartResources,
        ExecOutput,
        ExecProcess,
    )
    from .d1 import (
        D1,
        D1DatabaseSession,
        D1ExecResult,
        D1Meta,
        D1PreparedStatement,
        D1Result,
    )
    from .dispatch import DispatchNamespace
    from .durable import (
        DurableObject,
        DurableObjectNamespace,
        DurableObjectRetryOptions,
        DurableObjectStub,
    )
    from .durable_facets import DurableObjectClass, DurableObjectFacets, FacetStartupOptions
    from .durable_kv import SyncKvStorage
    from .durable_sql import SqlStorage, SqlStorageCursor
    from .durable_state import (
        AlarmInvocationInfo,
        DurableObjectId,
        DurableObjectState,
        WebSocketRequestResponsePair,
    )
    from .durable_storage import DurableObjectStorage, DurableObjectTransaction
    from .email import EmailMessage, EmailSendResult, ForwardableEmailMessage
    from .email_sending import EmailAddress, EmailAttachment, SendEmail
    from .entrypoints import ExecutionContext, WorkerEntrypoint
    from .env import Env
    from .errors import (
        AbortError,
        AbortTimeoutError,
        AIError,
        AiSearchError,
        ArtifactsError,
        BindingError,
        ConversionError,
        D1ConstraintError,
        D1Error,
        DurableObjectConstraintError,
        DurableObjectError,
        EmailError,
        ImagesError,
        KVError,
        MediaError,
        NonRetryableError,
        QueueError,
        R2Error,
        RowError,
        RpcError,
        StreamBindingError,
        StreamError,
        VectorizeError,
        WorkersError,
        WorkflowError,
    )
    from .flagship import Flagship, FlagshipEvaluationContext, FlagshipEvaluationDetails
    from .forms import FormData
    from .headers import Headers
    from .html_rewriter import (
        Comment,
        Doctype,
        DocumentEnd,
        Element,
        EndTag,
        HTMLRewriter,
        Text,
    )
    from .http import Request, Response, fetch
    from .hyperdrive import Hyperdrive
    from .images import (
        ImageInfoResponse,
        Images,
        ImageSource,
        ImageTransformationResult,
        ImageTransformer,
    )
    from .images_hosted import (
        HostedImages,
        ImageDirectUploadResult,
        ImageHandle,
        ImageList,
        ImageMetadata,
    )
    from .kv import KV, KVListKey, KVListResult, KVValueWithMetadata
    from .legacy import handler
    from .limits import ResourceLimits
    from .logs import ConsoleHandler, configure_logging
    from .media import (
        Media,
        MediaTransformationGenerator,
        MediaTransformationResult,
        MediaTransformer,
    )
    from .pipelines import Pipeline
    from .queues import (
        Message,
        MessageBatch,
        MessageSendRequest,
        Queue,
        QueueMetadata,
        QueueMetrics,
        QueueSendResponse,
    )
    from .r2 import R2, R2MultipartUpload
    from .r2_objects import (
        HTTPMetadata,
        R2Checksums,
        R2Conditional,
        R2Object,
        R2ObjectBody,
        R2ObjectRange,
        R2Objects,
        R2Range,
        R2UploadedPart,
    )
    from .ratelimit import RateLimit, RateLimitOutcome
    from .rpc import RpcPromise, RpcProperty, RpcStub, RpcTarget
    from .scheduled import ScheduledController
    from .secrets_store import SecretsStoreSecret
    from .services import Exports, Fetcher, Service
    from .sockets import Socket, SocketAddress, SocketInfo, connect
    from .stream_shapes import (
        StreamCaption,
        StreamDirectUpload,
        StreamDownload,
        StreamDownloadGetResponse,
        StreamVideo,
        StreamVideoStatus,
        StreamWatermark,
    )
    from .stream_video import (
        Stream,
        StreamScopedCaptions,
        StreamScopedDownloads,
        StreamVideoHandle,
        StreamVideos,
        StreamWatermarks,
    )
    from .streams import ReadableStream, WritableStream
    from .tail import (
        ScriptVersion,
        TraceDiagnosticChannelEvent,
        TraceEventInfo,
        TraceException,
        TraceItem,
        TraceItemAlarmEventInfo,
        TraceItemCustomEventInfo,
        TraceItemEmailEventInfo,
        TraceItemFetchEventInfo,
        TraceItemFetchEventInfoRequest,
        TraceItemFetchEventInfoResponse,
        TraceItemHibernatableWebSocketEventInfo,
        TraceItemJsRpcEventInfo,
        TraceItemOnHibernateEventInfo,
        TraceItemQueueEventInfo,
        TraceItemScheduledEventInfo,
        TraceItemTailEventInfo,
        TraceLog,
        TraceLogErrorInfo,
        TracePreviewInfo,
    )
    from .tracing import Span, Tracing, TracingSpanContext
    from .vectorize import (
        Vectorize,
        VectorizeAsyncMutation,
        VectorizeIndex,
        VectorizeIndexConfig,
        VectorizeIndexDetails,
        VectorizeIndexInfo,
        VectorizeMatch,
        VectorizeMatches,
        VectorizeVector,
        VectorizeVectorMutation,
    )
    from .version import VersionMetadata
    from .web_search import (
        WebSearch,
        WebSearchResponseMetadata,
        WebSearchResult,
        WebSearchSearchResponse,
    )
    from .websockets import CloseEvent, ErrorEvent, MessageEvent, WebSocket, WebSocketPair
    from .worker_loader import WorkerCode, WorkerLoader, WorkerLoaderModule, WorkerStub
    from .workflow_entrypoint import WorkflowEntrypoint
    from .workflow_events import WorkflowCronSchedule, WorkflowEvent, WorkflowStepEvent
    from .workflow_steps import (
        WorkflowDynamicDelayContext,
        WorkflowRetries,
        WorkflowRollbackContext,
        WorkflowStep,
        WorkflowStepConfig,
        WorkflowStepContext,
    )
    from .workflows import (
        InstanceStatus,
        Workflow,
        WorkflowInstance,
        WorkflowInstanceCreateOptions,
        WorkflowInstanceError,
        WorkflowRestartFrom,
        WorkflowRetention,
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
    "ai_search_items": (
        "AiSearchItem AiSearchItemContentResult AiSearchItems AiSearchJob AiSearchJobs"
    ),
    "ai_search_types": (
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
    "ai_documents": (
        "ConversionOptions ConversionResponse MarkdownDocument SupportedFileFormat"
        " ToMarkdownService"
    ),
    "ai_events": "EventStream",
    "ai_gateway": (
        "AIGatewayUniversalRequest AiGateway AiGatewayLog AiGatewayPatchLog GatewayOptions"
        " UniversalGatewayOptions"
    ),
    "analytics": "AnalyticsEngineDataset",
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
    "dispatch": "DispatchNamespace",
    "durable": "DurableObject DurableObjectNamespace DurableObjectRetryOptions DurableObjectStub",
    "durable_facets": "DurableObjectClass DurableObjectFacets FacetStartupOptions",
    "durable_kv": "SyncKvStorage",
    "durable_sql": "SqlStorage SqlStorageCursor",
    "durable_state": (
        "AlarmInvocationInfo DurableObjectId DurableObjectState WebSocketRequestResponsePair"
    ),
    "durable_storage": "DurableObjectStorage DurableObjectTransaction",
    "email": "EmailMessage EmailSendResult ForwardableEmailMessage",
    "email_sending": "EmailAddress EmailAttachment SendEmail",
    "entrypoints": "ExecutionContext WorkerEntrypoint",
    "env": "Env",
    "errors": (
        "AIError AbortError AbortTimeoutError AiSearchError ArtifactsError"
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
    "images": "ImageInfoResponse ImageSource ImageTransformationResult ImageTransformer Images",
    "images_hosted": "HostedImages ImageDirectUploadResult ImageHandle ImageList ImageMetadata",
    "browser": "Browser",
    "browser_sessions": (
        "BrowserRunAcquireResult BrowserRunConnection BrowserRunDevToolsTarget"
        " BrowserRunDevToolsVersion BrowserRunDevtools BrowserRunLimits BrowserRunLiveView"
        " BrowserRunSession"
    ),
    "media": "Media MediaTransformationGenerator MediaTransformationResult MediaTransformer",
    "stream_video": (
        "Stream StreamScopedCaptions StreamScopedDownloads StreamVideoHandle StreamVideos"
        " StreamWatermarks"
    ),
    "stream_shapes": (
        "StreamCaption StreamDirectUpload StreamDownload StreamDownloadGetResponse"
        " StreamVideo StreamVideoStatus StreamWatermark"
    ),
    "kv": "KV KVListKey KVListResult KVValueWithMetadata",
    "legacy": "handler",
    "limits": "ResourceLimits",
    "logs": "ConsoleHandler configure_logging",
    "pipelines": "Pipeline",
    "queues": (
        "Message MessageBatch MessageSendRequest Queue QueueMetadata QueueMetrics QueueSendResponse"
    ),
    "r2": "R2 R2MultipartUpload",
    "r2_objects": (
        "HTTPMetadata R2Checksums R2Conditional R2Object R2ObjectBody R2ObjectRange R2Objects"
        " R2Range R2UploadedPart"
    ),
    "ratelimit": "RateLimit RateLimitOutcome",
    "rpc": "RpcPromise RpcProperty RpcStub RpcTarget",
    "scheduled": "ScheduledController",
    "secrets_store": "SecretsStoreSecret",
    "services": "Exports Fetcher Service",
    "sockets": "Socket SocketAddress SocketInfo connect",
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
        "Vectorize VectorizeAsyncMutation VectorizeIndex VectorizeIndexConfig"
        " VectorizeIndexDetails VectorizeIndexInfo VectorizeMatch VectorizeMatches VectorizeVector"
        " VectorizeVectorMutation"
    ),
    "version": "VersionMetadata",
    "websockets": "CloseEvent ErrorEvent MessageEvent WebSocket WebSocketPair",
    "worker_loader": "WorkerCode WorkerLoader WorkerLoaderModule WorkerStub",
    "workflow_entrypoint": "WorkflowEntrypoint",
    "workflow_events": "WorkflowCronSchedule WorkflowEvent WorkflowStepEvent",
    "workflow_steps": (
        "WorkflowDynamicDelayContext WorkflowRetries WorkflowRollbackContext WorkflowStep"
        " WorkflowStepConfig WorkflowStepContext"
    ),
    "workflows": (
        "InstanceStatus Workflow WorkflowInstance WorkflowInstanceCreateOptions"
        " WorkflowInstanceError WorkflowRestartFrom WorkflowRetention"
    ),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = [
    "AI",
    "D1",
    "KV",
    "R2",
    "AIError",
    "AIGatewayUniversalRequest",
    "AIModel",
    "AbortController",
    "AbortError",
    "AbortSignal",
    "AbortTimeoutError",
    "AgentMemory",
    "AgentMemoryListMemoriesResult",
    "AgentMemoryMemory",
    "AgentMemoryMemoryListEntry",
    "AgentMemoryMessage",
    "AgentMemoryProfile",
    "AgentMemoryRecallResult",
    "AgentMemoryScoredCandidate",
    "AiGateway",
    "AiGatewayLog",
    "AiGatewayPatchLog",
    "AiModelsSearchObject",
    "AiSearchChatCompletionsResponse",
    "AiSearchConfig",
    "AiSearchError",
    "AiSearchInstance",
    "AiSearchInstanceInfo",
    "AiSearchItem",
    "AiSearchItemContentResult",
    "AiSearchItemInfo",
    "AiSearchItems",
    "AiSearchJob",
    "AiSearchJobInfo",
    "AiSearchJobs",
    "AiSearchMessage",
    "AiSearchMultiSearchOptions",
    "AiSearchMultiSearchResponse",
    "AiSearchNamespace",
    "AiSearchOptions",
    "AiSearchSearchResponse",
    "AiSearchSettings",
    "AlarmInvocationInfo",
    "AnalyticsEngineDataset",
    "Artifacts",
    "ArtifactsCommitMetadata",
    "ArtifactsCreateRepoResult",
    "ArtifactsCreateTokenResult",
    "ArtifactsError",
    "ArtifactsRepo",
    "ArtifactsRepoInfo",
    "ArtifactsRepoListResult",
    "ArtifactsTokenInfo",
    "ArtifactsTokenListResult",
    "ArtifactsTreeEntry",
    "Assets",
    "BindingError",
    "Blob",
    "Browser",
    "BrowserRunAcquireResult",
    "BrowserRunConnection",
    "BrowserRunDevToolsTarget",
    "BrowserRunDevToolsVersion",
    "BrowserRunDevtools",
    "BrowserRunLimits",
    "BrowserRunLiveView",
    "BrowserRunSession",
    "Cache",
    "CacheContext",
    "CachePurgeError",
    "CachePurgeResult",
    "CacheStorage",
    "CloseEvent",
    "CloudflareAccessContext",
    "CloudflareAccessIdentity",
    "Comment",
    "ConsoleHandler",
    "Container",
    "ContainerDirectorySnapshot",
    "ContainerDirectorySnapshotRestoreParams",
    "ContainerExecPtyOptions",
    "ContainerInfo",
    "ContainerSnapshot",
    "ContainerStartResources",
    "ConversionError",
    "ConversionOptions",
    "ConversionResponse",
    "D1ConstraintError",
    "D1DatabaseSession",
    "D1Error",
    "D1ExecResult",
    "D1Meta",
    "D1PreparedStatement",
    "D1Result",
    "DispatchNamespace",
    "Doctype",
    "DocumentEnd",
    "DurableObject",
    "DurableObjectClass",
    "DurableObjectConstraintError",
    "DurableObjectError",
    "DurableObjectFacets",
    "DurableObjectId",
    "DurableObjectNamespace",
    "DurableObjectRetryOptions",
    "DurableObjectState",
    "DurableObjectStorage",
    "DurableObjectStub",
    "DurableObjectTransaction",
    "Element",
    "EmailAddress",
    "EmailAttachment",
    "EmailError",
    "EmailMessage",
    "EmailSendResult",
    "EndTag",
    "Env",
    "ErrorEvent",
    "EventStream",
    "ExecOutput",
    "ExecProcess",
    "ExecutionContext",
    "Exports",
    "FacetStartupOptions",
    "Fetcher",
    "File",
    "Flagship",
    "FlagshipEvaluationContext",
    "FlagshipEvaluationDetails",
    "FormData",
    "ForwardableEmailMessage",
    "GatewayOptions",
    "HTMLRewriter",
    "HTTPMetadata",
    "Headers",
    "HostedImages",
    "Hyperdrive",
    "ImageDirectUploadResult",
    "ImageHandle",
    "ImageInfoResponse",
    "ImageList",
    "ImageMetadata",
    "ImageSource",
    "ImageTransformationResult",
    "ImageTransformer",
    "Images",
    "ImagesError",
    "IncomingRequestCfProperties",
    "InstanceStatus",
    "KVError",
    "KVListKey",
    "KVListResult",
    "KVValueWithMetadata",
    "MarkdownDocument",
    "Media",
    "MediaError",
    "MediaTransformationGenerator",
    "MediaTransformationResult",
    "MediaTransformer",
    "Message",
    "MessageBatch",
    "MessageEvent",
    "MessageSendRequest",
    "NonRetryableError",
    "Pipeline",
    "Queue",
    "QueueError",
    "QueueMetadata",
    "QueueMetrics",
    "QueueSendResponse",
    "R2Checksums",
    "R2Conditional",
    "R2Error",
    "R2MultipartUpload",
    "R2Object",
    "R2ObjectBody",
    "R2ObjectRange",
    "R2Objects",
    "R2Range",
    "R2UploadedPart",
    "RateLimit",
    "RateLimitOutcome",
    "ReadableStream",
    "Request",
    "RequestInitCfProperties",
    "ResourceLimits",
    "Response",
    "RowError",
    "RpcError",
    "RpcPromise",
    "RpcProperty",
    "RpcStub",
    "RpcTarget",
    "ScheduledController",
    "ScriptVersion",
    "SecretsStoreSecret",
    "SendEmail",
    "Service",
    "Socket",
    "SocketAddress",
    "SocketInfo",
    "Span",
    "SqlStorage",
    "SqlStorageCursor",
    "Stream",
    "StreamBindingError",
    "StreamCaption",
    "StreamDirectUpload",
    "StreamDownload",
    "StreamDownloadGetResponse",
    "StreamError",
    "StreamScopedCaptions",
    "StreamScopedDownloads",
    "StreamVideo",
    "StreamVideoHandle",
    "StreamVideoStatus",
    "StreamVideos",
    "StreamWatermark",
    "StreamWatermarks",
    "SupportedFileFormat",
    "SyncKvStorage",
    "Text",
    "ToMarkdownService",
    "TraceDiagnosticChannelEvent",
    "TraceEventInfo",
    "TraceException",
    "TraceItem",
    "TraceItemAlarmEventInfo",
    "TraceItemCustomEventInfo",
    "TraceItemEmailEventInfo",
    "TraceItemFetchEventInfo",
    "TraceItemFetchEventInfoRequest",
    "TraceItemFetchEventInfoResponse",
    "TraceItemHibernatableWebSocketEventInfo",
    "TraceItemJsRpcEventInfo",
    "TraceItemOnHibernateEventInfo",
    "TraceItemQueueEventInfo",
    "TraceItemScheduledEventInfo",
    "TraceItemTailEventInfo",
    "TraceLog",
    "TraceLogErrorInfo",
    "TracePreviewInfo",
    "Tracing",
    "TracingSpanContext",
    "UniversalGatewayOptions",
    "Vectorize",
    "VectorizeAsyncMutation",
    "VectorizeError",
    "VectorizeIndex",
    "VectorizeIndexConfig",
    "VectorizeIndexDetails",
    "VectorizeIndexInfo",
    "VectorizeMatch",
    "VectorizeMatches",
    "VectorizeVector",
    "VectorizeVectorMutation",
    "VersionMetadata",
    "WebSearch",
    "WebSearchResponseMetadata",
    "WebSearchResult",
    "WebSearchSearchResponse",
    "WebSocket",
    "WebSocketPair",
    "WebSocketRequestResponsePair",
    "WorkerCode",
    "WorkerEntrypoint",
    "WorkerLoader",
    "WorkerLoaderModule",
    "WorkerStub",
    "WorkersError",
    "Workflow",
    "WorkflowCronSchedule",
    "WorkflowDynamicDelayContext",
    "WorkflowEntrypoint",
    "WorkflowError",
    "WorkflowEvent",
    "WorkflowInstance",
    "WorkflowInstanceCreateOptions",
    "WorkflowInstanceError",
    "WorkflowRestartFrom",
    "WorkflowRetention",
    "WorkflowRetries",
    "WorkflowRollbackContext",
    "WorkflowStep",
    "WorkflowStepConfig",
    "WorkflowStepContext",
    "WorkflowStepEvent",
    "WritableStream",
    "caches",
    "configure_logging",
    "connect",
    "fetch",
    "handler",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f".{_HOME[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
