"""The real engine's own words. Never improve them.

tests/contract/test_workflows.py, test_workflows_rollback.py and test_workflows_subscription.py
assert them in the local runtime (miniflare). The exception is ALREADY_EXISTS: only production
refuses an existing id.
"""

from __future__ import annotations

# Instances

INVALID_ID = "Workflow instance has invalid id"
ALREADY_EXISTS = "(instance.already_exists) Instance already exists"
NOT_FOUND = "instance.not_found"
NOT_FOUND_BY_DELETE = "WorkflowError: (instance.not_found) Instance does not exist"
CANNOT_TERMINATE = (
    "(instance.cannot_terminate) Cannot terminate instance since its on a finite state"
)
CANNOT_RESTART = '(instance.cannot_restart) Step "{name}" not found in execution history'
TERMINATED = "Instance terminated during rollback"
INVALID_SUBSCRIPTION = "Invalid Workflow subscription options"
ABORTED = "Aborting engine: User called {command}"

# Batches: createBatch with an array, createBatch with an object, deleteBatch

EMPTY_ARRAY = "WorkflowError: batchCreate should have at least 1 instance"
LARGE_ARRAY = "WorkflowError: batchCreate only supports 100 instances at a time"
INVALID_BATCH_SIZE = "WorkflowError: (body) Batch size exceeds maximum allowed"
INVALID_COUNT = "WorkflowError: (body) count must be a positive integer"
LARGE_COUNT = "WorkflowError: (body) batchCreate only supports 100 instances at a time"
# The engine prints doubled braces. This text is not formatted.
INVALID_RETENTION = (
    "WorkflowError: (body) Duration must be a number or a string in format "
    "'{{number}} {{unit}}' where unit is second(s), minute(s), etc."
)
INVALID_ID_IN_BATCH = "WorkflowError: (instance.invalid_id) Instance ID is invalid"
EMPTY_DELETION = "WorkflowError: (body) batchDeleteInstances should have at least 1 instance"
LARGE_DELETION = "WorkflowError: (body) batchDeleteInstances only supports 100 instances at a time"

BATCH_ERRORS = {
    10400: "workflows.api.error.instance.not_found",
    10405: "workflows.api.error.instance.already_exists",
    10415: "workflows.api.error.instance.duplicate_in_batch",
}
"""The errors of single instances in a batch, by their code."""

# Steps

FATAL_NAME = "WorkflowFatalError"
FATAL = (
    "The execution of the Workflow instance was terminated, as a step threw an NonRetryableError "
    "and it was not handled"
)
FATAL_IN_HISTORY = 'Step threw a NonRetryableError with message "{message}"'
TIMEOUT_NAME = "WorkflowTimeoutError"
TIMED_OUT = "Execution timed out after {milliseconds}ms"
TOO_MANY_STEPS = (
    "The limit of {limit} steps has been reached. This limit can be changed in your worker "
    "configuration."
)
INVALID_STEP_NAME = 'Step name "{name}" exceeds max length (256 chars) or invalid characters found'
INVALID_CONFIG = (
    '{kind} config for "{name}" is in a invalid format. See '
    "https://developers.cloudflare.com/workflows/build/sleeping-and-retrying/"
)
OUTPUT_TOO_LARGE = "Step {name} output is too large. Maximum allowed size is 1MiB."
PAST_TIME = "You can't sleep until a time in the past, time-traveler"
BIGINT = "Do not know how to serialize a BigInt"
CIRCULAR = "Converting circular structure to JSON"  # the runtime adds the path of the circle

# Functions that compute retry delays

LATE_DELAY = 'The delay function for step "{name}" did not return within 5 seconds'
FAILED_DELAY = 'The delay function for step "{name}" threw an error: {error}'
INVALID_DELAY = (
    'The delay function for step "{name}" returned an invalid delay value (expected a number of ms '
    'or a duration string like "30 seconds")'
)
