"""What AI Search takes and gives: JSON, under the service's own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, Required, TypeAlias, TypedDict

__all__ = [
    "AiSearchChatCompletionsResponse",
    "AiSearchConfig",
    "AiSearchInstanceInfo",
    "AiSearchItemChunk",
    "AiSearchItemChunksResponse",
    "AiSearchItemInfo",
    "AiSearchItemLog",
    "AiSearchItemLogsResponse",
    "AiSearchJobInfo",
    "AiSearchJobLog",
    "AiSearchJobLogsResponse",
    "AiSearchListItemsResponse",
    "AiSearchListJobsResponse",
    "AiSearchListResponse",
    "AiSearchMessage",
    "AiSearchMultiChatCompletionsResponse",
    "AiSearchMultiSearchChunk",
    "AiSearchMultiSearchError",
    "AiSearchMultiSearchOptions",
    "AiSearchMultiSearchResponse",
    "AiSearchOptions",
    "AiSearchSearchChunk",
    "AiSearchSearchResponse",
    "AiSearchSettings",
    "AiSearchStatsResponse",
]

_CacheThreshold: TypeAlias = Literal[
    "super_strict_match", "close_enough", "flexible_friend", "anything_goes"
]
_Fusion: TypeAlias = Literal["max", "rrf"]
_Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]
_Status: TypeAlias = Literal["queued", "running", "completed", "error", "skipped", "outdated"]


# Requests


class AiSearchMessage(TypedDict):
    """JS: AiSearchMessage."""

    role: _Role
    content: str | None


class AiSearchBoost(TypedDict):
    """A field of the metadata that puts results forward, or back."""

    field: str
    direction: NotRequired[Literal["asc", "desc", "exists", "not_exists"]]


class AiSearchRetrieval(TypedDict, total=False):
    """How chunks are found, and how many.

    ``match_threshold``: 0 to 1, 0.4 unless given. ``max_num_results``: 1 to 50, 10 unless given.
    ``filters`` as in Vectorize: ``{"lang": "en", "year": {"$gte": 2024}}``. ``context_expansion``:
    0 to 3 chunks around each. ``metadata_only``: no text. ``return_on_failure``: no results, and
    no error, where the search fails; so it is unless False is given. ``boost_by``: at most 3.
    """

    retrieval_type: Literal["vector", "keyword", "hybrid"]
    fusion_method: _Fusion
    keyword_match_mode: Literal["and", "or"]
    match_threshold: float
    max_num_results: int
    filters: Mapping[str, Any]
    context_expansion: int
    metadata_only: bool
    return_on_failure: bool
    boost_by: Sequence[AiSearchBoost]


class AiSearchQueryRewrite(TypedDict, total=False):
    enabled: bool
    model: str
    rewrite_prompt: str


class AiSearchReranking(TypedDict, total=False):
    """``match_threshold``: 0 to 1, 0.4 unless given."""

    enabled: bool
    model: str
    match_threshold: float


class AiSearchCache(TypedDict, total=False):
    enabled: bool
    cache_threshold: _CacheThreshold


class AiSearchOptions(TypedDict, total=False):
    """What one search does otherwise than its instance is set to. JS: AiSearchOptions."""

    retrieval: AiSearchRetrieval
    query_rewrite: AiSearchQueryRewrite
    reranking: AiSearchReranking
    cache: AiSearchCache


class AiSearchMultiSearchOptions(AiSearchOptions):
    """The same, with the instances to search: 1 to 10. JS: AiSearchMultiSearchOptions."""

    instance_ids: Sequence[str]


# Answers


class AiSearchChunkItem(TypedDict):
    """The item that a chunk is of; ``timestamp`` is a number as the service gives it."""

    timestamp: NotRequired[int]
    key: str
    metadata: NotRequired[dict[str, Any]]


class AiSearchScoringDetails(TypedDict, total=False):
    """Scores from 0 to 1, and places in the order of each method."""

    keyword_score: float
    vector_score: float
    keyword_rank: int
    vector_rank: int
    reranking_score: float
    fusion_method: _Fusion


class AiSearchSearchChunk(TypedDict):
    """A piece of an item that matches; ``score`` from 0 to 1."""

    id: str
    type: str
    score: float
    text: str
    item: AiSearchChunkItem
    scoring_details: NotRequired[AiSearchScoringDetails]


class AiSearchSearchResponse(TypedDict):
    """JS: AiSearchSearchResponse."""

    search_query: str
    chunks: list[AiSearchSearchChunk]


class AiSearchChoiceMessage(TypedDict):
    role: _Role
    content: str | None


class AiSearchChoice(TypedDict):
    index: NotRequired[int]
    message: AiSearchChoiceMessage


class AiSearchCompletion(TypedDict, total=False):
    id: str
    object: str
    model: str
    choices: Required[list[AiSearchChoice]]


class AiSearchChatCompletionsResponse(AiSearchCompletion):
    """What the model says, and what it was given to read.

    JS: AiSearchChatCompletionsResponse.
    """

    chunks: list[AiSearchSearchChunk]


class AiSearchMultiSearchChunk(AiSearchSearchChunk):
    """JS: AiSearchMultiSearchChunk."""

    instance_id: str


class AiSearchMultiSearchError(TypedDict):
    """An instance that could not be searched. JS: AiSearchMultiSearchError."""

    instance_id: str
    message: str


class AiSearchMultiSearchResponse(TypedDict):
    """JS: AiSearchMultiSearchResponse."""

    search_query: str
    chunks: list[AiSearchMultiSearchChunk]
    errors: NotRequired[list[AiSearchMultiSearchError]]


class AiSearchMultiChatCompletionsResponse(AiSearchCompletion):
    """JS: AiSearchMultiChatCompletionsResponse."""

    chunks: list[AiSearchMultiSearchChunk]
    errors: NotRequired[list[AiSearchMultiSearchError]]


class AiSearchVectorizeStats(TypedDict):
    vectorsCount: int
    dimensions: int


class AiSearchR2Stats(TypedDict):
    payloadSizeBytes: int
    metadataSizeBytes: int
    objectCount: int


class AiSearchEngine(TypedDict, total=False):
    vectorize: AiSearchVectorizeStats
    r2: AiSearchR2Stats


class AiSearchStatsResponse(TypedDict, total=False):
    """How many items are in which state. JS: AiSearchStatsResponse."""

    queued: int
    running: int
    completed: int
    error: int
    skipped: int
    outdated: int
    last_activity: str
    engine: AiSearchEngine


# Instances


class AiSearchIndexMethod(TypedDict, total=False):
    vector: bool
    keyword: bool


class AiSearchIndexingOptions(TypedDict, total=False):
    keyword_tokenizer: Literal["porter", "trigram"]


class AiSearchRetrievalOptions(TypedDict, total=False):
    keyword_match_mode: Literal["and", "or"]
    boost_by: Sequence[AiSearchBoost]


class AiSearchCustomMetadata(TypedDict):
    """A field that items may have, and that searches may filter by."""

    field_name: str
    data_type: Literal["text", "number", "boolean", "datetime"]


class AiSearchSettings(TypedDict, total=False):
    """How an instance works, and where its items come from.

    ``type``: "r2" or "web-crawler", with its ``source``; without them the items are uploaded.
    ``sync_interval``: seconds. ``hybrid_search_enabled`` is deprecated: see ``index_method``.
    """

    type: str
    source: str
    source_params: Any
    token_id: str
    ai_gateway_id: str
    rewrite_query: bool
    reranking: bool
    embedding_model: str
    ai_search_model: str
    rewrite_model: str
    reranking_model: str
    hybrid_search_enabled: bool
    index_method: AiSearchIndexMethod
    fusion_method: _Fusion
    indexing_options: AiSearchIndexingOptions | None
    retrieval_options: AiSearchRetrievalOptions | None
    chunk: bool
    chunk_size: int
    chunk_overlap: int
    score_threshold: float
    max_num_results: int
    cache: bool
    cache_threshold: _CacheThreshold
    custom_metadata: Sequence[AiSearchCustomMetadata]
    namespace: str
    sync_interval: Literal[3600, 7200, 14400, 21600, 43200, 86400]
    metadata: Mapping[str, Any]


class AiSearchConfig(AiSearchSettings):
    """A new instance; its ``id`` has 1 to 32 of a-z, 0-9, ``_`` and ``-``. JS: AiSearchConfig."""

    id: str


class AiSearchInstanceInfo(AiSearchConfig, total=False):
    """An instance as it is; times are text in ISO 8601. JS: AiSearchInstanceInfo."""

    paused: bool
    status: str
    created_at: str
    modified_at: str


class AiSearchPage(TypedDict):
    """Which page of a list it is, and of how many entries in all."""

    count: int
    page: int
    per_page: int
    total_count: int


class AiSearchListResponse(TypedDict):
    """JS: AiSearchListResponse."""

    result: list[AiSearchInstanceInfo]
    result_info: NotRequired[AiSearchPage]


# Items


class AiSearchItemInfo(TypedDict, total=False):
    """An item; sizes in bytes, times as text in ISO 8601. JS: AiSearchItemInfo."""

    id: Required[str]
    key: Required[str]
    status: Required[_Status]
    next_action: Literal["INDEX", "DELETE"] | None
    error: str
    checksum: str
    namespace: str
    chunks_count: int | None
    file_size: int | None
    source_id: str | None
    last_seen_at: str
    created_at: str
    metadata: dict[str, Any]


class AiSearchListItemsResponse(TypedDict):
    """JS: AiSearchListItemsResponse."""

    result: list[AiSearchItemInfo]
    result_info: NotRequired[AiSearchPage]


class AiSearchItemLog(TypedDict):
    """A step of an item's processing. JS: AiSearchItemLog."""

    timestamp: str
    action: str
    message: str
    fileKey: NotRequired[str]
    chunkCount: NotRequired[int]
    processingTimeMs: NotRequired[int]
    errorType: NotRequired[str]


class AiSearchLogsPage(TypedDict):
    count: int
    per_page: int
    cursor: str | None
    truncated: bool


class AiSearchItemLogsResponse(TypedDict):
    """JS: AiSearchItemLogsResponse."""

    result: list[AiSearchItemLog]
    result_info: AiSearchLogsPage


class AiSearchItemChunk(TypedDict):
    """A piece of an item, and the bytes that it is of. JS: AiSearchItemChunk."""

    id: str
    text: str
    start_byte: int
    end_byte: int
    item: NotRequired[AiSearchChunkItem]


class AiSearchChunksPage(TypedDict):
    count: int
    total: int
    limit: int
    offset: int


class AiSearchItemChunksResponse(TypedDict):
    """JS: AiSearchItemChunksResponse."""

    result: list[AiSearchItemChunk]
    result_info: AiSearchChunksPage


# Jobs


class AiSearchJobInfo(TypedDict):
    """A run over an instance's source; times are text. JS: AiSearchJobInfo."""

    id: str
    source: Literal["user", "schedule"]
    description: NotRequired[str]
    last_seen_at: NotRequired[str]
    started_at: NotRequired[str]
    ended_at: NotRequired[str]
    end_reason: NotRequired[str]


class AiSearchListJobsResponse(TypedDict):
    """JS: AiSearchListJobsResponse."""

    result: list[AiSearchJobInfo]
    result_info: NotRequired[AiSearchPage]


class AiSearchJobLog(TypedDict):
    """JS: AiSearchJobLog."""

    id: int
    message: str
    message_type: int
    created_at: int


class AiSearchJobLogsResponse(TypedDict):
    """JS: AiSearchJobLogsResponse."""

    result: list[AiSearchJobLog]
    result_info: NotRequired[AiSearchPage]
