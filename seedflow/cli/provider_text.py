"""Who makes the pictures, said aloud before anything is drawn, asked or paid."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from seedflow.cli.model_text import spell_source
from seedflow.diagnostics.printable import make_printable
from seedflow.pipeline.affordable import find_priced_at_nothing
from seedflow.pipeline.session import Session
from seedflow.plan.model import Plan
from seedflow.providers.options import REALM_CLOUDFLARE, REALM_EMULATED, REALM_SKETCH
from seedflow.settings.model import Settings


def introduce(plan: Plan, session: Session) -> Iterator[Text]:
    """The recipe, its provider and realm, and what that means; without an account, what real pictures need."""
    settings = session.settings
    title = Text(make_printable(plan.recipe), style="bold")
    title.append(f" · {describe_provider(plan.provider, plan.realm, settings)}", style="not bold")
    yield title
    if plan.realm == REALM_SKETCH:
        yield Text(advise_account(settings), style="yellow")
    elif settings.gateway is None:
        yield Text(
            "No gateway is set: an answer that gets lost on its way cannot be found again. Set CLOUDFLARE_GATEWAY_ID.",
            style="yellow",
        )
    for priced in spell_priced_at_nothing(plan, session):
        yield Text(
            f"{make_printable(priced)}. What its calls are billed is not seen by any budget.", style="yellow"
        )


def spell_priced_at_nothing(plan: Plan, session: Session) -> Iterator[str]:
    """`MODEL is priced at $0.00, PLACE`: each that is asked where that costs money, and who says that it costs nothing."""
    for name in find_priced_at_nothing(plan):
        model = session.catalog.find(name)
        source = "" if model is None else f", {spell_source(model, session.settings)}"
        yield f"{name} is priced at $0.00{source}"


def describe_provider(provider: str, realm: str, settings: Settings) -> str:
    """`sketch: placeholders drawn here; …`: who it is, and whether money is at stake."""
    if realm == REALM_SKETCH:
        return f"{provider}: placeholders drawn here; no model is asked or paid"
    if realm == REALM_CLOUDFLARE:
        return f"{provider}: real pictures, paid by your account"
    if realm == REALM_EMULATED:
        return f"{provider}, realm {realm}: an emulator at {_origin(settings)}; nothing real is paid"
    return f"{provider}, realm {make_printable(realm)}: asked at {_origin(settings)}, paid by your account"


def advise_account(settings: Settings) -> str:
    """How a sketch becomes a real picture from here."""
    missing = list_missing(settings)
    if not missing:
        return "An account is configured; --provider cloudflare makes real pictures."
    if len(missing) == 2:
        return f"No account is configured. For real pictures, set {' and '.join(missing)}."
    return f"The account is not complete. For real pictures, set {missing[0]}."


def list_missing(settings: Settings) -> list[str]:
    """The variables that a real run needs and that are not set, by any layer."""
    values = {"CLOUDFLARE_ACCOUNT_ID": settings.account_id, "CLOUDFLARE_API_TOKEN": settings.api_token}
    return [name for name, value in values.items() if value is None]


def _origin(settings: Settings) -> str:
    return make_printable(settings.base_url.url.partition("/client/")[0])
