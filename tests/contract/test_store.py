"""What every store promises (seedflow.store.base.Store), held against each of them."""

import hashlib
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import pytest

from seedflow.errors import BudgetError, StoreError
from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.store.base import (
    AlreadyStored,
    AttemptState,
    Budget,
    Granted,
    HeldElsewhere,
    JudgedAttempts,
    PastRequest,
    RefusedCall,
    RequestRecord,
    StoredImage,
    ToRecover,
)
from seedflow.store.local import open_store
from seedflow.store.memory import MemoryState, MemoryStore
from seedflow.store.transitions import TransitionError

PRICE = Decimal("0.04")
REQUEST = RequestRecord(
    realm="cloudflare",
    fingerprint="request/1:aa",
    take=1,
    recipe="storybook",
    address="page[scene=asleep]",
    step="page",
    model="bytedance/seedream-4.5",
    params={"prompt": "a fox, 狐", "max_images": 2, "sequential": True, "nothing": None},
    params_digest="params/1:bb",
    references_field="image_input",
    references=({"digest": "sha256:cc", "name": "hero"}, {"url": "https://example.org/x.png", "name": None}),
)


@dataclass
class Machine:
    """Opens stores on one state; each opened store stands for one process."""

    kind: str
    folder: Path
    now: float = 1_700_000_000.0
    stores: list = field(default_factory=list)
    memory: MemoryState | None = None

    def open(self):
        if self.kind == "local":
            store = open_store(self.folder / ".seedflow", clock=lambda: self.now)
        else:
            self.memory = self.memory or MemoryState(self.folder / "blobs")
            store = MemoryStore(self.memory, clock=lambda: self.now)
        self.stores.append(store)
        return store

    def kill(self, store):
        store.close()
        self.stores.remove(store)


@pytest.fixture(params=["local", "memory"])
def machine(request, tmp_path):
    machine = Machine(request.param, tmp_path)
    yield machine
    for store in machine.stores:
        store.close()


@pytest.fixture
def store(machine):
    store = machine.open()
    store.begin_run("run-1", "storybook", "cloudflare")
    return store


def claim(store, run_id="run-1", request=REQUEST, reserve=PRICE, budgets=(), **options):
    return store.claim(run_id, request, reserve, budgets, **options)


def keep(store, data=b"picture", number=1):
    path = store.new_blob_path()
    path.write_bytes(data)
    facts = ImageFacts("sha256:" + hashlib.sha256(data).hexdigest(), len(data), 8, 6, ImageFormat.PNG)
    return StoredImage(number, facts, store.keep_blob(path, facts))


def finish(store, attempt, *data, cost=PRICE):
    store.mark_sending(attempt.intent_id, REQUEST.references)
    store.mark_answered(attempt.intent_id, b"answer", cost)
    images = [keep(store, bytes_, number) for number, bytes_ in enumerate(data or (b"picture",), 1)]
    return store.mark_done(attempt.intent_id, images, cost)


def test_a_new_request_is_granted_reserved_and_owned(store):
    granted = claim(store)
    assert isinstance(granted, Granted)
    attempt = granted.attempt
    assert (attempt.state, attempt.attempt, attempt.run_id) == (AttemptState.RESERVED, 1, "run-1")
    assert attempt.reserved_usd == PRICE
    assert attempt.request == REQUEST
    assert store.spent_usd("run-1") == PRICE


@pytest.mark.parametrize("how", ["unknown", "lost-paid"])
@pytest.mark.parametrize("then", ["failed", "never sent", "killed"])
def test_consent_ends_with_the_call_that_it_was_given_for(machine, how, then):
    """Whoever comes after a consented call that was refused or never made has to consent anew."""
    store = machine.open()
    store.begin_run("run-1", "storybook", "cloudflare")
    first = claim(store).attempt
    store.mark_sending(first.intent_id, ())
    if how == "unknown":
        store.mark_unknown(first.intent_id, "no answer")
    else:
        store.mark_answered(first.intent_id, b"answer", PRICE)
        store.mark_lost_paid(first.intent_id, "gone", PRICE)
    second = claim(store, again=True).attempt
    assert second.intent_id != first.intent_id
    if then == "failed":
        store.mark_sending(second.intent_id, ())
        store.mark_failed(second.intent_id, "no-credit", "no", Decimal(0))
        store.end_run("run-1", "failed")
    elif then == "never sent":
        store.leave(second.intent_id)
        store.end_run("run-1", "interrupted")
    machine.kill(store)
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    assert other.find_unfinished("cloudflare", "request/1:aa", 1) == how
    found = claim(other, "run-2")
    assert isinstance(found, ToRecover)
    assert found.attempt.intent_id == first.intent_id
    other.leave(first.intent_id)
    third = claim(other, "run-2", again=True)
    assert third.attempt.intent_id != first.intent_id
    assert third.attempt.state is AttemptState.RESERVED


def lose(store, run_id="run-1", **options):
    attempt = claim(store, run_id, **options).attempt
    store.mark_sending(attempt.intent_id, ())
    store.mark_unknown(attempt.intent_id, "no answer")
    return attempt.intent_id


def test_every_lost_call_of_a_request_can_be_taken_up_whatever_was_asked_after_it(machine, store):
    key = ("cloudflare", "request/1:aa", 1)
    assert store.list_lost(*key) == ()
    first, second = lose(store), lose(store, again=True)
    assert store.list_lost(*key) == (second, first)
    assert store.list_lost(*key, 1) == store.list_lost("cloudflare", "request/1:aa", 2) == ()
    spent = store.spent_usd("run-1")
    store.end_run("run-1", "unknown")
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    taken = other.take_up("run-2", first)
    assert isinstance(taken, ToRecover)
    assert (taken.attempt.intent_id, taken.attempt.state) == (first, AttemptState.UNKNOWN)
    other.mark_answered(first, b"answer", PRICE)
    result = other.mark_done(first, [keep(other)], PRICE)
    assert isinstance(claim(other, "run-2"), AlreadyStored)
    assert other.list_results(*key) == (result,)
    assert other.list_lost(*key) == (second,)
    assert (other.spent_usd("run-1"), other.spent_usd("run-2")) == (spent, 0)
    assert other.take_up("run-2", first) is None
    assert other.take_up("run-2", "nobody") is None


def test_calls_that_were_refused_and_perhaps_billed_are_listed_whatever_was_asked_beside_them(machine, store):
    key = ("cloudflare", "request/1:aa", 1)
    assert store.list_refused(*key) == ()
    lose(store)
    for said, cost_usd in (("no", PRICE), ("busy", Decimal(0)), ("never", PRICE * 2)):
        again = claim(store, again=True).attempt
        store.mark_sending(again.intent_id, ())
        store.mark_failed(again.intent_id, "moderation", said, cost_usd)
    machine.kill(store)
    other = machine.open()
    assert other.list_refused(*key) == (RefusedCall("never", PRICE * 2), RefusedCall("no", PRICE))
    assert other.list_refused(*key, 1) == other.list_refused("cloudflare", "request/1:aa", 2) == ()
    assert other.list_refused("sketch", *key[1:]) == ()


def test_a_lost_call_that_a_living_run_looks_up_is_held(machine, store):
    first = lose(store)
    lose(store, again=True)
    assert isinstance(store.take_up("run-1", first), ToRecover)
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    assert other.take_up("run-2", first) == HeldElsewhere("run-1")
    machine.kill(store)
    assert isinstance(other.take_up("run-2", first), ToRecover)


def test_a_first_call_that_cost_nothing_leaves_the_second_one_unknown(machine, store):
    first, second = lose(store), lose(store, again=True)
    store.end_run("run-1", "unknown")
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    other.take_up("run-2", first)
    other.mark_cleared(first, "the log shows no cost")
    found = claim(other, "run-2")
    assert isinstance(found, ToRecover)
    assert found.attempt.intent_id == second


@pytest.mark.parametrize(("cost", "told"), [(Decimal(0), None), (PRICE, "failed")])
def test_what_was_refused_and_perhaps_billed_is_told_apart_from_what_cost_nothing(store, cost, told):
    attempt = claim(store).attempt
    store.mark_sending(attempt.intent_id, ())
    store.mark_failed(attempt.intent_id, "moderation", "no", cost)
    assert store.find_unfinished("cloudflare", "request/1:aa", 1) == told
    assert isinstance(claim(store), ToRecover if cost else Granted)


@pytest.mark.parametrize("then", ["failed", "never sent", "killed"])
def test_consent_to_ask_again_what_was_refused_and_perhaps_billed_ends_with_its_call(machine, store, then):
    first = claim(store).attempt
    store.mark_sending(first.intent_id, ())
    store.mark_failed(first.intent_id, "moderation", "no", PRICE)
    found = claim(store)
    assert isinstance(found, ToRecover)
    assert isinstance(claim(store), HeldElsewhere), "somebody is at it"
    store.leave(first.intent_id)
    second = claim(store, again=True).attempt
    assert second.intent_id != first.intent_id
    if then == "failed":
        store.mark_sending(second.intent_id, ())
        store.mark_failed(second.intent_id, "no-credit", "no", Decimal(0))
    elif then == "never sent":
        store.leave(second.intent_id)
    machine.kill(store)
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    assert other.find_unfinished("cloudflare", "request/1:aa", 1) == "failed"
    found = claim(other, "run-2")
    assert isinstance(found, ToRecover)
    assert found.attempt.intent_id == first.intent_id


def test_whether_anything_was_sent_counts_sendings_of_the_realm_whatever_became_of_them(store):
    attempt = claim(store).attempt
    assert not store.has_sent("cloudflare")
    store.mark_sending(attempt.intent_id, ())
    assert store.has_sent("cloudflare")
    assert not store.has_sent("sketch")
    store.mark_failed(attempt.intent_id, "refused", "no", PRICE)
    assert store.has_sent("cloudflare")


def test_a_result_is_found_by_realm_fingerprint_and_take_alone(store):
    result = finish(store, claim(store).attempt, b"one", b"two", cost=Decimal("0.08"))
    assert [image.number for image in result.images] == [1, 2]
    assert [image.path.read_bytes() for image in result.images] == [b"one", b"two"]
    assert store.find_result("cloudflare", "request/1:aa", 1) == result
    assert result.cost_usd == Decimal("0.08")
    for other in (
        ("sketch", "request/1:aa", 1),
        ("cloudflare", "request/1:ab", 1),
        ("cloudflare", "request/1:aa", 2),
    ):
        assert store.find_result(*other) is None
        assert not store.has_result(*other)


def test_an_answer_is_there_to_be_read_again(store):
    attempt = claim(store).attempt
    assert store.load_answer(attempt.intent_id) is None
    finish(store, attempt)
    answered_at, raw = store.load_answer(attempt.intent_id)
    assert raw == b"answer"
    assert answered_at > 0
    assert store.load_answer("nobody") is None


def test_who_comes_later_gets_what_was_paid_for(machine, store):
    result = finish(store, claim(store).attempt)
    other = machine.open()
    other.begin_run("run-2", "another", "cloudflare")
    moved = replace(REQUEST, recipe="another", address="x", step="x")
    assert claim(other, "run-2", moved) == AlreadyStored(result)
    assert claim(other, "run-2", moved, again=True) == AlreadyStored(result)
    assert other.spent_usd("run-2") == 0


def test_two_runs_on_one_request_pay_once(machine, store):
    attempt = claim(store).attempt
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    assert claim(other, "run-2") == HeldElsewhere("run-1")
    store.mark_sending(attempt.intent_id, ())
    assert claim(other, "run-2", again=True) == HeldElsewhere("run-1")
    store.mark_answered(attempt.intent_id, b"answer", PRICE)
    result = store.mark_done(attempt.intent_id, [keep(store)], PRICE)
    assert claim(other, "run-2") == AlreadyStored(result)


def test_a_second_task_of_the_same_run_is_told_so(store):
    claim(store)
    assert claim(store) == HeldElsewhere("run-1")


@pytest.mark.parametrize("upto", ["reserved", "sending", "answered"])
@pytest.mark.parametrize("ended", [True, False], ids=["ended", "killed"])
def test_what_a_dead_run_left_is_recovered_where_it_stood(machine, store, upto, ended):
    attempt = claim(store).attempt
    machine.now += 10
    if upto != "reserved":
        store.mark_sending(attempt.intent_id, [{"digest": "sha256:cc", "transport": "data"}])
    if upto == "answered":
        machine.now += 10
        store.mark_answered(attempt.intent_id, b"\x00answer\xff", Decimal("0.08"))
    if ended:
        store.end_run("run-1", "interrupted")
    machine.kill(store)
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    recovered = claim(other, "run-2")
    assert isinstance(recovered, ToRecover)
    found = recovered.attempt
    assert (found.intent_id, found.state, found.run_id, found.attempt) == (
        attempt.intent_id,
        upto,
        "run-2",
        1,
    )
    assert claim(other, "run-2") == HeldElsewhere("run-2")
    if upto == "reserved":
        assert found.sent_at is None
        assert other.spent_usd("run-2") == PRICE, "who will send it pays"
        assert other.spent_usd("run-1") == 0
    else:
        assert found.sent_at == 1_700_000_010.0
        assert found.request.references == ({"digest": "sha256:cc", "transport": "data"},)
        assert other.spent_usd("run-2") == 0
        assert other.spent_usd("run-1") == (Decimal("0.08") if upto == "answered" else PRICE)
    if upto == "answered":
        assert (found.answer, found.answered_at, found.cost_usd) == (
            b"\x00answer\xff",
            1_700_000_020.0,
            Decimal("0.08"),
        )


def test_a_failed_attempt_is_followed_by_a_new_one(store):
    first = claim(store).attempt
    store.mark_sending(first.intent_id, ())
    store.mark_failed(first.intent_id, "moderation", "bad \udcff words", Decimal(0))
    assert store.spent_usd("run-1") == 0
    second = claim(store)
    assert isinstance(second, Granted)
    assert second.attempt.attempt == 1, "there was no answer"
    assert second.attempt.intent_id != first.intent_id
    store.mark_sending(second.attempt.intent_id, ())
    store.mark_answered(second.attempt.intent_id, b"no good", PRICE)
    store.mark_failed(second.attempt.intent_id, "rejected", "not a picture", PRICE)
    assert store.spent_usd("run-1") == PRICE
    found = claim(store)
    assert isinstance(found, ToRecover), "it was paid for"
    assert (found.attempt.intent_id, found.attempt.state) == (second.attempt.intent_id, AttemptState.FAILED)
    store.leave(found.attempt.intent_id)
    third = claim(store, again=True)
    assert third.attempt.attempt == 2, "the answer was not good enough"
    assert third.attempt.answer is None


@pytest.mark.parametrize("state", ["unknown", "lost-paid"])
def test_what_may_be_paid_is_paid_again_only_with_consent(machine, store, state):
    attempt = claim(store).attempt
    store.mark_sending(attempt.intent_id, ())
    if state == "unknown":
        store.mark_unknown(attempt.intent_id, "cut")
    else:
        store.mark_answered(attempt.intent_id, b"answer", PRICE)
        store.mark_lost_paid(attempt.intent_id, "dead")
    assert store.spent_usd("run-1") == PRICE
    found = claim(store)
    assert isinstance(found, ToRecover)
    assert (found.attempt.intent_id, found.attempt.state) == (attempt.intent_id, state)
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    assert claim(other, "run-2") == HeldElsewhere("run-1"), "run-1 recovers it"
    again = claim(store, again=True)
    assert isinstance(again, Granted)
    assert again.attempt.attempt == 1, "the same attempt, so that its pictures are the same"
    assert again.attempt.intent_id != attempt.intent_id
    assert store.spent_usd("run-1") == 2 * PRICE


def test_an_unknown_outcome_that_nobody_recovers_is_open_to_every_run(machine, store):
    attempt = claim(store).attempt
    store.mark_sending(attempt.intent_id, ())
    store.mark_unknown(attempt.intent_id, "cut")
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    assert claim(other, "run-2").attempt.run_id == "run-2"
    other.mark_answered(attempt.intent_id, b"from the log", PRICE)
    result = other.mark_done(attempt.intent_id, [keep(other)], PRICE)
    assert claim(store) == AlreadyStored(result)
    assert (store.spent_usd("run-1"), store.spent_usd("run-2")) == (PRICE, 0)


def test_what_was_not_billed_is_sent_again_as_the_same_attempt(store):
    attempt = claim(store).attempt
    store.mark_sending(attempt.intent_id, ())
    store.mark_not_billed(attempt.intent_id, "429")
    store.mark_sending(attempt.intent_id, ())
    assert store.spent_usd("run-1") == PRICE


@pytest.mark.parametrize("answered", [False, True])
def test_what_was_looked_up_and_cost_nothing_ends_as_the_call_of_the_run_that_sent_it(
    machine, store, answered
):
    first = claim(store).attempt
    store.mark_sending(first.intent_id, (), sent_at=1000.0)
    if answered:
        store.mark_answered(first.intent_id, b"<html>", PRICE)
    machine.kill(store)
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    budget = [Budget("run", PRICE)]
    assert claim(other, "run-2", budgets=budget).attempt.sent_at == 1000.0
    with pytest.raises(TransitionError):
        other.mark_not_billed(first.intent_id, "the log says so")
    other.mark_cleared(first.intent_id, "the log says so")
    assert (other.spent_usd("run-1"), other.spent_usd("run-2")) == (0, 0)
    assert other.find_takes("cloudflare", "request/1:aa") == ()
    assert other.next_take("cloudflare", "request/1:aa", 1) == 2
    found = claim(other, "run-2", budgets=budget)
    assert isinstance(found, Granted)
    assert (found.attempt.intent_id != first.intent_id, found.attempt.attempt) == (True, 1)
    assert other.spent_usd("run-2") == PRICE


def test_asking_again_what_cost_nothing_needs_room_in_this_runs_budget(machine, store):
    attempt = claim(store).attempt
    store.mark_sending(attempt.intent_id, ())
    machine.kill(store)
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    budgets = [Budget("run", PRICE / 2)]
    claim(other, "run-2", budgets=budgets)
    other.mark_cleared(attempt.intent_id, "the log says so")
    with pytest.raises(BudgetError):
        claim(other, "run-2", budgets=budgets)


def test_an_attempt_that_is_left_is_recovered_by_the_next_claim_even_of_the_same_run(store):
    attempt = claim(store).attempt
    store.mark_sending(attempt.intent_id, ())
    store.mark_answered(attempt.intent_id, b"answer", PRICE)
    store.leave(attempt.intent_id)
    with pytest.raises(TransitionError):
        store.mark_lost_paid(attempt.intent_id, "no longer ours")
    assert claim(store).attempt.state == "answered"


def test_a_lost_picture_is_fetched_again_before_anything_is_paid_again(store):
    first = finish(store, claim(store).attempt, b"one", b"two")
    first.images[1].path.unlink()
    assert store.find_result("cloudflare", "request/1:aa", 1) is None
    assert store.has_result("cloudflare", "request/1:aa", 1)
    found = claim(store)
    assert isinstance(found, ToRecover)
    assert (found.attempt.state, found.attempt.answer) == ("answered", b"answer")
    assert [image.facts for image in found.attempt.images] == [image.facts for image in first.images]
    assert store.has_result("cloudflare", "request/1:aa", 1)
    again = store.mark_done(found.attempt.intent_id, [keep(store, b"one"), keep(store, b"two", 2)], PRICE)
    assert claim(store) == AlreadyStored(again)
    assert store.spent_usd("run-1") == PRICE


def test_a_damaged_picture_is_noticed_and_healed_by_the_right_bytes(store):
    result = finish(store, claim(store).attempt, b"right")
    image = result.images[0]
    image.path.write_bytes(b"wrong")
    with pytest.raises(StoreError) as caught:
        store.verify_blob(image.facts)
    assert caught.value.kind == "damaged"
    assert store.find_result("cloudflare", "request/1:aa", 1) is None
    assert keep(store, b"right").path == image.path
    assert store.verify_blob(image.facts).read_bytes() == b"right"
    assert store.find_result("cloudflare", "request/1:aa", 1) == result


def test_a_missing_picture_is_said_to_be_missing(store):
    facts = ImageFacts("sha256:" + "0" * 64, 3, 1, 1, ImageFormat.PNG)
    with pytest.raises(StoreError) as caught:
        store.verify_blob(facts)
    assert caught.value.kind == "missing"


def test_equal_bytes_are_kept_once(store):
    first, second = keep(store, b"same"), keep(store, b"same")
    assert first.path == second.path == store.blob_path(first.facts.digest)
    assert first.path.read_bytes() == b"same"


def test_bytes_that_were_cut_after_they_were_looked_at_are_not_kept(store):
    path = store.new_blob_path()
    path.write_bytes(b"who")
    facts = ImageFacts("sha256:" + hashlib.sha256(b"whole").hexdigest(), 5, 1, 1, ImageFormat.PNG)
    with pytest.raises(StoreError):
        store.keep_blob(path, facts)
    assert not store.blob_path(facts.digest).exists()


def test_rejected_bytes_are_kept_apart(store):
    path = store.new_blob_path()
    path.write_bytes(b"<html>")
    kept = store.keep_rejected(path)
    assert kept.read_bytes() == b"<html>"
    assert not path.exists()
    assert kept != store.blob_path("sha256:" + hashlib.sha256(b"<html>").hexdigest())


def test_a_result_needs_its_pictures_in_the_store(store):
    attempt = claim(store).attempt
    store.mark_sending(attempt.intent_id, ())
    store.mark_answered(attempt.intent_id, b"answer", PRICE)
    facts = ImageFacts("sha256:" + "1" * 64, 3, 1, 1, ImageFormat.PNG)
    with pytest.raises(StoreError):
        store.mark_done(attempt.intent_id, [StoredImage(1, facts, Path("x"))], PRICE)
    with pytest.raises(ValueError, match="at least one image"):
        store.mark_done(attempt.intent_id, [], PRICE)
    store.mark_done(attempt.intent_id, [keep(store)], PRICE)


@pytest.mark.parametrize("scope", ["run", "step", "day", "project"])
def test_a_budget_is_reached_exactly_and_never_passed(store, scope):
    budgets = [Budget(scope, 2 * PRICE)]
    first = claim(store, budgets=budgets).attempt
    claim(store, request=replace(REQUEST, take=2), budgets=budgets)
    with pytest.raises(
        BudgetError, match=r"\$0\.04 more would pass the budget of \$0\.08.*\$0\.08 counts as spent"
    ):
        claim(store, request=replace(REQUEST, take=3), budgets=budgets)
    assert not store.has_result("cloudflare", "request/1:aa", 3)
    store.mark_sending(first.intent_id, ())
    store.mark_failed(first.intent_id, "x", "x", PRICE / 4)
    with pytest.raises(BudgetError):
        claim(store, request=replace(REQUEST, take=3), budgets=budgets)
    assert isinstance(
        claim(store, request=replace(REQUEST, take=3), reserve=PRICE * 3 / 4, budgets=budgets), Granted
    )


def test_budgets_are_exact_to_the_micro_dollar(store):
    claim(store, reserve=Decimal("0.033333"), budgets=[Budget("run", Decimal("0.1"))])
    budgets = [Budget("run", Decimal("0.0666669"))]
    with pytest.raises(BudgetError):
        claim(store, request=replace(REQUEST, take=2), reserve=Decimal("0.0333331"), budgets=budgets)
    claim(store, request=replace(REQUEST, take=2), reserve=Decimal("0.033333"), budgets=budgets)
    assert store.spent_usd("run-1") == Decimal("0.066666")


def test_budgets_of_a_scope_do_not_see_what_is_outside_it(machine, store):
    claim(store)
    store.begin_run("run-2", "storybook", "cloudflare")
    exact = {"request": replace(REQUEST, take=2), "reserve": PRICE}
    for scope in ("day", "project"):
        with pytest.raises(BudgetError):
            claim(store, "run-2", budgets=[Budget(scope, PRICE)], **exact)
    with pytest.raises(BudgetError):
        claim(store, budgets=[Budget("step", PRICE)], **exact)
    claim(store, budgets=[Budget("step", PRICE)], request=replace(REQUEST, take=2, step="cover"))
    claim(
        store,
        "run-2",
        budgets=[Budget("run", PRICE), Budget("step", PRICE)],
        request=replace(REQUEST, take=3),
    )
    machine.now += 86_400
    claim(store, "run-2", budgets=[Budget("day", PRICE)], request=replace(REQUEST, take=4))
    claim(store, "run-2", budgets=[Budget("project", PRICE)], request=replace(REQUEST, realm="emulated"))


def test_the_smallest_room_is_the_one_that_is_named(store):
    budgets = [Budget("project", Decimal(9)), Budget("day", PRICE / 2), Budget("run", PRICE / 4)]
    with pytest.raises(BudgetError, match=r"budget of \$0\.01 for this run"):
        claim(store, budgets=budgets)


def test_what_costs_nothing_needs_no_room(store):
    claim(store, reserve=PRICE)
    assert isinstance(
        claim(
            store, request=replace(REQUEST, take=2), reserve=Decimal(0), budgets=[Budget("run", Decimal(0))]
        ),
        Granted,
    )


def test_a_scope_that_does_not_exist_is_a_bug(store):
    with pytest.raises(ValueError, match="week"):
        claim(store, budgets=[Budget("week", Decimal(1))])


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "killed"])
def test_what_a_dead_run_reserved_and_never_sent_counts_no_more(machine, store, ended):
    claim(store)
    if ended:
        store.end_run("run-1", "interrupted")
        assert store.spent_usd("run-1") == 0
    machine.kill(store)
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    other_request = replace(REQUEST, fingerprint="request/1:dd")
    assert isinstance(claim(other, "run-2", other_request, budgets=[Budget("project", PRICE)]), Granted)
    with pytest.raises(BudgetError):
        claim(other, "run-2", budgets=[Budget("project", PRICE)])


def test_no_step_of_an_attempt_can_be_skipped_or_taken_twice(store):
    attempt = claim(store).attempt
    with pytest.raises(TransitionError):
        store.mark_answered(attempt.intent_id, b"", PRICE)
    with pytest.raises(TransitionError):
        store.mark_unknown(attempt.intent_id, "")
    store.mark_sending(attempt.intent_id, ())
    with pytest.raises(TransitionError):
        store.mark_sending(attempt.intent_id, ())
    with pytest.raises(TransitionError):
        store.mark_done(attempt.intent_id, [keep(store)], PRICE)
    store.mark_answered(attempt.intent_id, b"answer", PRICE)
    store.mark_done(attempt.intent_id, [keep(store)], PRICE)
    with pytest.raises(TransitionError):
        store.mark_failed(attempt.intent_id, "x", "x", Decimal(0))
    assert store.spent_usd("run-1") == PRICE


def test_only_the_owner_moves_an_attempt(machine, store):
    attempt = claim(store).attempt
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    with pytest.raises(TransitionError):
        other.mark_sending(attempt.intent_id, ())
    with pytest.raises(TransitionError):
        store.mark_sending("no such intent", ())


def test_a_run_has_an_id_of_its_own(store):
    with pytest.raises(ValueError, match="run-1"):
        store.begin_run("run-1", "storybook", "cloudflare")
    assert isinstance(claim(store), Granted), "the run that lives is not hurt"
    store.end_run("run-1", "done")
    with pytest.raises(ValueError, match="run-1"):
        store.begin_run("run-1", "storybook", "cloudflare")
    with pytest.raises(ValueError, match="run-1"):
        claim(store)
    for unfit in ("", "../x", "a/b", "x" * 101):
        with pytest.raises(ValueError, match="run"):
            store.begin_run(unfit, "storybook", "cloudflare")


def test_history_is_by_realm_recipe_and_address(store):
    assert store.find_past_request("sketch", "storybook", "page") is None
    store.record_past_requests("sketch", "storybook", {"page": PastRequest("f1", "p1")})
    store.record_past_requests(
        "sketch", "storybook", {"page": PastRequest("f2", "p2"), "cover": PastRequest("f3", "p3")}
    )
    assert store.find_past_request("sketch", "storybook", "page") == PastRequest("f2", "p2")
    assert store.find_past_request("sketch", "storybook", "cover") == PastRequest("f3", "p3")
    assert store.find_past_request("cloudflare", "storybook", "page") is None
    assert store.find_past_request("sketch", "other", "page") is None


def test_what_addresses_judged_is_kept_by_request_and_take_and_never_gets_less(store):
    name = ("sketch", "storybook", "page")
    assert store.find_judged(*name, "request/1:f", 1) == 0
    store.record_past_requests(*name[:2], {}, [JudgedAttempts("page", "request/1:f", 1, 3)])
    store.record_past_requests(*name[:2], {}, [JudgedAttempts("page", "request/1:f", 1, 2)])
    assert store.find_judged(*name, "request/1:f", 1) == 3
    for other in [("request/1:f", 2), ("request/1:g", 1)]:
        assert store.find_judged(*name, *other) == 0
    for key in [("cloudflare", *name[1:]), ("sketch", "other", "page"), (*name[:2], "cover")]:
        assert store.find_judged(*key, "request/1:f", 1) == 0


def test_an_address_judged_what_was_asked_for_in_its_name(store):
    first = claim(store).attempt
    finish(store, first, b"one")
    finish(store, claim(store, after_attempt=1).attempt, b"two")
    asked = first.request
    key = (asked.fingerprint, asked.take)
    assert store.find_judged(asked.realm, asked.recipe, asked.address, *key) == 2
    assert store.find_judged(asked.realm, asked.recipe, "another", *key) == 0
    assert store.find_judged(asked.realm, "another", asked.address, *key) == 0


KEY = ("cloudflare", "request/1:aa", 1)


def attempts_of(store):
    return [(result.attempt, result.images[0].path.read_bytes()) for result in store.list_results(*KEY)]


def test_results_are_listed_in_order_of_attempt_and_the_first_is_the_takes_own(store):
    assert store.list_results(*KEY) == ()
    first = finish(store, claim(store).attempt, b"one")
    second = finish(store, claim(store, after_attempt=1).attempt, b"two")
    third = finish(store, claim(store, after_attempt=2).attempt, b"three")
    assert [result.attempt for result in (first, second, third)] == [1, 2, 3]
    assert store.list_results(*KEY) == (first, second, third)
    assert store.find_result(*KEY) == first
    assert store.spent_usd("run-1") == 3 * PRICE


def test_a_claim_after_attempts_that_were_not_good_enough_gets_the_next_one_stored(store):
    first = finish(store, claim(store).attempt, b"one")
    second = finish(store, claim(store, after_attempt=1).attempt, b"two")
    assert claim(store) == AlreadyStored(first)
    assert claim(store, after_attempt=1) == AlreadyStored(second)
    assert claim(store, after_attempt=1, again=True) == AlreadyStored(second)
    third = claim(store, after_attempt=2)
    assert isinstance(third, Granted)
    assert third.attempt.attempt == 3
    assert claim(store) == AlreadyStored(first), "who is content with the first one waits for nobody"
    assert claim(store, after_attempt=1) == AlreadyStored(second)
    assert claim(store, after_attempt=2) == HeldElsewhere("run-1")


@pytest.mark.parametrize("upto", ["reserved", "sending", "answered"])
def test_a_further_attempt_of_a_dead_run_is_recovered_where_it_stood(machine, store, upto):
    finish(store, claim(store).attempt, b"one")
    attempt = claim(store, after_attempt=1).attempt
    if upto != "reserved":
        store.mark_sending(attempt.intent_id, ())
    if upto == "answered":
        store.mark_answered(attempt.intent_id, b"answer", PRICE)
    machine.kill(store)
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    assert other.find_unfinished(*KEY, after_attempt=1) == (None if upto == "reserved" else upto)
    assert isinstance(claim(other, "run-2"), AlreadyStored)
    found = claim(other, "run-2", after_attempt=1)
    assert isinstance(found, ToRecover)
    assert (found.attempt.intent_id, found.attempt.attempt, found.attempt.state) == (
        attempt.intent_id,
        2,
        upto,
    )


def test_a_further_attempt_needs_room_of_its_own_and_two_runs_pay_for_it_once(machine, store):
    finish(store, claim(store).attempt, b"one")
    with pytest.raises(BudgetError):
        claim(store, after_attempt=1, budgets=[Budget("run", PRICE)])
    attempt = claim(store, after_attempt=1, budgets=[Budget("run", 2 * PRICE)]).attempt
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    assert claim(other, "run-2", after_attempt=1) == HeldElsewhere("run-1")
    second = finish(store, attempt, b"two")
    assert claim(other, "run-2", after_attempt=1) == AlreadyStored(second)
    assert other.spent_usd("run-2") == 0


def test_a_further_attempt_keeps_its_number_until_an_answer_was_there(store):
    finish(store, claim(store).attempt, b"one")
    second = claim(store, after_attempt=1).attempt
    store.mark_sending(second.intent_id, ())
    store.mark_failed(second.intent_id, "moderation", "no", Decimal(0))
    repeated = claim(store, after_attempt=1).attempt
    assert repeated.attempt == 2
    store.mark_sending(repeated.intent_id, ())
    store.mark_answered(repeated.intent_id, b"no good", PRICE)
    store.mark_failed(repeated.intent_id, "rejected", "not a picture", PRICE)
    assert isinstance(claim(store, after_attempt=1), ToRecover)
    store.leave(repeated.intent_id)
    assert claim(store, after_attempt=1, again=True).attempt.attempt == 3


def test_an_unknown_further_attempt_is_repeated_only_with_consent(store):
    finish(store, claim(store).attempt, b"one")
    second = claim(store, after_attempt=1).attempt
    store.mark_sending(second.intent_id, ())
    store.mark_unknown(second.intent_id, "cut")
    store.leave(claim(store, after_attempt=1).attempt.intent_id)
    again = claim(store, after_attempt=1, again=True)
    assert isinstance(again, Granted)
    assert again.attempt.attempt == 2


def test_a_lost_picture_of_an_earlier_attempt_is_fetched_before_a_further_one_is_paid(store):
    first = finish(store, claim(store).attempt, b"one")
    second = claim(store, after_attempt=1).attempt
    store.mark_sending(second.intent_id, ())
    store.mark_failed(second.intent_id, "moderation", "no", Decimal(0))
    first.images[0].path.unlink()
    assert store.list_results(*KEY) == ()
    found = claim(store)
    assert isinstance(found, ToRecover)
    assert (found.attempt.intent_id, found.attempt.state) == (first.intent_id, "answered")
    assert claim(store) == HeldElsewhere("run-1"), "and nobody pays for another one meanwhile"


def test_results_whose_pictures_are_gone_are_left_out_of_the_list(store):
    first = finish(store, claim(store).attempt, b"one")
    finish(store, claim(store, after_attempt=1).attempt, b"two")
    first.images[0].path.unlink()
    assert attempts_of(store) == [(2, b"two")]
    assert store.find_result(*KEY).attempt == 2
    assert store.has_result(*KEY, after_attempt=1)
    assert not store.has_result(*KEY, after_attempt=2)


def test_a_repeated_attempt_is_listed_once(store):
    first = claim(store).attempt
    store.mark_sending(first.intent_id, ())
    store.mark_answered(first.intent_id, b"", PRICE)
    old = store.mark_done(first.intent_id, [keep(store, b"old")], PRICE)
    old.images[0].path.unlink()
    new = finish(store, claim(store).attempt, b"new")
    assert new.attempt == 1
    keep(store, b"old")
    assert attempts_of(store) == [(1, b"new")]


def take_of(store, take, upto):
    request = replace(REQUEST, take=take)
    attempt = claim(store, request=request).attempt
    if upto == "reserved":
        return
    if upto == "done":
        finish(store, attempt, str(take).encode())
        return
    store.mark_sending(attempt.intent_id, ())
    if upto in ("answered", "lost-paid"):
        store.mark_answered(attempt.intent_id, b"answer", PRICE)
    if upto == "unknown":
        store.mark_unknown(attempt.intent_id, "cut")
    elif upto == "failed":
        store.mark_failed(attempt.intent_id, "moderation", "no", Decimal(0))
    elif upto == "lost-paid":
        store.mark_lost_paid(attempt.intent_id, "dead")


@pytest.mark.parametrize(
    ("takes", "above", "expected"),
    [
        ({}, 0, 1),
        ({}, 1, 2),
        ({1: "done"}, 1, 2),
        ({1: "done", 2: "done", 4: "done"}, 1, 5),
        ({1: "done", 2: "failed"}, 1, 3),
        ({1: "done", 2: "lost-paid"}, 1, 3),
        ({1: "done", 2: "reserved"}, 1, 2),
        ({1: "done", 2: "sending"}, 1, 2),
        ({1: "done", 2: "answered"}, 1, 2),
        ({1: "done", 2: "done", 3: "unknown", 4: "sending"}, 1, 3),
        ({1: "done", 2: "sending"}, 2, 3),
        ({1: "unknown"}, 0, 1),
        ({1: "done"}, 7, 8),
    ],
)
def test_a_reroll_goes_on_with_what_is_open_and_else_asks_for_a_take_that_nobody_has(
    store, takes, above, expected
):
    for take, upto in takes.items():
        take_of(store, take, upto)
    assert store.find_takes(*KEY[:2]) == tuple(take for take, upto in takes.items() if upto != "reserved")
    assert store.next_take(*KEY[:2], above) == expected
    for other in (("sketch", KEY[1]), (KEY[0], "request/1:ab")):
        assert store.find_takes(*other) == ()
        assert store.next_take(*other, above) == above + 1


def test_a_take_whose_further_attempt_is_open_is_gone_on_with(store):
    request = replace(REQUEST, take=2)
    finish(store, claim(store).attempt, b"one")
    finish(store, claim(store, request=request).attempt, b"two")
    assert store.next_take(*KEY[:2], 1) == 3
    further = claim(store, request=request, after_attempt=1).attempt
    assert store.next_take(*KEY[:2], 1) == 3
    store.mark_sending(further.intent_id, ())
    assert store.next_take(*KEY[:2], 1) == 2


def test_a_reservation_that_its_run_left_can_be_sent_by_the_next(machine, store):
    left = claim(store).attempt
    store.leave(left.intent_id)
    store.end_run("run-1", "interrupted")
    other = machine.open()
    other.begin_run("run-2", "storybook", "cloudflare")
    taken = claim(other, run_id="run-2")
    assert isinstance(taken, ToRecover)
    other.mark_sending(taken.attempt.intent_id, ())
    assert other.find_unfinished(*KEY) == "sending"


@pytest.mark.parametrize("after", ["answered", "cleared", "paid"])
def test_what_was_refused_and_perhaps_billed_becomes_what_the_log_knows_of_it(store, after):
    """Taken up by whoever looks it up, as an unknown outcome is; what cost nothing is not taken up."""
    free = claim(store, request=replace(REQUEST, take=2)).attempt
    store.mark_sending(free.intent_id, ())
    store.mark_failed(free.intent_id, "moderation", "no", Decimal(0))
    assert store.take_up("run-1", free.intent_id) is None
    attempt = claim(store).attempt
    store.mark_sending(attempt.intent_id, ())
    store.mark_failed(attempt.intent_id, "moderation", "no", PRICE)
    taken = store.take_up("run-1", attempt.intent_id)
    assert isinstance(taken, ToRecover)
    assert (taken.attempt.state, taken.attempt.cost_usd) == ("failed", PRICE)
    if after == "answered":
        store.mark_answered(attempt.intent_id, b"answer", PRICE)
        result = store.mark_done(attempt.intent_id, [keep(store)], PRICE)
        assert claim(store) == AlreadyStored(result)
        assert store.spent_usd("run-1") == PRICE
    elif after == "cleared":
        store.mark_cleared(attempt.intent_id, "it cost nothing")
        assert store.spent_usd("run-1") == 0
        assert isinstance(claim(store), Granted)
    else:
        store.mark_lost_paid(attempt.intent_id, "it cost less", Decimal("0.03"))
        assert store.spent_usd("run-1") == Decimal("0.03")
        assert store.take_up("run-1", attempt.intent_id) is None
        assert isinstance(claim(store), ToRecover)
