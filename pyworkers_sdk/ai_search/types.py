"""Options and responses of AI Search: JSON, with the field names of the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, Required, TypeAlias, TypedDict

__all__ = [
    "AiSearchBoost",
    "AiSearchCache",
    "AiSearchChatCompletionsResponse",
    "AiSearchChunkItem",
    "AiSearchChunksPage",
    "AiSearchConfig",
    "AiSearchCustomMetadata",
    "AiSearchEngine",
    "AiSearchIndexMethod",
    "AiSearchIndexingOptions",
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
    "AiSearchLogsPage",
    "AiSearchMessage",
    "AiSearchMultiChatCompletionsResponse",
    "AiSearchMultiSearchChunk",
    "AiSearchMultiSearchError",
    "AiSearchMultiSearchOptions",
    "AiSearchMultiSearchResponse",
    "AiSearchOptions",
    "AiSearchPage",
    "AiSearchQueryRewrite",
    "AiSearchR2Stats",
    "AiSearchReranking",
    "AiSearchRetrieval",
    "AiSearchRetrievalOptions",
    "AiSearchScoringDetails",
    "AiSearchSearchChunk",
    "AiSearchSearchResponse",
    "AiSearchSettings",
    "AiSearchStatsResponse",
    "AiSearchVectorizeStats",
]

_CacheThreshold: TypeAlias = Literal[
    "super_strict_match", "close_enough", "flexible_friend", "anything_goes"
]
_Fusion: TypeAlias = Literal["max", "rrf"]
_Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]
_Status: TypeAlias = Literal["queued", "running", "completed", "error", "skipped", "outdated"]


# Requests ----------------------------------------------------------------------------------------


class AiSearchMessage(TypedDict):
    """A message of a conversation. JS: AiSearchMessage."""

    role: _Role
    content: str | None


class AiSearchBoost(TypedDict):
    """A metadata field that raises or lowers the rank of results."""

    field: str
    direction: NotRequired[Literal["asc", "desc", "exists", "not_exists"]]


class AiSearchRetrieval(TypedDict, total=False):
    """Options for the retrieval of chunks."""

    retrieval_type: Literal["vector", "keyword", "hybrid"]
    fusion_method: _Fusion
    keyword_match_mode: Literal["and", "or"]
    match_threshold: float
    """The lowest score of a result, 0 to 1; 0.4 by default."""
    max_num_results: int
    """The number of results, 1 to 50; 10 by default."""
    filters: Mapping[str, Any]
    """A filter as in Vectorize: ``{"lang": "en", "year": {"$gte": 2024}}``."""
    context_expansion: int
    """The number of chunks to add around each result, 0 to 3."""
    metadata_only: bool
    """Return the chunks without their text."""
    return_on_failure: bool
    """Return no results, in place of an error, if the search fails; True by default."""
    boost_by: Sequence[AiSearchBoost]
    """The metadata fields that affect the rank, at most 3."""


class AiSearchQueryRewrite(TypedDict, total=False):
    """Options for the rewriting of queries by a model."""

    enabled: bool
    model: str
    rewrite_prompt: str


class AiSearchReranking(TypedDict, total=False):
    """Options for the reranking of results by a model."""

    enabled: bool
    model: str
    match_threshold: float
    """The lowest score of a result, 0 to 1; 0.4 by default."""


class AiSearchCache(TypedDict, total=False):
    """Options for the cache of similar queries."""

    enabled: bool
    cache_threshold: _CacheThreshold


class AiSearchOptions(TypedDict, total=False):
    """The settings of a search; all others are the instance's. JS: AiSearchOptions."""

    retrieval: AiSearchRetrieval
    query_rewrite: AiSearchQueryRewrite
    reranking: AiSearchReranking
    cache: AiSearchCache


class AiSearchMultiSearchOptions(AiSearchOptions):
    """The settings of a search in several instances; ``instance_ids`` has 1 to 10 ids.

    JS: AiSearchMultiSearchOptions.
    """

    instance_ids: Sequence[str]


# Responses ---------------------------------------------------------------------------------------


class AiSearchChunkItem(TypedDict):
    """The item of a chunk; ``timestamp`` is the number that the service returns."""

    timestamp: NotRequired[int]
    key: str
    metadata: NotRequired[dict[str, Any]]


class AiSearchScoringDetails(TypedDict, total=False):
    """The scores, 0 to 1, and the ranks of a chunk by each retrieval method."""

    keyword_score: float
    vector_score: float
    keyword_rank: int
    vector_rank: int
    reranking_score: float
    fusion_method: _Fusion


class AiSearchSearchChunk(TypedDict):
    """A chunk of an item that matches; ``score`` is from 0 to 1."""

    id: str
    type: str
    score: float
    text: str
    item: AiSearchChunkItem
    scoring_details: NotRequired[AiSearchScoringDetails]


class AiSearchSearchResponse(TypedDict):
    """The results of a search. JS: AiSearchSearchResponse."""

    search_query: str
    chunks: list[AiSearchSearchChunk]


class AiSearchChoiceMessage(TypedDict):
    """A message from the model."""

    role: _Role
    content: str | None


class AiSearchChoice(TypedDict):
    """A choice of an answer."""

    index: NotRequired[int]
    message: AiSearchChoiceMessage


class AiSearchCompletion(TypedDict, total=False):
    """An answer in the form of OpenAI's chat completions."""

    id: str
    object: str
    model: str
    choices: Required[list[AiSearchChoice]]


class AiSearchChatCompletionsResponse(AiSearchCompletion):
    """The model's answer, and the chunks that it is based on.

    JS: AiSearchChatCompletionsResponse.
    """

    chunks: list[AiSearchSearchChunk]


class AiSearchMultiSearchChunk(AiSearchSearchChunk):
    """A chunk from one of several instances. JS: AiSearchMultiSearchChunk."""

    instance_id: str


class AiSearchMultiSearchError(TypedDict):
    """An instance that could not be searched. JS: AiSearchMultiSearchError."""

    instance_id: str
    message: str


class AiSearchMultiSearchResponse(TypedDict):
    """The results of a search in several instances. JS: AiSearchMultiSearchResponse."""

    search_query: str
    chunks: list[AiSearchMultiSearchChunk]
    errors: NotRequired[list[AiSearchMultiSearchError]]


class AiSearchMultiChatCompletionsResponse(AiSearchCompletion):
    """The model's answer, and the chunks of several instances that it is based on.

    JS: AiSearchMultiChatCompletionsResponse.
    """

    chunks: list[AiSearchMultiSearchChunk]
    errors: NotRequired[list[AiSearchMultiSearchError]]


class AiSearchVectorizeStats(TypedDict):
    """The size of an instance's Vectorize index."""

    vectorsCount: int
    dimensions: int


class AiSearchR2Stats(TypedDict):
    """The size of an instance's files, in bytes."""

    payloadSizeBytes: int
    metadataSizeBytes: int
    objectCount: int


class AiSearchEngine(TypedDict, total=False):
    """The sizes of an instance's index and files."""

    vectorize: AiSearchVectorizeStats
    r2: AiSearchR2Stats


class AiSearchStatsResponse(TypedDict, total=False):
    """The number of items in each state. JS: AiSearchStatsResponse."""

    queued: int
    running: int
    completed: int
    error: int
    skipped: int
    outdated: int
    last_activity: str
    engine: AiSearchEngine


# Instances ---------------------------------------------------------------------------------------


class AiSearchIndexMethod(TypedDict, total=False):
    """The indexes of an instance."""

    vector: bool
    keyword: bool


class AiSearchIndexingOptions(TypedDict, total=False):
    """Options for the keyword index."""

    keyword_tokenizer: Literal["porter", "trigram"]


class AiSearchRetrievalOptions(TypedDict, total=False):
    """The defaults of an instance for the retrieval of chunks."""

    keyword_match_mode: Literal["and", "or"]
    boost_by: Sequence[AiSearchBoost]


class AiSearchCustomMetadata(TypedDict):
    """A metadata field of items, for filters."""

    field_name: str
    data_type: Literal["text", "number", "boolean", "datetime"]


class AiSearchSettings(TypedDict, total=False):
    """The settings of an instance: its source, its models, and its defaults for searches."""

    type: str
    """The type of the source, "r2" or "web-crawler"; omit it for uploaded items."""
    source: str
    """The source of that type; omit it for uploaded items."""
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
    """Deprecated; use ``index_method``."""
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
    """The time between indexing jobs, in seconds."""
    metadata: Mapping[str, Any]


class AiSearchConfig(AiSearchSettings):
    """The settings of a new instance. JS: AiSearchConfig."""

    id: str
    """The name of the instance: 1 to 32 characters of a-z, 0-9, ``_`` and ``-``."""


class AiSearchInstanceInfo(AiSearchConfig, total=False):
    """The settings and state of an instance. Times are ISO 8601 text. JS: AiSearchInstanceInfo."""

    paused: bool
    status: str
    created_at: str
    modified_at: str


class AiSearchPage(TypedDict):
    """The position of a page in a list, and the total number of entries."""

    count: int
    page: int
    per_page: int
    total_count: int


class AiSearchListResponse(TypedDict):
    """A page of instances. JS: AiSearchListResponse."""

    result: list[AiSearchInstanceInfo]
    result_info: NotRequired[AiSearchPage]


# Items -------------------------------------------------------------------------------------------


class AiSearchItemInfo(TypedDict, total=False):
    """The state of an item. Sizes are in bytes, times are ISO 8601 text. JS: AiSearchItemInfo."""

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
    """A page of items. JS: AiSearchListItemsResponse."""

    result: list[AiSearchItemInfo]
    result_info: NotRequired[AiSearchPage]


class AiSearchItemLog(TypedDict):
    """A log entry of an item's processing; ``timestamp`` is text. JS: AiSearchItemLog."""

    timestamp: str
    action: str
    message: str
    fileKey: NotRequired[str]
    chunkCount: NotRequired[int]
    processingTimeMs: NotRequired[int]
    errorType: NotRequired[str]


class AiSearchLogsPage(TypedDict):
    """The position of a page of logs; ``cursor`` requests the next page, None on the last."""

    count: int
    per_page: int
    cursor: str | None
    truncated: bool


class AiSearchItemLogsResponse(TypedDict):
    """A page of log entries. JS: AiSearchItemLogsResponse."""

    result: list[AiSearchItemLog]
    result_info: AiSearchLogsPage


class AiSearchItemChunk(TypedDict):
    """A chunk of an item, and its range of bytes. JS: AiSearchItemChunk."""

    id: str
    text: str
    start_byte: int
    end_byte: int
    item: NotRequired[AiSearchChunkItem]


class AiSearchChunksPage(TypedDict):
    """The position of a page of chunks, and the total number of chunks."""

    count: int
    total: int
    limit: int
    offset: int


class AiSearchItemChunksResponse(TypedDict):
    """A page of chunks. JS: AiSearchItemChunksResponse."""

    result: list[AiSearchItemChunk]
    result_info: AiSearchChunksPage


# Jobs --------------------------------------------------------------------------------------------


class AiSearchJobInfo(TypedDict):
    """The state of an indexing job. Times are text. JS: AiSearchJobInfo."""

    id: str
    source: Literal["user", "schedule"]
    description: NotRequired[str]
    last_seen_at: NotRequired[str]
    started_at: NotRequired[str]
    ended_at: NotRequired[str]
    end_reason: NotRequired[str]


class AiSearchListJobsResponse(TypedDict):
    """A page of jobs. JS: AiSearchListJobsResponse."""

    result: list[AiSearchJobInfo]
    result_info: NotRequired[AiSearchPage]


class AiSearchJobLog(TypedDict):
    """A log entry of a job. JS: AiSearchJobLog."""

    id: int
    message: str
    message_type: int
    created_at: int


class AiSearchJobLogsResponse(TypedDict):
    """A page of log entries of a job. JS: AiSearchJobLogsResponse."""

    result: list[AiSearchJobLog]
    result_info: NotRequired[AiSearchPage]
