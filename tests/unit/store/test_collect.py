"""Collecting removes what nothing refers to, decides at the moment of removal, and never what a run may still use."""

import os
import sys
from pathlib import Path

import pytest

from seedflow.canonical import digest_bytes
from seedflow.store.base import AlreadyStored, Granted, PastRequest
from seedflow.store.collect import collect_garbage
from seedflow.store.garbage import GarbageKind, InUse, find_garbage
from seedflow.store.local import open_store
from seedflow.store.verify import verify_state

sys.path.insert(0, str(Path(__file__).parent))

from project_state import PRICE, REALM, ask, blob, change, draw, keep, list_rows, make_state, request_for

NOW = 1_800_000_000.0
LATER = NOW + 1000
NOTHING = InUse()


def place(root, color):
    """A picture that a call of this ledger left which ended without a result."""
    path = place_unknown(root, color)
    digest = digest_bytes(draw(color))
    change(root, "INSERT OR IGNORE INTO blobs VALUES (?, ?, 0, 16, 12, 'png')", digest, len(draw(color)))
    return path


def place_unknown(root, color):
    """A picture that the ledger has never named."""
    path = blob(root, digest_bytes(draw(color)))
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(draw(color))
    path.chmod(0o600)
    return path


def collect(root, found, in_use=NOTHING, paid_before=None):
    return collect_garbage(root, found.garbage, in_use, paid_before, LATER)


def forget_plans(root):
    change(root, "DELETE FROM past_requests")


def test_no_state_has_no_garbage(root):
    assert find_garbage(root, NOTHING, None) is None
    assert collect_garbage(root, (), NOTHING, None, NOW).removed == ()
    assert not root.exists()


def test_pictures_without_a_result_and_half_files_go_and_results_stay(root):
    make_state(root)
    stray = place(root, "white")
    (root / "blobs/incoming/store-dead").mkdir()
    (root / "blobs/incoming/store-dead/1.part").write_bytes(b"half")
    (root / "locks/run-dead.lock").touch()
    (root / "VERSION.7.new").touch()
    (root / "mine.txt").touch()
    found = find_garbage(root, NOTHING, None)
    assert sorted((one.kind, one.where) for one in found.garbage) == [
        (GarbageKind.HALF_FILE, "VERSION.7.new"),
        (GarbageKind.HALF_FILE, "blobs/incoming/store-dead"),
        (GarbageKind.HALF_FILE, "locks/run-dead.lock"),
        (GarbageKind.UNUSED_PICTURE, str(stray.relative_to(root))),
    ]
    done = collect(root, found)
    assert len(done.removed) == 4
    assert done.kept == ()
    assert not stray.exists()
    assert (root / "mine.txt").exists()
    assert len(list((root / "blobs/sha256").glob("*/*"))) == 3
    assert find_garbage(root, NOTHING, None).garbage == ()


def test_pictures_that_the_ledger_never_named_go_only_on_somebodys_word(root):
    """A call of a ledger that is not here any more may have paid for them."""
    make_state(root)
    stray = place_unknown(root, "white")
    found = find_garbage(root, NOTHING, None)
    assert (found.garbage, found.unknown, found.unknown_usd) == ((), 1, PRICE)
    assert find_garbage(root, NOTHING, LATER).garbage == ()
    agreed = find_garbage(root, NOTHING, None, with_unknown=True)
    assert [(one.kind, one.perhaps_usd, one.cost_usd) for one in agreed.garbage] == [
        (GarbageKind.UNKNOWN_PICTURE, PRICE, 0)
    ]
    assert len(collect(root, agreed).removed) == 1
    assert not stray.exists()


def test_what_a_call_left_that_ended_without_a_result_is_known_to_be_of_no_use(root):
    """Three pictures of four are whole, the fourth is none: the three are no riddle afterwards."""
    make_state(root)
    with open_store(root) as store:
        store.begin_run("odd", "book", REALM)
        attempt = store.claim("odd", request_for("page"), PRICE, ()).attempt
        store.mark_sending(attempt.intent_id, ())
        store.mark_answered(attempt.intent_id, b"{}", PRICE)
        keep(store, draw("white"))
        store.mark_failed(attempt.intent_id, "cut", "picture 2 is none", PRICE)
        store.end_run("odd", "failed")
    found = find_garbage(root, NOTHING, None)
    assert ([one.kind for one in found.garbage], found.unknown) == ([GarbageKind.UNUSED_PICTURE], 0)
    assert {one.kind.value for one in verify_state(root, lambda *_: None).findings} == {"unused-picture"}


@pytest.mark.parametrize("state", ["sending", "answered", "unknown", "lost-paid"])
def test_while_a_call_is_open_or_lost_its_pictures_all_stay(root, state):
    make_state(root)
    stray = place(root, "white")
    found = find_garbage(root, NOTHING, None)
    change(root, "UPDATE attempts SET state = ? WHERE attempt_id = 1", state)
    assert find_garbage(root, NOTHING, None).garbage == ()
    assert find_garbage(root, NOTHING, None).waiting >= 1
    assert [one.where for one in collect(root, found).kept] == [str(stray.relative_to(root))]
    assert stray.exists()


def test_a_call_that_was_refused_and_paid_left_no_pictures_and_holds_none(root):
    make_state(root)
    stray = place(root, "white")
    with open_store(root) as store:
        store.begin_run("odd", "book", REALM)
        attempt = store.claim("odd", request_for("page"), PRICE, ()).attempt
        store.mark_sending(attempt.intent_id, ())
        store.mark_lost_paid(attempt.intent_id, "refused; the log says what it cost", PRICE)
        store.end_run("odd", "failed")
    found = find_garbage(root, NOTHING, None)
    assert ([one.where for one in found.garbage], found.waiting) == ([str(stray.relative_to(root))], 0)


def test_what_a_run_adopts_between_listing_and_removal_survives(root):
    make_state(root)
    stray = place(root, "white")
    found = find_garbage(root, NOTHING, None)
    with open_store(root) as store:
        store.begin_run("now", "book", REALM)
        assert find_garbage(root, NOTHING, None).garbage == ()
        keep(store, draw("white"))  # it was there already, so nothing was written
        assert collect(root, found).removed == ()
        ask(store, "now", request_for("page"), "white")
        store.end_run("now", "done")
    assert collect(root, found).removed == ()
    assert stray.exists()


def test_paid_results_stay_without_a_word_and_while_anything_refers_to_them(root):
    digests = make_state(root, clock=lambda: NOW)
    assert find_garbage(root, NOTHING, None).garbage == ()
    assert find_garbage(root, NOTHING, LATER).garbage == ()  # the last plan of `book` shows them
    forget_plans(root)
    assert find_garbage(root, NOTHING, NOW - 1).garbage == ()  # not old enough
    request = request_for("red")
    in_use = InUse(frozenset({digests[1]}), {(REALM, request.fingerprint): frozenset({1})})
    found = find_garbage(root, in_use, LATER)
    assert [(one.kind, one.where, one.cost_usd) for one in found.garbage] == [
        (GarbageKind.OLD_RESULT, "book blue, take 1 (cloudflare)", PRICE)
    ]
    assert collect(root, found, in_use, LATER).size_bytes == len(draw("blue"))
    assert blob(root, digests[0]).exists()
    assert blob(root, digests[1]).exists()
    assert not blob(root, digests[2]).exists()


def test_a_collected_result_is_known_as_such_and_asked_anew_as_any_other(root):
    make_state(root, clock=lambda: NOW)
    forget_plans(root)
    assert len(collect(root, find_garbage(root, NOTHING, LATER), NOTHING, LATER).removed) == 3
    assert verify_state(root, lambda done, total: None).findings == ()
    assert list_rows(root, "SELECT micros FROM spending WHERE scope = 'project'") == [(120_000,)]
    with open_store(root) as store:
        store.begin_run("next", "book", REALM)
        assert store.find_result(REALM, request_for("red").fingerprint, 1) is None
        assert isinstance(store.claim("next", request_for("red"), PRICE, ()), Granted)


def test_results_of_a_run_that_may_still_be_taken_up_stay(root):
    make_state(root, clock=lambda: NOW)
    forget_plans(root)
    change(root, "UPDATE runs SET status = 'interrupted'")
    assert find_garbage(root, NOTHING, LATER).garbage == ()
    make_state(root, ("pink",), clock=lambda: NOW + 1)  # the recipe was run to its end since
    assert len(find_garbage(root, NOTHING, LATER).garbage) == 3


@pytest.mark.parametrize("kind", ["reconcile", "another recipe", "same recipe, killed as well"])
def test_what_was_recovered_from_a_killed_run_stays_until_its_recipe_was_run_to_an_end(root, kind):
    """Whoever took it up: no plan of its recipe has shown it yet."""

    def clock():
        return NOW

    request = request_for("red")
    with open_store(root, clock=clock) as store:
        store.begin_run("killed", "book", REALM)
        attempt = store.claim("killed", request, PRICE, ()).attempt
        store.mark_sending(attempt.intent_id, ())
        store.mark_unknown(attempt.intent_id, "the line went dead")
        store.end_run("killed", "interrupted")
    make_state(root, ("pink",), clock=clock)  # run again, around what is unknown
    with open_store(root, clock=clock) as store:
        store.begin_run(
            "taker", {"reconcile": "ledger reconcile", "another recipe": "other"}.get(kind, "book"), REALM
        )
        attempt = store.take_up("taker", attempt.intent_id).attempt
        store.mark_answered(attempt.intent_id, b"{}", PRICE)
        store.mark_done(attempt.intent_id, [keep(store, draw("red"))], PRICE)
        store.end_run("taker", "done" if "killed" not in kind else "interrupted")
    forget_plans(root)
    paid = [one.where for one in find_garbage(root, NOTHING, LATER).garbage]
    assert paid == ["book pink, take 1 (cloudflare)"]
    make_state(root, ("green",), clock=clock)
    paid = [one.where for one in find_garbage(root, NOTHING, LATER).garbage]
    assert paid == ["book red, take 1 (cloudflare)", "book pink, take 1 (cloudflare)"]


def test_after_a_repair_of_the_ledger_results_stay_until_their_recipe_was_run(root):
    """What tasks asked for last may be among the rows that were lost."""
    make_state(root, clock=lambda: NOW)
    forget_plans(root)
    aside = root / "damaged/ledger-1"
    aside.mkdir(parents=True)
    os.utime(aside, (NOW + 1, NOW + 1))
    assert find_garbage(root, NOTHING, LATER).garbage == ()
    make_state(root, ("pink",), clock=lambda: NOW + 2)
    assert len(find_garbage(root, NOTHING, LATER).garbage) == 3


def test_nothing_paid_goes_while_a_run_lives(root):
    make_state(root, clock=lambda: NOW)
    forget_plans(root)
    found = find_garbage(root, NOTHING, LATER)
    with open_store(root) as store:
        store.begin_run("now", "other", REALM)
        assert collect(root, found, NOTHING, LATER).removed == ()
        assert isinstance(store.claim("now", request_for("red"), PRICE, ()), AlreadyStored)


def test_what_was_planned_with_since_stays(root):
    make_state(root, clock=lambda: NOW)
    forget_plans(root)
    found = find_garbage(root, NOTHING, LATER)
    request = request_for("red")
    with open_store(root) as store:
        store.record_past_requests(
            REALM, "new", {"x": PastRequest(request.fingerprint, request.params_digest)}
        )
    done = collect(root, found, NOTHING, LATER)
    assert [one.where for one in done.kept] == ["book red, take 1 (cloudflare)"]
    assert len(done.removed) == 2


def test_takes_that_no_task_shows_may_go_and_the_picked_one_stays(root):
    first = request_for("red")
    with open_store(root, clock=lambda: NOW) as store:
        store.begin_run("r", "book", REALM)
        ask(store, "r", first, "red")
        ask(store, "r", request_for("red", take=2), "crimson")
        store.record_past_requests(
            REALM, "book", {"red": PastRequest(first.fingerprint, first.params_digest)}
        )
        store.end_run("r", "done")
    picked = InUse(takes={(REALM, first.fingerprint): frozenset({2})})
    assert find_garbage(root, NOTHING, LATER).garbage == ()  # the picks may be in another project
    assert [one.where for one in find_garbage(root, picked, LATER).garbage] == [
        "book red, take 1 (cloudflare)"
    ]


def test_a_picture_that_another_result_has_too_stays(root):
    with open_store(root, clock=lambda: NOW) as store:
        store.begin_run("r", "book", REALM)
        kept, gone = request_for("kept"), request_for("gone")
        digest = ask(store, "r", kept, "red")
        ask(store, "r", gone, "red", "blue")
        store.record_past_requests(REALM, "book", {"kept": PastRequest(kept.fingerprint, kept.params_digest)})
        store.end_run("r", "done")
    done = collect(root, find_garbage(root, NOTHING, LATER), NOTHING, LATER)
    assert len(done.removed) == 1
    assert done.size_bytes == len(draw("blue"))
    assert blob(root, digest).exists()
    assert verify_state(root, lambda done, total: None).findings == ()


def test_rejected_bytes_go_only_when_they_are_old_and_somebody_said_so(root):
    make_state(root)
    rejected = root / "blobs/rejected" / ("0" * 64)
    rejected.write_bytes(b"<html>")
    assert find_garbage(root, NOTHING, None).garbage == ()
    assert find_garbage(root, NOTHING, rejected.stat().st_mtime - 1).garbage == ()
    before = rejected.stat().st_mtime + 1
    found = find_garbage(
        root, InUse(frozenset(digest_bytes(draw(c)) for c in ("red", "green", "blue"))), before
    )
    assert [one.kind for one in found.garbage] == [GarbageKind.REJECTED]
    collect(root, found, NOTHING, before)
    assert not rejected.exists()
