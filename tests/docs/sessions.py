"""A page's commands, run in order in one folder, as a reader would who types them one after the other.

Commands are lines that begin with `$ ` in a `console` fence, where the lines below are what they print, or plain lines
of an `sh` fence. A line `…` stands for any number of lines. Tasks that end at the same time may be shown in any order.
Ports in the text stand for those of the emulators that the session starts.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from tests.docs.pages import ROOT, Fence

sys.path.insert(0, str(ROOT / "tests" / "end_to_end"))

from fork_server import Order, run_if_free

LONGEST_S = 60
OF_PROVIDERS = (
    "CLOUDFLARE_ACCOUNT_ID",
    "CLOUDFLARE_API_TOKEN",
    "CLOUDFLARE_GATEWAY_ID",
    "SEEDFLOW_CLOUDFLARE_BASE_URL",
    "SEEDFLOW_HOME",
    "FORCE_COLOR",
)
"""Variables that a session does not inherit."""
ENDED_TASK = re.compile(r"^[✓✗?!-] ")
_FOR_A_SHELL = frozenset("|<>&;$`*?~{\n")
"""Characters that a shell reads as more than words."""
_EMULATE = re.compile(r"^seedflow emulate .*--port (\d+)")


class Session:
    """A folder, an environment, and the emulators that run beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports: dict[str, str] = {}
        self._servers: list[subprocess.Popen[str]] = []
        self._env = {name: value for name, value in os.environ.items() if name not in OF_PROVIDERS}
        self._env |= {
            "PYTHON": sys.executable,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "HOME": str(folder.parent),
            "XDG_CONFIG_HOME": str(folder.parent / "config"),
            "COLUMNS": "100",
            "NO_COLOR": "1",
        }

    def write(self, fence: Fence) -> None:
        """A file that the page shows, or a change to it: lines with `-` are replaced by those with `+`."""
        path = self.folder / fence.marks["file"]
        path.parent.mkdir(exist_ok=True)
        if fence.language != "diff":
            path.write_text(fence.text, encoding="utf-8")
            return
        lines = fence.text.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if not line.startswith("+"))
        new = "".join(line[1:] for line in lines if not line.startswith("-"))
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{fence.id}: {old!r} stands {text.count(old)} times in {path.name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, fence: Fence) -> None:
        """Every command of a fence; what they print is compared where the fence shows it."""
        commands = list(read_commands(fence))
        for number, (command, expected) in enumerate(commands):
            last = number == len(commands) - 1
            code, printed = self._run(command, fence.marks.get("stops") if last else None)
            wanted = int(fence.marks.get("exits", "0")) if last else 0
            assert code == wanted, f"{fence.id}: `{command}` ended with {code}:\n{printed}"
            if expected is not None:
                assert_same(expected, self._name_ports(printed), f"{fence.id}: {command}")

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its commands."""
        return dict(self._env)

    def capture(self, command: str) -> str:
        """What one command prints, whatever it ends with."""
        _, printed = self._run(command, None)
        return printed

    def show(self, command: str, stops: str | None) -> list[str]:
        """The lines that a command prints, as a page shows them."""
        _, printed = self._run(command, stops)
        return self._name_ports(printed).rstrip("\n").splitlines() if printed else []

    def close(self) -> None:
        """End the emulators as Ctrl-C would."""
        for server in self._servers:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=LONGEST_S)
            assert server.returncode == 0, (server.args, server.returncode)

    def _run(self, command: str, stops: str | None) -> tuple[int, str]:
        if command.startswith("export "):
            for name, value in re.findall(r"(\w+)=(\S*)", self._number_ports(command)):
                self._env[name] = value
            return 0, ""
        if _EMULATE.match(command):
            return 0, self._emulate(command)
        command = self._number_ports(command)
        if stops is None and command.startswith("seedflow ") and not _FOR_A_SHELL & set(command):
            order = Order(shlex.split(command)[1:], str(self.folder), self._env, merge=True)
            ended = run_if_free(order)
            assert ended is not None, "pages are tried one after the other"
            return ended.code, ended.out
        process = self._start(command)
        try:
            if stops is None:
                printed, _ = process.communicate(timeout=LONGEST_S)
            else:
                printed = _stop(process, stops)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return process.returncode, printed

    def _emulate(self, command: str) -> str:
        port = _EMULATE.match(command)
        assert port is not None
        server = self._start(re.sub(r"--port \d+", "--port 0", command))
        self._servers.append(server)
        assert server.stdout is not None
        printed = []
        for line in server.stdout:
            printed.append(line)
            found = re.match(r"The emulator listens on http://127\.0\.0\.1:(\d+)", line)
            if found is not None:
                self.ports[port[1]] = found[1]
            if line.startswith("What it would have billed"):
                break
        return "".join(printed)

    def _start(self, command: str) -> subprocess.Popen[str]:
        words = re.sub(r"\bseedflow (?=[a-z-])", '"$PYTHON" -m seedflow ', command)
        script = f"exec {words}" if command.startswith("seedflow ") and "|" not in command else words
        return subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _number_ports(self, text: str) -> str:
        for written, real in self.ports.items():
            text = text.replace(f":{written}", f":{real}")
        return text

    def _name_ports(self, text: str) -> str:
        for written, real in self.ports.items():
            text = text.replace(f":{real}", f":{written}")
        return text


def _stop(process: subprocess.Popen[str], stops: str) -> str:
    """Send a signal once a line with some text was printed; what was printed altogether."""
    name, _, awaited = stops.partition(" after ")
    assert process.stdout is not None
    printed = []
    for line in process.stdout:
        printed.append(line)
        if awaited in line:
            process.send_signal(getattr(signal, name))
            break
    else:
        raise AssertionError(f"{awaited!r} never came:\n{''.join(printed)}")
    rest, _ = process.communicate(timeout=LONGEST_S)
    return "".join(printed) + rest


def is_run(fence: Fence) -> bool:
    """Whether a fence holds commands that a session can run."""
    if "needs an account" in fence.marks or fence.language not in ("console", "sh"):
        return False
    return any(True for _ in read_commands(fence))


def read_commands(fence: Fence) -> Iterator[tuple[str, list[str] | None]]:
    """Each command with the lines that it prints, or None where the fence does not show them."""
    if fence.language != "console":
        for line in fence.text.replace("\\\n", " ").splitlines():
            command = line.split("  #")[0].strip()
            if command.startswith("seedflow "):
                yield command, None
        return
    command: str | None = None
    printed: list[str] = []
    for line in fence.text.splitlines():
        if line.startswith("$ "):
            if command is not None:
                yield command, printed
            command, printed = line[2:], []
        else:
            printed.append(line)
    if command is not None:
        yield command, printed


def assert_same(expected: list[str], printed: str, what: str) -> None:
    """Compare what was printed with what the page shows."""
    shown, found = _settle(expected), _settle(printed.splitlines())
    if not _matches(shown, found):
        raise AssertionError(
            f"{what}\n--- the page shows\n" + "\n".join(shown) + "\n--- it prints\n" + "\n".join(found)
        )


def _settle(lines: list[str]) -> list[str]:
    """Lines without empty ones and without blanks at their ends, and with tasks that end in a row sorted."""
    clean = [line.rstrip() for line in lines if line.strip()]
    settled: list[str] = []
    for ended, group in groupby(clean, key=lambda line: ENDED_TASK.match(line) is not None):
        members = list(group)
        settled.extend(sorted(members) if ended else members)
    return settled


def _matches(shown: list[str], found: list[str]) -> bool:
    if not shown:
        return not found
    if shown[0].strip() == "…":
        return any(_matches(shown[1:], found[at:]) for at in range(len(found) + 1))
    return bool(found) and shown[0] == found[0] and _matches(shown[1:], found[1:])
