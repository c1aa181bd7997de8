"""The plan as data: tasks with closed sets of actions and reasons, bounds for what is unknown, JSON in and out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final, Generic, NamedTuple, TypeAlias, TypeVar

from seedflow.diagnostics import Span
from seedflow.images.facts import FileImage, ImageFacts, UrlImage
from seedflow.plan.expect import Expectation
from seedflow.store.base import StoredResult

N = TypeVar("N", int, Decimal)

PLACEHOLDER_URL = "https://reference.invalid/{number}"
"""Stands for a reference that is not a URL whenever a request is judged by a card's schema."""


ELSEWHERE: Final = "elsewhere"
ANYWHERE: Final = "anywhere"
"""Among the `others` of `PendingImages`: an image that is there already, or any at all."""


class Action(StrEnum):
    """What will be done for a task."""

    REUSE = "reuse"
    CALL = "call"
    COMPUTE = "compute"
    WAIT = "wait"
    SKIP = "skip"
    BLOCKED = "blocked"


class Reason(StrEnum):
    """Why that action."""

    NEW = "new"
    CHANGED = "changed"
    REFERENCE_CHANGED = "reference-changed"
    ARTIFACT_MISSING = "artifact-missing"
    ASKED_BEFORE = "asked-before"
    LOST_PAID = "lost-paid"
    REFUSED_BEFORE = "refused-before"
    FORCED = "forced"
    UPSTREAM_UNKNOWN = "upstream-unknown"
    CONDITION_UNKNOWN = "condition-unknown"
    CONDITION_FALSE = "condition-false"
    UPSTREAM_SKIPPED = "upstream-skipped"
    UPSTREAM_FAILED = "upstream-failed"
    CHOICE_OPEN = "choice-open"
    REJECTED = "rejected"
    REFUSED = "refused"
    STORED = "stored"


class Bounds(NamedTuple, Generic[N]):
    """The least and the most it can be, both inclusive."""

    low: N
    high: N


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is decided by results that do not exist yet; `after` names the steps or tasks, in order of mention."""

    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepImage:
    """An image that a task of this plan gave: `number` counts from 1 within take `take` of task `address`."""

    address: str
    take: int
    number: int
    facts: ImageFacts


@dataclass(frozen=True, slots=True)
class PendingImages:
    """Images that a mention will give once `after`, and `after_too`, are done; how many is known as bounds only.

    They may also come of `others`, tasks or wholes, be these done or not. `number` is that of the one image within its task,
    0 when that is not known.
    """

    after: str
    count: Bounds[int]
    mention: str
    others: tuple[str, ...] = ()
    number: int = 0
    after_too: tuple[str, ...] = ()

    @property
    def awaited(self) -> tuple[str, ...]:
        """All that has to be done first, in order of mention."""
        return (self.after, *self.after_too)


@dataclass(frozen=True, slots=True)
class PlannedReference:
    """One item of the references field, in the order in which it is sent."""

    name: str | None
    image: UrlImage | FileImage | StepImage | PendingImages


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a task comes from in the text, outside every digest. `params` has a span for each parameter."""

    span: Span
    params: Mapping[str, Span]


@dataclass(frozen=True, slots=True)
class Least:
    """What requests of one kind take at least. Requests of the same kind may turn out to be the same one, paid for once (`kinds`).

    `mentions` are the images to come that each of them uses, itself or through what it uses. `beside` are the kinds of which
    each of them may turn out to be one as well, although no two of these are the same.
    """

    kind: str
    calls: int
    images: int
    cost_usd: Decimal
    list_cost_usd: Decimal
    mentions: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()


Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class Task:
    """A step with one set of `for_each` values: one take of it, and one pass where edits are applied in a row.

    With `tasks` it stands for tasks that are not known yet, so many of them at least and at most, whose `images` and costs
    are sums; `each` holds what is known of all of them, and the request is that of a task like theirs.

    `params` are rendered, without the references field; a value may be `Unknown`. `needs` are addresses of tasks or, for
    a whole step, the step's name (its hub). `fingerprint` is known once nothing is Unknown or pending. `cost_usd` is what
    this provider takes, `list_cost_usd` what the model's price says. `result` is there when the action is `reuse`.
    `shares_with` names an earlier task with the same request, whose payment and pictures serve both. `may_be_stored` when
    its pictures may turn out to be stored or paid already, so that it may cost nothing; it `stays_lost`, and costs nothing
    either, unless somebody consents to paying again for what it waits for; and `was_lost` when the request that it was last paid for, whose
    pictures are lost, may be the very one that it comes to without. `cause` names what a skipped or
    blocked task waited for. `attempts` is how many may still be made, each for up to `images.high` images;
    `expectation` is what they must be. Results of attempts up to number `attempts_made` are stored and were not good enough
    (`Choice.after_attempt`). `hubs` are the wholes that it is part of and that others may need: its step, first,
    then the used recipes around it. `least` is what its requests take at least, kind by kind. `moved` when another take of
    its step shows the one that would be its own, so that its take has to be written down before it is asked for.
    `most_calls` and `most_images`, of one that stands for others, are how many calls these make, and how many images they
    give, at most, further attempts included: not each of them may be asked as often. `takes` is how many the step has.
    """

    address: str
    step: str
    each: Mapping[str, object]
    action: Action
    reason: Reason
    model: str
    params: Mapping[str, object]
    references_field: str | None
    references: tuple[PlannedReference, ...]
    needs: tuple[str, ...]
    take: int
    fingerprint: str | None
    params_digest: str | None
    images: Bounds[int]
    cost_usd: Bounds[Decimal]
    list_cost_usd: Bounds[Decimal]
    price_usd: Decimal | None
    result: StoredResult | None
    origin: Origin
    shares_with: str | None = None
    may_be_stored: bool = False
    stays_lost: bool = False
    was_lost: bool = False
    tasks: Bounds[int] | None = None
    cause: str | None = None
    attempts: int = 1
    attempts_made: int = 0
    hubs: tuple[str, ...] = ()
    depth: int = 0
    least: tuple[Least, ...] = ()
    expectation: Expectation | None = None
    moved: bool = False
    most_calls: int | None = None
    most_images: int | None = None
    takes: int = 1

    @property
    def selector(self) -> str:
        """What means it alone behind `--reroll`: its address means all takes where there are several."""
        has_take = self.address.rpartition("#")[2].isdecimal()
        return self.address if self.takes == 1 or has_take else f"{self.address}#1"

    @property
    def settled(self) -> bool:
        """Whether everything about the request is known."""
        return self.fingerprint is not None

    @property
    def will_be(self) -> Action:
        """What becomes of it: tasks to come of which a condition leaves all out are waited for, so that each is told of."""
        return Action.SKIP if self.reason is Reason.CONDITION_FALSE else self.action

    @property
    def to_be_noted(self) -> bool:
        """Whether its take is written into the picks file before it is asked for."""
        return self.reason is Reason.FORCED or self.moved


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a plan; `calls` counts requests that are sent, reused tasks count for nothing."""

    tasks: Bounds[int]
    calls: Bounds[int]
    images: Bounds[int]
    cost_usd: Bounds[Decimal]
    list_cost_usd: Bounds[Decimal]


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be asked, reused and paid. Tasks stand in an order in which they could run.

    `references` is the setting of that name: `auto`, `url`, `data` or `upload`; `has_bucket` says whether there is one to upload to. `goes_on_without` has the steps whose failed tasks
    others go on without, by the id of the step that does: it gives what it gives, though not all of it may be there.
    `empty_outputs` are the outputs that nothing will come to. `paid` when the provider's calls cost money, whatever their price is said to be.
    """

    recipe: str
    source: str
    provider: str
    realm: str
    tasks: tuple[Task, ...]
    totals: Totals
    limits_cost_usd: Decimal | None = None
    limits_images: int | None = None
    references: str = "auto"
    has_bucket: bool = False
    goes_on_without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    empty_outputs: tuple[str, ...] = ()
    paid: bool = False


class Outcome(StrEnum):
    """What a task came to be for those that use it."""

    GIVEN = "given"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What became of a task: its images in order when it gave any."""

    address: str
    outcome: Outcome
    images: tuple[StepImage, ...] = ()


@dataclass(frozen=True, slots=True)
class Grown:
    """What a task that stood for others turned out to be: tasks, and further ones that stand for others."""

    address: str
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not everything that a task needs has ended, since what it needs has grown: these have to end, too."""

    address: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A task that cannot be asked after all, e.g. `images[2]` of a set that has two; shown at its place in the text."""

    address: str
    message: str
    span: Span | None
    code: str
    help: str | None = None


@dataclass(frozen=True, slots=True)
class PublishedImage:
    """One file to publish: an image, and where it goes below the output folder (extension included)."""

    output: str
    path: str
    image: StepImage | FileImage
