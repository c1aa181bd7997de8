"""`python -m tests.docs.refresh docs/tutorial.md`: run the transcripts of pages again and write down what they print now.

Look at the difference before you keep it: what a page shows is what its readers will rely on.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.docs.pages import Page
from tests.docs.sessions import Session, is_run, read_commands


def refresh(page: Page) -> str:
    """The text of a page with the output that its commands have now."""
    text = page.text
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "book"
        folder.mkdir()
        session = Session(folder)
        try:
            for fence in page.fences:
                if "file" in fence.marks:
                    session.write(fence)
                elif is_run(fence) and fence.language == "console":
                    before, after = text.split(f"```console\n{fence.text}```", 1)
                    lines = []
                    commands = [command for command, _ in read_commands(fence)]
                    for command in commands:
                        stops = fence.marks.get("stops") if command is commands[-1] else None
                        lines += [f"$ {command}", *session.show(command, stops)]
                    text = before + "```console\n" + "".join(f"{line}\n" for line in lines) + "```" + after
                elif is_run(fence):
                    session.run(fence)
        finally:
            session.close()
    return text


def main(names: list[str]) -> None:
    """Refresh pages in place."""
    for name in names:
        page = Page(Path(name).resolve())
        page.path.write_text(refresh(page), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
