"""Any interleaving of runs, deaths and failures: what was paid is never paid again unasked, and no budget is passed.

The model is a dict of what the provider billed for each request, kept outside the store.
"""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from seedflow.errors import BudgetError
from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.store.base import (
    AlreadyStored,
    AttemptState,
    Budget,
    Granted,
    HeldElsewhere,
    RequestRecord,
    StoredImage,
    ToRecover,
)
from seedflow.store.local import open_store
from seedflow.store.memory import MemoryState, MemoryStore

PROJECT = Budget("project", Decimal("0.30"))
RUN = Budget("run", Decimal("0.14"))
_MEMORY_DISK = "/dev/shm" if Path("/dev/shm").is_dir() else None  # where syncing costs nothing
BASE = RequestRecord("cloudflare", "f", 1, "r", "a", "s", "m", {}, "p", None, ())


@dataclass
class Held:
    """An attempt that a living run works on, as the model knows it."""

    store: int
    take: int
    number: int
    state: str
    most_usd: Decimal
    consented: frozenset[str] = frozenset()
    """What may have been paid when somebody agreed to pay again."""
    looked_up: bool = False
    """It was sent before it was taken up."""


def picture(take, number):
    return f"{take}/{number}".encode()


class StoreMachine(RuleBasedStateMachine):
    def open(self):
        raise NotImplementedError("each kind of store opens itself")

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(prefix="store-states-", dir=_MEMORY_DISK))
        self.now = 1_700_000_000.0
        self.runs = 0
        self.stores = {}
        self.run_ids = {}
        self.held: dict[str, Held] = {}
        # By take and attempt: the calls that the provider may have billed and that gave no result.
        self.billed: dict[tuple[int, int], set[str]] = {}
        self.done: set[tuple[int, int]] = set()
        self.sent: set[int] = set()
        self.start(0)
        self.start(1)

    def start(self, slot):
        self.runs += 1
        self.stores[slot] = self.open()
        self.run_ids[slot] = f"run-{self.runs}"
        self.stores[slot].begin_run(self.run_ids[slot], "r", "cloudflare")

    @rule(
        slot=st.integers(0, 1),
        take=st.sampled_from([1, 1, 1, 2, 3]),
        after=st.sampled_from([0, 0, 1, 2]),
        again=st.booleans(),
        cents=st.integers(0, 6),
    )
    def claim(self, slot, take, after, again, cents):
        """A claim after results that somebody judged; nobody judges what is not there."""
        store = self.stores[slot]
        after = min(after, max((number for other, number in self.done if other == take), default=0))
        others = [held for held in self.held.values() if held.take == take and held.number > after]
        stored = sorted(number for other, number in self.done if other == take and number > after)
        try:
            found = store.claim(
                self.run_ids[slot],
                replace(BASE, take=take),
                Decimal(cents) / 100,
                [PROJECT, RUN],
                again=again,
                after_attempt=after,
            )
        except BudgetError:
            assert cents > 0
            return
        if isinstance(found, AlreadyStored):
            assert found.result.attempt == stored[0]
            assert [image.path.read_bytes() for image in found.result.images] == [picture(take, stored[0])]
        elif isinstance(found, HeldElsewhere):
            assert others
            assert found.run_id in [self.run_ids[held.store] for held in others]
        else:
            assert not stored
            number = found.attempt.attempt
            assert number > after
            if isinstance(found, Granted):
                assert not [held for held in others if held.state in ("reserved", "sending", "answered")]
                for intent in [
                    i for i, held in self.held.items() if (held.take, held.number) == (take, number)
                ]:
                    del self.held[intent]
            else:
                assert isinstance(found, ToRecover)
                assert found.attempt.intent_id not in self.held
            most_usd = min(found.attempt.reserved_usd, Decimal(cents) / 100)
            consented = frozenset(self.billed.get((take, number), ())) if again else frozenset()
            self.held[found.attempt.intent_id] = Held(
                slot,
                take,
                number,
                found.attempt.state.value,
                most_usd,
                consented,
                found.attempt.state is not AttemptState.RESERVED,
            )

    def some(self, data, *states):
        names = [intent for intent, held in self.held.items() if held.state in states]
        return data.draw(st.sampled_from(names)) if names else None

    @rule(data=st.data())
    def send(self, data):
        self.send_intent(self.some(data, "reserved"))

    def send_intent(self, intent):
        if intent:
            held = self.held[intent]
            self.stores[held.store].mark_sending(intent, [{"transport": "data"}])
            held.state = "sending"
            billed = self.billed.setdefault((held.take, held.number), set())
            self.sent.add(held.take)
            assert billed <= held.consented, "paid twice unasked"
            billed.add(intent)

    @rule(data=st.data(), share=st.sampled_from([0, Decimal("0.5"), 1]))
    def answer(self, data, share):
        intent = self.some(data, "sending", "unknown")
        if intent:
            held = self.held[intent]
            self.stores[held.store].mark_answered(intent, b"answer", held.most_usd * share)
            held.state = "answered"

    @rule(data=st.data())
    def prove_not_billed(self, data):
        intent = self.some(data, "sending", "unknown", "answered")
        if intent:
            held = self.held[intent]
            self.billed[held.take, held.number].discard(intent)
            if held.looked_up:
                self.stores[held.store].mark_cleared(intent, "the log says so")
                del self.held[intent]
            else:
                self.stores[held.store].mark_not_billed(intent, "the log says so")
                held.state = "reserved"

    @rule(data=st.data())
    def finish(self, data):
        intent = self.some(data, "answered", "lost-paid")
        if intent:
            held = self.held.pop(intent)
            store, bytes_ = self.stores[held.store], picture(held.take, held.number)
            path = store.new_blob_path()
            path.write_bytes(bytes_)
            digest = "sha256:" + hashlib.sha256(bytes_).hexdigest()
            facts = ImageFacts(digest, len(bytes_), 1, 1, ImageFormat.PNG)
            store.mark_done(intent, [StoredImage(1, facts, store.keep_blob(path, facts))], held.most_usd / 2)
            self.done.add((held.take, held.number))
            self.billed[held.take, held.number].clear()

    @rule(data=st.data(), how=st.sampled_from(["failed", "unknown", "lost-paid", "left"]))
    def end(self, data, how):
        before = {
            "failed": ("reserved", "sending", "answered", "unknown"),
            "lost-paid": ("answered", "lost-paid"),
        }
        intent = self.some(data, *before.get(how, ("sending", "answered", "unknown")))
        if intent:
            held = self.held.pop(intent)
            store = self.stores[held.store]
            if how == "failed":
                store.mark_failed(intent, "x", "x", Decimal(0))
                # That one is proven to be worth nothing; what came before it is as open as ever.
                self.billed.get((held.take, held.number), set()).discard(intent)
            elif how == "unknown":
                store.mark_unknown(intent, "x")
            elif how == "lost-paid":
                store.mark_lost_paid(intent, "x")
            else:
                store.leave(intent)

    @rule(
        slot=st.integers(0, 1),
        take=st.sampled_from([1, 1, 1, 2, 3]),
        ends=st.sampled_from(["failed", "left"]),
    )
    def ask_and_lose(self, slot, take, ends):
        """Somebody asks, and the answer is lost on its way, or its run dies."""
        before = set(self.held)
        self.claim(slot, take, 0, False, 1)
        for intent in set(self.held) - before:
            if self.held[intent].state == "reserved":
                self.send_intent(intent)
            if ends == "failed" and self.held[intent].state in ("sending", "unknown"):
                self.stores[slot].mark_unknown(intent, "x")
            else:
                self.stores[slot].leave(intent)
            del self.held[intent]

    @rule(
        slot=st.integers(0, 1),
        take=st.sampled_from([1, 1, 1, 2, 3]),
        ends=st.sampled_from(["failed", "left"]),
    )
    def consent_in_vain(self, slot, take, ends):
        """Somebody agrees to pay again, and the call is refused, or never made."""
        before = set(self.held)
        self.claim(slot, take, 0, True, 1)
        for intent in set(self.held) - before:
            held = self.held.pop(intent)
            if ends == "failed" and held.state == "reserved":
                self.stores[slot].mark_failed(intent, "x", "x", Decimal(0))
            else:
                self.stores[slot].leave(intent)

    @rule(slot=st.integers(0, 1), clean=st.booleans())
    def die_and_come_back(self, slot, clean):
        if clean:
            self.stores[slot].end_run(self.run_ids[slot], "interrupted")
        self.stores[slot].close()
        self.held = {intent: held for intent, held in self.held.items() if held.store != slot}
        self.start(slot)

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def lose_a_picture(self, data):
        take, number = data.draw(st.sampled_from(sorted(self.done)))
        results = self.stores[0].list_results("cloudflare", "f", take)
        next(result for result in results if result.attempt == number).images[0].path.unlink()
        self.done.discard((take, number))

    @invariant()
    def budgets_hold(self):
        spent = [self.stores[0].spent_usd(f"run-{number}") for number in range(1, self.runs + 1)]
        assert all(Decimal(0) <= amount <= RUN.limit_usd for amount in spent)
        assert sum(spent) <= PROJECT.limit_usd

    @invariant()
    def what_is_done_is_there(self):
        for take in range(1, 4):
            numbers = sorted(number for other, number in self.done if other == take)
            found = self.stores[1].list_results("cloudflare", "f", take)
            assert [result.attempt for result in found] == numbers
            first = self.stores[0].find_result("cloudflare", "f", take)
            assert first == (found[0] if found else None)

    @invariant()
    def a_reroll_pays_for_nothing_that_is_there_and_forgets_nothing_that_is_open(self):
        store = self.stores[1]
        takes = store.find_takes("cloudflare", "f")
        assert list(takes) == sorted(set(takes) & self.sent)
        assert {take for take, _ in self.done} <= set(takes)
        at_work = {
            held.take for held in self.held.values() if held.state in ("sending", "answered", "unknown")
        }
        for above in range(4):
            found = store.next_take("cloudflare", "f", above)
            assert found > above
            if found in takes:
                numbers = {number for take, number in self.billed if take == found}
                assert {(found, number) for number in numbers} - self.done, "something of it is open"
            else:
                assert found == max((above, *takes)) + 1
            assert not [take for take in at_work if above < take < found]

    def teardown(self):
        for store in getattr(self, "stores", {}).values():
            store.close()
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)


class LocalMachine(StoreMachine):
    def open(self):
        return open_store(self.folder / ".seedflow", clock=lambda: self.now)


class MemoryMachine(StoreMachine):
    memory = None

    def open(self):
        self.memory = self.memory or MemoryState(self.folder / "blobs")
        return MemoryStore(self.memory, clock=lambda: self.now)


@pytest.mark.parametrize("machine", [LocalMachine, MemoryMachine])
def test_any_history_pays_once_and_within_budgets(machine):
    case = machine.TestCase()
    case.settings = settings(
        max_examples=40 if machine is LocalMachine else 200,  # which needs a tenth of the time
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    case.runTest()


def test_states_named_here_are_those_of_the_ledger():
    assert {"reserved", "sending", "answered", "unknown", "lost-paid"} <= set(AttemptState)
