# ruff: noqa: SIM905
"""What the package offers, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

import pyworkers_sdk

NAMES = """
    AI AIError AIGatewayUniversalRequest AIModel AbortController AbortError AbortSignal
    AbortTimeoutError AgentMemory AgentMemoryListMemoriesResult AgentMemoryMemory
    AgentMemoryMemoryListEntry AgentMemoryMessage AgentMemoryProfile AgentMemoryRecallResult
    AgentMemoryScoredCandidate AiGateway AiGatewayLog AiGatewayPatchLog AiModelsSearchObject
    AiSearchChatCompletionsResponse AiSearchConfig AiSearchError AiSearchInstance
    AiSearchInstanceInfo AiSearchItem AiSearchItemContentResult AiSearchItemInfo
    AiSearchItems AiSearchJob AiSearchJobInfo AiSearchJobs AiSearchMessage
    AiSearchMultiSearchOptions AiSearchMultiSearchResponse AiSearchNamespace AiSearchOptions
    AiSearchSearchResponse AiSearchSettings AlarmInvocationInfo AnalyticsEngineDataset
    Artifacts ArtifactsCommitMetadata ArtifactsCreateRepoResult ArtifactsCreateTokenResult
    ArtifactsError ArtifactsRepo ArtifactsRepoInfo ArtifactsRepoListResult
    ArtifactsTokenInfo ArtifactsTokenListResult ArtifactsTreeEntry Assets BindingError Blob
    Browser BrowserRunAcquireResult BrowserRunConnection BrowserRunDevToolsTarget
    BrowserRunDevToolsVersion BrowserRunDevtools BrowserRunLimits BrowserRunLiveView
    BrowserRunSession Cache CacheContext CachePurgeError CachePurgeResult CacheStorage
    CloseEvent CloudflareAccessContext CloudflareAccessIdentity Comment ConsoleHandler
    Container ContainerDirectorySnapshot ContainerDirectorySnapshotRestoreParams
    ContainerExecPtyOptions ContainerInfo ContainerSnapshot ContainerStartResources
    ConversionError ConversionOptions ConversionResponse D1 D1ConstraintError
    D1DatabaseSession D1Error D1ExecResult D1Meta D1PreparedStatement D1Result
    DispatchNamespace Doctype DocumentEnd DurableObject DurableObjectClass
    DurableObjectConstraintError DurableObjectError DurableObjectFacets DurableObjectId
    DurableObjectNamespace DurableObjectRetryOptions DurableObjectState DurableObjectStorage
    DurableObjectStub DurableObjectTransaction Element EmailAddress EmailAttachment
    EmailError EmailMessage EmailSendResult EndTag Env ErrorEvent EventStream ExecOutput
    ExecProcess ExecutionContext Exports FacetStartupOptions Fetcher File Flagship
    FlagshipEvaluationContext FlagshipEvaluationDetails FormData ForwardableEmailMessage
    GatewayOptions HTMLRewriter HTTPMetadata Headers HostedImages Hyperdrive
    ImageDirectUploadResult ImageHandle ImageInfoResponse ImageList ImageMetadata
    ImageSource ImageTransformationResult ImageTransformer Images ImagesError
    IncomingRequestCfProperties InstanceStatus KV KVError KVListKey KVListResult
    KVValueWithMetadata MarkdownDocument Media MediaError MediaTransformationGenerator
    MediaTransformationResult MediaTransformer Message MessageBatch MessageEvent
    MessageSendRequest NonRetryableError Pipeline Queue QueueError QueueMetadata
    QueueMetrics QueueSendResponse R2 R2Checksums R2Conditional R2Error R2MultipartUpload
    R2Object R2ObjectBody R2ObjectRange R2Objects R2Range R2UploadedPart RateLimit
    RateLimitOutcome ReadableStream Request RequestInitCfProperties ResourceLimits Response
    RowError RpcError RpcPromise RpcProperty RpcStub RpcTarget ScheduledController
    ScriptVersion SecretsStoreSecret SendEmail Service Socket SocketAddress SocketInfo
    Span SqlStorage SqlStorageCursor Stream StreamBindingError StreamCaption StreamDirectUpload
    StreamDownload StreamDownloadGetResponse StreamError StreamScopedCaptions
    StreamScopedDownloads StreamVideo StreamVideoHandle StreamVideoStatus StreamVideos
    StreamWatermark StreamWatermarks SupportedFileFormat SyncKvStorage Text
    ToMarkdownService TraceDiagnosticChannelEvent TraceEventInfo TraceException TraceItem
    TraceItemAlarmEventInfo TraceItemCustomEventInfo TraceItemEmailEventInfo
    TraceItemFetchEventInfo TraceItemFetchEventInfoRequest TraceItemFetchEventInfoResponse
    TraceItemHibernatableWebSocketEventInfo TraceItemJsRpcEventInfo
    TraceItemOnHibernateEventInfo TraceItemQueueEventInfo TraceItemScheduledEventInfo
    TraceItemTailEventInfo TraceLog TraceLogErrorInfo TracePreviewInfo Tracing
    TracingSpanContext UniversalGatewayOptions Vectorize VectorizeAsyncMutation
    VectorizeError VectorizeIndex VectorizeIndexConfig VectorizeIndexDetails
    VectorizeIndexInfo VectorizeMatch VectorizeMatches VectorizeVector
    VectorizeVectorMutation VersionMetadata WebSearch WebSearchResponseMetadata
    WebSearchResult WebSearchSearchResponse WebSocket WebSocketPair
    WebSocketRequestResponsePair WorkerCode WorkerEntrypoint WorkerLoader WorkerLoaderModule
    WorkerStub WorkersError Workflow WorkflowCronSchedule WorkflowDynamicDelayContext
    WorkflowEntrypoint WorkflowError WorkflowEvent WorkflowInstance
    WorkflowInstanceCreateOptions WorkflowInstanceError WorkflowRestartFrom
    WorkflowRetention WorkflowRetries WorkflowRollbackContext WorkflowStep
    WorkflowStepConfig WorkflowStepContext WorkflowStepEvent WritableStream caches
    configure_logging connect fetch handler
""".split()


def test_the_exported_names() -> None:
    assert sorted(pyworkers_sdk.__all__) == sorted(NAMES)
    assert sorted(pyworkers_sdk._HOME) == sorted(NAMES)
    assert set(NAMES) <= set(dir(pyworkers_sdk))


@pytest.mark.parametrize("name", NAMES)
def test_each_name_loads_from_its_module(name: str) -> None:
    found = getattr(pyworkers_sdk, name)
    if isinstance(found, type):
        assert found.__module__ == f"pyworkers_sdk.{pyworkers_sdk._HOME[name]}"
        assert found.__doc__


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'pyworkers_sdk' has no attribute 'Nope'"):
        _ = pyworkers_sdk.Nope


def _loaded_by(code: str) -> set[str]:
    printed = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(printed.stdout.split())


def test_importing_the_package_loads_nothing_else_of_weight() -> None:
    loaded = _loaded_by("import pyworkers_sdk")
    heavy = {"pydantic", "pytest", "asyncio", "js", "typing_extensions", "dataclasses"}
    assert not loaded & heavy
    assert {name for name in loaded if name.startswith("pyworkers_sdk")} == {"pyworkers_sdk"}


def test_production_never_loads_testing() -> None:
    loaded = _loaded_by("import pyworkers_sdk as sdk\nfor name in sdk.__all__: getattr(sdk, name)")
    heavy = {"pydantic", "http.client", "typing_extensions", "dataclasses", "pyworkers_sdk.testing"}
    assert not loaded & heavy


def test_every_public_member_of_a_public_class_says_something() -> None:
    silent = [
        f"{name}.{member}"
        for name in NAMES
        if isinstance(kind := getattr(pyworkers_sdk, name), type)
        for member, value in vars(kind).items()
        if isinstance(value, types.FunctionType | property | classmethod | staticmethod)
        and not member.startswith("_")
        and not (value.fget if isinstance(value, property) else value).__doc__
    ]
    assert silent == []
