"""Entry of stage 1: a recipe file to `Recipe`, with every template parsed in the place where it stands."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seedflow.canonical import build_slug, digest_bytes
from seedflow.diagnostics import Diagnostic, Source, Span
from seedflow.models.catalog import Catalog
from seedflow.recipe.binding import bind_recipe, sort_by_place
from seedflow.recipe.blocks import Block
from seedflow.recipe.calls import CallBuilder
from seedflow.recipe.declarations import build_input
from seedflow.recipe.expressions import (
    FILE_ROOTS,
    STEP_ROOTS,
    VALUE_ROOTS,
    ExpressionParser,
    Roots,
    warn_of_spelling,
)
from seedflow.recipe.generation import GenerateBuilder
from seedflow.recipe.leaves import describe_node, is_nothing
from seedflow.recipe.loops import build_loops
from seedflow.recipe.lost_forms import advise_sum
from seedflow.recipe.model import Call, Generate, Input, Limits, Output, Recipe, RefWords, Step
from seedflow.recipe.option_schema import UNREAD_NAME
from seedflow.recipe.options import OptionBuilder
from seedflow.recipe.partials import PartialFiles
from seedflow.recipe.salvage import Path as TreePath
from seedflow.recipe.schema import RecipeBlock, StepBlock
from seedflow.recipe.template import Template
from seedflow.recipe.unbraced import find_comments, report_comment
from seedflow.recipe.used_recipes import Caller, UsedRecipes
from seedflow.recipe.values import order_values
from seedflow.recipe.wordings import build_ref_words
from seedflow.text.files import real_path
from seedflow.text.nodes import Mapping, Node, Scalar, Sequence
from seedflow.text.reader import PROJECT_LIMITS, load_source, read_yaml


def load_recipe(
    path: Path, catalog: Catalog, *, name: str | None = None
) -> tuple[Recipe | None, list[Diagnostic]]:
    """The recipe of a file with all recipes that it uses, and every problem with their texts.

    With errors there may still be a recipe, so that later stages can report theirs as well; it is for checking only.

    Args:
        path: the file.
        catalog: the models; says which parameters take images and which defaults a step can use.
        name: what messages call the file; by default its path.
    """
    source = load_source(path, name if name is not None else str(path), max_bytes=PROJECT_LIMITS.max_bytes)
    if isinstance(source, Diagnostic):
        return None, [source]
    return parse_recipe(source, catalog, folder=path.parent, default_name=path.stem, path=real_path(path))


def parse_recipe(
    source: Source, catalog: Catalog, *, folder: Path, default_name: str, path: Path | None = None
) -> tuple[Recipe | None, list[Diagnostic]]:
    """The recipe of a text with all recipes that it uses, and every problem with their texts, its own first.

    Args:
        source: the text.
        catalog: the models.
        folder: where its relative paths start.
        default_name: its name unless it has one.
        path: its file, by which a recipe that uses it again is recognised.
    """
    used = UsedRecipes(lambda text, caller: _parse(text, catalog, caller, used))
    with _paused_collector():
        recipe, found = _parse(source, catalog, Caller(path, folder, default_name, source.name), used)
    return recipe, [*found, *used.problems]


def _parse(
    source: Source, catalog: Catalog, caller: Caller, used: UsedRecipes
) -> tuple[Recipe | None, list[Diagnostic]]:
    """One recipe and the problems of its own text; those of what it uses go to `used`."""
    root, problems = read_yaml(source)
    bound = bind_recipe(root, catalog.parameters, catalog.reference_fields) if root is not None else None
    if bound is None or bound.document is None:
        return None, problems + (bound.problems if bound is not None else [])
    files = PartialFiles(caller.folder, source.name)
    builder = _RecipeBuilder(bound.document, source, catalog, bound.unread, caller, used, files)
    recipe = builder.build(caller.folder, caller.name)
    return recipe, sort_by_place([*problems, *bound.problems, *builder.problems])


class _RecipeBuilder:
    """One recipe in the making. Nothing is said about what may be in the parts that are `unread`."""

    def __init__(
        self,
        document: RecipeBlock,
        source: Source,
        catalog: Catalog,
        unread: frozenset[TreePath],
        caller: Caller,
        used: UsedRecipes,
        files: PartialFiles,
    ) -> None:
        self._unread = set(unread)
        self._all_steps = not any(path[0] == "steps" and len(path) <= 2 for path in unread)
        self._document = document
        self._source = source
        self._catalog = catalog
        self._files = files
        self._parser = ExpressionParser(files)
        self._calls = CallBuilder(caller, used, self._parser)
        self.problems = self._parser.problems

    def build(self, folder: Path, default_name: str) -> Recipe:
        document = self._document
        self._parser.declared = {
            root: (*names, *self._find_unread(root))
            for root, names in (
                ("inputs", document.inputs),
                ("values", document.values),
                ("steps", document.steps),
            )
        }
        values = self._build_values()
        spans = {name: self._key_of("values", name) for name in document.values}
        self.problems.extend(order_values(values).problems)
        steps = self._build_steps()  # before the outputs, which may mention what used recipes give
        outputs = self._build_outputs()
        name = _find_value(document, "name")
        recipe = Recipe(
            name=document.name.strip() if document.name is not None else default_name,
            source=self._source,
            folder=folder,
            digest=digest_bytes(self._source.text.encode(errors="surrogatepass")),
            description=document.description,
            inputs=self._build_inputs(),
            values=values,
            value_spans=spans,
            steps=steps,
            outputs=outputs,
            limits=self._build_limits(),
            ref_words=self._build_ref_words(),
            name_scalar=name if isinstance(name, Scalar) else None,
            unread=frozenset(self._unread),
            partials=self._files.digests,
        )
        self.problems.extend(
            report_comment(Span(source, start, end))
            for source in self._files.texts
            for start, end in find_comments(source.text)
        )
        if document.name is not None and name is not None and not build_slug(document.name)[0]:
            self.problems.append(
                Diagnostic(
                    "bad-name", "the recipe's name has no letter and no digit", name.span, help="write a name"
                )
            )
        return recipe

    def _build_inputs(self) -> dict[str, Input]:
        inputs = {}
        for name, block in self._document.inputs.items():
            inputs[name], problems = build_input(name, self._key_of("inputs", name), block)
            self.problems.extend(problems)
        return inputs

    def _build_values(self) -> dict[str, Template]:
        values = {}
        for name, node in self._document.values.items():
            if isinstance(node, Scalar):
                values[name] = self._parser.parse(node, VALUE_ROOTS)
                self.problems.extend(warn_of_spelling(node))
            else:
                self._unread.add(("values", name))
                self.problems.append(
                    Diagnostic(
                        "wrong-type",
                        f"found {describe_node(node)}, expected text, a number, a boolean or one `{{{{ }}}}`",
                        node.span,
                        help="a template can give a list: `\"{{ ['first', 'second'] }}\"`"
                        if isinstance(node, Sequence)
                        else "a template can give a record: `\"{{ {'first': 1, 'second': 2} }}\"`",
                    )
                )
        return values

    def _build_steps(self) -> dict[str, Step]:
        written = _find_value(self._document, "steps")
        requests = GenerateBuilder(_find_value(self._document, "defaults"), self._catalog, self._parser)
        steps = {}
        if self._all_steps and not self._document.steps:
            place = self._document.node.find("steps") if isinstance(self._document.node, Mapping) else None
            span = place.key.span if place is not None else self._document.node.span
            self.problems.append(
                Diagnostic(
                    "no-steps",
                    "the recipe has no step",
                    span,
                    help="add a step: `NAME: {generate: {prompt: …}}`",
                )
            )
        for name, block in self._document.steps.items():
            entry = written.find(name) if isinstance(written, Mapping) else None
            if entry is not None and not _has_kind(block):
                self._unread.add(("steps", name))  # what it lacks was said when it was bound
            elif entry is not None:
                steps[name] = self._build_step(name, entry.key.span, block, requests)
        if self._all_steps and steps:
            self.problems.extend(requests.check_defaults())
        return steps

    def _build_step(self, name: str, span: Span, block: StepBlock, requests: GenerateBuilder) -> Step:
        self._parser.declared["each"] = ()
        loops = build_loops(
            block, self._parser, lambda variable: self._find_unread("steps", name, "for_each", variable)
        )
        self._parser.declared["each"] = [name for variable in loops for name in variable.names]
        each = block.node.find("for_each") if isinstance(block.node, Mapping) else None
        in_loop = each is not None and not is_nothing(each.value)
        roots = STEP_ROOTS | {"each"} if in_loop else STEP_ROOTS
        unread = self._find_unread("steps", name, "expect")
        options = OptionBuilder(block, self._parser, roots, unread)
        when, iterate = options.build_when(), options.build_iterate(loops)
        if block.when is not None and when is None:
            self._unread.add(("steps", name, "when"))
        if iterate is not None and iterate.name == UNREAD_NAME:
            self._unread.add(("steps", name, "iterate"))
        if in_loop and not loops:
            self._unread.add(("steps", name, "for_each"))
        if iterate is not None:
            self._parser.declared["each"] = [*self._parser.declared["each"], iterate.name]
        generate, call = self._build_kind(name, block, roots, requests, in_loop=in_loop)
        if call is not None and call.recipe is not None:
            self._parser.declared[f"steps.{name}.outputs"] = call.recipe.outputs
        return Step(
            name=name,
            span=span,
            generate=generate,
            for_each=loops,
            call=call,
            when=when,
            takes=options.build_takes(),
            expect=options.build_expect(),
            iterate=iterate,
            needs=tuple(zip(block.needs, _spans_of(block, "needs"), strict=True)),
            description=block.description,
            tags=tuple(block.tags),
            was=tuple(block.was),
        )

    def _build_kind(
        self, name: str, block: StepBlock, roots: Roots, requests: GenerateBuilder, *, in_loop: bool
    ) -> tuple[Generate | None, Call | None]:
        node = block.node
        generate = node.find("generate") if isinstance(node, Mapping) else None
        if generate is not None and not is_nothing(generate.value):
            edits = block.iterate is not None
            return requests.build(generate.key.span, generate.value, in_loop=in_loop, edits=edits), None
        recipe = node.find("recipe") if isinstance(node, Mapping) else None
        if recipe is None:
            raise ValueError(f"step {name!r} came without a kind through binding")
        return None, self._calls.build(name, recipe.key.span, recipe.value, block, roots)

    def _build_outputs(self) -> dict[str, Output]:
        outputs = {}
        self._parser.declared["each"] = ()
        for name, block in self._document.outputs.items():
            images = self._parser.parse_needed(
                block.images,
                STEP_ROOTS,
                code="output-without-images",
                expected="one `{{ }}` that gives images",
                help=advise_sum(block.images) or 'write `"{{ steps.NAME.images }}"`',
            )
            file = self._build_file(block.file) if block.file is not None else None
            if images.unread:
                self._unread.add(("outputs", name))
            outputs[name] = Output(name, self._key_of("outputs", name), images, file)
        return outputs

    def _build_file(self, node: Node) -> Template | None:
        if isinstance(node, Scalar):
            return self._parser.parse(node, FILE_ROOTS)
        self.problems.append(
            Diagnostic(
                "wrong-type",
                f"found {describe_node(node)}, expected the path of a file",
                node.span,
                help='write a template such as `"pages/{{ image.number }}"`',
            )
        )
        return None

    def _build_limits(self) -> Limits:
        block = self._document.limits
        if block is None:
            return Limits()
        written = block.node if isinstance(block.node, Mapping) else ()
        spans = {entry.key.value: entry.key.span for entry in written}
        return Limits(block.cost_usd, block.images, block.tasks, spans)

    def _build_ref_words(self) -> RefWords:
        block = self._document.ref_words
        if block is None:
            return RefWords()
        words, problems = build_ref_words(block)
        self.problems.extend(problems)
        return words

    def _find_unread(self, *path: str) -> frozenset[str]:
        """The keys below a path that have errors and are left out."""
        return frozenset(
            str(one[len(path)]) for one in self._unread if len(one) > len(path) and one[: len(path)] == path
        )

    def _key_of(self, part: str, name: str) -> Span:
        node = _find_value(self._document, part)
        entry = node.find(name) if isinstance(node, Mapping) else None
        return entry.key.span if entry is not None else self._document.node.span


def _has_kind(block: StepBlock) -> bool:
    node = block.node
    kinds = (node.find(kind) for kind in ("generate", "recipe")) if isinstance(node, Mapping) else ()
    return any(kind is not None and not is_nothing(kind.value) for kind in kinds)


def _find_value(block: Block, key: str) -> Node | None:
    entry = block.node.find(key) if isinstance(block.node, Mapping) else None
    return entry.value if entry is not None else None


def _spans_of(block: StepBlock, key: str) -> list[Span]:
    node = _find_value(block, key)
    if node is None or is_nothing(node):
        return []
    return [item.span for item in node.items] if isinstance(node, Sequence) else [node.span]


@contextmanager
def _paused_collector() -> Iterator[None]:
    """Without the cyclic garbage collector, which more than doubles the time of building a tree of 10,000 steps."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
