"""What is always looked at, whatever `expect` says: the request before it is sent, and the answer to it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from types import SimpleNamespace

import pytest
from PIL import Image
from world import fetching, statuses

from seedflow.plan.model import Bounds, Task
from seedflow.run.collect import Collector, RejectedError
from seedflow.run.options import OnUnknown

SET = "steps: {a: {generate: {prompt: A set, sequential_image_generation: auto, max_images: 3}}}"
AND_USER = "\n  b: {generate: {prompt: B, image_input: ['{{ steps.a.images[0] }}']}}"


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


@pytest.mark.parametrize(
    ("count", "kind", "status", "state", "billed"),
    [(0, "wrong-answer", "unknown", "unknown", 3), (4, "too-many-images", "failed", "lost-paid", 4)],
)
def test_an_answer_with_none_or_more_than_were_asked_for_gives_nothing(
    make_world, count: int, kind: str, status: str, state: str, billed: int
) -> None:
    """It is never taken for a result, nor sent on; what it may have cost is counted."""
    world = make_world(
        "steps:\n  a: {generate: {prompt: A set, sequential_image_generation: auto, max_images: 3}}"
        + AND_USER
    )
    world.provider.count = lambda context: count if context.address == "a" else 1
    result = world.run()
    assert statuses(result) == {"a": status, "b": "blocked"}
    problem = result.tasks[0].problem
    assert (problem.kind, problem.paid) == (kind, status == "failed")
    assert result.tasks[0].images == ()
    assert result.tasks[0].cost_usd == billed * Decimal("0.04")
    assert world.attempts()[0] == ("a", state, 1)
    assert world.open_store().spent_usd(result.run_id) == billed * Decimal("0.04")


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
