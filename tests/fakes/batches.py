"""The Message Batches part of the API, for the server in `messages_server`: create, look, and take results."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

NO_RESULT = {"type": "expired"}


@dataclass
class FakeBatches:
    """Answers each request of a batch with `answer(params)`: the reply's text, or None for a request that expired.
    A batch has ended once it was looked at `looks` times."""

    answer: Callable[[dict[str, Any]], str | None]
    looks: int = 1
    created: list[list[dict[str, Any]]] = field(default_factory=list)
    _looked: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, method: str, path: str, body: bytes) -> bytes | None:
        with self._lock:
            parts = path.partition("?")[0].strip("/").split("/")
            if parts[:3] != ["v1", "messages", "batches"]:
                return None
            if method == "POST" and len(parts) == 3:
                self.created.append(json.loads(body)["requests"])
                return self._state(f"batch_{len(self.created) - 1}", ended=False)
            if int(parts[3].removeprefix("batch_")) >= len(self.created):
                return None
            if len(parts) == 4:
                self._looked[parts[3]] = self._looked.get(parts[3], 0) + 1
                return self._state(parts[3], ended=self._looked[parts[3]] > self.looks)
            return self._results(parts[3])

    def _requests(self, batch: str) -> list[dict[str, Any]]:
        return self.created[int(batch.removeprefix("batch_"))]

    def _state(self, batch: str, *, ended: bool) -> bytes:
        count = len(self._requests(batch))
        counts = {"processing": 0 if ended else count, "succeeded": count if ended else 0}
        state = {
            "id": batch,
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "request_counts": {**counts, "errored": 0, "canceled": 0, "expired": 0},
            "created_at": "2026-11-23T00:00:00Z",
            "expires_at": "2026-11-24T00:00:00Z",
            "results_url": f"/v1/messages/batches/{batch}/results" if ended else None,
        }
        return json.dumps(state).encode()

    def _results(self, batch: str) -> bytes:
        lines = []
        for number, request in enumerate(reversed(self._requests(batch))):
            text = self.answer(request["params"])
            result: dict[str, Any] = NO_RESULT
            if text is not None:
                message = {
                    "id": f"msg_{number}", "type": "message", "role": "assistant", "model": request["params"]["model"],
                    "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": None,
                    "usage": {"input_tokens": 1_000, "output_tokens": 100},
                }  # fmt: skip
                result = {"type": "succeeded", "message": message}
            lines.append(json.dumps({"custom_id": request["custom_id"], "result": result}))
        return ("\n".join(lines) + "\n").encode()
