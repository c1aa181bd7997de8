"""Results travel whole, arrive once, count nothing; a file that is not as it was written changes nothing."""

import json
import stat
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from seedflow.canonical import digest_bytes
from seedflow.errors import UsageError
from seedflow.pipeline.archives import build_wanted, judge_fingerprint
from seedflow.store.archive import HEAD, RESULTS, ArchiveError
from seedflow.store.base import AlreadyStored, Budget, PastRequest
from seedflow.store.exporting import export_results
from seedflow.store.garbage import InUse, find_garbage
from seedflow.store.importing import import_results
from seedflow.store.local import open_store
from seedflow.store.verify import verify_state

sys.path.insert(0, str(Path(__file__).parent))

from project_state import PRICE, REALM, ask, blob, draw, list_rows, make_state, request_for

ALL = build_wanted((), (), ())


def ignore(done, total):
    pass


def export(root, target, wanted=ALL):
    return export_results(root, target, wanted, ignore)


def take(root, source):
    return import_results(root, source, judge_fingerprint, ignore)


@pytest.fixture
def there(tmp_path):
    return tmp_path / "there"


@pytest.fixture
def archive(root, tmp_path):
    make_state(root)
    export(root, tmp_path / "all.zip")
    return tmp_path / "all.zip"


def rewrite(archive, target, *, change=None, extra=(), without=(), **options):
    """The same archive with some entries changed: name to bytes, or to a function of the bytes."""
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(target, "w", **options) as new:
        for info in old.infolist():
            if info.filename in without:
                continue
            data = old.read(info)
            edit = (change or {}).get(info.filename)
            new.writestr(info.filename, edit(data) if callable(edit) else data if edit is None else edit)
        for name, data in extra:
            new.writestr(name, data)
    return target


def with_results(archive, target, edit):
    """The archive with its list changed, and the head agreeing with it."""
    with zipfile.ZipFile(archive) as file:
        head, lines = json.loads(file.read(HEAD)), file.read(RESULTS).splitlines()
    results = [json.loads(line) for line in lines]
    edit(results)
    data = b"".join(json.dumps(one).encode() + b"\n" for one in results)
    head |= {"results_digest": digest_bytes(data), "results": len(results)}
    return rewrite(archive, target, change={HEAD: json.dumps(head).encode(), RESULTS: data})


def test_results_arrive_whole_and_are_reused_without_paying(archive, there):
    done = take(there, archive)
    assert len(done.added) == 3
    assert verify_state(there, ignore).findings == ()
    with open_store(there) as store:
        store.begin_run("next", "book", REALM)
        for color in ("red", "green", "blue"):
            claim = store.claim("next", request_for(color), PRICE, [Budget("project", PRICE)])
            assert isinstance(claim, AlreadyStored)
            assert claim.result.cost_usd == PRICE
            assert claim.result.images[0].path.read_bytes() == draw(color)
        assert store.spent_usd("next") == 0
    assert list_rows(there, "SELECT sum(micros) FROM spending") in ([(None,)], [(0,)])


def test_twice_is_as_good_as_once(archive, there, root):
    take(there, archive)
    before = list_rows(there, "SELECT * FROM attempts"), list_rows(there, "SELECT * FROM runs")
    done = take(there, archive)
    assert (len(done.added), len(done.kept), len(done.restored)) == (0, 3, 0)
    assert (list_rows(there, "SELECT * FROM attempts"), list_rows(there, "SELECT * FROM runs")) == before
    assert len(take(root, archive).kept) == 3  # where it came from


def test_what_arrived_can_travel_on(archive, there, tmp_path):
    take(there, archive)
    done = export(there, tmp_path / "on.zip")
    assert (done.results, done.cost_micros) == (3, 120_000)
    assert len(take(tmp_path / "third", tmp_path / "on.zip").added) == 3


def test_a_result_that_is_here_stays_and_gets_its_missing_picture_back(archive, there):
    digests = make_state(there)
    blob(there, digests[0]).unlink()
    blob(there, digests[1]).write_bytes(b"damaged")
    done = take(there, archive)
    assert (len(done.added), len(done.kept), len(done.restored)) == (0, 1, 2)
    assert verify_state(there, ignore).damage == ()
    assert list_rows(there, "SELECT count(*) FROM attempts") == [(3,)]


def test_a_call_whose_outcome_is_open_is_left_to_itself(archive, there):
    with open_store(there) as store:
        store.begin_run("r", "book", REALM)
        attempt = store.claim("r", request_for("red"), PRICE, ()).attempt
        store.mark_sending(attempt.intent_id, ())
        done = take(there, archive)
        assert [one.request.address for one in done.open] == ["red"]
        assert len(done.added) == 2
        store.mark_answered(attempt.intent_id, b"{}", PRICE)


def test_a_result_from_elsewhere_comes_beside_a_call_that_nobody_knows_the_outcome_of(archive, there):
    with open_store(there) as store:
        store.begin_run("r", "book", REALM)
        attempt = store.claim("r", request_for("red"), PRICE, ()).attempt
        store.mark_sending(attempt.intent_id, ())
        store.mark_unknown(attempt.intent_id, "no answer")
    assert len(take(there, archive).added) == 3
    with open_store(there) as store:
        store.begin_run("s", "book", REALM)
        assert isinstance(store.claim("s", request_for("red"), PRICE, ()), AlreadyStored)
        assert [one.intent_id for one in store.list_open_attempts(REALM)] == [attempt.intent_id]


def test_what_ended_in_vain_here_is_no_obstacle(archive, there):
    with open_store(there) as store:
        store.begin_run("r", "book", REALM)
        attempt = store.claim("r", request_for("red"), PRICE, ()).attempt
        store.mark_failed(attempt.intent_id, "test", "test", PRICE)
        store.end_run("r", "failed")
    assert len(take(there, archive).added) == 3
    with open_store(there) as store:
        assert store.find_result(REALM, request_for("red").fingerprint, 1) is not None


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc here")
def test_a_place_that_takes_no_file_is_the_callers_mistake(root):
    make_state(root)
    with pytest.raises(UsageError, match=r"/proc/x\.zip cannot be written here") as caught:
        export_results(root, Path("/proc/x.zip"), lambda _: True, lambda *_: None)
    assert caught.value.help == "name a file in another folder"


def test_what_is_exported_is_what_was_meant(root, tmp_path):
    make_state(root)
    shared = request_for("red")
    with open_store(root) as store:
        store.begin_run("other", "winter", REALM)
        ask(store, "other", replace(request_for("snow"), recipe="winter"), "white")
        store.record_past_requests(
            REALM, "winter", {"cover": PastRequest(shared.fingerprint, shared.params_digest)}
        )
        store.end_run("other", "done")

    def count(name, *conditions):
        return export(root, tmp_path / name, build_wanted(*conditions)).results

    assert count("a.zip", (), ("book",), ()) == 3
    assert count("b.zip", (), ("winter",), ()) == 2  # one that `book` asked for, too
    assert count("c.zip", ("cover",), (), ()) == 1
    assert count("d.zip", ("red", "blue"), (), ()) == 2
    assert count("e.zip", (), (), ("other",)) == 1
    with pytest.raises(UsageError, match="no stored result is meant"):
        count("f.zip", ("red",), ("nope",), ())
    with pytest.raises(UsageError, match="found no address"):
        build_wanted(("!!",), (), ())


def test_neither_answers_nor_how_references_travelled_leave(archive):
    with zipfile.ZipFile(archive) as file:
        text = file.read(RESULTS).decode()
    assert '"answer' not in text.replace('"answered_at"', "")
    assert "transport" not in text
    assert not any(info.compress_type for info in zipfile.ZipFile(archive).infolist())


def test_a_damaged_picture_stays_at_home(root, tmp_path):
    digest, *_ = make_state(root)
    blob(root, digest).write_bytes(b"damaged")
    done = export(root, tmp_path / "all.zip")
    assert (done.results, done.left_out) == (2, ("red",))


def test_a_file_that_is_there_is_not_replaced(root, tmp_path, archive):
    with pytest.raises(UsageError, match="is there already"):
        export(root, archive)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".all")] == []


def wrong(edit):
    return lambda archive, target: with_results(archive, target, edit)


def put(name, value):
    return wrong(lambda results: results[1].__setitem__(name, value))


PICTURE = "pictures/" + digest_bytes(draw("red")).removeprefix("sha256:")
LINK = zipfile.ZipInfo(PICTURE)
LINK.external_attr = (stat.S_IFLNK | 0o777) << 16
HOSTILE = {
    "no archive": (lambda archive, target: target.write_bytes(b"PK nonsense"), "not-an-archive"),
    "another zip": (lambda archive, target: rewrite(archive, target, without=(HEAD,)), "not-an-archive"),
    "path out": (lambda archive, target: rewrite(archive, target, extra=[("../x", b"")]), "unsafe"),
    "absolute": (lambda archive, target: rewrite(archive, target, extra=[("/etc/x", b"")]), "unsafe"),
    "name of no picture": (lambda a, t: rewrite(a, t, extra=[("pictures/../../x", b"")]), "unsafe"),
    "link": (lambda a, t: rewrite(a, t, without=(PICTURE,), extra=[(LINK, b"/etc/passwd")]), "unsafe"),
    "packed": (lambda a, t: rewrite(a, t, compression=zipfile.ZIP_DEFLATED), "unsafe"),
    "picture missing": (lambda a, t: rewrite(a, t, without=(PICTURE,)), "damaged"),
    "picture of nobody": (lambda a, t: rewrite(a, t, extra=[("pictures/" + "0" * 64, b"x")]), "damaged"),
    "other bytes": (lambda a, t: rewrite(a, t, change={PICTURE: draw("black")}), "damaged"),
    "newer": (lambda a, t: rewrite(a, t, change={HEAD: b'{"seedflow_export": 2}'}), "newer"),
    "no version": (lambda a, t: rewrite(a, t, change={HEAD: b"{}"}), "not-an-archive"),
    "head no JSON": (lambda a, t: rewrite(a, t, change={HEAD: b"\xff"}), "damaged"),
    "list changed": (lambda a, t: rewrite(a, t, change={RESULTS: lambda data: data + b"\n"}), "damaged"),
    "deep JSON": (lambda a, t: rewrite(a, t, change={RESULTS: b"[" * 100_000}), "damaged"),
    "cut": (lambda a, t: t.write_bytes(a.read_bytes()[: len(a.read_bytes()) // 2]), "cut"),
    "cut within the first name": (lambda a, t: t.write_bytes(a.read_bytes()[:40]), "cut"),
    "cut by a byte": (lambda a, t: t.write_bytes(a.read_bytes()[:-1]), "cut"),
    "the beginning of another zip": (lambda a, t: t.write_bytes(b"PK\x03\x04" + bytes(26) + b"word"), "not-an-archive"),
    "empty": (lambda a, t: t.write_bytes(b""), "cut"),
    "fingerprint": (put("fingerprint", "request/1:" + "0" * 64), "damaged"),
    "prompt": (put("params", {"prompt": "another"}), "damaged"),
    "realm": (put("realm", "../x"), "damaged"),
    "take": (put("take", 0), "damaged"),
    "attempt": (put("attempt", True), "damaged"),
    "cost": (put("cost_micros", -1), "damaged"),
    "time": (put("answered_at", "now"), "damaged"),
    "no images": (put("images", []), "damaged"),
    "references": (put("references", [{"digest": "x"}]), "damaged"),
    "extra of references": (put("references", [{"url": "https://x", "secret": 1}]), "damaged"),
    "surrogate": (put("address", "\ud800"), "damaged"),
    "zero byte": (put("recipe", "a\0b"), "damaged"),
    "size": (wrong(lambda results: results[0]["images"][0].update(width_px=17)), "damaged"),
    "bytes": (wrong(lambda results: results[0]["images"][0].update(size_bytes=17)), "damaged"),
    "format": (wrong(lambda results: results[0]["images"][0].update(format="gif")), "damaged"),
}  # fmt: skip # a row a line


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("fresh", [True, False])
def test_a_file_that_is_not_as_it_was_written_changes_nothing(archive, there, tmp_path, name, fresh):
    make, kind = HOSTILE[name]
    target = tmp_path / "hostile.zip"
    make(archive, target)
    if not fresh:
        make_state(there, ("pink",))
    before = list_rows(there, "SELECT * FROM attempts"), sorted(map(str, there.rglob("*")))
    with pytest.raises(ArchiveError) as raised:
        take(there, target)
    assert raised.value.kind == kind, raised.value.message
    assert raised.value.message.startswith(str(target))
    assert (list_rows(there, "SELECT * FROM attempts"), sorted(map(str, there.rglob("*")))) == before


def test_a_picture_that_does_not_decode_is_refused(archive, there, tmp_path):
    data = draw("red")[:-20]
    digest = digest_bytes(data)

    def edit(results):
        results[0]["images"][0].update(digest=digest, size_bytes=len(data))

    changed = with_results(archive, tmp_path / "one.zip", edit)
    target = rewrite(
        changed, tmp_path / "two.zip", without=(PICTURE,), extra=[("pictures/" + digest[7:], data)]
    )
    with pytest.raises(ArchiveError, match="no picture that can be used"):
        take(there, target)
    assert not there.exists()


def test_what_is_no_file_is_refused(there, tmp_path):
    for path in (tmp_path, tmp_path / "nope.zip"):
        with pytest.raises(ArchiveError) as raised:
            take(there, path)
        assert raised.value.kind == "unreadable"


def test_a_folder_that_is_not_there_is_said_before_anything_is_read(root, tmp_path):
    make_state(root)
    with pytest.raises(UsageError, match="nowhere is not a folder") as refused:
        export(root, tmp_path / "nowhere" / "all.zip")
    assert "make it" in refused.value.help


def test_a_result_that_has_other_pictures_here_is_added_as_a_further_take_and_once(root, there, tmp_path):
    """Two people paid for the same request and got different pictures: neither loses what was paid for."""
    with open_store(there) as store:
        store.begin_run("theirs", "book", REALM)
        theirs = ask(store, "theirs", request_for("page"), "green")
        other_take = ask(store, "theirs", replace(request_for("page"), take=2), "blue")
        store.end_run("theirs", "done")
    with open_store(root) as store:
        store.begin_run("mine", "book", REALM)
        mine = ask(store, "mine", request_for("page"), "red")
        store.end_run("mine", "done")
    export(there, tmp_path / "e.zip")
    done = take(root, tmp_path / "e.zip")
    assert [(one.request.take, number) for one, number in done.moved] == [(1, 3)]
    assert [one.request.take for one in done.added] == [2]
    assert (done.kept, done.restored) == ([], [])
    rows = list_rows(root, "SELECT take, digest FROM images JOIN attempts USING (attempt_id) ORDER BY take")
    assert rows == [(1, mine), (2, other_take), (3, theirs)]
    assert verify_state(root, ignore).findings == ()
    blob(root, theirs).unlink()
    again = take(root, tmp_path / "e.zip")
    assert (again.added, again.moved, len(again.restored), len(again.kept)) == ([], [], 1, 1)
    assert len(list_rows(root, "SELECT 1 FROM attempts")) == 3
    export(root, tmp_path / "back.zip")
    back = take(there, tmp_path / "back.zip")
    assert [one.request.take for one, _ in back.moved] == [1], "theirs has mine now"
    assert (back.added, len(back.kept)) == ([], 2), (
        "and not its own once more, under the take that it had here"
    )


def test_what_was_imported_is_as_old_as_its_import_and_is_named_until_its_recipe_ran(there, root, tmp_path):
    make_state(root, clock=lambda: 1000.0)
    export(root, tmp_path / "old.zip")
    take(there, tmp_path / "old.zip")
    ((imported_at,),) = list_rows(there, "SELECT imported_at FROM imports")
    assert find_garbage(there, InUse(), imported_at - 1).garbage == ()
    found = find_garbage(there, InUse(), imported_at + 1).garbage
    assert [one.unused_import for one in found] == [True] * 3
    make_state(there, ("pink",))
    found = find_garbage(there, InUse(), imported_at + 1).garbage
    assert [one.unused_import for one in found] == [False] * 3
