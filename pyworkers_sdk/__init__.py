"""A typed, Pythonic SDK over the bindings of Cloudflare Workers.

A name loads when it is first used, so a Worker pays at its start only for the names that it uses.
"""

# The layout, for newcomers:
#
# d1.py, kv.py, http.py …   A public module, flat while one file holds it all.
# r2/, durable/, ai/ …      A product of several modules; its main class is in __init__.py.
# _border/                  How a value passes between Python and JavaScript: the rules that both
#                           sides share, and Pyodide's side. Only _border/pyodide*.py import js,
#                           pyodide or workers.
# _js/                      The JavaScript API of each binding, as Protocols for type checkers.
# _cpython/                 The other side of the border, for plain CPython, and the web platform
#                           that the fakes need: streams, URL, HTML, WebSockets, RPC stubs.
# testing/                  For tests: fake(), FakeRuntime, the fake of each binding.
# _options.py, _row_types/ …   Helpers that several public modules share.
#
# One stem for each thing, everywhere: queues.py is the public module, _js/queues.py its JavaScript
# API, testing/fakes/queues.py its fake, tests/contract/test_queues.py the checks that the fake and
# the real runtime both pass. Who knows one place knows the others.
#
# On Emscripten nothing imports _js, _cpython or testing: the wheels for Pyodide lack them.

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the public names: edit here, then run scripts/public_names.py
    from ._d1_gather import D1Batch as D1Batch, D1Pending as D1Pending
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
    from .crypto import (
        CryptoKey as CryptoKey,
        CryptoKeyPair as CryptoKeyPair,
        DigestStream as DigestStream,
        SubtleCrypto as SubtleCrypto,
    )
    from .crypto.algorithms import JsonWebKey as JsonWebKey
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
        CryptoError as CryptoError,
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
        RowTypeError as RowTypeError,
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
    from .sync import run_sync as run_sync
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
    from .url_search_params import URLSearchParams as URLSearchParams
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

# Where each name loads from; scripts/public_names.py writes it, sorted.
_HOMES = {
    "AI": ".ai",
    "AIError": ".errors",
    "AIGatewayUniversalRequest": ".ai.gateway",
    "AIModel": ".ai",
    "AbortController": ".abort",
    "AbortError": ".errors",
    "AbortSignal": ".abort",
    "AbortTimeoutError": ".errors",
    "AgentMemory": ".agent_memory",
    "AgentMemoryListMemoriesResult": ".agent_memory",
    "AgentMemoryMemory": ".agent_memory",
    "AgentMemoryMemoryListEntry": ".agent_memory",
    "AgentMemoryMessage": ".agent_memory",
    "AgentMemoryProfile": ".agent_memory",
    "AgentMemoryRecallResult": ".agent_memory",
    "AgentMemoryScoredCandidate": ".agent_memory",
    "AiGateway": ".ai.gateway",
    "AiGatewayLog": ".ai.gateway",
    "AiGatewayPatchLog": ".ai.gateway",
    "AiModelsSearchObject": ".ai",
    "AiSearchChatCompletionsResponse": ".ai_search.types",
    "AiSearchConfig": ".ai_search.types",
    "AiSearchError": ".errors",
    "AiSearchInstance": ".ai_search",
    "AiSearchInstanceInfo": ".ai_search.types",
    "AiSearchItem": ".ai_search.items",
    "AiSearchItemContentResult": ".ai_search.items",
    "AiSearchItemInfo": ".ai_search.types",
    "AiSearchItems": ".ai_search.items",
    "AiSearchJob": ".ai_search.items",
    "AiSearchJobInfo": ".ai_search.types",
    "AiSearchJobs": ".ai_search.items",
    "AiSearchMessage": ".ai_search.types",
    "AiSearchMultiSearchOptions": ".ai_search.types",
    "AiSearchMultiSearchResponse": ".ai_search.types",
    "AiSearchNamespace": ".ai_search",
    "AiSearchOptions": ".ai_search.types",
    "AiSearchSearchResponse": ".ai_search.types",
    "AiSearchSettings": ".ai_search.types",
    "AlarmInvocationInfo": ".durable.state",
    "AnalyticsEngineDataset": ".analytics",
    "AnalyticsSQL": ".analytics",
    "AnalyticsSQLError": ".errors",
    "AnalyticsSQLResult": ".analytics",
    "AnalyticsSQLStatistics": ".analytics",
    "Artifacts": ".artifacts",
    "ArtifactsCommitMetadata": ".artifacts",
    "ArtifactsCreateRepoResult": ".artifacts",
    "ArtifactsCreateTokenResult": ".artifacts",
    "ArtifactsError": ".errors",
    "ArtifactsRepo": ".artifacts",
    "ArtifactsRepoInfo": ".artifacts",
    "ArtifactsRepoListResult": ".artifacts",
    "ArtifactsTokenInfo": ".artifacts",
    "ArtifactsTokenListResult": ".artifacts",
    "ArtifactsTreeEntry": ".artifacts",
    "Assets": ".assets",
    "BindingError": ".errors",
    "Blob": ".blob",
    "Browser": ".browser",
    "BrowserRunAcquireResult": ".browser.sessions",
    "BrowserRunConnection": ".browser.sessions",
    "BrowserRunDevToolsTarget": ".browser.sessions",
    "BrowserRunDevToolsVersion": ".browser.sessions",
    "BrowserRunDevtools": ".browser.sessions",
    "BrowserRunLimits": ".browser.sessions",
    "BrowserRunLiveView": ".browser.sessions",
    "BrowserRunSession": ".browser.sessions",
    "Cache": ".cache",
    "CacheContext": ".cache_context",
    "CachePurgeError": ".cache_context",
    "CachePurgeResult": ".cache_context",
    "CacheStorage": ".cache",
    "CloseEvent": ".websockets",
    "CloudflareAccessContext": ".access",
    "CloudflareAccessIdentity": ".access",
    "Comment": ".html_rewriter",
    "ConsoleHandler": ".logs",
    "Container": ".containers",
    "ContainerDirectorySnapshot": ".containers",
    "ContainerDirectorySnapshotRestoreParams": ".containers",
    "ContainerExecPtyOptions": ".containers",
    "ContainerInfo": ".containers",
    "ContainerSnapshot": ".containers",
    "ContainerStartResources": ".containers",
    "ConversionError": ".errors",
    "ConversionOptions": ".ai.documents",
    "ConversionResponse": ".ai.documents",
    "CryptoError": ".errors",
    "CryptoKey": ".crypto",
    "CryptoKeyPair": ".crypto",
    "D1": ".d1",
    "D1Batch": "._d1_gather",
    "D1ConstraintError": ".errors",
    "D1DatabaseSession": ".d1",
    "D1Error": ".errors",
    "D1ExecResult": ".d1",
    "D1Meta": ".d1",
    "D1Pending": "._d1_gather",
    "D1PreparedStatement": ".d1",
    "D1Result": ".d1",
    "DigestStream": ".crypto",
    "DispatchNamespace": ".dispatch_namespaces",
    "Doctype": ".html_rewriter",
    "DocumentEnd": ".html_rewriter",
    "DurableObject": ".durable",
    "DurableObjectClass": ".durable.facets",
    "DurableObjectConstraintError": ".errors",
    "DurableObjectError": ".errors",
    "DurableObjectFacets": ".durable.facets",
    "DurableObjectId": ".durable.state",
    "DurableObjectNamespace": ".durable",
    "DurableObjectRetryOptions": ".durable",
    "DurableObjectState": ".durable.state",
    "DurableObjectStorage": ".durable.storage",
    "DurableObjectStub": ".durable",
    "DurableObjectTransaction": ".durable.storage",
    "Element": ".html_rewriter",
    "EmailAddress": ".email.parts",
    "EmailAttachment": ".email.parts",
    "EmailError": ".errors",
    "EmailMessage": ".email",
    "EmailSendResult": ".email",
    "EndTag": ".html_rewriter",
    "Env": ".env",
    "ErrorEvent": ".websockets",
    "EventStream": ".ai.events",
    "ExecOutput": ".containers",
    "ExecProcess": ".containers",
    "ExecutionContext": ".entrypoints",
    "Exports": ".services",
    "FacetStartupOptions": ".durable.facets",
    "Fetcher": ".services",
    "File": ".blob",
    "Flagship": ".flagship",
    "FlagshipEvaluationContext": ".flagship",
    "FlagshipEvaluationDetails": ".flagship",
    "FormData": ".forms",
    "ForwardableEmailMessage": ".email",
    "GatewayOptions": ".ai.gateway",
    "HTMLRewriter": ".html_rewriter",
    "HTTPMetadata": ".r2.objects",
    "Headers": ".headers",
    "HostedImages": ".images.hosted",
    "Hyperdrive": ".hyperdrive",
    "ImageDirectUploadResult": ".images.hosted",
    "ImageHandle": ".images.hosted",
    "ImageInfoResponse": ".images",
    "ImageList": ".images.hosted",
    "ImageMetadata": ".images.hosted",
    "ImageSource": "._media_input",
    "ImageTransformationResult": ".images",
    "ImageTransformer": ".images",
    "Images": ".images",
    "ImagesError": ".errors",
    "IncomingRequestCfProperties": ".cf",
    "InstanceStatus": ".workflows",
    "JsonWebKey": ".crypto.algorithms",
    "KV": ".kv",
    "KVError": ".errors",
    "KVListKey": ".kv",
    "KVListResult": ".kv",
    "KVValueWithMetadata": ".kv",
    "MarkdownDocument": ".ai.documents",
    "Media": ".media",
    "MediaError": ".errors",
    "MediaTransformationGenerator": ".media",
    "MediaTransformationResult": ".media",
    "MediaTransformer": ".media",
    "Message": ".queues",
    "MessageBatch": ".queues",
    "MessageEvent": ".websockets",
    "MessageSendRequest": ".queues",
    "NonRetryableError": ".errors",
    "Pipeline": ".pipelines",
    "Queue": ".queues",
    "QueueError": ".errors",
    "QueueMetadata": ".queues",
    "QueueMetrics": ".queues",
    "QueueSendResponse": ".queues",
    "R2": ".r2",
    "R2Checksums": ".r2.objects",
    "R2Conditional": ".r2.objects",
    "R2Error": ".errors",
    "R2MultipartUpload": ".r2",
    "R2Object": ".r2.objects",
    "R2ObjectBody": ".r2.objects",
    "R2ObjectRange": ".r2.objects",
    "R2Objects": ".r2.objects",
    "R2Range": ".r2.objects",
    "R2UploadedPart": ".r2.objects",
    "RateLimit": ".rate_limit",
    "RateLimitOutcome": ".rate_limit",
    "ReadableStream": ".streams",
    "Request": ".http",
    "RequestInitCfProperties": ".cf",
    "ResourceLimits": ".resource_limits",
    "Response": ".http",
    "RowError": ".errors",
    "RowTypeError": ".errors",
    "RpcError": ".errors",
    "RpcPromise": ".rpc",
    "RpcProperty": ".rpc",
    "RpcStub": ".rpc",
    "RpcTarget": ".rpc",
    "ScheduledController": ".scheduled",
    "ScriptVersion": ".tail",
    "SecretsStoreSecret": ".secrets_store",
    "SendEmail": ".email.sending",
    "Service": ".services",
    "Socket": ".tcp",
    "SocketAddress": ".tcp",
    "SocketInfo": ".tcp",
    "Span": ".tracing",
    "SqlStorage": ".durable.sql",
    "SqlStorageCursor": ".durable.sql",
    "Stream": ".stream_video",
    "StreamBindingError": ".errors",
    "StreamCaption": ".stream_video.types",
    "StreamDirectUpload": ".stream_video.types",
    "StreamDownload": ".stream_video.types",
    "StreamDownloadGetResponse": ".stream_video.types",
    "StreamError": ".errors",
    "StreamScopedCaptions": ".stream_video",
    "StreamScopedDownloads": ".stream_video",
    "StreamVideo": ".stream_video.types",
    "StreamVideoHandle": ".stream_video",
    "StreamVideoStatus": ".stream_video.types",
    "StreamVideos": ".stream_video",
    "StreamWatermark": ".stream_video.types",
    "StreamWatermarks": ".stream_video",
    "SubtleCrypto": ".crypto",
    "SupportedFileFormat": ".ai.documents",
    "SyncKvStorage": ".durable.kv",
    "Text": ".html_rewriter",
    "ToMarkdownService": ".ai.documents",
    "TraceDiagnosticChannelEvent": ".tail",
    "TraceEventInfo": ".tail",
    "TraceException": ".tail",
    "TraceItem": ".tail",
    "TraceItemAlarmEventInfo": ".tail",
    "TraceItemCustomEventInfo": ".tail",
    "TraceItemEmailEventInfo": ".tail",
    "TraceItemFetchEventInfo": ".tail",
    "TraceItemFetchEventInfoRequest": ".tail",
    "TraceItemFetchEventInfoResponse": ".tail",
    "TraceItemHibernatableWebSocketEventInfo": ".tail",
    "TraceItemJsRpcEventInfo": ".tail",
    "TraceItemOnHibernateEventInfo": ".tail",
    "TraceItemQueueEventInfo": ".tail",
    "TraceItemScheduledEventInfo": ".tail",
    "TraceItemTailEventInfo": ".tail",
    "TraceLog": ".tail",
    "TraceLogErrorInfo": ".tail",
    "TracePreviewInfo": ".tail",
    "Tracing": ".tracing",
    "TracingSpanContext": ".tracing",
    "URLSearchParams": ".url_search_params",
    "UniversalGatewayOptions": ".ai.gateway",
    "Vectorize": ".vectorize",
    "VectorizeAsyncMutation": ".vectorize",
    "VectorizeError": ".errors",
    "VectorizeIndex": ".vectorize.legacy_index",
    "VectorizeIndexConfig": ".vectorize.legacy_index",
    "VectorizeIndexDetails": ".vectorize.legacy_index",
    "VectorizeIndexInfo": ".vectorize",
    "VectorizeMatch": ".vectorize",
    "VectorizeMatches": ".vectorize",
    "VectorizeVector": ".vectorize",
    "VectorizeVectorMutation": ".vectorize.legacy_index",
    "VersionMetadata": ".version_metadata",
    "WebSocket": ".websockets",
    "WebSocketPair": ".websockets",
    "WebSocketRequestResponsePair": ".durable.state",
    "WorkerCode": ".worker_loader",
    "WorkerEntrypoint": ".entrypoints",
    "WorkerLoader": ".worker_loader",
    "WorkerLoaderModule": ".worker_loader",
    "WorkerStub": ".worker_loader",
    "WorkersError": ".errors",
    "Workflow": ".workflows",
    "WorkflowBatchCreateResult": ".workflows",
    "WorkflowBatchDeleteResult": ".workflows",
    "WorkflowCronSchedule": ".workflows.events",
    "WorkflowDynamicDelayContext": ".workflows.steps",
    "WorkflowEntrypoint": ".workflows.entrypoint",
    "WorkflowError": ".errors",
    "WorkflowEvent": ".workflows.events",
    "WorkflowInstance": ".workflows",
    "WorkflowInstanceCreateOptions": ".workflows",
    "WorkflowInstanceError": ".workflows.subscription",
    "WorkflowInstanceEvent": ".workflows.subscription",
    "WorkflowInstanceSubscription": ".workflows.subscription",
    "WorkflowRestartFrom": ".workflows",
    "WorkflowRetention": ".workflows",
    "WorkflowRetries": ".workflows.steps",
    "WorkflowRollbackContext": ".workflows.steps",
    "WorkflowStep": ".workflows.steps",
    "WorkflowStepConfig": ".workflows.steps",
    "WorkflowStepContext": ".workflows.steps",
    "WorkflowStepEvent": ".workflows.events",
    "WritableStream": ".streams",
    "caches": ".cache",
    "configure_logging": ".logs",
    "connect": ".tcp",
    "fetch": ".http",
    "handler": ".global_handlers",
    "run_sync": ".sync",
}

if not TYPE_CHECKING:  # type checkers take the names above for public
    __all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name], __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
