"""Each fake is held to the Protocol that it implements, by mypy and pyright; nothing runs this.

One line holds one class, in the order of pyworkers_sdk/_js. A line fails where its class lacks a
member of the Protocol, or has the member with another type. The classes of pyworkers_sdk/_cpython
are the fakes of the web platform. tests/test_protocols.py finds fakes and Protocols without a line.
"""

from __future__ import annotations

from pyworkers_sdk import _js
from pyworkers_sdk._cpython import abort, crypto, forms, streams, tcp, web, websockets
from pyworkers_sdk._cpython.html import rewriter, tokens
from pyworkers_sdk.testing.fakes.agent_memory import (
    FakeAgentMemoryNamespace,
    FakeAgentMemoryProfile,
)
from pyworkers_sdk.testing.fakes.ai import FakeAi, FakeAiGateway, FakeToMarkdownService
from pyworkers_sdk.testing.fakes.ai_search import FakeAiSearchInstance, FakeAiSearchNamespace
from pyworkers_sdk.testing.fakes.ai_search_items import (
    FakeAiSearchItem,
    FakeAiSearchItems,
    FakeAiSearchJob,
    FakeAiSearchJobs,
)
from pyworkers_sdk.testing.fakes.analytics import FakeAnalyticsEngineDataset, FakeAnalyticsSQL
from pyworkers_sdk.testing.fakes.artifacts import FakeArtifacts, FakeArtifactsRepo
from pyworkers_sdk.testing.fakes.assets import FakeAssets
from pyworkers_sdk.testing.fakes.browser import FakeBrowserRun, FakeDevtools
from pyworkers_sdk.testing.fakes.containers import FakeContainer, FakeExecProcess
from pyworkers_sdk.testing.fakes.d1 import (
    FakeD1Database,
    FakeD1DatabaseSession,
    FakeD1PreparedStatement,
)
from pyworkers_sdk.testing.fakes.dispatch_namespaces import FakeDispatchNamespace
from pyworkers_sdk.testing.fakes.durable.facets import FakeDurableObjectFacets
from pyworkers_sdk.testing.fakes.durable.namespace import (
    FakeDurableObjectId,
    FakeDurableObjectNamespace,
    FakeDurableObjectStub,
)
from pyworkers_sdk.testing.fakes.durable.object import FakeDurableObjectState
from pyworkers_sdk.testing.fakes.durable.sql import FakeSqlStorage, FakeSqlStorageCursor
from pyworkers_sdk.testing.fakes.durable.storage import (
    FakeDurableObjectStorage,
    FakeDurableObjectTransaction,
    FakeSyncKvStorage,
)
from pyworkers_sdk.testing.fakes.email import FakeSendEmail
from pyworkers_sdk.testing.fakes.fetchers import FakeFetcher
from pyworkers_sdk.testing.fakes.flagship import FakeFlagship
from pyworkers_sdk.testing.fakes.hyperdrive import FakeHyperdrive
from pyworkers_sdk.testing.fakes.images import (
    FakeHostedImages,
    FakeImageHandle,
    FakeImagesBinding,
    FakeImageTransformationResult,
    FakeImageTransformer,
)
from pyworkers_sdk.testing.fakes.kv import FakeKVNamespace
from pyworkers_sdk.testing.fakes.media import (
    FakeMediaBinding,
    FakeMediaTransformationResult,
    FakeMediaTransformer,
)
from pyworkers_sdk.testing.fakes.pipelines import FakePipeline
from pyworkers_sdk.testing.fakes.queues import FakeMessage, FakeMessageBatch, FakeQueue
from pyworkers_sdk.testing.fakes.r2 import (
    FakeR2Bucket,
    FakeR2Checksums,
    FakeR2MultipartUpload,
    FakeR2Object,
    FakeR2ObjectBody,
)
from pyworkers_sdk.testing.fakes.rate_limit import FakeRateLimit
from pyworkers_sdk.testing.fakes.secrets_store import FakeSecretsStoreSecret
from pyworkers_sdk.testing.fakes.stream_video import (
    FakeStreamBinding,
    FakeStreamScopedCaptions,
    FakeStreamScopedDownloads,
    FakeStreamVideoHandle,
    FakeStreamVideos,
    FakeStreamWatermarks,
)
from pyworkers_sdk.testing.fakes.vectorize import FakeVectorize, FakeVectorizeIndex
from pyworkers_sdk.testing.fakes.version_metadata import FakeVersionMetadata
from pyworkers_sdk.testing.fakes.worker_loader import FakeWorkerLoader, FakeWorkerStub
from pyworkers_sdk.testing.fakes.workflows.history import FakeWorkflowSubscription
from pyworkers_sdk.testing.fakes.workflows.step import FakeWorkflowStep
from pyworkers_sdk.testing.fakes.workflows.workflow import FakeWorkflow, FakeWorkflowInstance
from pyworkers_sdk.testing.runtime.access_and_cache import FakeAccessContext, FakeCacheContext
from pyworkers_sdk.testing.runtime.cache import FakeCache, FakeCacheStorage
from pyworkers_sdk.testing.runtime.events import FakeScheduledController
from pyworkers_sdk.testing.runtime.exports import FakeLoopbackDurableObjectNamespace
from pyworkers_sdk.testing.runtime.host import FakeExecutionContext
from pyworkers_sdk.testing.runtime.incoming_email import FakeForwardableEmailMessage
from pyworkers_sdk.testing.runtime.rpc import FakeStub
from pyworkers_sdk.testing.runtime.services import FakeLoopback
from pyworkers_sdk.testing.runtime.traces import FakeSpan, FakeTraceRequest, FakeTracing

# abort
abort_controller: type[_js.AbortController] = abort.AbortController
abort_signal: type[_js.AbortSignal] = abort.AbortSignal

# access
access_context: type[_js.CloudflareAccessContext] = FakeAccessContext

# agent_memory
agent_memory_namespace: type[_js.AgentMemoryNamespace] = FakeAgentMemoryNamespace
agent_memory_profile: type[_js.AgentMemoryProfile] = FakeAgentMemoryProfile

# ai
ai: type[_js.Ai] = FakeAi
ai_gateway: type[_js.AiGateway] = FakeAiGateway
to_markdown_service: type[_js.ToMarkdownService] = FakeToMarkdownService

# ai_search
ai_search_namespace: type[_js.AiSearchNamespace] = FakeAiSearchNamespace
ai_search_instance: type[_js.AiSearchInstance] = FakeAiSearchInstance
ai_search_items: type[_js.AiSearchItems] = FakeAiSearchItems
ai_search_item: type[_js.AiSearchItem] = FakeAiSearchItem
ai_search_jobs: type[_js.AiSearchJobs] = FakeAiSearchJobs
ai_search_job: type[_js.AiSearchJob] = FakeAiSearchJob

# analytics
analytics_engine_dataset: type[_js.AnalyticsEngineDataset] = FakeAnalyticsEngineDataset
analytics_sql: type[_js.AnalyticsSQLBinding] = FakeAnalyticsSQL

# artifacts
artifacts: type[_js.Artifacts] = FakeArtifacts
artifacts_repo: type[_js.ArtifactsRepo] = FakeArtifactsRepo

# blob
blob: type[_js.Blob] = forms.Blob

# browser
browser_run: type[_js.BrowserRun] = FakeBrowserRun
devtools: type[_js.BrowserRunDevtools] = FakeDevtools

# cache
cache_storage: type[_js.CacheStorage] = FakeCacheStorage
cache: type[_js.Cache] = FakeCache

# cache_context
cache_context: type[_js.CacheContext] = FakeCacheContext

# containers
container: type[_js.Container] = FakeContainer
exec_process: type[_js.ExecProcess] = FakeExecProcess

# crypto
web_crypto: type[_js.Crypto] = crypto.Crypto
subtle_crypto: type[_js.SubtleCrypto] = crypto.SubtleCrypto
crypto_key: type[_js.CryptoKey] = crypto.CryptoKey
digest_stream: type[_js.DigestStream] = crypto.DigestStream

# d1
d1_database: type[_js.D1Database] = FakeD1Database
d1_database_session: type[_js.D1DatabaseSession] = FakeD1DatabaseSession
d1_prepared_statement: type[_js.D1PreparedStatement] = FakeD1PreparedStatement

# dispatch_namespaces
dispatch_namespace: type[_js.DispatchNamespace] = FakeDispatchNamespace

# durable
durable_object_id: type[_js.DurableObjectId] = FakeDurableObjectId
durable_object_namespace: type[_js.DurableObjectNamespace] = FakeDurableObjectNamespace
loopback_durable_object_namespace: type[_js.DurableObjectNamespace] = (
    FakeLoopbackDurableObjectNamespace
)
durable_object_state: type[_js.DurableObjectState] = FakeDurableObjectState
durable_object_facets: type[_js.DurableObjectFacets] = FakeDurableObjectFacets
durable_object_transaction: type[_js.DurableObjectTransaction] = FakeDurableObjectTransaction
durable_object_storage: type[_js.DurableObjectStorage] = FakeDurableObjectStorage
sync_kv_storage: type[_js.SyncKvStorage] = FakeSyncKvStorage
sql_storage: type[_js.SqlStorage] = FakeSqlStorage
sql_storage_cursor: type[_js.SqlStorageCursor] = FakeSqlStorageCursor

# email
forwardable_email_message: type[_js.ForwardableEmailMessage] = FakeForwardableEmailMessage
send_email: type[_js.SendEmail] = FakeSendEmail

# entrypoints
execution_context: type[_js.ExecutionContext] = FakeExecutionContext

# flagship
flagship: type[_js.Flagship] = FakeFlagship

# forms
form_data: type[_js.FormData] = forms.FormData
file: type[_js.File] = forms.File

# headers
headers: type[_js.Headers] = web.Headers

# html_rewriter
html_rewriter: type[_js.HTMLRewriter] = rewriter.HTMLRewriter
element: type[_js.Element] = tokens.Element
end_tag: type[_js.EndTag] = tokens.EndTag
text: type[_js.Text] = tokens.Text
comment: type[_js.Comment] = tokens.Comment
doctype: type[_js.Doctype] = tokens.Doctype
document_end: type[_js.DocumentEnd] = tokens.DocumentEnd

# http
body: type[_js.Body] = web.Body
request: type[_js.Request] = web.Request
response: type[_js.Response] = web.Response

# hyperdrive
hyperdrive: type[_js.Hyperdrive] = FakeHyperdrive

# images
images_binding: type[_js.ImagesBinding] = FakeImagesBinding
image_transformer: type[_js.ImageTransformer] = FakeImageTransformer
image_transformation_result: type[_js.ImageTransformationResult] = FakeImageTransformationResult
hosted_images: type[_js.HostedImagesBinding] = FakeHostedImages
image_handle: type[_js.ImageHandle] = FakeImageHandle

# kv
kv_namespace: type[_js.KVNamespace] = FakeKVNamespace

# media
media_binding: type[_js.MediaBinding] = FakeMediaBinding
media_transformer: type[_js.MediaTransformer] = FakeMediaTransformer
media_transformation_result: type[_js.MediaTransformationResult] = FakeMediaTransformationResult

# pipelines
pipeline: type[_js.Pipeline] = FakePipeline

# queues
queue: type[_js.Queue] = FakeQueue
message_batch: type[_js.MessageBatch] = FakeMessageBatch
message: type[_js.Message] = FakeMessage

# r2
r2_bucket: type[_js.R2Bucket] = FakeR2Bucket
r2_multipart_upload: type[_js.R2MultipartUpload] = FakeR2MultipartUpload
r2_object: type[_js.R2Object] = FakeR2Object
r2_object_body: type[_js.R2ObjectBody] = FakeR2ObjectBody
r2_checksums: type[_js.R2Checksums] = FakeR2Checksums

# rate_limit
rate_limit: type[_js.RateLimit] = FakeRateLimit

# scheduled
scheduled_controller: type[_js.ScheduledController] = FakeScheduledController

# secrets_store
secrets_store_secret: type[_js.SecretsStoreSecret] = FakeSecretsStoreSecret

# services
assets: type[_js.Fetcher] = FakeAssets
stub: type[_js.Fetcher] = FakeStub
fetcher: type[_js.Fetcher] = FakeFetcher
loopback: type[_js.Fetcher] = FakeLoopback
durable_object_stub: type[_js.Fetcher] = FakeDurableObjectStub

# stream_video
stream_binding: type[_js.StreamBinding] = FakeStreamBinding
stream_video_handle: type[_js.StreamVideoHandle] = FakeStreamVideoHandle
stream_scoped_captions: type[_js.StreamScopedCaptions] = FakeStreamScopedCaptions
stream_scoped_downloads: type[_js.StreamScopedDownloads] = FakeStreamScopedDownloads
stream_videos: type[_js.StreamVideos] = FakeStreamVideos
stream_watermarks: type[_js.StreamWatermarks] = FakeStreamWatermarks

# streams
readable_stream: type[_js.ReadableStream] = streams.ReadableStream
readable_stream_default_reader: type[_js.ReadableStreamDefaultReader] = (
    streams.ReadableStreamDefaultReader
)
writable_stream: type[_js.WritableStream] = tcp.WritableStream
writable_stream_default_writer: type[_js.WritableStreamDefaultWriter] = (
    tcp.WritableStreamDefaultWriter
)

# tail
trace_request: type[_js.TraceRequest] = FakeTraceRequest

# tcp
socket: type[_js.Socket] = tcp.Socket
accepted: type[_js.Socket] = tcp.Accepted

# tracing
tracing: type[_js.Tracing] = FakeTracing
span: type[_js.Span] = FakeSpan

# vectorize
vectorize: type[_js.Vectorize] = FakeVectorize
vectorize_index: type[_js.VectorizeIndex] = FakeVectorizeIndex

# version_metadata
version_metadata: type[_js.WorkerVersionMetadata] = FakeVersionMetadata


# websockets
web_socket: type[_js.WebSocket] = websockets.WebSocket

# worker_loader
worker_loader: type[_js.WorkerLoader] = FakeWorkerLoader
worker_stub: type[_js.WorkerStub] = FakeWorkerStub

# workflows
workflow: type[_js.Workflow] = FakeWorkflow
workflow_instance: type[_js.WorkflowInstance] = FakeWorkflowInstance
workflow_subscription: type[_js.WorkflowInstanceSubscription] = FakeWorkflowSubscription
workflow_step: type[_js.WorkflowStep] = FakeWorkflowStep
