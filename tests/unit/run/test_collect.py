"""What is always looked at, whatever `expect` says: the request before it is sent, and the answer to it."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from io import BytesIO
from types import SimpleNamespace

import pytest
from PIL import Image
from world import World, dead, fetching, slow, statuses

from seedflow.models.model import Model
from seedflow.plan.model import Bounds, Task
from seedflow.providers.base import Answer
from seedflow.run.collect import MOST_ASIDE, Collector, RejectedError
from seedflow.run.disk import Disk
from seedflow.run.options import OnUnknown
from seedflow.store.base import Budget

SET = "steps: {a: {generate: {prompt: A set, sequential_image_generation: auto, max_images: 3}}}"
AND_USER = "\n  b: {generate: {prompt: B, image_input: ['{{ steps.a.images[0] }}']}}"

SET_AND_USER = (
    "steps:\n  a: {generate: {prompt: A set, sequential_image_generation: auto, max_images: 3}}" + AND_USER
)
PRICE = Decimal("0.04")


def rejected(world: World) -> set[str]:
    """The names of what is kept beside the blobs: digests."""
    return {path.name for path in (world.folder / "blobs" / "rejected").iterdir()}


class Spoiled:
    """A planner whose tasks do not fit their card."""

    def __init__(self, planner, params) -> None:
        self._planner = planner
        self._params = params

    def __getattr__(self, name: str) -> object:
        return getattr(self._planner, name)

    def settle(self, address: str) -> object:
        found = self._planner.settle(address)
        if isinstance(found, Task):
            return replace(found, params={**found.params, **self._params})
        return found


@pytest.mark.parametrize("params", [{"size": "9K"}, {"prompt": 7}, {"surprise": True}, {"max_images": 16}])
def test_what_the_card_does_not_allow_is_an_error_once_more_before_it_is_sent(make_world, params) -> None:
    """Whatever made it so since it was planned: nothing is sent, nothing paid."""
    world = make_world(SET)
    world.wrap = lambda planner, _: Spoiled(planner, params)
    result = world.run()
    assert (result.status.value, result.tasks[0].problem.kind) == ("failed", "wrong-request")
    assert (world.provider.calls, result.cost_usd) == ([], 0)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_answer_has_one_to_max_images_images(make_world, count: int) -> None:
    world = make_world(SET)
    world.provider.count = lambda _: count
    result = world.run()
    assert (result.status.value, len(result.tasks[0].images)) == ("done", count)


def test_an_answer_without_images_gives_nothing(make_world) -> None:
    """It is never taken for a result; what it may have cost is counted."""
    world = make_world(SET_AND_USER)
    world.provider.count = lambda context: 0 if context.address == "a" else 1
    result = world.run()
    assert statuses(result) == {"a": "unknown", "b": "blocked"}
    problem = result.tasks[0].problem
    assert (problem.kind, problem.paid) == ("wrong-answer", False)
    assert result.tasks[0].images == ()
    assert result.tasks[0].cost_usd == 3 * PRICE
    assert world.attempts()[0] == ("a", "unknown", 1)
    assert world.open_store().spent_usd(result.run_id) == 3 * PRICE


def test_of_more_images_than_were_asked_for_the_first_are_the_result(make_world) -> None:
    """All that came was paid for, as far as anybody knows: it is kept, counted and told; what was not asked for is not sent on."""
    world = make_world(SET_AND_USER)
    world.provider.count = lambda context: 5 if context.address == "a" else 1
    result = world.run()
    assert statuses(result) == {"a": "done", "b": "done"}
    first = result.tasks[0]
    digests = world.provider.bill[0].digests
    assert [image.facts.digest for image in first.images] == list(digests[:3])
    assert rejected(world) == {digest.removeprefix("sha256:") for digest in digests[3:]}
    assert len(world.provider.calls) == 2
    assert (first.cost_usd, first.calls) == (5 * PRICE, 1)
    assert world.open_store().spent_usd(result.run_id) == 6 * PRICE
    (warning,) = first.warnings
    assert warning.startswith(
        "5 images came, and at most 3 were asked for: the first 3 are used, the others kept in "
    )
    assert warning.endswith("all count as paid, $0.20, more than planned: look at the provider's bill")
    again = world.run()
    assert (statuses(again), again.calls, again.cost_usd) == ({"a": "reused", "b": "reused"}, 0, 0)


@pytest.mark.parametrize("project_usd", ["0.19", "0.23"])
def test_images_that_nobody_asked_for_count_against_budgets(make_world, project_usd: str) -> None:
    """What the service did unasked cannot be undone; nothing further is asked that would not fit beside it."""
    world = make_world(SET_AND_USER)
    world.provider.count = lambda context: 5 if context.address == "a" else 1
    result = world.run(budgets=[Budget("project", Decimal(project_usd))])
    assert statuses(result) == {"a": "done", "b": "cancelled"}
    assert (result.status.value, result.calls, result.cost_usd) == ("stopped", 1, 5 * PRICE)


def test_images_that_nobody_asked_for_count_also_while_they_cannot_be_fetched(make_world) -> None:
    world = make_world(SET_AND_USER)
    world.provider.count = lambda context: 5 if context.address == "a" else 1
    world.provider.meet("a", fetching(*[slow()] * 40))
    result = world.run()
    assert result.tasks[0].problem.kind == "not-fetched"
    assert result.cost_usd == 5 * PRICE
    assert world.open_store().spent_usd(result.run_id) == 5 * PRICE


@pytest.mark.parametrize(
    ("meets", "kept", "said"),
    [
        (dead(), 0, "the others not kept, since nothing could be fetched"),
        (slow(), 2, "the others kept in"),
        (b"<html>", 2, "the others kept in"),
    ],
)
def test_an_image_that_nobody_asked_for_never_costs_the_others(
    make_world, meets, kept: int, said: str
) -> None:
    world = make_world(SET)
    world.provider.count = lambda _: 5
    make = world.provider._make

    def spoil(request, fault):
        answer = make(request, fault)
        for url in json.loads(answer.raw)["urls"][3:]:
            world.provider._meets[url] = deque([meets])
        return answer

    world.provider._make = spoil
    result = world.run()
    assert (result.status.value, len(result.tasks[0].images)) == ("done", 3)
    assert said in result.tasks[0].warnings[0]
    assert len(rejected(world)) == (min(kept, 1) if meets == b"<html>" else kept)


def test_of_thousands_of_images_no_more_are_fetched_than_any_model_gives(make_world) -> None:
    world = make_world("steps: {a: {generate: {prompt: A}}}")
    world.provider.count = lambda _: 500
    result = world.run()
    assert (statuses(result), len(world.provider.fetched)) == ({"a": "done"}, 1 + MOST_ASIDE)
    assert f"the others ({MOST_ASIDE} of 499) kept in" in result.tasks[0].warnings[0]
    assert result.cost_usd == 500 * PRICE


@pytest.mark.parametrize("wrong", [{"surprise": True}, {"images": ["no address"]}])
def test_what_a_wrong_answer_names_is_kept_aside(make_world, wrong) -> None:
    """Nobody knows what it was billed for; its addresses die within the hour."""
    world = make_world(SET_AND_USER)
    read = world.provider.read_answer

    def spoil(raw: bytes) -> object:
        found = read(raw)
        return found | wrong | {"images": found["images"] + wrong.get("images", [])}

    world.provider.read_answer = spoil
    world.provider._meets["no address"] = deque([dead()] * 9)
    result = world.run()
    assert statuses(result) == {"a": "unknown", "b": "blocked"}
    assert "what it names is kept in" in result.tasks[0].problem.message
    assert rejected(world) >= {digest.removeprefix("sha256:") for digest in world.provider.bill[0].digests}
    assert world.attempts() == [("a", "unknown", 1)]


@pytest.mark.parametrize("broken", ["read_answer", "judge_output"])
@pytest.mark.parametrize(
    "error",
    [
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
        InvalidOperation(),
        OverflowError(),
        RecursionError(),
        KeyError("images"),
        TypeError(),
    ],
)
def test_an_answer_that_breaks_whoever_reads_it_ends_its_own_task_alone(
    make_world, monkeypatch, broken, error
) -> None:
    """Not once, and not for ever: it lies in the ledger, and every run takes it up again."""
    world = make_world("steps: {a: {generate: {prompt: A}}, b: {generate: {prompt: B}}}")
    owner = world.provider if broken == "read_answer" else Model
    whole = getattr(owner, broken)

    def spoil(*given) -> object:
        if b"poison" in given[-1] if broken == "read_answer" else "poison" in str(given[-1]):
            raise error
        return whole(*given)

    make = world.provider._make

    def poison(request, fault):
        answer = make(request, fault)
        if request.context.address != "a":
            return answer
        pictures = world.provider.pictures_by_url
        pictures |= {url.replace("pictures", "poison"): data for url, data in pictures.items()}
        return Answer(answer.raw.replace(b"pictures", b"poison"))

    monkeypatch.setattr(owner, broken, spoil)
    world.provider._make = poison
    assert statuses(world.run()) == {"a": "unknown", "b": "done"}
    result = world.run()
    assert statuses(result) == {"a": "unknown", "b": "reused"}
    assert result.tasks[0].problem.kind == "wrong-answer"
    assert type(error).__name__ in result.tasks[0].problem.message
    assert len(world.provider.calls) == 2


def test_no_image_is_no_result_whatever_the_card_allows() -> None:
    provider = SimpleNamespace(read_answer=lambda _: {"images": []})
    lenient = SimpleNamespace(judge_output=lambda _: [], image_urls=lambda _: ())
    collector = Collector(store=None, provider=provider, leases=None, disk=None, emit=None)
    task = SimpleNamespace(images=Bounds(1, 3))
    with pytest.raises(RejectedError, match="no image") as caught:
        asyncio.run(collector.collect(b"", lenient, task, None, lease=False))
    assert (caught.value.kind, caught.value.images) == ("wrong-answer", None)


def test_an_answer_of_no_use_is_asked_again_by_a_later_run_with_consent_alone(make_world) -> None:
    world = make_world(SET)
    world.provider.count = lambda _: 0
    consent = {"on_unknown": OnUnknown.RETRY}
    assert statuses(world.run(**consent)) == {"a": "unknown"}
    assert len(world.provider.calls) == 1, "the next answer would be of no use either"
    result = world.run()
    assert (statuses(result), result.calls, result.cost_usd) == ({"a": "unknown"}, 0, 0)
    world.provider.count = None
    assert statuses(world.run(**consent)) == {"a": "done"}
    assert len(world.provider.calls) == 2
    assert world.attempts() == [("a", "unknown", 1), ("a", "done", 1)]


@pytest.mark.parametrize("name", ["GIF", "BMP", "TIFF"])
def test_each_image_is_of_a_format_that_the_model_may_give(make_world, name: str) -> None:
    buffer = BytesIO()
    Image.new("RGB", (40, 40)).save(buffer, name)
    world = make_world("steps:\n  a: {generate: {prompt: A}}" + AND_USER)
    world.provider.meet("a", fetching(buffer.getvalue(), buffer.getvalue()))
    result = world.run()
    assert statuses(result) == {"a": "failed", "b": "blocked"}
    assert "not a picture that can be used" in result.tasks[0].problem.message


@pytest.mark.parametrize(
    ("size_px", "odd"),
    [((160, 90), False), ((164, 90), False), ((156, 90), False), ((166, 90), True), ((155, 90), True)],
)
def test_a_ratio_beyond_3_percent_of_the_asked_one_is_a_warning(make_world, size_px, *, odd: bool) -> None:
    """16:9 was asked for; the result is used all the same."""
    world = make_world("steps:\n  a: {generate: {prompt: A, size: 2K, aspect_ratio: '16:9'}}" + AND_USER)
    world.provider.shape_px = size_px
    result = world.run()
    assert result.status.value == "done"
    assert [("16:9" in warning) for warning in result.tasks[0].warnings] == [True] * odd


def test_a_call_with_one_picture_goes_to_the_disk_five_times(make_world, monkeypatch) -> None:
    """Each time is a way to a thread and back: claim, sending, answered, the picture, done; and once at the end for all."""
    done: list[str] = []
    run = Disk.run

    async def note(self, work, *args, **kwargs):
        done.append(work.__name__)
        return await run(self, work, *args, **kwargs)

    monkeypatch.setattr(Disk, "run", note)
    world = make_world("steps: {a: {generate: {prompt: A}}}")
    assert world.run().status.value == "done"
    assert done[:6] == [
        "claim",
        "mark_sending",
        "mark_answered",
        "_keep",
        "mark_done",
        "record_past_requests",
    ]
