"""What earlier runs left open, looked up and taken up: the ledger, the provider of the session, and no recipe."""

from __future__ import annotations

import time
from collections.abc import Sequence

from seedflow.errors import UsageError
from seedflow.pipeline.session import Session
from seedflow.providers.options import REALM_SKETCH
from seedflow.providers.registry import open_provider
from seedflow.run.executor import new_run_id
from seedflow.run.options import RunControl, RunOptions
from seedflow.run.reconciling import Finding, Settled, take_up_open_calls
from seedflow.run.status import RunStatus
from seedflow.store.calls import OPEN_STATES, Call, CallFilter
from seedflow.store.history import History
from seedflow.store.local import open_store

RECIPE = "ledger reconcile"
"""What the run of a reconciliation is called in the ledger: no recipe can have a blank in its name."""

STILL_OPEN = frozenset({Finding.STILL_UNKNOWN, Finding.NO_MODEL})


def list_open_calls(session: Session) -> list[Call]:
    """The calls that would be looked up with the provider of the session. Changes nothing.

    Raises:
        UsageError: that provider has nothing to look up, and another one was asked and has.
        StoreError: the state cannot be read, or the ledger is older than what was paid since.
    """
    realm = session.provider.realm
    with History(session.settings.state_folder) as history:
        history.refuse_older()
        if realm != REALM_SKETCH:
            return history.list_open_calls(realm, refused=True)
        totals = history.sum_calls(CallFilter(states=OPEN_STATES))
    left = [total.realm for total in totals if total.realm != REALM_SKETCH]
    if left:
        raise UsageError(
            f"the provider `sketch` has no log, and calls of realm {left[0]} are open",
            help="name the provider that was asked: --provider cloudflare",
        )
    return []


async def reconcile_ledger(session: Session, control: RunControl) -> tuple[str, Sequence[Settled], RunStatus]:
    """Look every open call up and take up what was answered. Gives the id of its run, what became of each call, and how it ended.

    Raises:
        StoreError: the state cannot be read or written.
    """
    settings = session.settings
    store = open_store(settings.state_folder)
    try:
        run_id = new_run_id(time.time())
        store.begin_run(run_id, RECIPE, session.provider.realm)
        status = RunStatus.FAILED
        try:
            provider = open_provider(
                settings.provider, catalog=session.catalog, cloudflare=settings.cloudflare
            )
            try:
                attempts = store.list_open_attempts(session.provider.realm)
                found = await take_up_open_calls(
                    attempts,
                    run_id,
                    store=store,
                    provider=provider,
                    catalog=session.catalog,
                    options=RunOptions(out=None, reconcile_for_s=settings.log_timeout_s),
                    control=control,
                )
            finally:
                await provider.aclose()
            status = find_status(found, interrupted=len(found) < len(attempts))
        finally:
            store.end_run(run_id, status.value)
        return run_id, found, status
    finally:
        store.close()


def find_status(found: Sequence[Settled], *, interrupted: bool) -> RunStatus:
    """How a reconciliation ended; `interrupted` when it was stopped before every call was looked up."""
    findings = {settled.finding for settled in found}
    if interrupted:
        return RunStatus.INTERRUPTED
    if findings & STILL_OPEN:
        return RunStatus.UNKNOWN
    if findings & {Finding.NOT_FETCHED, Finding.LOST}:
        return RunStatus.FAILED
    return RunStatus.DONE
