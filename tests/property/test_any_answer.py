"""Whatever an answer or a gateway's log says, reading it ends in one of the ways that a run knows, and never for ever."""

from __future__ import annotations

import asyncio
import json
import math
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seedflow.errors import DownloadError, ProviderError
from seedflow.models.catalog import load_catalog
from seedflow.money import format_usd, to_micros
from seedflow.providers.addresses import Reach
from seedflow.providers.base import NotBilled, Recovered, StillUnknown
from seedflow.providers.cloudflare import CloudflareProvider
from seedflow.providers.download import Downloader
from seedflow.providers.gateway_log import GatewayLog
from seedflow.providers.options import CloudflareOptions, parse_base_url
from seedflow.providers.retry_after import parse_retry_after
from seedflow.providers.secrets import Quoter, Secret
from seedflow.run.judging import JudgedAnswer, judge_answer

CATALOG = load_catalog()
INTENT = "0123456789abcdef0123456789abcdef"
SENT_AT = 1_700_000_000.0
OPTIONS = CloudflareOptions(
    "account-1",
    Secret("token"),
    gateway="default",
    base_url=parse_base_url("http://127.0.0.1:9/client/v4"),
)
MOST_MICROS = 2**63

PIECES = (
    *("a", "b.example", "a..b", ".", "..", "[::1]", "[", "]", "@", ":", ":0", ":99999999", "%00", "%zz", "xn--", "xn--a", "0x7f.1"),
    *("127.0.0.1", "2130706433", "\u2603", "\u3002", "\u200d", "\ud800", "\udfff", "\0", "\x1b[2J", "\r\nX: y", " ", "\\", "a" * 64, "a" * 300),
)  # fmt: skip # a row a line
"""Of hosts, and of what stands about them."""

odd_urls = st.builds(
    "{}{}{}".format,
    st.sampled_from(["https://", "http://", "HTTPS://", "//", "", "data:", "file://", "https:/", "ftp://"]),
    st.lists(st.sampled_from(PIECES), max_size=4).map("".join),
    st.sampled_from(["", "/", "/x.jpg", "/x?y=https://z/", "#", "?", "/../..", "/\ud800", "/a b"]),
)
odd_texts = st.one_of(odd_urls, st.text(st.characters(), max_size=20), st.sampled_from(PIECES))
odd_numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([10**18, 10**400, -(10**400), 1e300, 1e-300, 5e-324, -0.0, 10**4000]),
)
scalars = st.one_of(st.none(), st.booleans(), odd_numbers, odd_texts)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(odd_texts, inner, max_size=4)),
    max_leaves=8,
)


def build_answer() -> dict[str, object]:
    """One as it should be."""
    return {
        "success": True,
        "errors": [],
        "messages": [],
        "result": {
            "state": "Completed",
            "gatewayMetadata": {"keySource": "Unified"},
            "result": {"images": ["https://example.com/a.jpg?x=1", "https://example.com/b.jpg"]},
        },
    }


def build_listing() -> dict[str, object]:
    """The log's list of a call that was answered, and of two that failed."""
    metadata = {
        "run": f"run-1/{int(SENT_AT * 1000)}",
        "task": "page",
        "take": 1,
        "attempt": 1,
        "intent": INTENT,
    }
    entries = [
        {
            "id": f"log-{number}",
            "success": number == 2,
            "status_code": 200 if number == 2 else 500,
            "cost": 0 if number == 1 else 0.04,
            "cached": False,
            "created_at": f"2026-01-01T00:00:0{number}Z",
            "metadata": metadata if number == 1 else json.dumps(metadata),
        }
        for number in (1, 2, 3)
    ]
    return {"success": True, "errors": [], "result": entries, "result_info": {"count": 3}}


def list_places(value: object) -> Iterator[tuple[object, object]]:
    """Each container of a JSON value with each of its keys or positions."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from list_places(value[key])


@st.composite
def spoiled(draw: st.DrawFn, whole: object) -> bytes:
    """A JSON text of which some values were changed, renamed, doubled, dropped or nested; at times its very bytes."""
    for _ in range(draw(st.integers(0, 3))):
        container, key = draw(st.sampled_from(list(list_places(whole))))
        match draw(st.sampled_from(("replace", "drop", "rename", "many", "nest", "stringify"))):
            case "replace":
                container[key] = draw(anything)
            case "drop":
                del container[key]
            case "rename" if isinstance(container, dict):
                container[draw(odd_texts)] = container.pop(key)
            case "many":
                container[key] = [container[key]] * draw(st.sampled_from([2, 40]))
            case "nest":
                container[key] = json.loads("[" * 100 + "1" + "]" * 100)
            case "stringify":
                container[key] = spell(container[key])
        if not list(list_places(whole)):
            break
    raw = spell(whole).encode()
    match draw(st.sampled_from(("whole", "whole", "whole", "deep", "digits", "cut", "bytes", "marked"))):
        case "deep":
            depth = draw(st.sampled_from([200, 900, 2_000, 60_000]))
            raw = raw.replace(b'"Unified"', b"[" * depth + b"]" * depth).replace(
                b"200", b"[" * depth + b"]" * depth
            )
        case "digits":
            raw = raw.replace(b'"Unified"', b"9" * 5_000).replace(b"0.04", b"9" * 5_000)
        case "cut":
            raw = raw[: draw(st.integers(0, len(raw)))]
        case "bytes":
            at = draw(st.integers(0, len(raw)))
            raw = raw[:at] + draw(st.binary(max_size=4)) + raw[at:]
        case "marked":
            raw = b"\xef\xbb\xbf" + raw
    return raw


def spell(value: object) -> str:
    """JSON, with numbers that have more digits than Python spells out by itself."""
    with any_digits():
        return json.dumps(value)


@contextmanager
def any_digits() -> Iterator[None]:
    most = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(most)


@pytest.fixture(name="provider", scope="module")
def provide_provider() -> Iterator[CloudflareProvider]:
    """One that never sends."""
    provider = CloudflareProvider(OPTIONS)
    yield provider
    asyncio.run(provider.aclose())


@example(raw=b'{"images": ["\\ud800"], "\\udfff": 1}', model_id="bytedance/seedream-4.5")
@example(raw=b'{"result": {"images": ' + b"[" * 500 + b"]" * 500 + b"}}", model_id="bytedance/seedream-4.5")
@given(
    raw=st.deferred(lambda: st.builds(build_answer).flatmap(spoiled)),
    model_id=st.sampled_from(sorted(CATALOG.models)),
)
def test_any_answer_is_judged_and_each_of_its_addresses_can_be_refused(
    provider: CloudflareProvider, raw: bytes, model_id: str
) -> None:
    try:
        found = judge_answer(raw, provider, CATALOG.models[model_id])
    except ProviderError as error:
        assert_foreseen(error.message)
        return
    assert isinstance(found, JudgedAnswer)
    assert found.urls or found.complaint
    assert_foreseen(found.complaint or "")
    for url in found.urls:
        url.encode()
        assert_refused_or_can_be_looked_up(url)


@given(odd_urls)
def test_any_address_is_refused_or_can_be_looked_up(url: str) -> None:
    assert_refused_or_can_be_looked_up(url)


@given(odd_urls)
def test_any_target_of_a_redirect_is_refused_or_can_be_looked_up(location: str) -> None:
    try:
        url = Downloader(loopback_http=True)._follow("https://example.com/a/b.jpg", location)
    except DownloadError as error:
        assert_refused(error)
    else:
        assert_refused_or_can_be_looked_up(url)


def assert_refused_or_can_be_looked_up(url: str) -> None:
    try:
        target = Downloader(loopback_http=True)._judge(url)
    except DownloadError as error:
        assert_refused(error)
        return
    assert target.reach in {Reach.PUBLIC, Reach.LOOPBACK}
    target.host.encode("idna")


def assert_refused(error: DownloadError) -> None:
    assert (error.kind, error.retryable) == ("refused-url", False)
    error.message.encode()


def assert_foreseen(message: str) -> None:
    """It can be written down, and came from no exception that nobody thought of; validators raise ValueError at nesting."""
    message.encode()
    found = re.search(r"cannot be (?:judged|read) \((\w+)\)", message)
    assert found is None or found[1] == "ValueError", message


@given(
    listing=st.deferred(lambda: st.builds(build_listing).flatmap(spoiled)),
    answer=st.deferred(lambda: st.builds(build_answer).flatmap(spoiled)),
)
def test_any_log_says_something_that_a_run_knows(listing: bytes, answer: bytes) -> None:
    asyncio.run(_ask_log(listing, answer))


async def _ask_log(listing: bytes, answer: bytes) -> None:
    def give(request: httpx.Request) -> httpx.Response:
        raw = answer if request.url.path.endswith("/response") else listing
        return httpx.Response(200, stream=httpx.ByteStream(raw))

    async with httpx.AsyncClient(transport=httpx.MockTransport(give)) as client:
        log = GatewayLog(client, OPTIONS, Quoter(OPTIONS.api_token))
        match await log.reconcile(INTENT, SENT_AT):
            case Recovered(answer=found):
                assert found.raw == answer
            case NotBilled(message=message):
                assert_foreseen(message)
            case StillUnknown(message=message, cost_usd=cost_usd):
                assert_foreseen(message)
                assert cost_usd is None or 0 < to_micros(cost_usd) < MOST_MICROS
        cost = await log.find_cost_usd(INTENT)
        assert cost is None or (math.isfinite(cost) and format_usd(Decimal(str(cost))))


@given(
    st.one_of(
        st.text(),
        st.builds(
            "{}, {} {} {} {}:{}:{} {}".format,
            *[st.sampled_from(["Fri", "31", "Dec", "9999", "-1", "99999999999", "GMT", "+9999", "00"])] * 8,
        ),
    )
)
def test_any_wait_that_a_server_names_is_a_number_or_none(value: str) -> None:
    found = parse_retry_after(value, datetime.now(UTC))
    assert found is None or 0 <= found < math.inf


def test_the_answer_that_is_spoiled_is_right_to_begin_with(
    provider: CloudflareProvider, tmp_path: Path
) -> None:
    model = CATALOG.models["bytedance/seedream-4.5"]
    found = judge_answer(json.dumps(build_answer()).encode(), provider, model)
    assert found == JudgedAnswer(("https://example.com/a.jpg?x=1", "https://example.com/b.jpg"), None)
