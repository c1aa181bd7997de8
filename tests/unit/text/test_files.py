"""Files are judged by size and kind before they are read, and read as strict UTF-8."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from seedflow.diagnostics import Diagnostic, Source
from seedflow.text.reader import load_source


def fail(path: Path, max_bytes: int = 1000) -> Diagnostic:
    found = load_source(path, path.name, max_bytes=max_bytes)
    assert isinstance(found, Diagnostic)
    assert found.help
    return found


def test_a_text_is_read_as_it_is_but_for_its_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xc3\xa9\r\nb: 1\n")
    found = load_source(path, "shown/a.yaml", max_bytes=1000)
    assert isinstance(found, Source)
    assert (found.name, found.text) == ("shown/a.yaml", "a: é\r\nb: 1\n")


def test_the_limit_counts_bytes_and_is_inclusive(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("é" * 10)
    assert isinstance(load_source(path, "a.yaml", max_bytes=20), Source)
    found = fail(path, 19)
    assert (found.code, found.message) == (
        "file-too-large",
        "`a.yaml` is 20 bytes, and at most 19 bytes are read",
    )


def test_sizes_are_told_in_units_that_differ(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.touch()
    os.truncate(path, 64 * 1024 * 1024 + 1)
    found = fail(path, 64 * 1024 * 1024)
    assert found.message == "`a.yaml` is 67,108,865 bytes, and at most 67,108,864 bytes are read"
    os.truncate(path, 64 * 1024 * 1024 + 1024)
    assert "is 65,537 KiB, and at most 65,536 KiB are read" in fail(path, 64 * 1024 * 1024).message
    os.truncate(path, 70 * 1024 * 1024)
    assert "is 70 MiB, and at most 64 MiB are read" in fail(path, 64 * 1024 * 1024).message


def test_a_file_that_grows_while_it_is_read_is_cut_at_the_limit() -> None:
    # Files of /proc say that they are empty and are not.
    path = Path("/proc/self/status")
    if not path.exists():
        pytest.skip("no /proc here")
    assert path.stat().st_size == 0
    assert fail(path, 10).code == "file-too-large"


def test_a_missing_file_suggests_a_neighbour(tmp_path: Path) -> None:
    (tmp_path / "storybook.yaml").touch()
    found = fail(tmp_path / "storybok.yaml")
    assert (found.code, found.help) == ("file-missing", "did you mean `storybook.yaml`?")
    assert fail(tmp_path / "other.yaml").help == "check the path; a relative one starts in the current folder"
    assert "its folder does not exist" in fail(tmp_path / "no" / "a.yaml").message


def test_nothing_but_files_is_read_and_nothing_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert fail(tmp_path / "socket").message == "`socket` cannot be read: it is a socket"
    assert fail(tmp_path).message == f"`{tmp_path.name}` is a folder, expected a text file"
    assert fail(tmp_path / "pipe").message == "`pipe` is a named pipe, expected a text file"
    assert fail(Path("/dev/zero")).message == "`zero` is a device, expected a text file"


def test_paths_that_cannot_be_opened_are_told(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    file = tmp_path / "file"
    file.touch()
    for path in (loop, file / "below", tmp_path / ("x" * 300), Path("a\0b")):
        assert fail(path).code == "file-unreadable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.touch(mode=0)
    assert fail(path).message == "`a.yaml` cannot be read: permission denied"


@pytest.mark.parametrize(
    ("data", "message", "place", "character"),
    [
        (b"a: 1\nb: caf\xe9 x\n", "byte 0xE9 (`é` in Windows-1252) is not UTF-8", (2, 7), "\ufffd"),
        (b"\xef\xbb\xbfa: \xff", "byte 0xFF (`ÿ` in Windows-1252) is not UTF-8", (1, 4), "\ufffd"),
        ("é: ".encode() + b"\xed\xa0\x80", "byte 0xED (`í` in Windows-1252) is not UTF-8", (1, 4), "\ufffd"),
        (b"a: \x81\n", "byte 0x81 is not UTF-8", (1, 4), "\ufffd"),
        (b"a: \xc3", "byte 0xC3 (`Ã` in Windows-1252) is not UTF-8", (1, 4), "\ufffd"),
        ("a: é".encode("utf-16"), "this file is UTF-16, expected UTF-8", (1, 1), "a"),
        ("a: é".encode("utf-16-le"), "this file is UTF-16, expected UTF-8", (1, 1), "a"),
        (
            "名字,狐\nname,a red fox\n".encode("utf-16-le"),
            "this file is UTF-16, expected UTF-8",
            (1, 1),
            "名",
        ),
        ("seedflow: 1\n".encode("utf-16-be"), "this file is UTF-16, expected UTF-8", (1, 1), "s"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "this is not a text file, expected UTF-8 text", (1, 1), "\ufffd"),
    ],
)
def test_bytes_that_are_not_utf8_are_named_with_their_place(
    tmp_path: Path, data: bytes, message: str, place: tuple[int, int], character: str
) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(data)
    found = fail(path)
    assert (found.code, found.message) == ("not-utf8", message)
    assert found.span is not None
    assert found.span.first == place
    assert found.span.source.text[found.span.start : found.span.end] == character


@pytest.mark.parametrize("data", [b"a: b\0c\n", b"a: b\0c", b"a\0", b"a: \0\0\0\0\n\n", b"\0" * 8])
def test_nuls_alone_make_no_utf16(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(data)
    found = load_source(path, "a.yaml", max_bytes=100)
    assert isinstance(found, Source)
    assert found.text.encode() == data


def test_a_mark_of_utf16_alone_is_told_as_well(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xff\xfe")
    found = fail(path)
    assert found.message == "this file is UTF-16, expected UTF-8"
    assert found.span is not None
    assert (found.span.start, found.span.end) == (0, 0)
