"""The rules of the project: where its settings are found, what comes first, and what a project may not decide."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from seedflow.settings.load import load_settings
from seedflow.settings.model import Settings
from tests.end_to_end.project import Project

ACCOUNT = {"CLOUDFLARE_ACCOUNT_ID": "account-1", "CLOUDFLARE_API_TOKEN": "token-123456"}


class Machine:
    """Folders of a project and of a user, with nothing of this machine's own."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.project.mkdir()
        self.user = folder / "config.yaml"

    def write(self, text: str) -> None:
        (self.project / "seedflow.yaml").write_text(text, encoding="utf-8")

    def write_user(self, text: str) -> None:
        self.user.write_text(text, encoding="utf-8")
        self.user.chmod(0o600)

    def load(
        self, *, folder: Path | None = None, provider: str | None = None, **environment: str
    ) -> Settings:
        return load_settings(
            folder or self.project, provider=provider, environment=environment, user_file=self.user
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_project_is_found_from_the_current_folder_upwards(machine: Machine) -> None:
    """`seedflow.yaml`, else `.seedflow/`, else here."""
    deep = machine.project / "a" / "b"
    deep.mkdir(parents=True)
    assert machine.load(folder=deep).folder == deep
    (machine.project / ".seedflow").mkdir()
    assert machine.load(folder=deep).folder == machine.project
    (machine.project / "a" / "seedflow.yaml").write_text("references: data\n")
    assert (machine.load(folder=deep).folder, machine.load(folder=deep).references) == (deep.parent, "data")


def test_all_of_it_is_optional(machine: Machine) -> None:
    machine.write("")
    assert machine.load().diagnostics == ()


@pytest.mark.parametrize(
    "written",
    [
        "provider: {name: sketch, gateway: g, concurrency: 2, timeouts: {connect_s: 1, read_s: 2, total_s: 3, log_s: 4}}",
        "references: auto", "references: url", "references: data",
        "budget: {run_usd: 1, step_usd: 1, day_usd: 1, project_usd: 1}",
        "prices: {bytedance/seedream-4.5: 0.05}", "outputs: {folder: pictures}", "x-own: {anything: [1]}",
    ],
)  # fmt: skip # a row a line
def test_what_a_project_may_set(machine: Machine, written: str) -> None:
    """`provider` (name, gateway, timeouts, concurrency), `references`, `budget`, `prices`, `outputs`."""
    machine.write(written)
    assert machine.load().diagnostics == ()


def test_what_comes_later_is_answered_with_not_yet(machine: Machine) -> None:
    machine.write("libraries: {team: ./lib}")
    assert [found.code for found in machine.load().diagnostics] == ["not-yet"]


def test_command_line_before_environment_before_project_before_user_before_default(machine: Machine) -> None:
    assert machine.load().provider == "sketch"
    machine.write_user("provider: {name: cloudflare, gateway: users}\nreferences: url\n")
    assert machine.load(**ACCOUNT).provider == "cloudflare"
    machine.write("provider: {name: sketch, gateway: projects}\n")
    settings = machine.load(**ACCOUNT)
    assert (settings.provider, settings.references) == ("sketch", "url")
    settings = machine.load(provider="cloudflare", **ACCOUNT)
    assert settings.cloudflare is not None
    assert (settings.provider, settings.cloudflare.gateway) == ("cloudflare", "projects")
    settings = machine.load(provider="cloudflare", **ACCOUNT, CLOUDFLARE_GATEWAY_ID="environments")
    assert settings.cloudflare is not None
    assert settings.cloudflare.gateway == "environments"


@pytest.mark.parametrize(("project", "user"), [("1", "2"), ("2", "1")])
def test_budgets_combine_by_the_smallest(machine: Machine, project: str, user: str) -> None:
    """Whichever layer it stands in: no project raises what its user allows."""
    machine.write(f"budget: {{day_usd: {project}}}\n")
    machine.write_user(f"budget: {{day_usd: {user}}}\n")
    assert min(budget.limit_usd for budget in machine.load().budgets) == Decimal(1)


@pytest.mark.parametrize(
    "key", ["base_url: https://evil.example/client/v4", "api_token: abcdef123456", "account_id: abcdef"]
)
def test_a_project_cannot_send_the_token_elsewhere(machine: Machine, key: str) -> None:
    """The base URL and anything secret come only from the environment or the user's own configuration."""
    machine.write(f"provider: {{{key}}}\n")
    settings = machine.load(**ACCOUNT)
    assert [found.severity for found in settings.diagnostics] == ["error"]
    assert "evil" not in settings.base_url.url
    machine.write("")
    machine.write_user(f"provider: {{{key}}}\n")
    assert machine.load().diagnostics == ()


def test_doctor_shows_each_setting_and_where_it_came_from(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("seedflow.yaml", "references: data\nbudget: {day_usd: 3}\n")
    project.use({"CLOUDFLARE_GATEWAY_ID": "my-gateway"})
    said = project.seedflow("doctor").out
    rows = {line.split()[0]: line for line in said.splitlines() if line.strip()}
    assert "data" in rows["references"]
    assert "seedflow.yaml" in rows["references"]
    assert "seedflow.yaml" in rows["budget.day_usd"]
    assert "CLOUDFLARE_GATEWAY_ID" in rows["provider.gateway"]
    assert "default" in rows["provider.concurrency"]
