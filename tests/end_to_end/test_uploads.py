"""References by way of a real bucket: what the emulator fetched by signed links, what the bucket holds, what nobody paid."""

from __future__ import annotations

import sqlite3

import pytest

RECIPE = """\
seedflow: 1
name: linked
steps:
  sheet: {generate: {prompt: A fox}}
  page:
    for_each: {scene: [lake, library]}
    generate: {prompt: "{{ each.scene }}", image_input: ["{{ steps.sheet.images[0] }}"]}
outputs: {page: "{{ steps.page.images }}"}
"""
USAGE, FAILED = 2, 3


@pytest.fixture
def linked(project, start_emulator, bucket_service):
    """A project whose emulator takes no data URIs and fetches links to the bucket, with pictures of its own each time."""
    emulator = start_emulator("--no-data-uris", "--fetch-from", bucket_service.endpoint, "--seed", "20")
    project.use(emulator.env)
    project.write("linked.yaml", RECIPE)
    project.emulator = emulator
    return project


def test_pictures_travel_by_links_and_are_uploaded_once(linked, bucket_service) -> None:
    linked.use(bucket_service.env)
    linked.write("seedflow.yaml", "references: upload\n")
    result = linked.run("linked.yaml")
    assert (result["status"], result["calls"]) == ("done", 3)
    sent = [call for call in linked.emulator.requests() if call["references"]]
    assert [reference["kind"] for call in sent for reference in call["references"]] == ["fetched"] * 2
    digest = sent[0]["references"][0]["digest"].removeprefix("sha256:")
    status, headers, body = bucket_service.read(f"seedflow/{digest[:2]}/{digest}.jpg")
    assert (status, headers["content-type"]) == (200, "image/jpeg")
    assert body == (linked.folder / f".seedflow/blobs/sha256/{digest[:2]}/{digest}").read_bytes()
    with sqlite3.connect(linked.folder / ".seedflow/ledger.db") as ledger:
        written = "".join(str(row) for row in ledger.execute("SELECT * FROM requests"))
    assert "Signature" not in written
    assert '"transport":"upload"' in written.replace(" ", "")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("SEEDFLOW_UPLOAD_BUCKET", "nobody-made-it", "there is no bucket nobody-made-it"),
        ("SEEDFLOW_UPLOAD_SECRET_ACCESS_KEY", "not-the-one", "was not accepted"),
        ("SEEDFLOW_UPLOAD_ENDPOINT", "http://127.0.0.1:9", "could not be reached"),
    ],
)
def test_a_bucket_that_does_not_work_is_found_before_anything_is_paid(
    linked, bucket_service, variable, value, said
) -> None:
    linked.use({**bucket_service.env, variable: value})
    linked.write("seedflow.yaml", "references: upload\n")
    result = linked.seedflow("run", "linked.yaml", "--yes")
    assert result.code == FAILED
    assert said in result.err
    assert linked.emulator.bill()["calls"] == 0
    assert linked.emulator.requests() == []


def test_half_a_bucket_and_links_that_live_too_short_are_told(linked, bucket_service) -> None:
    linked.write("seedflow.yaml", "references: upload\n")
    planned = " ".join(linked.seedflow("plan", "linked.yaml").out.split())
    assert "sheet image 1, sent by a link to your bucket" in planned
    assert "A run would not begin: references are to be uploaded, and SEEDFLOW_UPLOAD_ENDPOINT, " in planned
    result = linked.seedflow("run", "linked.yaml", "--yes")
    assert result.code == USAGE
    assert "SEEDFLOW_UPLOAD_ENDPOINT, SEEDFLOW_UPLOAD_BUCKET" in result.err
    linked.use(bucket_service.env)
    assert "would not begin" not in linked.seedflow("plan", "linked.yaml").out
    linked.write("seedflow.yaml", "references: upload\nupload: {link_lifetime_s: 600}\n")
    result = linked.seedflow("run", "linked.yaml", "--yes")
    assert result.code == USAGE
    assert "upload.link_lifetime_s is 600 s" in result.err
    assert linked.emulator.requests() == []
