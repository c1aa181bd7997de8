"""One image model: what it takes, what a request to it is worth, and judging inputs and answers by card and profile."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType

from seedflow.diagnostics import Severity
from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.models.card import Card, spell_choice, types_in
from seedflow.models.explain import (
    explain_breaches,
    explain_input,
    explain_output,
    explain_unknown,
    find_nearest,
    is_size,
)
from seedflow.models.memo import GoodInputs
from seedflow.models.pixels import AskedRatio, find_ratio, find_size
from seedflow.models.problem import Problem
from seedflow.models.profile import Price, Profile
from seedflow.models.rules import Judged, RuleKind, apply_rules
from seedflow.models.stand_in import make_up

SHIPPED = "shipped with seedflow"
"""Where a model comes from that is in no project's folder."""

_NUMBERS = frozenset({"integer", "number"})


@dataclass(frozen=True, eq=False)
class Model:
    """A model of the catalog. May be used from several threads.

    Wherever `params` is taken, it is the whole input, the references field included as a list of URIs, however the wire
    wants them. `origin` says where the model's files are.
    """

    card: Card
    profile: Profile
    price: Price | None
    origin: str = SHIPPED

    @property
    def id(self) -> str:
        """The model's name on the wire, such as `bytedance/seedream-4.5`."""
        return self.card.id

    @property
    def parameters(self) -> Mapping[str, Mapping[str, object]]:
        """Each parameter's JSON Schema by name, in the card's order; includes the references field."""
        return self.card.parameters

    @property
    def required(self) -> tuple[str, ...]:
        """The parameters that a request cannot do without."""
        return self.card.required

    @property
    def references_field(self) -> str | None:
        """The parameter that takes images, or None."""
        return self.profile.references_field

    @property
    def prompt_field(self) -> str | None:
        """The parameter that holds the prompt, or None."""
        return self.profile.prompt_field

    @cached_property
    def _good_inputs(self) -> GoodInputs:
        return GoodInputs(self.card, self.profile)

    @cached_property
    def _texts(self) -> dict[str, bool]:
        """Of each parameter that somebody has asked for, whether it is text: each step asks for all that it writes."""
        return {}

    @cached_property
    def takes_reference_list(self) -> bool:
        """Whether the references field takes a list. References travel as one wherever it does, a single one too."""
        name = self.references_field
        types = self.card.types_of(name) if name is not None else frozenset()
        return not types or "array" in types

    @property
    def output_formats(self) -> tuple[ImageFormat, ...]:
        """The formats that an image of an answer may have."""
        return self.profile.formats

    @cached_property
    def max_references(self) -> int | None:
        """How many references a request may have at most, or None when nothing is known."""
        name = self.references_field
        if name is None:
            return None
        if not self.takes_reference_list:
            return 1
        limits = [
            rule.limit
            for rule in self.profile.rules
            if rule.kind is RuleKind.MOST_ITEMS
            and rule.parameter == name
            and rule.severity is Severity.ERROR
            and not rule.when
        ]
        on_card = self.card.bound_of(name, "maxItems")
        return min((*limits, on_card) if on_card is not None else limits, default=None)

    def wants_text(self, name: str) -> bool:
        """Whether a parameter is text, so that a number written for it is taken as it is spelled."""
        known = self._texts.get(name)
        if known is None:
            types = self.card.types_of(name)
            known = self._texts[name] = "string" in types and not types & _NUMBERS
        return known

    def wants_number(self, name: str) -> bool:
        """Whether a parameter is a number."""
        types = self.card.types_of(name)
        return bool(types & _NUMBERS) and "string" not in types

    def judge(
        self, params: Mapping[str, object], *, unknown: Collection[str] = (), partial: bool = False
    ) -> list[Problem]:
        """What is wrong with an input: first by the card's JSON Schema, formats included, then by the profile.

        Args:
            params: what is known of the input; plain JSON values.
            unknown: parameters whose value is decided later; absent from `params`, but they count as present.
            partial: whether any other parameter may still come, so that nothing is said of absent ones.
        """
        likeness = self._good_inputs.liken(params, unknown, partial=partial)
        if likeness is None:
            return self._judge(params, unknown, partial=partial)
        if likeness in self._good_inputs:
            return []
        problems = self._judge(params, unknown, partial=partial)
        if not problems:
            self._good_inputs.add(likeness)
        return problems

    def _judge(
        self, params: Mapping[str, object], unknown: Collection[str], *, partial: bool
    ) -> list[Problem]:
        missing = (
            [] if partial else [name for name in self.required if name not in params and name not in unknown]
        )
        validator = self.card.input_validator
        plain = params if isinstance(params, dict) else dict(params)
        wired, problems = (plain, []) if self.takes_reference_list else self._wire_single(plain)
        if not validator.is_valid(wired):
            complete = not unknown and not partial
            found = explain_input(
                validator.iter_errors(wired),
                self.card,
                complete=complete,
                missing=missing,
                absent=self.profile.absent,
                images=self.references_field,
            )
            problems += [self._advise_on_ratio(problem, plain) for problem in found]
        prompt = plain.get(self.prompt_field) if self.prompt_field is not None else None
        if isinstance(prompt, str) and not prompt.strip():
            problems.append(_empty_prompt(str(self.prompt_field)))
        if not self.profile.rules:
            return problems
        if problems:
            # A value that is refused will be another, of which nobody knows what goes with it.
            refused = {problem.path[0] for problem in problems if len(problem.path) == 1}
            unknown = [*unknown, *(name for name in plain if name in refused)]
            plain = {name: value for name, value in plain.items() if name not in refused}
        asked = self._most_images_asked(plain, unknown, partial=partial)
        return problems + apply_rules(self.profile.rules, Judged(plain, unknown, partial, asked))

    def explain_unknown(self, name: str) -> Problem:
        """The problem of a parameter that the model does not have."""
        return explain_unknown(name, self.card, self.profile.absent)

    def tells_of(self, name: str) -> bool:
        """Whether the profile says what to do in place of a parameter that the model does not have."""
        return name in self.profile.absent

    def find_ratio_of_reference(self, name: str) -> str | None:
        """What to write for a parameter to ask for the ratio of the first reference; None where it cannot."""
        pixels = self.profile.pixels
        return pixels.as_reference if pixels is not None and name == pixels.ratio else None

    def _advise_on_ratio(self, problem: Problem, params: Mapping[str, object]) -> Problem:
        """With references, width and height of a picture in place of a ratio mean the ratio of that picture."""
        pixels, references = self.profile.pixels, params.get(self.references_field or "")
        if pixels is None or pixels.as_reference is None or problem.path != (pixels.ratio,) or not references:
            return problem
        value, options = params.get(str(pixels.ratio)), self.parameters[str(pixels.ratio)].get("enum")
        if problem.code != "wrong-value" or not isinstance(options, list) or not is_size(value):
            return problem
        advice = f"write `{pixels.as_reference}` for the ratio of the first reference"
        near = find_nearest(value, options)
        return replace(
            problem, help=advice if near is None else f"{advice}; of the others `{near}` is nearest"
        )

    def judge_reference(self, facts: ImageFacts) -> list[Problem]:
        """What is wrong with an image as a reference, by its bytes and pixels; the path is empty."""
        limits, problems = self.profile.reference_limits, []
        if limits.max_bytes is not None and facts.size_bytes > limits.max_bytes.limit:
            found, most = facts.size_bytes / 1e6, limits.max_bytes.limit / 1e6
            message = f"the image has {found:.1f} MB, and `{self.id}` takes references of at most {most:g} MB"
            problems.append(
                Problem(
                    (),
                    message,
                    limits.max_bytes.severity,
                    code="large-reference",
                    help="make the file smaller",
                )
            )
        side_px = max(facts.width_px, facts.height_px)
        if limits.max_side_px is not None and side_px > limits.max_side_px.limit:
            size, most_px = f"{facts.width_px}×{facts.height_px}", limits.max_side_px.limit
            message = f"the image is {size} px, and `{self.id}` is said to take at most {most_px} px a side"
            problems.append(
                Problem(
                    (),
                    message,
                    limits.max_side_px.severity,
                    code="large-reference",
                    help="make the image smaller",
                )
            )
        return problems

    def judge_output(self, result: object) -> list[Problem]:
        """What is wrong with the innermost object of an answer, by the card's output schema, formats included."""
        validator = self.card.output_validator
        return [] if validator.is_valid(result) else explain_output(validator.iter_errors(result), self.id)

    def find_breach(self, result: object) -> str | None:
        """In a few words the first thing in an answer that the card does not promise; None where all is as it promises."""
        validator = self.card.output_validator
        return (
            None
            if validator.is_valid(result)
            else next(explain_breaches(validator.iter_errors(result)), None)
        )

    def image_urls(self, result: object) -> tuple[str, ...]:
        """The URLs of an answer's images in its order; empty when it has none. Works on answers that were not judged."""
        found = result.get(self._images_field) if isinstance(result, Mapping) else None
        urls = found if isinstance(found, list) else [found]
        return tuple(url for url in urls if isinstance(url, str))

    def build_result(self, urls: Sequence[str]) -> dict[str, object]:
        """An answer's innermost object with these image URLs, as the card's output wants it: what a stand-in gives.

        What the card requires besides is made up. Where nothing that it takes is found, `find_breach` says so of the result.
        """
        return {**self._made_up, self._images_field: list(urls) if self._gives_list or not urls else urls[0]}

    def image_bounds(
        self,
        params: Mapping[str, object],
        unknown: Collection[str] = (),
        greatest: Mapping[str, int] = MappingProxyType({}),
    ) -> tuple[int, int]:
        """How many images one call may give, at least and at most, both inclusive.

        What is not known, or not said where no default is promised, counts as the most that the card allows, or as its
        `greatest` where that is less.
        """
        count = self.profile.image_count
        if count is None:
            return 1, 1
        decided = not unknown or all(name in params or name not in unknown for name in count.when)
        if decided and any(params.get(name) != value for name, value in count.when.items()):
            return 1, 1
        asked = _whole_number(params.get(count.counted_by, greatest.get(count.counted_by)))
        most = self.card.bound_of(count.counted_by, "maximum")
        if asked is None:
            return 1, most if most is not None else 1
        return 1, max(1, asked if most is None else min(asked, most))

    @property
    def parameters_of_count(self) -> tuple[str, ...]:
        """The parameters that decide how many images one call gives."""
        count = self.profile.image_count
        return () if count is None else tuple(dict.fromkeys((*count.when, count.counted_by)))

    def price_usd(self, params: Mapping[str, object]) -> Decimal | None:
        """What one image of an answer costs at most, or None when nobody said.

        Where a parameter decides and its value is left out or not known yet, this is the highest price.
        """
        if self.price is None:
            return None
        value = params.get(self.price.by) if self.price.by is not None else None
        return self.price.usd_by_value.get(spell_choice(value), self.price.usd)

    def output_format(self, params: Mapping[str, object]) -> ImageFormat | None:
        """The format that an input asks for in so many words, or None."""
        chosen = self.profile.chosen_format
        value = params.get(chosen.parameter) if chosen is not None else None
        return chosen.values.get(value) if chosen is not None and isinstance(value, str) else None

    def asked_ratio(self, params: Mapping[str, object]) -> AskedRatio | None:
        """The ratio of width to height that an input asks for in so many words, or None."""
        pixels = self.profile.pixels
        return None if pixels is None else find_ratio(pixels, params)

    def assume(self, params: Mapping[str, object]) -> dict[str, object]:
        """The input with assumed values for what is left out: for estimates and drawings, never for the wire."""
        field = self.references_field
        without = self.profile.assumed_without_references if not (field and params.get(field)) else {}
        return {**self.profile.assumed, **without, **params}

    def size_px(
        self, params: Mapping[str, object], first_reference: tuple[int, int] | None = None
    ) -> tuple[int, int] | None:
        """Width and height that an image of the answer should have, or None when that cannot be told.

        Args:
            params: the input; what is left out is assumed.
            first_reference: width and height of the first reference, if it was measured.
        """
        pixels = self.profile.pixels
        return None if pixels is None else find_size(pixels, self.assume(params), first_reference)

    @property
    def _images_field(self) -> str:
        return self.profile.images_field or "images"

    @cached_property
    def _made_up(self) -> Mapping[str, object]:
        """What an answer has to hold besides its images."""
        required = self.card.output.get("required")
        others = (
            [name for name in required if name != self._images_field] if isinstance(required, list) else []
        )
        found = make_up({**self.card.output, "type": "object", "required": others})
        return found if isinstance(found, dict) else {}

    @cached_property
    def _gives_list(self) -> bool:
        """Whether the field of the images may be a list; it is one wherever it may."""
        schema = self.card.answer_fields.get(self._images_field)
        types = types_in(schema) if isinstance(schema, dict) else frozenset()
        return not types or "array" in types

    def _wire_single(self, params: dict[str, object]) -> tuple[dict[str, object], list[Problem]]:
        """The input with its one reference as the text that the wire wants, and what is wrong with several."""
        name = self.references_field
        found = params.get(name) if name is not None else None
        if name is None or not isinstance(found, list) or not found:
            return params, []
        wired = {**params, name: found[0]}
        if len(found) == 1:
            return wired, []
        message = f"`{name}` has {len(found)} images, and the model takes one"
        advice = f"leave out {len(found) - 1} of them"
        return wired, [Problem((name,), message, Severity.ERROR, code="too-many-values", help=advice)]

    def _most_images_asked(
        self, params: Mapping[str, object], unknown: Collection[str], *, partial: bool
    ) -> int | None:
        """The most images that the input asks for, or None when it does not say so for certain."""
        count = self.profile.image_count
        if count is None:
            return 1
        if all(params.get(name) == value for name, value in count.when.items()):
            return _whole_number(params.get(count.counted_by))
        settled = all(name in params or not (partial or name in unknown) for name in count.when)
        return 1 if settled else None


def _empty_prompt(name: str) -> Problem:
    """A card may let it pass, and what comes of it is paid for all the same."""
    return Problem(
        (name,),
        f"`{name}` is empty, so that the model is told nothing",
        Severity.ERROR,
        code="empty-text",
        help="say what the picture is to show",
    )


def _whole_number(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return int(value) if value == int(value) else None
