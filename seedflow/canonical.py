"""Canonical forms: JSON bytes, digests, slugs and keys. Same value, same text, on every machine.

Every digest is prefixed by what it is a digest of and by a version, so that two kinds never meet.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from types import NoneType

import rfc8785

_NAME_MAX_BYTES = 200
_NAME_KEPT_BYTES = 190
KEY_MAX_CHARACTERS = 40
_DIGEST_CHARACTERS = 6

_MOST_EXACT = 2**53 - 1
_LEAST_WITH_EXPONENT = 1e16
"""Floats from here on are written as `1e+16`."""
_SPACES = re.compile(r"\s+")
_LOST = re.compile(r"[^\w-]+")
_DECIMAL = re.compile(r"-?\d+\.\d+")


def canonical_json(value: object) -> bytes:
    """JSON by RFC 8785.

    Raises:
        ValueError: not JSON, or an integer or float that JSON cannot carry exactly.
    """
    if _is_plain(value):
        try:
            return _PLAIN.encode(value).encode()
        except UnicodeEncodeError:  # half a surrogate pair, about which the standard has its own words
            pass
    return rfc8785.dumps(value)  # type: ignore[arg-type]  # plain JSON, whose type is recursive


_PLAIN = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"), sort_keys=True)


def _is_plain(value: object) -> bool:
    """Whether Python's own encoder, five times as fast, writes the same: no floats, no keys beyond ASCII, no huge integers.

    Exact types only: what derives from them may have ideas of its own about how it is written.
    """
    kind = type(value)
    if kind in (str, bool, NoneType):
        return True
    if kind is int and isinstance(value, int):
        return -_MOST_EXACT <= value <= _MOST_EXACT
    if kind is dict and isinstance(value, dict):
        for key, item in value.items():
            if type(key) is not str or not key.isascii() or (type(item) is not str and not _is_plain(item)):
                return False
        return True
    return kind in (list, tuple) and isinstance(value, (list, tuple)) and all(map(_is_plain, value))


def digest_value(kind: str, value: object) -> str:
    """`KIND:HEX`, the sha256 of the kind, a NUL byte and the canonical JSON of the value; kind like `request/1`."""
    return digest_canonical(kind, canonical_json(value))


def digest_canonical(kind: str, written: bytes) -> str:
    """The same of a value whose canonical JSON is written already."""
    prefixed = kind.encode() + b"\0" + written
    return f"{kind}:{hashlib.sha256(prefixed).hexdigest()}"


def digest_bytes(data: bytes) -> str:
    """`sha256:HEX` of bytes as they are: every tool can check it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def build_slug(text: str) -> tuple[str, bool]:
    """A Unicode slug, and whether it lost anything but spaces.

    Letters, digits, `_` and `-` stay as they are (NFC); spaces become `-`; everything else goes.
    """
    normal = unicodedata.normalize("NFC", text).strip()
    if _DECIMAL.fullmatch(normal):
        return normal, False
    hyphenated = _SPACES.sub("-", normal)
    kept = _LOST.sub("", hyphenated)
    slug = kept.strip("-")
    return slug, slug != hyphenated


def fit_name(name: str) -> str:
    """A name of a file or folder as file systems take it: a long one is cut, and has `~` and a digest of the whole behind it.

    At most 200 bytes, of the 255 that they allow, so that there is room for an ending and for what marks unfinished files.
    """
    if len(name.encode()) <= _NAME_MAX_BYTES:
        return name
    kept = name.encode()[:_NAME_KEPT_BYTES].decode(errors="ignore").rstrip("-.")
    return f"{kept}~{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def build_key(value: object) -> str:
    """The key of one `for_each` value: its slug, at most 40 characters, plus `~` and a digest when that lost anything.

    Depends on the value alone, whole numbers on what they are and not on how they are written: `5.0` is `5`, as in prompts.
    Text, whole numbers, numbers and booleans only; records and images bring their own.
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < _LEAST_WITH_EXPONENT:
        value = int(value)
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    slug, lost = build_slug(text)
    if len(slug) > KEY_MAX_CHARACTERS:
        slug, lost = slug[:KEY_MAX_CHARACTERS].rstrip("-"), True
    if not lost and slug:
        return slug
    digest = hashlib.sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()
    return f"{slug}~{digest[:_DIGEST_CHARACTERS]}"
