"""A run over a table holds what it needs to know of each task, and neither the pictures nor the answers of those that ended."""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from world import FakeProvider

from seedflow.providers.base import Answer, GenerateRequest
from seedflow.run.events import Event, EventKind
from seedflow.run.references import ReferenceMode
from seedflow.run.status import RunStatus
from seedflow.store.local import open_store

TABLE = """
inputs: {rows: {type: integer, default: 40}}
steps:
  figure:
    for_each: {row: "{{ range(inputs.rows) }}"}
    generate: {prompt: "Figure {{ each.row }}"}
  scene:
    for_each: {figure: "{{ steps.figure.images }}"}
    generate:
      prompt: "{{ ref.figure }} at home and at sea"
      image_input: {figure: "{{ each.figure }}"}
      sequential_image_generation: auto
      max_images: 2
  poster:
    for_each: {scene: "{{ steps.scene.images }}"}
    generate: {prompt: "A poster of {{ ref.scene }}", image_input: {scene: "{{ each.scene }}"}}
"""
ROWS, TASKS = 40, 160
HEAVY = 100_000
"""Bytes that an answer and a picture have at least."""
MOST_PER_TASK = 12_000
"""Bytes; the records of a task take some 4,000."""


class HeavyProvider(FakeProvider):
    """Its answers and pictures are large, and it keeps none of them itself."""

    async def generate(self, request: GenerateRequest, before_sending=None) -> Answer:
        answer = await super().generate(request, before_sending)
        self.calls.clear()
        self.bill.clear()
        self._entries.clear()
        return Answer(json.dumps({**json.loads(answer.raw), "more": "x" * HEAVY}).encode())

    async def fetch(self, url: str, request: GenerateRequest, number: int, into: Path) -> None:
        into.write_bytes(self.pictures_by_url.pop(url) + bytes(HEAVY))  # noqa: ASYNC240 - a small file


@pytest.fixture
def traced() -> Iterator[None]:
    """Counts every byte that Python objects take."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
def test_what_is_held_for_each_task_is_a_record_and_no_picture(make_world, tmp_path: Path) -> None:
    world = make_world(TABLE)
    world.provider = HeavyProvider()
    held: dict[int, int] = {}
    ended = 0

    def watch(event: Event) -> None:
        nonlocal ended
        ended += event.kind is EventKind.TASK_FINISHED
        if event.kind is EventKind.TASK_FINISHED and ended in {TASKS // 3, TASKS}:
            gc.collect()
            held[ended], _ = tracemalloc.get_traced_memory()

    result = world.run(
        store=open_store(tmp_path / "state"), emit=watch, most_in_flight=4, references=ReferenceMode.DATA
    )
    assert result.status is RunStatus.DONE
    assert sum(len(task.images) for task in result.tasks) == TASKS + ROWS
    per_task = (held[TASKS] - held[TASKS // 3]) / (TASKS - TASKS // 3)
    assert per_task < MOST_PER_TASK, f"{per_task:,.0f} bytes for each task"
