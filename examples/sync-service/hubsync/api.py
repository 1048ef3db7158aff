"""What each address of the HTTP API does. `openapi.yaml` describes it for others."""

import hmac
import json
import re
import urllib.parse
import zlib
from dataclasses import dataclass, field

from . import metrics
from .events import LARGEST, read_batch
from .problems import Problem

BATCH_TYPE = "application/cloudevents-batch+json"


@dataclass(frozen=True)
class Limits:
    """How much is taken. hubd sends up to 256 events and 512 KiB before compression."""

    #: Bytes of a body as it is sent.
    body: int = 1 << 20
    #: Bytes of it when it is unpacked.
    unpacked: int = 4 << 20
    #: Events in a batch.
    events: int = 1000


@dataclass
class Request:
    """A request whose body was read."""

    method: str
    target: str
    headers: object
    body: bytes


@dataclass
class Answer:
    """An answer."""

    status: int
    body: bytes = b""
    type: str = "application/json"
    headers: list = field(default_factory=list)


class API:
    """The addresses.

    `verifier` is None to take events that nobody signed; `token` is None to serve no operator;
    `signer` is None to serve catalogs without a signature.
    """

    def __init__(self, ledger, catalogs, verifier, token=None, signer=None, limits=Limits()):
        self.ledger = ledger
        self.catalogs = catalogs
        self.verifier = verifier
        self.token = token
        self.signer = signer
        self.limits = limits
        self.answers = metrics.Answers()

    def answer(self, request):
        """Answers a request; never raises a `Problem`."""
        try:
            answer = self._route(request)
        except Problem as problem:
            answer = self.problem(problem)
        self.answers.count(answer.status)
        return answer

    def problem(self, problem):
        """The answer for a problem."""
        return Answer(problem.status, problem.body(), "application/problem+json", problem.headers)

    def _route(self, request):
        path, _, query = request.target.partition("?")
        for pattern, methods in _ROUTES:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            serve = methods.get(request.method)
            if serve is None:
                raise Problem(405, "method", f"{request.method} is not for {path}",
                              headers=[("Allow", ", ".join(methods))])
            names = {key: _unquoted(value) for key, value in match.groupdict().items()}
            return serve(self, request, _query(query), **names)
        raise Problem(404, "address", f"there is nothing at {path}")

    # MARK: For hubs

    def post_events(self, request, query):
        """Stores a batch."""
        secret = None
        if self.verifier is not None:
            secret = self.verifier.verify(request.headers, request.body, self.ledger.clock())
        if _media_type(request) != BATCH_TYPE:
            raise Problem(415, "media-type", f"events are sent as {BATCH_TYPE}")
        events = read_batch(self._unpacked(request), self.limits.events)
        for event in events:
            if secret is not None and not secret.allows(event.hub):
                raise Problem(403, "other-hub", f"the secret is for hub {secret.hub}, "
                              f"event {event.index} is of hub {event.hub}", index=event.index)
        return _json(self.ledger.store(events))

    def _unpacked(self, request):
        coding = request.headers.get("content-encoding", "identity").strip().lower()
        if coding == "identity":
            return request.body
        if coding != "gzip":
            raise Problem(415, "coding", "Content-Encoding is gzip or identity",
                          headers=[("Accept-Encoding", "gzip")])
        return unpacked(request.body, self.limits.unpacked)

    def get_catalog(self, request, query, hub):
        """The catalog of a hub, signed; 304 when the hub has it already."""
        catalog = self.catalogs.latest(hub, _number(query, "version", 1, None))
        headers = [("ETag", catalog.etag), ("Cache-Control", "no-cache"),
                   ("Hubd-Catalog-Version", str(catalog.version))]
        if self.signer is not None:
            headers.append(("Hubd-Signature", self.signer.header(catalog.body)))
        if _holds(request.headers.get("if-none-match"), catalog.etag):
            return Answer(304, headers=headers)
        return Answer(200, catalog.body, catalog.type, headers)

    # MARK: For the operator

    def put_catalog(self, request, query, hub):
        """Keeps a new version."""
        self._authorize(request)
        catalog, is_new = self.catalogs.put(
            hub, _media_type(request), request.body, lambda etag: _is_expected(request, etag))
        answer = _json({"version": catalog.version}, 201 if is_new else 200)
        answer.headers += [("ETag", catalog.etag)]
        return answer

    def get_versions(self, request, query, hub):
        """The versions of a hub's catalog."""
        self._authorize(request)
        return _json({"versions": self.catalogs.versions(hub)})

    def get_hubs(self, request, query):
        """Every hub."""
        self._authorize(request)
        return _json({"hubs": self.ledger.hubs()})

    def get_hub(self, request, query, hub):
        """One hub."""
        self._authorize(request)
        found = self.ledger.hub(hub)
        if found is None:
            raise Problem(404, "unknown-hub", f"hub {hub} was never heard")
        return _json(found)

    def post_series(self, request, query, hub):
        """Begins to count a hub's numbers anew."""
        self._authorize(request)
        return _json(self.ledger.begin_series(hub, _number(query, "first", 1, 1)))

    def get_events(self, request, query):
        """Events as they came, in the order in which they were stored."""
        self._authorize(request)
        if "hub" not in query:
            raise Problem(400, "query", "name a hub: ?hub=…")
        after = _number(query, "after", 0, 0)
        limit = min(_number(query, "limit", 1, 100), 1000)
        rows = self.ledger.events(query["hub"], query.get("type"), after, limit)
        # The texts are put together as they are: reading them could change a number's digits.
        items = ",".join(f'{{"position":{place},"event":{text}}}' for place, text in rows)
        last = rows[-1][0] if rows else after
        return Answer(200, f'{{"after":{last},"events":[{items}]}}'.encode())

    def get_metrics(self, request, query):
        """Figures for Prometheus."""
        self._authorize(request)
        page = metrics.page(self.ledger.hubs(), self.ledger.refused(), self.answers)
        return Answer(200, page.encode(), "text/plain; version=0.0.4; charset=utf-8")

    def get_health(self, request, query):
        """Whether events could be stored now."""
        self.ledger.check()
        return _json({"status": "well"})

    def _authorize(self, request):
        if self.token is None:
            raise Problem(403, "no-operator", "the service was started without --token-file")
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(
                given.strip().encode("utf-8", "replace"), self.token):
            raise Problem(401, "token", "Authorization: Bearer with the operator's token is needed",
                          headers=[("WWW-Authenticate", "Bearer")])


_HUB = r"/v1/hubs/(?P<hub>[^/]+)"
_ROUTES = [(re.compile(pattern), methods) for pattern, methods in [
    (r"/v1/events", {"POST": API.post_events, "GET": API.get_events}),
    (r"/v1/hubs", {"GET": API.get_hubs}),
    (_HUB, {"GET": API.get_hub}),
    (_HUB + "/series", {"POST": API.post_series}),
    (_HUB + "/catalog", {"GET": API.get_catalog, "PUT": API.put_catalog}),
    (_HUB + "/catalog/versions", {"GET": API.get_versions}),
    (r"/healthz", {"GET": API.get_health}),
    (r"/metrics", {"GET": API.get_metrics}),
]]


def unpacked(body, limit):
    """The content of a gzip body; no more memory is used than `limit`."""
    reader = zlib.decompressobj(wbits=31)
    try:
        content = reader.decompress(body, limit + 1)
    except zlib.error as error:
        raise Problem(400, "coding", f"the body is no gzip: {error}")
    if len(content) > limit:
        raise Problem(413, "too-large", f"more than {limit} bytes when unpacked")
    if not reader.eof or reader.unused_data:
        raise Problem(400, "coding", "the gzip body is cut off, or there is more behind it")
    return content


def _json(value, status=200):
    return Answer(status, json.dumps(value, ensure_ascii=False).encode())


def _media_type(request):
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _unquoted(text):
    try:
        name = urllib.parse.unquote(text, errors="strict")
    except UnicodeDecodeError:
        name = ""
    if not name or not name.isprintable():
        raise Problem(400, "address", "the hub in the address is no plain text")
    return name


def _query(text):
    pairs = urllib.parse.parse_qsl(text, keep_blank_values=True)
    if any("\0" in value for _, value in pairs):
        raise Problem(400, "query", "a NUL in the query")
    return dict(pairs)


def _number(query, name, least, default):
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20
            and least <= int(text) <= LARGEST):
        raise Problem(400, "query", f"{name}={text} is no whole number from {least} on")
    return int(text)


def _holds(header, etag):
    """Whether a list of entity tags holds one, compared weakly (RFC 9110, §13.1.2)."""
    tags = [tag.strip().removeprefix("W/") for tag in (header or "").split(",")]
    return etag in tags or "*" in tags and etag is not None


def _is_expected(request, etag):
    """`If-Match` and `If-None-Match` of a PUT: nothing is overwritten unseen."""
    if (wanted := request.headers.get("if-match")) is not None and not _holds(wanted, etag):
        return False
    unwanted = request.headers.get("if-none-match")
    return unwanted is None or not _holds(unwanted, etag)
