"""Results between machines, with what only the stages know: which tasks a selector means, what a request's fingerprint is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from seedflow.errors import UsageError
from seedflow.images.facts import FileImage, ImageFacts, ImageFormat, UrlImage
from seedflow.plan.fingerprint import PARAMS_FORMAT, REQUEST_FORMAT, digest_params, digest_request
from seedflow.plan.model import PlannedReference
from seedflow.plan.selection import TaskSelector, parse_selector
from seedflow.store.archive import ArchivedResult
from seedflow.store.exporting import Asked, Wanted


def build_wanted(selectors: Sequence[str], recipes: Sequence[str], run_ids: Sequence[str]) -> Wanted:
    """What an export takes: results that fit every kind of condition that is given, by any one of that kind.

    Raises:
        UsageError: a selector is not one.
    """
    read: list[TaskSelector] = []
    for text in selectors:
        found = parse_selector(text)
        if not isinstance(found, TaskSelector):
            raise UsageError(f"`{text}`: {found.message}", help=found.help)
        read.append(found)

    def is_wanted(asked: Asked) -> bool:
        if run_ids and not asked.runs & set(run_ids):
            return False
        return any(
            (not recipes or recipe in recipes) and (not read or any(one.matches(address) for one in read))
            for recipe, address in asked.addresses
        )

    return is_wanted


def judge_fingerprint(result: ArchivedResult) -> str | None:
    """What is wrong with a result whose request is not the one that its fingerprint stands for.

    Formats of fingerprints that this seedflow does not make are taken as they are: no request here has them.
    """
    request = result.request
    if not request.fingerprint.startswith(f"{REQUEST_FORMAT}:") or not request.params_digest.startswith(
        f"{PARAMS_FORMAT}:"
    ):
        return None
    try:
        params_digest = digest_params(request.model, request.params)
        references = [_read_reference(one) for one in request.references]
        fingerprint = digest_request(params_digest, request.references_field, references)
    except (ValueError, RecursionError) as error:
        return f"its request has no fingerprint: {error}"
    if (params_digest, fingerprint) != (request.params_digest, request.fingerprint):
        return "its fingerprint is that of another request"
    return None


def _read_reference(record: Mapping[str, object]) -> PlannedReference:
    digest = record.get("digest")
    if digest is None:
        return PlannedReference(None, UrlImage(str(record["url"])))
    facts = ImageFacts(str(digest), 0, 0, 0, ImageFormat.PNG)
    return PlannedReference(None, FileImage(Path(), "", facts))
