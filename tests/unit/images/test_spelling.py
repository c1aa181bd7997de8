"""Text is spelled in the characters that the built-in font has: never an empty box, never a wrong letter in silence."""

from __future__ import annotations

import struct
import time

import pytest

from seedflow.images.spelling import COVERED, spell
from seedflow.images.typeset import get_font


def covered_by_the_font() -> set[str]:
    """The characters in the font's own table (cmap, format 4)."""
    source = get_font(20).path
    data: bytes = source.getvalue()  # type: ignore[union-attr]  # the built-in font comes from memory
    tables = {}
    for number in range(struct.unpack_from(">H", data, 4)[0]):
        tag, _, offset, _ = struct.unpack_from(">4sIII", data, 12 + 16 * number)
        tables[tag] = offset
    cmap = tables[b"cmap"]
    found: set[str] = set()
    for number in range(struct.unpack_from(">H", data, cmap + 2)[0]):
        at = cmap + struct.unpack_from(">I", data, cmap + 8 + 8 * number)[0]
        if struct.unpack_from(">H", data, at)[0] == 4:
            count = struct.unpack_from(">H", data, at + 6)[0] // 2
            ends = struct.unpack_from(f">{count}H", data, at + 14)
            starts = struct.unpack_from(f">{count}H", data, at + 16 + 2 * count)
            for start, end in zip(starts, ends, strict=True):
                found |= {chr(code) for code in range(start, end + 1)}
    return found


def test_the_font_has_every_character_that_is_left_as_it_is() -> None:
    assert not COVERED - covered_by_the_font()


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("A fox, 2 × 3 — “calm”…", "A fox, 2 x 3 - “calm”…"),
        ("café naïve Ångström Łódź straße Þór", "cafe naive Angstrom Lodz strasse Thor"),
        ("½ ﬁre", "1⁄2 fire"),
        ("Лиса в Лесу", "Lisa v Lesu"),
        ("Αλεπού", "Alepoy"),
        ("きつね", "kitune"),
        ("여우", "yeou"),
        ("🦊 fox", "[fox face] fox"),
        ("👩🏽\u200d🚀", "[woman][rocket]"),
        ("一只发条狐狸，铜色的毛皮。在结冰的湖上", "[17 Han characters]"),
        ("a 狐 b 狐狸 c", "a [1 Han character] b [2 Han characters] c"),
        ("ثعلب صغير", "[8 Arabic characters]"),
        ("one\r\ntwo\rthree\tfour\u3000five\u00a0six", "one\ntwo\nthree four five six"),
        ("\x1b[2J\u202ehidden\u200b\x00", "[2Jhidden"),
        ("a\ue000\ue001\ud800b", "ab"),
        ("", ""),
    ],
)
def test_spelling(text: str, spelled: str) -> None:
    assert spell(text) == spelled


def test_every_character_of_unicode_can_be_spelled() -> None:
    allowed = COVERED | {"\n"}
    for code in range(0x11_0000):
        spelled = spell(chr(code))
        assert set(spelled) <= allowed, hex(code)


def test_spelling_takes_time_in_proportion_to_the_text() -> None:
    for text in ("狐ث" * 20_000, "狐, " * 20_000, "狐" * 40_000, "é" * 40_000, "狐 . , ; " * 8_000):
        started = time.process_time()
        spell(text)
        assert time.process_time() - started < 1
