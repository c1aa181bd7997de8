"""Published files are whole copies, listed in a manifest; what is not ours, or was changed, is never touched."""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from world import digest

from seedflow.images.facts import FileImage, ImageFacts, ImageFormat
from seedflow.plan.model import PublishedImage, StepImage
from seedflow.run.publish import MANIFEST, RunNote, publish_outputs
from seedflow.store.memory import MemoryState, MemoryStore

NOTE = RunNote("run-1", "book", "cloudflare", "emulated")


class Desk:
    """An output folder, a store with pictures in it, and what is to be published."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "out"
        self.store = MemoryStore(MemoryState(folder / "blobs"))

    def image(self, path: str, data: bytes, output: str = "pages") -> PublishedImage:
        return PublishedImage(output, path, StepImage("page", 1, 1, self.keep(data)))

    def keep(self, data: bytes) -> ImageFacts:
        facts = ImageFacts(digest(data), len(data), 4, 3, ImageFormat.JPEG)
        arriving = self.store.new_blob_path()
        arriving.write_bytes(data)
        self.store.keep_blob(arriving, facts)
        return facts

    def publish(self, *images: PublishedImage, note: RunNote = NOTE):
        outputs: dict[str, list[PublishedImage]] = {}
        for image in images:
            outputs.setdefault(image.output, []).append(image)
        return publish_outputs(outputs, self.out, self.store, note)

    def manifest(self) -> dict:
        return json.loads((self.out / MANIFEST).read_text())

    def names(self) -> list[str]:
        return sorted(str(path.relative_to(self.out)) for path in self.out.rglob("*") if not path.is_dir())


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def kinds(published) -> list[str]:
    return [problem.kind for problem in published.problems]


def test_files_are_copies_listed_with_where_they_come_from(desk) -> None:
    published = desk.publish(desk.image("pages/a.jpg", b"one"), desk.image("cover.jpg", b"two", "cover"))
    assert (desk.out / "pages/a.jpg").read_bytes() == b"one"
    assert desk.names() == ["cover.jpg", MANIFEST, "pages/a.jpg"]
    assert {name: len(files) for name, files in published.files.items()} == {"pages": 1, "cover": 1}
    entry = desk.manifest()["files"]["pages/a.jpg"]
    assert (entry["task"], entry["take"], entry["number"], entry["current"]) == ("page", 1, 1, True)
    assert desk.manifest()["run"] == "run-1"
    assert (desk.out / "cover.jpg").stat().st_ino != desk.store.verify_blob(desk.keep(b"two")).stat().st_ino
    assert [path.name for path in desk.out.glob(".*")] == []


def test_an_edit_of_a_published_file_does_not_reach_what_was_paid_for(desk) -> None:
    image = desk.image("a.jpg", b"one")
    desk.publish(image)
    (desk.out / "a.jpg").write_bytes(b"edited")
    assert desk.store.verify_blob(image.image.facts).read_bytes() == b"one"


def test_what_was_published_and_not_changed_is_replaced_by_a_new_picture(desk) -> None:
    desk.publish(desk.image("a.jpg", b"one"))
    published = desk.publish(desk.image("a.jpg", b"two"))
    assert (kinds(published), (desk.out / "a.jpg").read_bytes()) == ([], b"two")


def test_nothing_is_written_where_the_right_bytes_stand(desk) -> None:
    desk.publish(desk.image("a.jpg", b"one"))
    before = (desk.out / "a.jpg").stat()
    assert kinds(desk.publish(desk.image("a.jpg", b"one"))) == []
    after = (desk.out / "a.jpg").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_changed_file_stays_and_the_others_are_published(desk) -> None:
    desk.publish(desk.image("a.jpg", b"one"))
    (desk.out / "a.jpg").write_bytes(b"mine")
    published = desk.publish(desk.image("a.jpg", b"two"), desk.image("b.jpg", b"three"))
    assert kinds(published) == ["not-published"]
    assert (desk.out / "a.jpg").read_bytes() == b"mine"
    assert (desk.out / "b.jpg").read_bytes() == b"three"
    assert [file.path.name for file in published.files["pages"]] == ["b.jpg"]


def test_a_change_that_keeps_size_and_time_is_the_only_one_that_is_not_seen_and_touching_is_no_change(
    desk,
) -> None:
    desk.publish(desk.image("a.jpg", b"one"))
    os.utime(desk.out / "a.jpg", (1, 1))
    assert kinds(desk.publish(desk.image("a.jpg", b"two"))) == []
    (desk.out / "a.jpg").write_bytes(b"own")
    assert kinds(desk.publish(desk.image("a.jpg", b"three"))) == ["not-published"]


def test_a_file_that_was_there_is_kept_unless_it_is_the_very_picture(desk) -> None:
    desk.out.mkdir()
    (desk.out / "a.jpg").write_bytes(b"one")
    (desk.out / "b.jpg").write_bytes(b"mine")
    before = (desk.out / "a.jpg").stat()
    published = desk.publish(desk.image("a.jpg", b"one"), desk.image("b.jpg", b"two"))
    assert kinds(published) == ["not-published"]
    assert (desk.out / "a.jpg").stat().st_ino == before.st_ino
    assert set(desk.manifest()["files"]) == {"a.jpg"}, "adopted"
    assert kinds(desk.publish(desk.image("a.jpg", b"new"))) == [], "and ours from now on"


def test_files_of_earlier_runs_are_kept_and_marked(desk) -> None:
    desk.publish(desk.image("a.jpg", b"one"), desk.image("b.jpg", b"two"))
    (desk.out / "b.jpg").unlink()
    desk.publish(desk.image("c.jpg", b"three"))
    files = desk.manifest()["files"]
    assert {path: entry["current"] for path, entry in files.items()} == {"a.jpg": False, "c.jpg": True}
    assert desk.names() == ["a.jpg", "c.jpg", MANIFEST]


def test_recipes_whose_folder_is_the_same_leave_each_others_files_alone(desk) -> None:
    other = replace(NOTE, recipe="b.ook", run_id="run-2")
    desk.publish(desk.image("a.jpg", b"one"), desk.image("b.jpg", b"two"))
    published = desk.publish(desk.image("a.jpg", b"theirs"), desk.image("c.jpg", b"three"), note=other)
    (problem,) = published.problems
    assert problem.kind == "not-published"
    assert "recipe `book` published it, and this is `b.ook`" in problem.message
    assert (desk.out / "a.jpg").read_bytes() == b"one"
    files = desk.manifest()["files"]
    assert {path: (entry["recipe"], entry["current"]) for path, entry in files.items()} == {
        "a.jpg": ("book", True),
        "b.jpg": ("book", True),
        "c.jpg": ("b.ook", True),
    }
    assert kinds(desk.publish(desk.image("a.jpg", b"new"))) == []


def test_a_manifest_without_recipes_of_its_files_is_that_of_its_own(desk) -> None:
    desk.publish(desk.image("a.jpg", b"one"))
    manifest = desk.manifest()
    del manifest["files"]["a.jpg"]["recipe"]
    (desk.out / MANIFEST).write_text(json.dumps(manifest))
    assert kinds(desk.publish(desk.image("a.jpg", b"two"))) == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"files": []}', '{"files": {"a.jpg": 7}}', "\x00", '{"files":' + '{"a":' * 9000]
)
def test_a_manifest_that_is_none_lists_nothing(desk, text) -> None:
    desk.out.mkdir()
    (desk.out / "a.jpg").write_bytes(b"mine")
    (desk.out / MANIFEST).write_text(text)
    assert kinds(desk.publish(desk.image("a.jpg", b"one"))) == ["not-published"]
    assert (desk.out / "a.jpg").read_bytes() == b"mine"


@pytest.mark.parametrize("where", ["file", "folder", "deep"])
def test_links_that_lead_elsewhere_are_not_followed(desk, tmp_path, where) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    desk.out.mkdir()
    if where == "file":
        (elsewhere / "target").write_bytes(b"precious")
        (desk.out / "a.jpg").symlink_to(elsewhere / "target")
        path = "a.jpg"
    elif where == "folder":
        (desk.out / "pages").symlink_to(elsewhere, target_is_directory=True)
        path = "pages/a.jpg"
    else:
        (desk.out / "x").mkdir()
        (desk.out / "x/y").symlink_to(elsewhere, target_is_directory=True)
        path = "x/y/z/a.jpg"
    assert kinds(desk.publish(desk.image(path, b"one"))) == ["not-published"]
    assert {file.name: file.read_bytes() for file in elsewhere.rglob("*")} in ({}, {"target": b"precious"})


def test_a_link_in_the_manifests_place_is_replaced_and_not_followed(desk, tmp_path) -> None:
    (tmp_path / "precious").write_text("{}")
    desk.out.mkdir()
    (desk.out / MANIFEST).symlink_to(tmp_path / "precious")
    desk.publish(desk.image("a.jpg", b"one"))
    assert (tmp_path / "precious").read_text() == "{}"
    assert "a.jpg" in desk.manifest()["files"]


def test_what_cannot_be_written_is_told_and_the_rest_is_published(desk) -> None:
    desk.out.mkdir()
    (desk.out / "pages").write_text("a file where a folder should be")
    (desk.out / "b.jpg").mkdir()
    published = desk.publish(
        desk.image("pages/a.jpg", b"one"),
        desk.image("b.jpg", b"two"),
        desk.image(f"{'x' * 300}.jpg", b"three"),
        desk.image("ok.jpg", b"four"),
    )
    assert kinds(published) == ["not-published"] * 3
    assert set(desk.manifest()["files"]) == {"ok.jpg"}


def test_an_output_folder_that_is_none_is_told(desk) -> None:
    desk.out.write_text("not a folder")
    published = desk.publish(desk.image("a.jpg", b"one"))
    assert (kinds(published), published.files) == (["not-published"], {"pages": ()})


def test_a_picture_that_is_damaged_in_the_store_is_told_and_the_others_are_published(desk) -> None:
    image = desk.image("a.jpg", b"one")
    desk.store.blob_path(image.image.facts.digest).write_bytes(b"eno")
    published = desk.publish(image, desk.image("b.jpg", b"two"))
    assert kinds(published) == ["damaged"]
    assert desk.names() == ["b.jpg", MANIFEST]


def test_an_input_image_that_changed_since_it_was_planned_is_not_published(desk, tmp_path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"as planned")
    image = FileImage(photo, "photo.jpg", desk.keep(b"as planned"))
    assert kinds(desk.publish(PublishedImage("p", "p.jpg", image))) == []
    photo.write_bytes(b"changed ..")
    assert kinds(desk.publish(PublishedImage("p", "q.jpg", image))) == ["not-published"]
    assert desk.manifest()["files"]["p.jpg"]["file"] == "photo.jpg"


def test_what_a_killed_run_left_is_removed_and_nobody_elses_hidden_file(desk) -> None:
    desk.out.mkdir()
    (desk.out / ".seedflow-dead").mkdir()
    (desk.out / ".seedflow-dead/picture").write_bytes(b"half")
    (desk.out / ".mine").mkdir()
    desk.publish(desk.image("a.jpg", b"one"))
    assert sorted(path.name for path in desk.out.glob(".*")) == [".mine"]


def test_runs_take_turns_in_one_folder(desk) -> None:
    desk.out.mkdir()
    descriptor = os.open(desk.out, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    other = threading.Thread(target=desk.publish, args=(desk.image("a.jpg", b"one"),))
    other.start()
    time.sleep(0.1)
    assert not (desk.out / "a.jpg").exists()
    os.close(descriptor)
    other.join(10)
    assert (desk.out / "a.jpg").read_bytes() == b"one"


def test_runs_that_publish_at_once_lose_none_of_their_entries(desk) -> None:
    images = [desk.image(f"{number}.jpg", bytes([number])) for number in range(8)]
    threads = [
        threading.Thread(
            target=desk.publish, args=(image,), kwargs={"note": replace(NOTE, run_id=image.path)}
        )
        for image in images
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(desk.manifest()["files"]) == {image.path for image in images}


def test_nothing_to_publish_makes_no_folder(desk) -> None:
    published = publish_outputs({"pages": []}, desk.out, desk.store, NOTE)
    assert (published.files, desk.out.exists()) == ({"pages": ()}, False)
