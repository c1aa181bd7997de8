"""Standard streams that are closed, full, narrow-minded or read by somebody who goes away: a message at most, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from project import Project

RECIPE = """\
seedflow: 1
name: 冬
inputs:
  word: {type: text, default: "ünï – 冬"}
steps:
  a: {generate: {prompt: "One {{ inputs.word }}"}}
"""


@pytest.fixture
def shell(project: Project) -> Callable[[str], subprocess.CompletedProcess[bytes]]:
    """Runs a line of shell in which `$SF` is seedflow."""
    project.write("one.yaml", RECIPE)
    project.write("bad.yaml", RECIPE.replace("prompt", "prömpt"))

    def run(line: str) -> subprocess.CompletedProcess[bytes]:
        ended = subprocess.run(
            ["bash", "-c", line],
            cwd=project.folder,
            env={**project.env, "SF": f"{sys.executable} -m seedflow"},
            capture_output=True,
            timeout=60,
        )
        assert b"Traceback" not in ended.stderr, ended.stderr.decode()
        return ended

    return run


@pytest.mark.parametrize(
    "words", ["plan one.yaml --json", "schema", "--help", "list", "doctor", "show one.yaml"]
)
def test_a_reader_who_goes_away_is_no_error(
    words: str, shell: Callable[[str], subprocess.CompletedProcess[bytes]]
) -> None:
    ended = shell(f"$SF {words} | head -c 1; exit ${{PIPESTATUS[0]}}")
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_run_goes_on_when_nobody_reads_any_more(
    shell: Callable[[str], subprocess.CompletedProcess[bytes]], project: Project
) -> None:
    assert shell("$SF run one.yaml | head -n 1; exit ${PIPESTATUS[0]}").returncode == 0
    assert list(project.folder.glob("outputs/sketch/*/a.jpg"))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("$SF plan one.yaml >&-", 0),
        ("$SF plan one.yaml --json >&-", 0),
        ("$SF run one.yaml >&-", 0),
        ("$SF check bad.yaml 2>&-", 1),
        ("$SF run one.yaml 2>&-", 0),
        ("$SF run one.yaml <&-", 0),
        ("$SF --version >&- 2>&- <&-", 0),
    ],
)
def test_closed_streams(
    line: str, code: int, shell: Callable[[str], subprocess.CompletedProcess[bytes]]
) -> None:
    assert shell(line).returncode == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", ["plan one.yaml", "plan one.yaml --json", "run one.yaml --json", "schema"])
def test_a_full_disk_is_said(words: str, shell: Callable[[str], subprocess.CompletedProcess[bytes]]) -> None:
    ended = shell(f"$SF {words} > /dev/full")
    assert ended.returncode == 2
    assert b"standard output cannot be written: No space left on device" in ended.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_events_that_find_no_room_are_given_up_and_the_run_is_not(
    shell: Callable[[str], subprocess.CompletedProcess[bytes]], project: Project
) -> None:
    ended = shell("$SF run one.yaml --events /dev/full")
    assert ended.returncode == 0
    assert b"warning: events cannot be written to /dev/full: No space left on device" in ended.stderr
    assert list(project.folder.glob("outputs/sketch/*/a.jpg"))


@pytest.mark.parametrize(
    "setting", ["LC_ALL=C", "PYTHONIOENCODING=ascii",
                "PYTHONIOENCODING=latin-1:strict"],
)  # fmt: skip # a row a line
def test_any_encoding_shows_something_and_gives_json(
    setting: str, shell: Callable[[str], subprocess.CompletedProcess[bytes]]
) -> None:
    for words, code in (("plan one.yaml", 0), ("run one.yaml", 0), ("check bad.yaml", 1), ("doctor", 0)):
        assert shell(f"{setting} $SF {words}").returncode == code
    plan = json.loads(shell(f"{setting} $SF plan one.yaml --json").stdout)
    assert plan["recipe"] == "冬"
    assert plan["tasks"][0]["params"]["prompt"] == "One ünï – 冬"


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are always UTF-8 there")
def test_a_system_that_writes_names_in_ascii_is_refused_before_anything_begins(
    shell: Callable[[str], subprocess.CompletedProcess[bytes]],
) -> None:
    ascii_only = "LC_ALL=POSIX PYTHONUTF8=0 PYTHONCOERCECLOCALE=0"
    ended = shell(f"{ascii_only} $SF run one.yaml")
    assert ended.returncode == 2
    assert b"set LC_ALL=C.UTF-8" in ended.stderr
    assert shell(f"{ascii_only} $SF --help").returncode == 0


def test_where_there_are_no_fine_marks_plain_ones_stand(
    shell: Callable[[str], subprocess.CompletedProcess[bytes]],
) -> None:
    out = shell("PYTHONIOENCODING=ascii $SF plan one.yaml").stdout.decode("ascii")
    assert " - sketch: placeholders" in out
    assert "\\u51ac" in out


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        (r"$SF plan one.yaml -i word=$'\xff\xfe'", 1, b"found bytes that are not UTF-8, expected text"),
        (r"$SF plan $'\xff.yaml'", 2, b"a name that is not UTF-8"),
        (r"mkdir $'\xff' && cd $'\xff' && cp ../one.yaml . && $SF run one.yaml", 2, b"not UTF-8"),
        ("$SF run one.yaml --out one.yaml", 2, b"is not a folder"),
        ("$SF run one.yaml --out one.yaml/below", 2, b"is not a folder"),
        ("$SF run one.yaml --events .", 2, b"Is a directory"),
        ("$SF check ''", 2, b"FILE is empty"),
        ("$SF run '~/one.yaml'", 0, b""),
        ("ln -s nowhere.yaml link.yaml && $SF run link.yaml", 1, b"there is no file"),
        ("head -c 3000 /dev/urandom > noise.yaml && $SF run noise.yaml", 1, b"UTF-8"),
        ("truncate -s 100M huge.yaml && $SF run huge.yaml", 1, b"at most 64 MiB"),
        (": > empty.yaml && $SF run empty.yaml", 1, b"empty"),
        ("$SF run .", 1, b"is a folder"),
    ],
)
def test_odd_names_and_files(
    line: str,
    code: int,
    said: bytes,
    shell: Callable[[str], subprocess.CompletedProcess[bytes]],
    project: Project,
) -> None:
    ended = shell(line)
    assert ended.returncode == code, ended.stderr.decode(errors="replace")
    assert said in ended.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
@pytest.mark.parametrize(
    ("line", "said"),
    [("chmod 0 one.yaml && $SF run one.yaml", b"permission"), ("mkdir no && chmod 555 no && $SF run one.yaml --out no", b"not writable")],
)  # fmt: skip # a row a line
def test_what_may_not_be_read_or_written(
    line: str, said: bytes, shell: Callable[[str], subprocess.CompletedProcess[bytes]]
) -> None:
    assert said in shell(line).stderr.lower()
