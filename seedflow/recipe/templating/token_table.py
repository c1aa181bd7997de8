"""The tokens of one template, found by where they stand: Jinja's nodes carry one offset each, everything else is worked out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seedflow.recipe.templating.lexing import Token

_OPENING: Final = ("lparen", "lbracket", "lbrace")
_CLOSING: Final = ("rparen", "rbracket", "rbrace")
_WORDS: Final = frozenset({"and", "or", "not", "in", "is", "if", "elif", "else", "for"})
"""Names after which a parenthesis is no call."""


class TokenTable:
    """Tokens by offset, and the ends of brackets; the lexer has made sure that each bracket has one."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._index = {token.start: index for index, token in enumerate(tokens)}
        self._ends: dict[int, int] = {}
        waiting: list[int] = []
        for token in tokens:
            if token.kind in _OPENING:
                waiting.append(token.start)
            elif token.kind in _CLOSING:
                self._ends[waiting.pop()] = token.end

    def at(self, start: int, ahead: int = 0) -> Token:
        """The token that begins at an offset, or one that stands so many behind it."""
        return self._tokens[min(self._index[start] + ahead, len(self._tokens) - 1)]

    def tag_at(self, start: int) -> list[Token]:
        """The tokens of a tag from the one that begins at an offset, up to and without its end."""
        found: list[Token] = []
        for index in range(self._index[start], len(self._tokens)):
            token = self._tokens[index]
            if token.kind == "block_end":
                break
            found.append(token)
        return found

    def before(self, start: int) -> Token:
        """The token before the one that begins at an offset."""
        return self._tokens[max(0, self._index[start] - 1)]

    def find_end(self, bracket: int) -> int | None:
        """Where the bracket that begins at an offset is closed; None when no bracket begins there."""
        return self._ends.get(bracket)

    def get_end(self, bracket: int) -> int:
        """Where the bracket that begins at an offset is closed."""
        return self._ends[bracket]

    def widen(self, start: int, end: int) -> tuple[int, int]:
        """The place of an expression with the parentheses around it; those of a call are not around its argument."""
        while True:
            index = self._index.get(start, 0)
            opener = self._tokens[index - 1]
            if index == 0 or opener.kind != "lparen" or self._is_callable(index - 2):
                return start, end
            closed = self._ends[opener.start]
            if self._tokens[self._index[closed - 1] - 1].end != end:
                return start, end
            start, end = opener.start, closed

    def _is_callable(self, index: int) -> bool:
        token = self._tokens[max(0, index)]
        return token.kind in ("rparen", "rbracket") or (token.kind == "name" and token.value not in _WORDS)

    def find_keywords(self, bracket: int) -> list[Token]:
        """The names before `=` within a call's brackets, without those of calls inside it."""
        found: list[Token] = []
        depth = 0
        for index in range(self._index[bracket], len(self._tokens)):
            token = self._tokens[index]
            if token.kind in _OPENING:
                depth += 1
            elif token.kind in _CLOSING:
                depth -= 1
            elif token.kind == "assign" and depth == 1:
                found.append(self._tokens[index - 1])
            if depth == 0:
                break
        return found
