"""Plans played to their end without a provider: a test says what each task gives, and sees what was asked, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from planning import KnownResults, facts, open_planner

from seedflow.images.facts import FileImage, UrlImage
from seedflow.plan.model import Outcome, Plan, StepImage, Task, TaskFacts
from seedflow.run.book import TaskBook
from seedflow.run.status import TaskResult, TaskStatus

FAILS = 0
"""What a task gives that fails."""

HANDS_THROUGH = (
    "seedflow: 1\ninputs: {photo: {type: image}}\n"
    "steps: {x: {generate: {prompt: X, image_input: '{{ inputs.photo }}'}}}\n"
    "outputs: {raw: '{{ inputs.photo }}', images: '{{ steps.x.images }}'}\n"
)
"""A recipe that hands its picture through, beside the one that it asks for."""


@dataclass
class Played:
    """What came of a plan. `asked` has the tasks that were asked, in that order, with everything known."""

    plan: Plan
    asked: dict[str, Task] = field(default_factory=dict)
    ended: dict[str, TaskResult] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    """What each file shows."""
    missing: list[str] = field(default_factory=list)

    @property
    def addresses(self) -> list[str]:
        """The tasks that were asked."""
        return list(self.asked)

    @property
    def prompts(self) -> dict[str, object]:
        """What was asked of each task."""
        return {address: task.params["prompt"] for address, task in self.asked.items()}

    def references(self, address: str) -> list[str]:
        """The references of a task: `sheet 2`, or the text of a URL or path."""
        return [_spell(item.image) for item in self.asked[address].references]

    def with_status(self, status: TaskStatus) -> list[str]:
        """The tasks that ended so without being asked, or failed before they were."""
        return [address for address, ended in self.ended.items() if ended.status is status]

    @property
    def paid(self) -> int:
        """How many requests were paid, of which equal ones are paid once."""
        return len({(task.fingerprint, task.take) for task in self.asked.values()})

    @property
    def skipped(self) -> list[str]:
        """The tasks that were skipped."""
        return self.with_status(TaskStatus.SKIPPED)

    @property
    def blocked(self) -> dict[str, str | None]:
        """The tasks that were not done because of another, and that other."""
        return {address: self.ended[address].cause for address in self.with_status(TaskStatus.BLOCKED)}

    @property
    def problems(self) -> dict[str, str]:
        """Codes of the tasks that could not be asked."""
        return {
            address: ended.problem.kind
            for address, ended in self.ended.items()
            if ended.status is TaskStatus.FAILED and ended.problem is not None
        }


def play(
    text: str,
    inputs: Mapping[str, object] | None = None,
    *,
    gives: Mapping[str, int] | None = None,
    last: tuple[str, ...] = (),
    view: KnownResults | None = None,
    folder: Path = Path(),
    shared: bool = False,
) -> Played:
    """Plan a recipe and play it. `gives` has numbers of images by address or step, 1 where nothing is said.

    Tasks of the steps in `last`, and those with addresses there, end only when nothing else can be started. Equal requests
    give each the same pictures where these are `shared`.
    """
    planner = open_planner(text, inputs, view=view, folder=folder)
    plan, found = planner.start()
    assert plan is not None, found
    played = Played(plan)
    book = TaskBook(plan.tasks, planner, lambda *_: None)
    held: list[Task] = []

    def end(task: Task) -> None:
        count = (gives or {}).get(task.address, (gives or {}).get(task.step, 1))
        images = tuple(
            StepImage(task.address, task.take, number, facts(digest_of(task, number, shared=shared)))
            for number in range(1, count + 1)
        )
        planner.advance(TaskFacts(task.address, Outcome.GIVEN if count else Outcome.FAILED, images))
        book.scheduler.finish(task.address)

    while True:
        address = book.scheduler.pop_ready()
        if address is None and held:
            end(held.pop(0))
        elif address is None:
            break
        else:
            settled = book.settle(address)
            if isinstance(settled, TaskResult):
                played.ended[address] = settled
                planner.advance(TaskFacts(address, settled.outcome(), settled.step_images()))
                book.scheduler.finish(address)
            elif settled is not None:
                played.asked[address] = settled
                if settled.step in last or address in last:
                    held.append(settled)
                else:
                    end(settled)
    assert not book.scheduler.unfinished
    assert not set(_sent_beyond(played))
    outputs, missing = planner.outputs()
    played.files = {name: [file.path for file in files] for name, files in outputs.items()}
    played.pictures = {file.path: _spell(file.image) for files in outputs.values() for file in files}
    played.missing = [unsettled.message for unsettled in missing]
    return played


def _sent_beyond(played: Played) -> list[str]:
    """Which totals of the plan were passed by what was asked."""
    most = played.plan.totals
    found = []
    if len(played.asked) > most.tasks.high:
        found.append(f"{len(played.asked)} of {most.tasks.high} tasks")
    if sum(task.images.high for task in played.asked.values() if task.shares_with is None) > most.images.high:
        found.append(f"more than {most.images.high} images")
    return found


def digest_of(task: Task, number: int, *, shared: bool = False) -> str:
    asked = f"{task.fingerprint} {task.take}" if shared else task.address
    return sha256(f"{asked} {number}".encode()).hexdigest()


def _spell(image: object) -> str:
    match image:
        case StepImage():
            return f"{image.address} {image.number}"
        case UrlImage():
            return image.url
        case FileImage():
            return image.path.name
        case _:
            raise AssertionError(image)
