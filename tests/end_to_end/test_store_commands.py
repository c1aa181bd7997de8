"""verify, gc, export and import as a person uses them, with the emulator counting what is asked and billed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from kill_trial import ask_ledger, wait_for
from project import ROOT, Project

RECIPE = """\
seedflow: 1
name: book
steps:
  sheet: {generate: {prompt: A fox}}
  page:
    for_each: {scene: [lake, mill]}
    generate:
      prompt: "{{ each.scene }} {{ ref.fox }}"
      image_input: {fox: "{{ steps.sheet.images[0] }}"}
outputs: {pages: "{{ steps.page.images }}"}
"""


@pytest.fixture
def paid(project, emulator):
    """A project whose recipe was run: three calls, three pictures."""
    project.use(emulator.env)
    project.write("book.yaml", RECIPE)
    assert project.run("book.yaml")["calls"] == 3
    return project


def find_blob(project: Project, address: str) -> Path:
    ((digest,),) = ask_ledger(
        project.folder,
        "SELECT digest FROM images JOIN requests USING (attempt_id) WHERE address = ?",
        address,
    )
    name = digest.removeprefix("sha256:")
    return project.folder / ".seedflow/blobs/sha256" / name[:2] / name


def test_a_damaged_picture_is_found_moved_aside_and_fetched_without_paying(paid, emulator):
    path = find_blob(paid, "page[scene=mill]")
    path.write_bytes(b"damaged")
    shutil.rmtree(paid.folder / "outputs")  # else it is brought back from there
    found = paid.seedflow("verify", "--json")
    assert found.code == 3
    (finding,) = found.json["findings"]
    assert (finding["kind"], finding["results"][0]["address"]) == ("picture-damaged", "page[scene=mill]")
    assert found.json["can_be_fetched_usd"] == 0.04
    assert paid.seedflow("verify", "--repair").code == 3
    assert (paid.folder / ".seedflow/damaged" / path.name).read_bytes() == b"damaged"
    result = paid.run("book.yaml")
    assert (result["calls"], result["cost_usd"]) == (0, 0)
    assert emulator.bill()["calls"] == 3
    ended = paid.seedflow("verify")
    assert ended.code == 0
    assert "Everything is whole." in ended.out


def test_what_is_really_gone_is_paid_again_only_with_consent(paid, emulator):
    find_blob(paid, "page[scene=mill]").unlink()
    shutil.rmtree(paid.folder / "outputs")
    emulator.expire()
    assert "picture-missing: 1" in paid.seedflow("verify", "--repair").out
    result = paid.run("book.yaml", code=3)
    assert result["calls"] == 0
    assert emulator.bill()["calls"] == 3
    assert paid.run("book.yaml", "--on-unknown", "retry")["calls"] == 1
    assert emulator.bill()["calls"] == 4
    assert paid.seedflow("verify").code == 0


def test_a_damaged_ledger_is_said_exactly_and_rebuilt(paid, emulator):
    ledger = paid.folder / ".seedflow/ledger.db"
    data = bytearray(ledger.read_bytes())
    assert len(data) > 3 * 4096
    data[2 * 4096 : 3 * 4096] = b"\x5a" * 4096
    ledger.write_bytes(data)
    refused = paid.seedflow("run", "book.yaml", "--yes")
    assert refused.code != 0
    assert paid.seedflow("verify").code == 3
    repaired = paid.seedflow("verify", "--repair", "--json")
    assert any("saved 3 calls" in action for action in repaired.json["repaired"]), repaired.out
    assert (paid.folder / ".seedflow/damaged/ledger-1/ledger.db").read_bytes() == data
    assert paid.run("book.yaml")["calls"] == 0
    assert emulator.bill()["calls"] == 3


def test_collecting_asks_and_keeps_what_plans_picks_and_outputs_show(paid, emulator):
    assert paid.run("book.yaml", "--reroll", "page[scene=mill]")["calls"] == 1
    stray = paid.folder / ".seedflow/blobs/incoming/store-dead"
    stray.mkdir(mode=0o700)
    refused = paid.seedflow("gc")
    assert refused.code == 4
    assert "nobody is there to ask" in refused.err
    assert stray.exists()
    done = paid.seedflow("gc", "--yes", "--paid-older-than", "0d", "--json").json
    assert sorted(one["kind"] for one in done["garbage"]) == ["half-file", "old-result"]
    assert [one["cost_usd"] for one in done["garbage"]] == [0, 0.04]
    assert done["removed"] == 2
    assert not stray.exists()
    assert paid.run("book.yaml")["calls"] == 0
    assert emulator.bill()["calls"] == 4
    assert paid.seedflow("verify").code == 0
    assert paid.seedflow("gc", "--paid-older-than", "0d").code == 0


@pytest.mark.parametrize("killed", [True, False])
def test_what_reconciling_recovered_is_not_collected_before_its_recipe_ran(project, start_emulator, killed):
    """Of a run that was killed, and of one that ended without knowing what became of its calls."""
    emulator = start_emulator("--latency-ms", "1500" if killed else "0", "--log-delay-s", "2")
    project.use(emulator.env)
    project.write("book.yaml", RECIPE)
    project.write("seedflow.yaml", "provider:\n  timeouts: {log_s: 1}\n")
    if killed:
        process = project.start("run", "book.yaml", "--yes")
        wait_for(lambda: len(emulator.requests()) == 1)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        wait_for(lambda: emulator.bill()["calls"] == 1)
    else:
        emulator.set_faults({"kind": "bill-then-drop", "match": {"task": "sheet"}, "times": 1})
        project.seedflow("run", "book.yaml", "--yes")
    wait_for(lambda: "1 recovered ($0.04, paid already)" in project.seedflow("ledger", "reconcile").out)
    kept = project.seedflow("gc", "--yes", "--paid-older-than", "0d", "--json").json
    assert kept["garbage"] == []
    assert project.run("book.yaml")["calls"] == 2
    assert emulator.bill()["calls"] == 3


def test_what_another_project_paid_and_picked_in_the_same_state_stays(emulator, tmp_path):
    """Two projects have a recipe of one name, which shows other takes and other prompts in each."""
    projects = []
    for name in ("here", "there"):
        folder = tmp_path / name
        folder.mkdir()
        project = Project(folder)
        project.use(emulator.env | {"SEEDFLOW_HOME": str(tmp_path / "state")})
        project.write("seedflow.yaml", "")
        projects.append(project)
    here, there = projects
    there.write("book.yaml", RECIPE)
    there.run("book.yaml")
    there.run("book.yaml", "--reroll", "sheet")
    here.write("book.yaml", RECIPE.replace("A fox", "A hare"))
    here.run("book.yaml")
    shutil.rmtree(there.folder / "outputs")
    calls = emulator.bill()["calls"]
    kept = here.seedflow("gc", "--yes", "--paid-older-than", "0d", "--json").json
    assert (kept["garbage"], kept["removed"]) == ([], 0)
    assert kept["shared"] > 0
    assert kept["shared_usd"] == pytest.approx(0.04 * kept["shared"])
    said = " ".join(here.seedflow("gc", "--paid-older-than", "0d").out.split())
    assert (
        "the state lies outside of this project, so that other projects may use them. --shared removes them"
        in said
    )
    assert there.run("book.yaml")["calls"] == 0
    assert emulator.bill()["calls"] == calls
    here.run("book.yaml")
    meant = here.seedflow("gc", "--yes", "--paid-older-than", "0d", "--shared", "--json").json
    assert (meant["removed"], meant["shared"]) == (len(meant["garbage"]), 0)
    assert meant["removed"] > 0
    assert here.run("book.yaml")["calls"] == 0


def test_a_state_inside_of_a_project_is_shared_once_runs_wrote_outside(paid, tmp_path):
    """Another project's, or the same folder's before it was moved."""
    assert paid.run("book.yaml", "--reroll", "page[scene=mill]")["calls"] == 1
    assert paid.run("book.yaml", "--out", str(tmp_path.parent / f"{tmp_path.name}-far"))["calls"] == 0
    kept = paid.seedflow("gc", "--yes", "--paid-older-than", "0d", "--json").json
    assert (kept["garbage"], kept["shared"], kept["shared_usd"]) == ([], 1, 0.04)
    assert f"{tmp_path.name}-far" in "".join(paid.seedflow("gc", "--paid-older-than", "0d").out.split())
    refused = paid.seedflow("gc", "--shared")
    assert (refused.code, "--paid-older-than" in refused.err) == (2, True)


def test_collecting_paid_results_refuses_when_a_file_that_may_name_them_is_broken(paid):
    paid.write("book.picks.yaml", "seedflow_picks: 1\ntakes: [\n")
    refused = paid.seedflow("gc", "--yes", "--paid-older-than", "0d")
    assert refused.code == 2
    assert "nothing is removed" in refused.err
    assert paid.seedflow("gc", "--yes").code == 0


def test_results_of_another_machine_are_reused_without_a_request(paid, emulator, tmp_path):
    exported = paid.seedflow("export", "book.zip", "--recipe", "book", "--json").json
    assert (exported["results"], exported["cost_usd"], exported["realms"]) == (3, 0.12, ["emulated"])
    secret = emulator.env["CLOUDFLARE_API_TOKEN"].encode()
    assert secret not in (paid.folder / "book.zip").read_bytes()
    assert emulator.origin.encode() not in (paid.folder / "book.zip").read_bytes()
    folder = tmp_path / "another"
    folder.mkdir()
    other = Project(folder)
    other.use(emulator.env)
    other.write("book.yaml", RECIPE)
    other.write("seedflow.yaml", "budget: {project_usd: 0.01}\n")
    taken = other.seedflow("import", "../book.zip", "--json").json
    assert (taken["added"], taken["cost_elsewhere_usd"], taken["other_realms"]) == (3, 0.12, [])
    assert other.seedflow("import", "../book.zip", "--json").json["kept"] == 3
    before = len(emulator.requests())
    result = other.run("book.yaml")
    assert (result["calls"], result["cost_usd"]) == (0, 0)
    assert len(emulator.requests()) == before
    assert emulator.bill()["calls"] == 3
    assert other.seedflow("verify").code == 0
    calls = other.seedflow("ledger", "--json").json
    (total,) = calls["totals"]
    assert (total["cost_usd"], total["cost_elsewhere_usd"], total["imported"]) == (0, 0.12, 3)
    assert [call["cost_elsewhere_usd"] for call in calls["calls"]] == [0.04] * 3
    assert "3 imported calls · 3 images · $0.12" in other.seedflow("runs").out
    shown = other.seedflow("ledger").out
    assert "imported, $0.04 paid elsewhere" in shown
    assert "3 calls, 3 imported  $0.00 spent, $0.12 paid elsewhere" in shown
    brought = other.seedflow("runs", "--json").json["runs"][0]
    assert (brought["calls"], brought["imported"], brought["cost_elsewhere_usd"]) == (0, 3, 0.12)
    pages = (paid.folder / "outputs").rglob("*.jpg"), (folder / "outputs").rglob("*.jpg")
    mine, its = ({path.name: path.read_bytes() for path in found} for found in pages)
    assert mine == its


def test_an_export_that_left_something_out_does_not_end_well(paid):
    find_blob(paid, "page[scene=mill]").write_bytes(b"damaged")
    left = paid.seedflow("export", "book.zip", "--all", "--json")
    assert (left.code, left.json["results"], left.json["left_out"]) == (3, 2, ["page[scene=mill]"])
    assert (paid.folder / "book.zip").exists()


def test_runs_and_collections_at_once_lose_nothing(tmp_path):
    ended = subprocess.run(
        [sys.executable, str(ROOT / "tests/deep"), "together", "--trials", "3", "--seed", "5"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "nothing lost, nothing paid twice, nothing in use collected" in ended.stdout


@pytest.mark.parametrize("damaged", [False, True], ids=["gone", "damaged"])
def test_pictures_that_are_gone_are_brought_back_from_published_copies(paid, emulator, damaged):
    pages = {scene: find_blob(paid, f"page[scene={scene}]") for scene in ("lake", "mill")}
    contents = {scene: path.read_bytes() for scene, path in pages.items()}
    for path in pages.values():
        path.unlink()
        if damaged:
            path.write_bytes(b"x" * 400)
    emulator.expire()
    assert paid.run("book.yaml", code=3)["calls"] == 0
    (changed,) = (paid.folder / "outputs").rglob("*lake*.jpg")
    changed.write_bytes(b"mine now")
    repaired = paid.seedflow("verify", "--repair", "--json").json
    assert "brought 1 picture back from copies among the outputs" in repaired["repaired"]
    assert "page[scene=mill] has its pictures back" in repaired["repaired"]
    assert repaired["paid_and_gone_usd"] == 0.04
    assert pages["mill"].read_bytes() == contents["mill"]
    assert not pages["lake"].exists()
    result = paid.run("book.yaml", code=3)
    assert {task["address"]: task["status"] for task in result["tasks"]} == {
        "sheet": "reused",
        "page[scene=lake]": "failed",
        "page[scene=mill]": "reused",
    }
    assert emulator.bill()["calls"] == 3


def test_over_a_ledger_from_a_backup_nobody_pays_again_and_no_picture_goes(paid, emulator):
    state = paid.folder / ".seedflow"
    shutil.copytree(state, paid.folder / "backup")
    assert paid.run("book.yaml", "--reroll", "sheet")["calls"] == 3
    shutil.copytree(state, paid.folder / "newest")
    pictures = sorted((state / "blobs/sha256").glob("*/*"))

    def put_back(copy: str) -> None:
        for path in [*state.glob("ledger.db*")]:
            path.unlink()
        for path in (paid.folder / copy).glob("ledger.db*"):
            shutil.copy(path, state)

    put_back("backup")
    for words in (
        ("plan", "book.yaml"),
        ("run", "book.yaml", "--yes"),
        ("run", "book.yaml", "--yes", "--reroll", "sheet"),
        ("ledger", "reconcile"),
    ):
        ended = paid.seedflow(*words)
        assert (ended.code, "1 run that paid is not in it" in ended.err) == (3, True), ended
    looked = paid.seedflow("verify", "--json")
    assert (looked.code, looked.json["ok"]) == (3, False)
    assert sorted({found["kind"] for found in looked.json["findings"]}) == ["ledger-older", "unknown-picture"]
    kept = paid.seedflow("gc", "--yes", "--json").json
    assert (kept["garbage"], kept["unknown"], kept["unknown_usd"]) == ([], 3, 0.12)
    assert paid.seedflow("gc", "--yes", "--unknown-pictures").code == 3
    assert emulator.bill()["calls"] == 6
    put_back("newest")
    assert paid.run("book.yaml")["calls"] == 0
    put_back("backup")
    assert paid.seedflow("verify", "--repair").code == 3
    assert paid.seedflow("verify").code == 0
    assert paid.run("book.yaml", "--reroll", "sheet")["calls"] == 3, "with that word it goes on"
    assert sorted((state / "blobs/sha256").glob("*/*")) == pictures, "the emulator draws the same again"
    assert emulator.bill()["calls"] == 9
