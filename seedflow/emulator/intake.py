"""From the body of a request to what is asked for: read, judged by the model's card, references fetched."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from seedflow.canonical import digest_value
from seedflow.diagnostics import Severity
from seedflow.emulator.envelope import JSON, bad_input, invalid_data, no_such_model
from seedflow.emulator.http import Request
from seedflow.emulator.journal import Call, shorten_data_uris
from seedflow.emulator.references import Fetched, ReferenceFetcher, UnusableReferenceError, is_data_uri
from seedflow.models.catalog import Catalog
from seedflow.models.model import Model


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that the model takes. `input_digest` names its input, references by their bytes and never by URL."""

    model: Model
    input: Mapping[str, object]
    references: tuple[Fetched, ...]
    input_digest: str


def read_request(
    request: Request, body: bytes, catalog: Catalog, call: Call
) -> tuple[Model, dict[str, object]]:
    """The model and the input of a body; what was found is written into `call` on the way.

    Raises:
        ApiError: it is not JSON, names no model of the catalog, or its input is not what the card allows.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON:
        raise invalid_data(f"content-type must be {JSON}, not {media_type or 'absent'}")
    if "content-encoding" in request.headers:
        raise invalid_data("content-encoding is not supported")
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        raise invalid_data(f"the body is not JSON: {problem}") from None
    if b"\\u" in body and not _is_text(value):
        raise invalid_data("the body has half of a surrogate pair")
    if not isinstance(value, dict):
        raise invalid_data("the body is not a JSON object")
    name, given = value.get("model"), value.get("input")
    call.input = shorten_data_uris(given)
    if not isinstance(name, str):
        raise invalid_data("`model` must be the name of a model")
    call.model = name
    model = catalog.find(name)
    if model is None:
        raise no_such_model(name)
    if not isinstance(given, dict):
        raise invalid_data("`input` must be an object")
    _judge(model, given)
    return model, given


async def fetch_references(
    model: Model, given: dict[str, object], fetcher: ReferenceFetcher, call: Call
) -> Asked:
    """The request with everything that it refers to; what was fetched is written into `call`.

    Raises:
        ApiError: a reference cannot be had, or is not one that the model takes.
    """
    name = model.references_field
    urls = [url for url in _listed(given.get(name)) if isinstance(url, str)] if name is not None else []
    by_digest = given
    if name is not None and urls:
        try:
            call.references = await fetcher.fetch(name, urls)
        except UnusableReferenceError as problem:
            raise bad_input(str(problem)) from None
        for place, reference in enumerate(call.references):
            for found in model.judge_reference(reference.facts):
                if found.severity is Severity.ERROR:
                    raise bad_input(f"{name}[{place}]: {found.message}")
        by_digest = {**given, name: [reference.facts.digest for reference in call.references]}
    try:
        call.input_digest = digest_value("emulated-input/1", {"model": model.id, "input": by_digest})
    except ValueError as problem:
        raise bad_input(f"the input is not plain JSON: {problem}") from None
    return Asked(model, given, call.references, call.input_digest)


def _judge(model: Model, given: dict[str, object]) -> None:
    """Refuse an input that the card does not allow; data URIs are judged by a short URL in their place."""
    name = model.references_field
    params = given
    if name is not None and given.get(name):
        value = given[name]
        if isinstance(value, list) and not model.takes_reference_list:
            raise bad_input(f"/{name}: `{name}` is a list, but must be text")
        judged = [_stand_in(place, item) for place, item in enumerate(_listed(value))]
        params = {**given, name: judged if isinstance(value, list) else judged[0]}
    problems = [problem for problem in model.judge(params) if problem.severity is Severity.ERROR]
    if problems:
        raise bad_input("; ".join(f"{_spell(problem.path)}{problem.message}" for problem in problems))


def _stand_in(place: int, item: object) -> object:
    return f"https://reference.invalid/{place}" if isinstance(item, str) and is_data_uri(item) else item


def _listed(value: object) -> Sequence[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _spell(path: tuple[str | int, ...]) -> str:
    return f"/{'/'.join(str(part) for part in path)}: " if path else ""


def _is_text(value: object) -> bool:
    """Whether every text in a JSON value is Unicode; escapes can spell what is not."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
