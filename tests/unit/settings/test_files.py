"""Settings files: every mistake with its place, nothing dangerous taken, no secret shown."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from seedflow.diagnostics import Severity
from seedflow.diagnostics.render import render_diagnostics
from seedflow.settings.files import read_project_file
from seedflow.settings.keys import KEYS, list_names, looks_secret


def find(settings):
    return [(found.code, str(found.span)) for found in settings.diagnostics]


def test_all_mistakes_at_once_in_the_order_of_the_text(home):
    home.write_project(
        """\
provder: {name: sketch}
provider:
  name: clodflare
  concurrency: many
  timeouts: 5
references: upload
upload: {bucket: mine}
budget:
  run: 5
  day_usd: -1
prices: [a]
outputs: {folder: ../elsewhere}
libraries: {}
"""
    )
    assert find(home.load()) == [
        ("unknown-setting", "seedflow.yaml:1:1"),
        ("wrong-setting", "seedflow.yaml:3:9"),
        ("wrong-setting", "seedflow.yaml:4:16"),
        ("wrong-setting", "seedflow.yaml:5:13"),
        ("secret-in-project", "seedflow.yaml:7:10"),
        ("unknown-setting", "seedflow.yaml:9:3"),
        ("wrong-setting", "seedflow.yaml:10:12"),
        ("wrong-setting", "seedflow.yaml:11:9"),
        ("wrong-setting", "seedflow.yaml:12:19"),
        ("not-yet", "seedflow.yaml:13:1"),
    ]


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("provder: {}", "provider"),
        ("provider: {gatway: x}", "gateway"),
        ("provider: {timeouts: {read: 5}}", "read_s"),
        ("budget: {run: 5}", "run_usd"),
        ("budget: {day: 5}", "day_usd"),
        ("outputs: {foldr: x}", "folder"),
    ],
)
def test_near_misses(home, text, near):
    home.write_project(text)
    (found,) = home.load().diagnostics
    assert (found.code, found.help) == ("unknown-setting", f"did you mean `{near}`?")


def test_private_keys_are_not_offered_in_a_project(home):
    home.write_project("provider: {nonsense: 1}")
    (found,) = home.load().diagnostics
    assert "api_token" not in found.message
    assert "gateway" in found.message


@pytest.mark.parametrize(
    "text",
    [
        "provider: {name: 5}",
        "provider: {name: }",
        "provider: {gateway: a b}",
        "provider: {gateway: }",
        "provider: {gateway: [a]}",
        "provider: {concurrency: 0}",
        "provider: {concurrency: 257}",
        "provider: {concurrency: 1.5}",
        "provider: {concurrency: true}",
        'provider: {concurrency: "4"}',
        "provider: {timeouts: {read_s: 0}}",
        "provider: {timeouts: {read_s: .nan}}",
        "provider: {timeouts: {read_s: .inf}}",
        "provider: {timeouts: {read_s: 5 minutes}}",
        "provider: sketch",
        "references: always",
        "budget: {run_usd: five}",
        "budget: {run_usd: -1}",
        "budget: {run_usd: 0.0000001}",
        "budget: {run_usd: .inf}",
        "budget: {run_usd: }",
        "budget: 5",
        "prices: {a/b: free}",
        "prices: {a/b: 10000.01}",
        "prices: {a/b: {usd: 1}}",
        "outputs: {folder: /etc}",
        "outputs: {folder: a/../../b}",
        'outputs: {folder: ""}',
        "outputs: pictures",
        "just text",
        "[a, b]",
    ],
)
def test_wrong_values(home, text):
    home.write_project(text)
    (found,) = home.load().diagnostics
    assert found.code == "wrong-setting"
    assert found.severity is Severity.ERROR
    assert found.span is not None


@pytest.mark.parametrize(
    "text", ["", "\n", "# nothing\n", "---\n", "~", "provider:\n", "budget: {}\n", "prices:\n"]
)
def test_empty_files_and_parts_are_fine(home, text):
    home.write_project(text)
    assert home.load().diagnostics == ()


def test_folder_behind_a_link_that_leads_out_is_refused(home, tmp_path):
    (home.project / "link").symlink_to(tmp_path)
    home.write_project("outputs: {folder: link/x}")
    (found,) = home.load().diagnostics
    assert "leads out" in found.message


def test_the_folder_of_models_is_there_and_inside_the_project(home, tmp_path):
    (home.project / "our-models").mkdir()
    home.write_project("models: our-models\n")
    found = home.load()
    assert (found.models_folder, found.diagnostics) == (home.project / "our-models", ())
    (tmp_path / "elsewhere").mkdir()
    (home.project / "link").symlink_to(tmp_path / "elsewhere")
    for text in ("nowhere", "seedflow.yaml", "../elsewhere", "link", str(tmp_path / "elsewhere"), '""'):
        home.write_project(f"models: {text}\n")
        wrong = home.load()
        assert [one.code for one in wrong.diagnostics] == ["wrong-setting"], text
        assert wrong.models_folder is None


def test_a_projects_folder_of_models_counts_before_the_users(home, tmp_path):
    for folder in (home.project / "ours", tmp_path / "mine"):
        folder.mkdir()
    home.write_user(f"models: {tmp_path / 'mine'}\n")
    assert home.load().models_folder == tmp_path / "mine"
    home.write_project("models: ours\n")
    assert home.load().models_folder == home.project / "ours"


def test_user_may_send_outputs_anywhere(home, tmp_path):
    home.write_user(f"outputs: {{folder: {tmp_path / 'elsewhere'}}}")
    settings = home.load()
    assert (settings.diagnostics, settings.outputs_folder) == ((), tmp_path / "elsewhere")


SECRETS = [
    ("provider: {api_token: hush-hush-123}", "CLOUDFLARE_API_TOKEN"),
    ("provider: {account_id: hush-hush-123}", "CLOUDFLARE_ACCOUNT_ID"),
    ("provider: {base_url: 'https://evil.example/client/v4'}", "SEEDFLOW_CLOUDFLARE_BASE_URL"),
    ("provider: {token: hush-hush-123}", "CLOUDFLARE_API_TOKEN"),
    ("api_key: hush-hush-123", "CLOUDFLARE_API_TOKEN"),
    ("provider: {apiToken: hush-hush-123}", "CLOUDFLARE_API_TOKEN"),
]


@pytest.mark.parametrize(("text", "variable"), SECRETS)
def test_project_holds_no_secret_and_sends_the_token_nowhere(home, text, variable):
    home.write_project(text)
    loaded = home.load()
    (found,) = loaded.diagnostics
    assert found.code == "secret-in-project"
    assert variable in (found.help or "")
    assert (loaded.account_id, loaded.api_token, loaded.base_url.realm) == (None, None, "cloudflare")


@pytest.mark.parametrize(
    "text",
    [
        "provider: {api_token: hush-hush-123}",
        "provider: {api_token: hush-hush-123, gatway: x}",
        "provider:\n  api_token: >\n    hush-hush-123\n    more-hush-123\n",
        "provider:\n  api_token:\n    - hush-hush-123\n",
        "provider:\n  api_token: hush-hush-123\n  api_token: hush-hush-123\n",
        "provider:\n  api_token: hush-hush-123: x\n",
        "provider: {api_token: hush-hush-123\n",
        'provider: {"api_token": "hush-hush-123", ]\n',
        "provider:\n\tapi_token: hush-hush-123\n",
        "provider:\n  api_token: 'hush-hush-123\n",
        "x-token: hush-hush-123\nreferences: nonsense # token: hush-hush-123\n",
    ],
)
@pytest.mark.parametrize("where", ["project", "user"])
def test_no_message_shows_a_secret(home, text, where):
    """Diagnostics print the line that they are about, broken YAML included."""
    (home.write_project if where == "project" else home.write_user)(text)
    loaded = home.load()
    shown = render_diagnostics(loaded.diagnostics, color=False, width=100) + repr(loaded.diagnostics)
    assert "hush-hush" not in shown
    assert "more-hush" not in shown
    assert all("hush" not in found.span.source.text for found in loaded.diagnostics if found.span)


def test_user_file_may_hold_everything(home):
    home.write_user("provider: {account_id: a1, api_token: t1, base_url: 'http://localhost:1/client/v4'}")
    loaded = home.load()
    assert loaded.diagnostics == ()
    assert loaded.provider == "cloudflare"
    assert loaded.base_url.realm == "emulated"


@pytest.mark.parametrize(
    ("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True), (0o666, True)]
)
def test_token_that_others_can_read_is_warned_of(home, mode, warned):
    home.write_user("provider: {account_id: a1, api_token: t1}", mode)
    found = home.load().diagnostics
    assert [(one.code, one.severity) for one in found] == (
        [("readable-secret", Severity.WARNING)] if warned else []
    )


def test_settings_without_a_token_may_be_read_by_others(home):
    home.write_user("references: data", 0o644)
    assert home.load().diagnostics == ()


def test_settings_of_somebody_else_are_not_used(home):
    path = home.write_user("provider: {account_id: a1, api_token: t1}")
    if os.getuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(path, 12345, 12345)
    from seedflow.settings import files

    own = os.getuid
    assert own() == 0
    loaded = files.read_user_file(path, "config.yaml")
    assert [found.code for found in loaded.diagnostics] == ["foreign-settings"]
    assert loaded.values == {}


def test_user_file_that_is_a_folder_is_a_diagnostic(home):
    home.user_file.mkdir(parents=True)
    (found,) = home.load().diagnostics
    assert found.code == "not-a-file"


def test_project_file_that_is_not_text(home):
    (home.project / "seedflow.yaml").write_bytes(b"\xff\xfe\x00")
    (found,) = home.load().diagnostics
    assert found.code == "not-utf8"


def test_names_of_every_level():
    assert list_names("")[:3] == ("provider", "references", "upload")
    assert list_names("provider.timeouts") == ("connect_s", "read_s", "total_s", "log_s")
    assert list_names("nothing") == ()
    assert {path for path, key in KEYS.items() if key.private} == {
        "provider.account_id",
        "provider.api_token",
        "provider.base_url",
        "upload.endpoint",
        "upload.bucket",
        "upload.region",
        "upload.access_key_id",
        "upload.secret_access_key",
    }


@pytest.mark.parametrize(
    "name", ["token", "api_token", "apiToken", "API_KEY", "api-key", "apikey", "client_secret", "db.password"]
)
def test_names_of_secrets(name):
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["provider", "keys", "key", "tokens_used", "secretary", "gateway", ""])
def test_names_of_no_secrets(name):
    assert not looks_secret(name)


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["sketch", "auto", "1.5", "x y", "{{ a }}"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*{part for path in KEYS for part in path.split(".")}, "nonsense"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@given(tree=TREES)
@hypothesis_settings(max_examples=60)
def test_any_document_gives_checked_values_or_diagnostics(tmp_path_factory, tree):
    import json

    path = tmp_path_factory.mktemp("p") / "seedflow.yaml"
    path.write_text(json.dumps(tree))
    found = read_project_file(path, "seedflow.yaml")
    assert all(not KEYS[name].private for name in found.values if name in KEYS)
    assert all(one.span is not None for one in found.diagnostics)


def test_user_file_that_cannot_be_looked_at_is_no_absent_file(home, tmp_path):
    """Its budgets might be the ones that matter."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    home.user_file = loop / "config.yaml"
    assert [found.code for found in home.load().diagnostics] == ["file-unreadable"]
    home.user_file = tmp_path / "not" / "there" / "config.yaml"
    assert home.load().diagnostics == ()


def test_home_that_does_not_exist(home):
    home.write_user("outputs: {folder: ~no-such-user-here/x}")
    assert [found.code for found in home.load().diagnostics] == ["wrong-setting"]
