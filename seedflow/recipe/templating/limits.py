"""How much a template may cost. Every bound is here; each has a test that runs into it."""

from __future__ import annotations

from typing import Final

MAX_SOURCE_CHARACTERS: Final = 65_536
"""Length of a scalar that holds a template, and of a file that does."""

MAX_TEXT_CHARACTERS: Final = 65_536
"""Length of rendered text, and of every text made on the way to it."""

MAX_ITEMS: Final = 10_000
"""Length of a list that a template makes."""

MAX_WORK: Final = 500_000
"""Units of work of one rendering: about one for each node visited in a loop, each item and each eight characters made."""

MAX_LOOPS: Final = 3
"""`for` within `for`."""

MAX_BLOCKS: Final = 16
"""Blocks within blocks, whatever their kind."""

MAX_BRACKETS: Final = 16
"""Brackets within brackets."""

MAX_DEPTH: Final = 100
"""Operations within operations in one expression, a chain such as `a + b + c` included."""

MAX_NESTING: Final = 64
"""Lists and records within each other that may be compared or put into a list."""

MAX_NUMBER: Final = 2**63
"""Whole numbers that arithmetic gives stay below, in size."""

MAX_EXPONENT: Final = 1_000
"""Exponents, in size."""

MAX_DIGITS: Final = 19
"""Characters of a number as written."""

MAX_SLUGGED_CHARACTERS: Final = 1_000
"""Length of text that `slug` takes: putting combining marks in order takes time that grows with its square."""

MAX_CALLS: Final = 50
"""Macros and files that are written within each other."""

MAX_FILES_DEEP: Final = 16
"""Files that include or import each other, one behind the other."""

MAX_FILE_BYTES: Final = 1_048_576
"""Size of a file that templates include or import."""

MAX_FILES_BYTES: Final = 4 * 1_048_576
"""Size of all such files of one recipe together."""

MAX_LINKS: Final = 32
"""Dots and brackets behind one name."""

MAX_PROBLEMS: Final = 50
"""Problems of one template that are reported."""

MAX_CACHED_CHARACTERS: Final = 1_048_576
"""Text whose programs are kept, so that equal templates are read once."""
