"""What can be wrong with a request, as RFC 9457 wants it told."""

import json


class Problem(Exception):
    """An answer that is no success.

    `detail` stands first in the body: hubd shows the first 120 characters in `hubctl outbox`.
    """

    def __init__(self, status, kind, detail, headers=(), **more):
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = list(headers)
        self.more = more

    def body(self):
        """The body, `application/problem+json`."""
        content = {"detail": self.detail, "type": "urn:hubd:sync:" + self.kind,
                   "status": self.status, **self.more}
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


class EventProblem(Problem):
    """One event is at fault: the body says which, so that a hub can set it aside."""

    def __init__(self, index, event_id, reason, status=400, kind="invalid-event"):
        name = f"event {index}" + (f" ({event_id})" if event_id else "")
        super().__init__(status, kind, f"{name}: {reason}", index=index, id=event_id)


def unavailable(detail, seconds=5):
    """The answer that makes a hub wait and send the same again."""
    return Problem(503, "unavailable", detail, headers=[("Retry-After", str(seconds))])
