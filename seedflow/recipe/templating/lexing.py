"""Template text → tokens with exact offsets.

The tokens are those of Jinja, so that Jinja's parser reads them; the lexer is our own because Jinja's knows lines only,
rewrites line ends, and has comments (`{#`), which here are text.
"""

from __future__ import annotations

import math
import re
import sys
from typing import Final, NamedTuple, NoReturn

from seedflow.recipe.templating.limits import MAX_BRACKETS, MAX_DIGITS
from seedflow.recipe.templating.problems import Misread
from seedflow.text.characters import describe, find_control


class Token(NamedTuple):
    """One token; `kind` is Jinja's name for it, `value` is text, or the number for `integer` and `float`."""

    start: int
    end: int
    kind: str
    value: str | int | float


_OPENER = re.compile(r"\{[{%]")
_RAW = re.compile(r"\{%[-+]?\s*raw\s*(-?)%\}")
_RAW_END = re.compile(r"\{%([-+]?)\s*endraw\s*([-+]?)%\}")
_VARIABLE_END = re.compile(r"(-?)\}\}")
_BLOCK_END = re.compile(r"([-+]?)%\}")
_SPACE = re.compile(r"\s+")
_TOKEN = re.compile(
    r"""
    (?P<float>(?<!\.)(?:[0-9]+_)*[0-9]+(?:(?:\.(?:[0-9]+_)*[0-9]+)?[eE][+\-]?(?:[0-9]+_)*[0-9]+|\.(?:[0-9]+_)*[0-9]+))
    |(?P<integer>0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?[0-9])*|0(?:_?0)*)
    |(?P<name>\w+)
    |(?P<string>'[^'\\]*+(?:\\.[^'\\]*+)*+'|"[^"\\]*+(?:\\.[^"\\]*+)*+")
    |(?P<operator>\*\*|//|==|!=|>=|<=|[-+*/%~\[\](){}<>=.:|,;])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\n)|([\\'\"abfnrtv])|(.))", re.DOTALL
)
_SIMPLE_ESCAPES: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_LAST_CHARACTER: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)

_OPERATORS: Final = {
    "+": "add", "-": "sub", "/": "div", "//": "floordiv", "*": "mul", "%": "mod", "**": "pow", "~": "tilde",
    "[": "lbracket", "]": "rbracket", "(": "lparen", ")": "rparen", "{": "lbrace", "}": "rbrace",
    "==": "eq", "!=": "ne", ">": "gt", ">=": "gteq", "<": "lt", "<=": "lteq", "=": "assign",
    ".": "dot", ":": "colon", "|": "pipe", ",": "comma", ";": "semicolon",
}  # fmt: skip # a row a line
_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}
_HINTS: Final = {
    "&": "write `and`",
    "!": "write `not`",
    "?": "write `A if CONDITION else B`",
    "#": "there are no comments in templates; write it as a YAML comment above",
    "“": "use straight quotes",
    "”": "use straight quotes",
    "‘": "use straight quotes",
    "’": "use straight quotes",
    "$": "names stand without `$`",
    "@": "names stand without `@`",
    "\\": "put the text into quotes",
}


def tokenize(text: str) -> tuple[list[Token], bool]:
    """The tokens of a template, and whether it has a `{% raw %}` block.

    White space that `-` takes away is already gone from `data` tokens; nothing else is.

    Raises:
        Misread: it is not a template: a bracket, quote, `{{` or `{%` without its end, or a character that means nothing.
    """
    lexer = _Lexer(text)
    lexer.read()
    return lexer.tokens, lexer.has_raw


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[Token] = []
        self.has_raw = False

    def read(self) -> None:
        text, at, trim = self.text, 0, False
        while True:
            opener = _OPENER.search(text, at)
            stop = opener.start() if opener else len(text)
            sign = text[stop + 2 : stop + 3] if opener else ""
            self._add_data(at, stop, trim_start=trim, trim_end=sign == "-")
            if opener is None:
                return
            raw = _RAW.match(text, stop)
            if raw:
                at, trim = self._read_raw(raw)
                continue
            block = opener.group() == "{%"
            begin = opener.end() + len(sign) if sign in ("-", "+") else opener.end()
            self.tokens.append(
                Token(stop, begin, "block_begin" if block else "variable_begin", text[stop:begin])
            )
            at, trim = self._read_code(stop, begin, block=block)

    def _add_data(self, start: int, end: int, *, trim_start: bool, trim_end: bool) -> None:
        value = self.text[start:end]
        if trim_start:
            value = value.lstrip()
            start = end - len(value)
        if trim_end:
            value = value.rstrip()
        if value:
            self.tokens.append(Token(start, start + len(value), "data", value))

    def _read_raw(self, raw: re.Match[str]) -> tuple[int, bool]:
        self.has_raw = True
        end = _RAW_END.search(self.text, raw.end())
        if end is None:
            raise Misread(
                code="template-unclosed",
                message="`{% raw %}` is never closed",
                start=raw.start(),
                end=raw.end(),
                help="write `{% endraw %}` where the raw text ends",
            )
        self._add_data(raw.end(), end.start(), trim_start=raw[1] == "-", trim_end=end[1] == "-")
        return end.end(), end[2] == "-"

    def _read_code(self, opener: int, at: int, *, block: bool) -> tuple[int, bool]:
        """Tokens up to and with the end of one `{{ }}` or `{% %}`; where it ends, and whether white space behind it goes."""
        text, size, brackets = self.text, len(self.text), list[Token]()
        closing = _BLOCK_END if block else _VARIABLE_END
        while at < size:
            end = None if brackets else closing.match(text, at)
            if end:
                self._check_not_empty(opener, end.end(), block=block)
                self.tokens.append(
                    Token(at, end.end(), "block_end" if block else "variable_end", end.group())
                )
                return end.end(), end[1] == "-"
            space = _SPACE.match(text, at)
            if space:
                at = space.end()
                continue
            if _OPENER.match(text, at):
                break
            found = _TOKEN.match(text, at)
            if found is None:
                self._refuse_character(at)
            token = _build_token(found)
            if found.lastgroup == "operator":
                self._balance(token, brackets, opener, block=block)
            self.tokens.append(token)
            at = found.end()
        written, needed = ("{%", "%}") if block else ("{{", "}}")
        if brackets:
            self._refuse_open_bracket(brackets[-1])
        where = "before the next one begins" if at < size else "before the text ends"
        raise Misread(
            code="template-unclosed",
            message=f"`{written}` is not closed {where}",
            start=opener,
            end=opener + 2,
            help=f"write `{needed}` where it ends" + _literal_help(block=block),
        )

    def _check_not_empty(self, opener: int, end: int, *, block: bool) -> None:
        if self.tokens[-1].kind in ("variable_begin", "block_begin"):
            raise Misread(
                code="template-syntax",
                message="there is nothing between the braces"
                if not block
                else "there is no tag between `{%` and `%}`",
                start=opener,
                end=end,
                help="write an expression such as `{{ inputs.NAME }}`"
                if not block
                else "write a tag such as `{% if CONDITION %}`",
            )

    def _balance(self, token: Token, brackets: list[Token], opener: int, *, block: bool) -> None:
        char = str(token.value)
        if char in _CLOSING:
            brackets.append(token)
            if len(brackets) > MAX_BRACKETS:
                raise Misread(
                    code="template-too-deep",
                    message=f"brackets stand more than {MAX_BRACKETS} deep in each other",
                    start=token.start,
                    end=token.end,
                    help="give a part of it a name with `{% set NAME = … %}`",
                )
        elif char in (")", "]", "}"):
            if not brackets:
                needed = "%}" if block else "}}"
                raise Misread(
                    code="template-syntax",
                    message=f"unexpected `{char}`: nothing is open that it could close",
                    start=token.start,
                    end=token.end,
                    help=f"write `{needed}` to end what `{self.text[opener : opener + 2]}` began"
                    if char == "}"
                    else f"remove `{char}`",
                )
            if _CLOSING[str(brackets[-1].value)] != char:
                self._refuse_open_bracket(brackets[-1])
            brackets.pop()

    def _refuse_open_bracket(self, bracket: Token) -> NoReturn:
        raise Misread(
            code="template-unclosed",
            message=f"`{bracket.value}` is not closed",
            start=bracket.start,
            end=bracket.end,
            help=f"write `{_CLOSING[str(bracket.value)]}` where it ends",
        )

    def _refuse_character(self, at: int) -> NoReturn:
        char = self.text[at]
        if char in "'\"":
            raise Misread(
                code="template-unclosed",
                message=f"the text that begins with `{char}` is not closed",
                start=at,
                end=at + 1,
                help=f"write `{char}` where the text ends",
            )
        raise Misread(
            code="template-syntax",
            message=f"`{char}` means nothing in a template",
            start=at,
            end=at + 1,
            help=_HINTS.get(char, "put text into quotes"),
        )


def _literal_help(*, block: bool) -> str:
    return "" if block else '; braces that are meant as text are written `{{ "{{" }}`'


def _build_token(found: re.Match[str]) -> Token:
    start, end, text = found.start(), found.end(), found.group()
    match found.lastgroup:
        case "operator":
            return Token(start, end, _OPERATORS[text], text)
        case "name":
            if not text.isidentifier():
                raise Misread(
                    code="template-syntax",
                    message=f"`{text}` is neither a name nor a number",
                    start=start,
                    end=end,
                    help="put text into quotes",
                )
            return Token(start, end, "name", text)
        case "string":
            return Token(start, end, "string", _unescape(text[1:-1], start + 1))
        case "integer":
            _check_digits(text, start, end)
            return Token(start, end, "integer", int(text.replace("_", ""), 0))
        case _:
            _check_digits(text, start, end)
            number = float(text.replace("_", ""))
            if math.isinf(number):
                raise Misread(
                    code="template-syntax",
                    message=f"`{text}` is too large a number; the largest is about {sys.float_info.max:.1e}",
                    start=start,
                    end=end,
                    help="write a smaller number",
                )
            return Token(start, end, "float", number)


def _check_digits(text: str, start: int, end: int) -> None:
    if len(text) > MAX_DIGITS:
        raise Misread(
            code="template-syntax",
            message=f"a number is written with at most {MAX_DIGITS} characters",
            start=start,
            end=end,
            help="write a shorter number",
        )


def _unescape(text: str, offset: int) -> str:
    if "\\" not in text:
        return text

    def replace(found: re.Match[str]) -> str:
        character = find_character(found)
        if find_control(character) is None:
            return character
        raise Misread(
            code="template-syntax",
            message=f"`{found.group()}` makes {describe(character)}, which is not allowed in a text",
            start=offset + found.start(),
            end=offset + found.end(),
            help="remove it",
        )

    def find_character(found: re.Match[str]) -> str:
        hexadecimal = found[1] or found[2] or found[3]
        if hexadecimal:
            number = int(hexadecimal, 16)
            if 0 < number <= _LAST_CHARACTER and number not in _SURROGATES:
                return chr(number)
            raise Misread(
                code="template-syntax",
                message=f"`{found.group()}` is not a character",
                start=offset + found.start(),
                end=offset + found.end(),
                help="write the character itself",
            )
        if found[4]:
            return ""
        if found[5]:
            return _SIMPLE_ESCAPES.get(found[5], found[5])
        raise Misread(
            code="template-syntax",
            message=f"`{found.group()}` is not an escape that templates know",
            start=offset + found.start(),
            end=offset + found.end(),
            help="write `\\\\` for a backslash",
        )

    return _ESCAPE.sub(replace, text)
