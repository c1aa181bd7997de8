"""Lists and texts that lost their form on the way: a list in quotes is a text, and a text with a colon is a mapping."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from seedflow.text.json_nodes import is_json
from seedflow.text.nodes import Mapping, Node, Scalar
from seedflow.text.nodes import Sequence as Listed
from seedflow.text.scalars import is_null, resolve_plain

_MOST_SHOWN: Final = 60
_PART: Final = re.compile(r"""\{\{.*?\}\}|\{%.*?%\}|"(?:[^"\\]|\\.)*"|'[^']*'|,|[^,]""", re.DOTALL)
"""A piece of what stands between brackets: a template or a text in quotes, whose commas part nothing, a comma, a character."""
_PLAIN: Final = re.compile(r"[^\W_][\w ./+-]*(?<! )")
"""What YAML takes for itself without quotes, wherever it stands."""

_ALONE: Final = re.compile(r"\{\{\s*((?:(?!\}\}|\n).)+?)\s*\}\}")
"""A text that is one template on one line."""
_ONE_ITEM: Final = re.compile(r"\[-?\d+\]$")
"""The end of what gives one item of a list."""
_INPUT: Final = re.compile(r"inputs\.\w+")
"""What may be one image or a list of them."""


def split_quoted_list(text: str) -> list[str]:
    """The items of a list that is spelled inside a text, `[red, blue]`; none where the text is no such list."""
    bare = text.strip()
    if not (bare.startswith("[") and bare.endswith("]")) or bare.startswith("[["):
        return []
    items = [""]
    for part in _PART.findall(bare[1:-1]):
        if part == ",":
            items.append("")
        else:
            items[-1] += part
    return [" ".join(item.split()) for item in items if item.strip()]


def advise_unquoting(node: object) -> str | None:
    """The help for such a text where a list is wanted; None for anything else."""
    if not isinstance(node, Scalar) or node.plain:
        return None
    items = split_quoted_list(node.value)
    if not items:
        return None
    listed = f"[{', '.join(spell_items(items, as_json=is_json(node.source)))}]"
    what = "take the quotes away" if node.style in ("'", '"') else "write it as a list"
    return f"{what}: " + (f"`{listed}`" if len(listed) <= _MOST_SHOWN else "`[…]`")


def spell_items(items: Sequence[str], *, as_json: bool = False) -> Iterator[str]:
    """Texts as they stand in a list, in quotes where they need them; what has quotes keeps them."""
    for item in items:
        if len(item) > 1 and item[0] == item[-1] == '"':
            yield item
        elif len(item) > 1 and item[0] == item[-1] == "'":
            yield json.dumps(item[1:-1], ensure_ascii=False) if as_json else item
        elif as_json:
            yield item if not isinstance(resolve_plain(item), str) else json.dumps(item, ensure_ascii=False)
        else:
            yield item if _PLAIN.fullmatch(item) and not is_null(item) else spell_text(item)


def advise_sum(node: object) -> str | None:
    """The help that adds up what the templates of a list give, where one template is wanted; None for anything else."""
    items = node.items if isinstance(node, Listed) else ()
    found = [_ALONE.fullmatch(item.value.strip()) if isinstance(item, Scalar) else None for item in items]
    parts = [one[1] for one in found if one is not None]
    if not parts or len(parts) < len(items):
        return None
    if len(parts) == 1:
        return f"take the brackets away: {_spell_template(parts[0])}"
    listed = (f"[{one}]" if _ONE_ITEM.search(one) else f"({one})" if " " in one else one for one in parts)
    added_up = f"add them up: {_spell_template(' + '.join(listed))}"
    alone = next((one for one in parts if _INPUT.fullmatch(one)), None)
    return added_up if alone is None else f"{added_up}, with `[{alone}]` if that is a single image"


def _spell_template(code: str) -> str:
    quote = "'" if '"' in code else '"'
    return f"`{quote}{{{{ {code} }}}}{quote}`"


def spell_text(text: str) -> str:
    """One line of text in quotes."""
    return "'" + text.replace("'", "''") + "'" if '"' in text or "\\" in text else f'"{text}"'


def find_colon_text(node: object) -> str | None:
    """The text that YAML takes for a mapping because of the colon in it: `Morning: the owl wakes`; None for anything else.

    A mapping in braces, and one with several keys or with anything but text behind its key, is what somebody means.
    """
    if not isinstance(node, Mapping) or len(node.entries) != 1 or is_json(node.source):
        return None
    key, value = node.entries[0]
    written = node.source.text[node.start : node.end].rstrip()
    if written.startswith("{") or "\n" in written or not key.plain:
        return None
    words = isinstance(value, Scalar) and value.plain and isinstance(value.resolve(), str) and value.value
    return written if words else None


def advise_quotes(node: object) -> str | None:
    """The help for such a text where text is wanted."""
    text = find_colon_text(node)
    if text is None:
        return None
    spelled = spell_text(text)
    return "put quotes around it" + (
        f": `{spelled}`" if len(spelled) <= _MOST_SHOWN else ", because of its colon"
    )


def find_colon_texts(node: Node) -> list[Mapping]:
    """Those items of a written list that are texts with a colon in them rather than records.

    Records have a field in common, called by a name; such texts stand among others, or begin with words of their own.
    """
    if not isinstance(node, Listed):
        return []
    found = [item for item in node.items if find_colon_text(item) is not None and isinstance(item, Mapping)]
    if not found:
        return []
    keys = {item.entries[0].key.value for item in found}
    mixed = any(isinstance(item, Scalar) for item in node.items)
    unlike = len(keys) == len(found) and len(found) == len(node.items)
    worded = any(not re.fullmatch(r"[a-z][a-z0-9_]*", key) for key in keys)
    return found if mixed or (unlike and (worded or len(found) > 1)) else []
