"""What makes two requests the same. The one place that knows; its digests are pinned by literal values in tests.

In it: the format's version, the model, the rendered parameters, the references in order (a digest of bytes, or the text
of a URL literal). Not in it: card, profile, price, step name, limits, transport, account. A parameter that is left out is
not the same as its default written out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seedflow.canonical import digest_canonical, digest_value
from seedflow.images.facts import FileImage, UrlImage
from seedflow.plan.model import PendingImages, PlannedReference, StepImage

REQUEST_FORMAT = "request/1"
PARAMS_FORMAT = "params/1"
_WITHOUT_REFERENCES = b'{"params":"%b","references":{}}'
"""The canonical JSON of most requests of a large plan, in which only the digest differs."""


def digest_request(
    params_digest: str, references_field: str | None, references: Sequence[PlannedReference]
) -> str:
    """`request/1:HEX` of a request of which everything is known; `params_digest` is what `digest_params` gave."""
    if not references_field or not references:
        return digest_canonical(REQUEST_FORMAT, _WITHOUT_REFERENCES % params_digest.encode())
    given = {references_field: [_identity(item) for item in references]}
    return digest_value(REQUEST_FORMAT, {"params": params_digest, "references": given})


def digest_params(model: str, params: Mapping[str, object]) -> str:
    """`params/1:HEX` of the request without its references, to tell a changed prompt from a changed picture."""
    return digest_value(PARAMS_FORMAT, {"model": model, "params": params})


def _identity(item: PlannedReference) -> dict[str, str]:
    match item.image:
        case UrlImage(url=url):
            return {"url": url}
        case FileImage(facts=facts) | StepImage(facts=facts):
            return {"digest": facts.digest}
        case PendingImages(mention=mention):
            raise ValueError(f"{mention} is not known yet, so the request has no fingerprint")
