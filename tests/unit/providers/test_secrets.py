"""A token is never shown, and foreign text is cleaned before it is cut."""

from __future__ import annotations

import base64
import copy
import pickle
from urllib.parse import quote

import pytest

from seedflow.providers.options import CloudflareOptions
from seedflow.providers.secrets import HIDDEN, Quoter, Secret

TOKEN = "s3cr3t/with+odd=letters"


def test_secret_shows_itself_only_when_asked():
    secret = Secret(TOKEN)
    assert secret.reveal() == TOKEN
    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r:>40}", f"{secret:<30}", "%s" % secret]  # noqa: UP031 - the old way counts too
    assert not any(TOKEN in text for text in shown)
    assert TOKEN not in repr(CloudflareOptions("account", secret))


def test_secret_cannot_be_pickled_or_looked_into():
    secret = Secret(TOKEN)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        vars(secret)
    with pytest.raises(TypeError):
        copy.copy(secret)


def test_secrets_compare_by_value():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


@pytest.mark.parametrize(
    "form",
    [
        TOKEN,
        quote(TOKEN, safe=""),
        base64.b64encode(TOKEN.encode()).decode(),
        base64.urlsafe_b64encode(TOKEN.encode()).decode(),
    ],
)
def test_every_form_of_a_token_is_hidden(form):
    quoted = Quoter(Secret(TOKEN)).quote(f"before {form} after")
    assert form not in quoted
    assert quoted == f"before {HIDDEN} after"


def test_foreign_bearer_tokens_are_hidden_too():
    assert Quoter().quote("sent Bearer abcdefghijklmnop.qrst") == f"sent Bearer {HIDDEN}"


def test_hiding_comes_before_cutting():
    """Cut first, and the head of a token that crosses the edge would stay."""
    text = "x" * 195 + TOKEN
    quoted = Quoter(Secret(TOKEN)).quote(text)
    assert TOKEN[:4] not in quoted
    assert len(quoted) <= 200


def test_quoted_text_is_one_printable_line():
    quoted = Quoter().quote("a\x1b[2Jb\r\n\tc\u202ed")
    assert "\x1b" not in quoted
    assert "\u202e" not in quoted
    assert "\n" not in quoted


def test_empty_secret_hides_nothing():
    assert Quoter(Secret("")).quote("abc") == "abc"
