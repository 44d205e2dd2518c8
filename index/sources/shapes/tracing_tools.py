"""Exports of Langfuse (traces, observations) and LangSmith (runs).

Both nest: a trace holds model calls that repeat its history, so records of one session, thread or trace are joined. What
is neither a trace nor a model call (a tool, a retriever, a score) is passed over.
"""

from collections.abc import Iterator

from index.core.records import Conversation
from index.sources.shapes.aliases import conversation_id
from index.sources.shapes.base import BadRecord, Record, Shape, as_object, first, has, optional_text, time
from index.sources.shapes.payloads import conversation_turns, thread_id
from index.sources.shapes.spans import NO_CALL

EVALUATION = "a run of an evaluator and not of a person"
_CALLS = {"GENERATION", "AGENT"}
_LANGFUSE_ONLY = {"traceId", "trace_id", "sessionId", "userId", "projectId", "project_id", "observations", "htmlPath",
                  "bookmarked", "trace_name", "traceName"}  # fmt: skip
_TRACE_CONTEXT = ("userId", "user_id", "sessionId", "session_id")


def _is_langfuse(record: Record) -> bool:
    return ("input" in record or "observations" in record) and bool(_LANGFUSE_ONLY & record.keys())


def _langfuse_unfold(record: Record) -> Iterator[object]:
    """A trace that holds its observations and says nothing itself stands for its model calls."""
    if isinstance(trace := record.get("trace"), dict):
        # A download of one trace: what it says of itself, and its observations beside it.
        record = {**trace, "observations": record.get("observations") or trace.get("observations")}
    observations = record.get("observations")
    if not isinstance(observations, list) or record.get("input") not in (None, "", [], {}):
        yield record
        return
    context = {key: record[key] for key in _TRACE_CONTEXT if key in record}
    for observation in observations:
        if isinstance(observation, dict):
            yield {**context, "traceId": record.get("id"), **observation}


def _langfuse(record: Record) -> Conversation:
    kind = record.get("type")
    if kind is not None and str(kind).upper() not in _CALLS:
        raise BadRecord(NO_CALL)
    if str(record.get("environment", "")).startswith("langfuse-"):
        raise BadRecord(EVALUATION)
    metadata = as_object(record.get("metadata"))
    return Conversation(
        turns=conversation_turns(record.get("input"), record.get("output")),
        account=optional_text(first(record, "userId", "user_id") or first(metadata, "userId", "user_id")),
        time=time(first(record, "timestamp", "startTime", "start_time", "createdAt", "created_at")),
    )


def _langfuse_thread(record: Record) -> str | None:
    trace = first(record, "traceId", "trace_id")
    is_trace = "type" not in record and trace is None
    return thread_id(record, as_object(record.get("metadata"))) or optional_text(
        record.get("id") if is_trace else trace
    )


def _langsmith(record: Record) -> Conversation:
    """A model call, or the root of a trace: what the application was asked and answered."""
    is_root = first(record, "parent_run_id", "parent_run_ids") in (None, [], "[]")
    if record.get("run_type") != "llm" and not (record.get("run_type") in ("chain", "agent") and is_root):
        raise BadRecord(NO_CALL)
    metadata = _langsmith_metadata(record)
    return Conversation(
        turns=conversation_turns(record.get("inputs"), record.get("outputs")),
        account=optional_text(first(metadata, "user_id", "userId", "user")),
        time=time(record.get("start_time")),
    )


def _langsmith_metadata(record: Record) -> Record:
    return {**as_object(record.get("metadata")), **as_object(as_object(record.get("extra")).get("metadata"))}


def _langsmith_thread(record: Record) -> str | None:
    """A run's own `session_id` is the project it was filed under, so only the metadata is asked for a conversation."""
    stated = thread_id(_langsmith_metadata(record)) or optional_text(record.get("thread_id"))
    return stated or optional_text(first(record, "trace_id", "id"))


def _is_example(record: Record) -> bool:
    return isinstance(record.get("inputs"), dict) and "outputs" in record and "run_type" not in record


def _example(record: Record) -> Conversation:
    return Conversation(turns=conversation_turns(record.get("inputs"), record.get("outputs")))


def _is_pair(record: Record) -> bool:
    return isinstance(record.get("input"), list | dict) and bool({"output", "expected"} & record.keys())


def _pair(record: Record) -> Conversation:
    return Conversation(turns=conversation_turns(record["input"], first(record, "output", "expected")))


def _is_mlflow(record: Record) -> bool:
    return isinstance(as_object(record.get("data")).get("spans"), list) and isinstance(record.get("info"), dict)


def _mlflow(record: Record) -> Conversation:
    """What the root span was asked and answered."""
    spans = [span for span in record["data"]["spans"] if isinstance(span, dict)]
    root = next((span for span in spans if not first(span, "parent_span_id", "parent_id")), None)
    if root is None:
        raise BadRecord(NO_CALL)
    attributes = as_object(root.get("attributes"))
    return Conversation(
        turns=conversation_turns(attributes.get("mlflow.spanInputs"), attributes.get("mlflow.spanOutputs")),
        account=optional_text(_mlflow_metadata(record).get("mlflow.trace.user")),
        time=time(first(record["info"], "request_time", "timestamp_ms")),
    )


def _mlflow_metadata(record: Record) -> Record:
    info = record["info"]
    return {
        **as_object(info.get("tags")),
        **as_object(info.get("trace_metadata")),
        **as_object(info.get("request_metadata")),
    }


def _mlflow_thread(record: Record) -> str | None:
    session = _mlflow_metadata(record).get("mlflow.trace.session")
    return optional_text(session) or optional_text(first(record["info"], "trace_id", "request_id"))


TRACING_TOOLS = (
    Shape(
        "MLflow traces", _is_mlflow, _mlflow, {"data": "turns", "info": "account, time, conversation id"},
        thread=_mlflow_thread,
    ),
    Shape(
        "LangSmith runs", has("run_type", "inputs"), _langsmith,
        {"run_type": "which records are model calls", "parent_run_id": "which records are roots", "inputs": "turns",
         "outputs": "turns", "start_time": "time", "extra": "account, conversation id",
         "metadata": "account, conversation id", "thread_id": "conversation id",
         "trace_id": "conversation id, where no other is stated"},
        thread=_langsmith_thread,
    ),
    Shape(
        "Langfuse export", _is_langfuse, _langfuse,
        {"input": "turns", "output": "turns", "type": "which records are model calls", "observations": "turns",
         **dict.fromkeys(("userId", "user_id"), "account"),
         **dict.fromkeys(("sessionId", "session_id"), "conversation id"),
         **dict.fromkeys(("traceId", "trace_id"), "conversation id, where no other is stated"),
         "metadata": "account, conversation id",
         **dict.fromkeys(("timestamp", "startTime", "start_time", "createdAt", "created_at"), "time")},
        thread=_langfuse_thread, unfold=_langfuse_unfold,
    ),
    Shape("LangSmith examples", _is_example, _example, {"inputs": "turns", "outputs": "turns"}),
    Shape("records of input and output", _is_pair, _pair, {"input": "turns", "output": "turns", "expected": "turns"},
          thread=conversation_id),
)  # fmt: skip
