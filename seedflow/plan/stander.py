"""What templates stand on: which results they mention, through inputs and values as well, and how far these are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from seedflow.graph.outputs import find_mentioned_outputs, find_outputs_at
from seedflow.graph.places import find_templates
from seedflow.plan.collected import add_closed, add_one_of_many, add_whole, spell_instance
from seedflow.plan.fallbacks import find_all_skipped, may_all_be_skipped
from seedflow.plan.frames import Env, Later
from seedflow.plan.instances import Group, ImageSource, Instance, StepTasks
from seedflow.plan.model import Outcome, PendingImages
from seedflow.plan.picking import NotThere, is_single
from seedflow.plan.resolve import Resolver
from seedflow.plan.standing import Standing
from seedflow.plan.use_conditions import UseConditions
from seedflow.plan.views import PendingImage, PendingTask, find_each, is_unknown
from seedflow.recipe.model import Expression, Output
from seedflow.recipe.references import NameReference, Reference, StepReference
from seedflow.recipe.template import Scope
from seedflow.recipe.views import View

_OF_A_KEY = frozenset({("key",), ("name",)})
"""What nobody knows before the key of the task is known."""

_OF_A_PENDING_IMAGE = frozenset({"number", "each"})
_OF_A_PENDING_TASK = frozenset({"each"})


class Stander:
    """Finds out what expressions stand on."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        resolver.of_use = self.of_use
        self._uses = UseConditions(
            resolver,
            lambda template, env, standing: self.add(template.references, env, standing),
            self.add_source,
        )

    @property
    def knows_results(self) -> bool:
        """Whether any task has ended with images or failed; before that, whatever is found holds for all results."""
        return self._resolver.knows_results

    def refresh(self, env: Env) -> Env:
        """The same surroundings with every value as it is by now."""
        return self._resolver.refresh(env)

    def build_scope(self, env: Env) -> Scope:
        """What templates may look at there."""
        return self._resolver.build_scope(env)

    def of_use(self, use: Instance, output: Output | None) -> Standing:
        """How far an output of a used recipe is, or all its outputs."""
        standing = Standing()
        if use.inner is not None and output is not None:
            self.add_outputs(use, [output], standing)
        else:
            self.add_instance(use, standing)
        return standing

    def of(self, expressions: Iterable[Expression], env: Env, *, sees_each: bool = False) -> Standing:
        """How far everything is that expressions mention."""
        standing = Standing(sees_each=sees_each)
        for expression in expressions:
            self.add_expression(expression, env, standing)
        return standing

    def add_expression(
        self,
        expression: Expression,
        env: Env,
        standing: Standing,
        *,
        skip_ok: bool = False,
        fail_ok: bool = False,
    ) -> None:
        """Take the mentions of all templates of an expression into a standing."""
        for template in find_templates(expression):
            self.add(template.references, env, standing, skip_ok=skip_ok, fail_ok=fail_ok)
            if not skip_ok and may_all_be_skipped(template, env, self):
                standing.may_skip = True
                standing.skipped = standing.skipped or find_all_skipped(template, env, self)

    def add(
        self,
        references: Iterable[Reference],
        env: Env,
        standing: Standing,
        *,
        skip_ok: bool = False,
        fail_ok: bool = False,
    ) -> None:
        """Take the mentions of one template into a standing."""
        inside = 0
        for reference in references:
            if reference.start < inside:
                continue  # the argument of a selector, which its mention knows how to take
            if isinstance(reference, StepReference):
                inside = reference.end
                self._add_step(
                    reference, env, standing, skip_ok or reference.skip_ok, fail_ok or reference.fail_ok
                )
            else:
                self._add_name(
                    reference, env, standing, skip_ok or reference.skip_ok, fail_ok or reference.fail_ok
                )

    def add_instance(
        self,
        instance: Instance,
        standing: Standing,
        path: tuple[str | int, ...] = (),
        *,
        skip_ok: bool = False,
        fail_ok: bool = False,
    ) -> None:
        """Take in one instance that is meant by itself, or what of it stands at a path."""
        if instance.inner is not None:
            outputs = find_outputs_at(instance.inner.frame.recipe, path)
            parts = [Standing() for _ in outputs]
            for output, part in zip(outputs, parts, strict=True):
                self.add_outputs(instance, [output], part, skip_ok=skip_ok, fail_ok=fail_ok)
            standing.add_whole(parts, skip_ok=skip_ok)
            return
        if instance.outcome is not None:
            standing.need(spell_instance(instance))
        if instance.outcome is not Outcome.SKIPPED:
            standing.given += 1
            standing.certain += instance.outcome is not None or not instance.may_skip
        if instance.outcome is None:
            standing.wait(spell_instance(instance), instance.tasks.node.id)
            standing.may_skip = standing.may_skip or (instance.may_skip and not skip_ok)
            if not instance.complete:
                standing.wait((instance.tasks.hub,), instance.tasks.node.id)
        elif instance.outcome is Outcome.FAILED and not fail_ok:
            standing.failed = standing.failed or instance.cause
        elif instance.outcome is Outcome.SKIPPED and not skip_ok:
            standing.skipped = standing.skipped or instance.address

    def add_outputs(
        self,
        instance: Instance,
        outputs: Iterable[Output],
        standing: Standing,
        *,
        skip_ok: bool = False,
        fail_ok: bool = False,
    ) -> None:
        """Take in what one use of a recipe gives as these outputs; nothing when its conditions leave it out."""
        if instance.inner is None:
            return
        env, began = Env(instance.inner), len(standing.waits)
        if not self._uses.add(instance, standing, skip_ok=skip_ok, fail_ok=fail_ok):
            if instance.entered is Outcome.FAILED and not skip_ok:
                standing.add_left_out([self.of([one.images], env) for one in outputs])
            return
        for output in outputs:
            before = len(standing.waits)
            self.add_expression(output.images, env, standing, skip_ok=skip_ok, fail_ok=fail_ok)
            if standing.tolerant and not skip_ok and len(standing.waits) == before:
                own = self.of([output.images], env)
                standing.skipped = standing.skipped or self._uses.find_skip(instance, output, own)
        if instance.entered is None and len(standing.waits) == began:
            # What does not ask for anything is known at once, but fails with what the use goes through.
            for source in instance.inner.sources:
                own = Standing()
                self.add_source(source, own)
                standing.include(own)

    def of_conditions(self, instance: Instance) -> Standing:
        """How far everything is on which depends whether a use of a recipe is made."""
        standing = Standing()
        self._uses.add(instance, standing)
        return standing

    def find_entered(self, instance: Instance) -> Outcome | None:
        """What the conditions of a use of a recipe say of it; None as long as that is not known."""
        self.of_conditions(instance)
        return instance.entered

    # Steps

    def _add_step(
        self, mention: StepReference, env: Env, standing: Standing, skip_ok: bool, fail_ok: bool
    ) -> None:
        tasks = self._resolver.find_tasks(mention, env)
        standing.tolerant = standing.tolerant or skip_ok
        self._add_arguments(mention, env, standing)
        if mention.selector is not None and self.of_arguments(mention, env).waits:
            # Which task it will be is not known yet, so that it may be one that is skipped.
            standing.may_skip = standing.may_skip or (not skip_ok and self._may_skip_one(tasks, mention))
            return
        selected = self._resolver.select(mention, env)
        groups: Sequence[Group] = ()
        single = is_single(mention, tasks)
        if tasks.groups or tasks.closed:
            wanted = self._resolver.find_wanted(mention, tasks, env)
            closed = () if tasks.has_all(wanted) else tasks.find_closed(wanted)
            add_closed(closed, standing, single=single, skip_ok=skip_ok, fail_ok=fail_ok)
            groups = () if tasks.has_all(wanted) else tasks.find_groups(wanted)
        if isinstance(selected, NotThere):
            for group in groups:
                standing.wait((group.address,), tasks.node.id)
                standing.may_skip = standing.may_skip or (not skip_ok and self._may_skip_one(tasks, mention))
            return
        if tasks.node.step.call is not None:
            self._add_call(mention, tasks, selected, groups, standing, skip_ok, fail_ok)
        elif mention.selector is None and not single:
            add_whole(tasks, standing, fail_ok)
        elif single:
            for instance in selected:
                self.add_instance(instance, standing, skip_ok=skip_ok, fail_ok=fail_ok)
        else:
            for instance in selected:
                add_one_of_many(instance, standing, fail_ok)
            for group in groups:
                standing.given += 1
                standing.may_omit = standing.may_omit or group.may_be_skipped
                standing.wait((group.address,), tasks.node.id)

    def _add_call(
        self,
        mention: StepReference,
        tasks: StepTasks,
        selected: Iterable[Instance],
        groups: Sequence[Group],
        standing: Standing,
        skip_ok: bool,
        fail_ok: bool,
    ) -> None:
        single = is_single(mention, tasks)
        for instance in selected:
            if instance.inner is None:
                continue
            inner = Standing()
            self._add_use(instance, mention, inner, skip_ok=skip_ok, fail_ok=fail_ok)
            if single:
                standing.add_whole([inner], skip_ok=skip_ok)
                continue
            standing.include(inner)
            standing.failed = standing.failed or inner.failed
            if inner.skips is not None:
                standing.omitted = standing.omitted or inner.skips
            else:
                standing.given += 1
                standing.certain += not inner.may_be_skipped
                standing.may_omit = standing.may_omit or inner.may_be_skipped
        if mention.selector is None or mention.selector.kind == "where":
            for group in groups:
                standing.given += 1
                skipping = [self._may_skip_use(ghost, mention) for ghost, _ in group.ghosts]
                sure = any(
                    count.low and not may_skip
                    for (_, count), may_skip in zip(group.ghosts, skipping, strict=True)
                )
                standing.certain += sure and not group.may_skip
                standing.may_omit = standing.may_omit or group.may_skip or any(skipping)
                standing.wait((group.address,), tasks.node.id)

    def _add_use(
        self,
        instance: Instance,
        mention: StepReference,
        standing: Standing,
        *,
        skip_ok: bool = False,
        fail_ok: bool = False,
    ) -> None:
        """Take in what a mention wants of one use of a recipe: some of its outputs, or the use as a whole."""
        if mention.collection in ("images", "outputs") and instance.inner is not None:
            outputs = find_mentioned_outputs(instance.inner.frame.recipe, mention)
            self.add_outputs(instance, outputs, standing, skip_ok=skip_ok, fail_ok=fail_ok)
        else:
            self.add_instance(instance, standing, skip_ok=skip_ok, fail_ok=fail_ok)

    def waits_for_name(self, name: NameReference, env: Env) -> bool:
        """Whether what a name stands for is not known yet."""
        standing = Standing()
        self._add_name(name, env, standing, False, False)
        return bool(standing.waits) or standing.failed is not None or standing.skips is not None

    def _may_skip_one(self, tasks: StepTasks, mention: StepReference) -> bool:
        """Whether any task of a step is skipped, or may be, what is still to come included."""
        ghosts = [ghost for group in tasks.groups.values() for ghost, _ in group.ghosts]
        if tasks.node.step.call is not None:
            return any(self._may_skip_use(one, mention) for one in (*tasks.instances, *ghosts))
        known = tasks.skipped or tasks.may_skip or tasks.omitted is not None
        return bool(known) or any(group.may_be_skipped for group in tasks.groups.values())

    def _may_skip_use(self, instance: Instance, mention: StepReference) -> bool:
        """Whether what a mention wants of one use of a recipe may turn out to be skipped."""
        if instance.inner is None:
            return False
        standing = Standing()
        self._add_use(instance, mention, standing)
        return standing.may_be_skipped or standing.skips is not None

    def of_arguments(self, mention: StepReference, env: Env) -> Standing:
        """What the arguments of `.at()` or `.where()` stand on."""
        standing = Standing()
        self._add_arguments(mention, env, standing)
        return standing

    def _add_arguments(self, mention: StepReference, env: Env, standing: Standing) -> None:
        for argument in mention.selector.arguments if mention.selector is not None else ():
            name = argument.value
            if not isinstance(name, NameReference):
                continue
            # A whole image is a key already, whether it is there or not.
            if name.root == "each" and len(name.path) == 1 and not is_unknown(env.each.get(name.name)):
                continue
            self._add_name(name, env, standing, False, False)

    # Names

    def _add_name(
        self, name: NameReference, env: Env, standing: Standing, skip_ok: bool, fail_ok: bool
    ) -> None:
        if name.root == "inputs":
            found = env.frame.later.get(name.name)
            if found is not None:
                argument, outer = found
                outer = self._resolver.refresh(outer)
                self.add_expression(argument.expression, outer, standing, skip_ok=skip_ok, fail_ok=fail_ok)
        elif name.root == "values":
            value = env.frame.lazy_values.get(name.name)
            if value is not None:
                self.add_expression(value, Env(env.frame), standing, skip_ok=skip_ok, fail_ok=fail_ok)
        elif name.root == "each":
            self._add_value(env.each.get(name.name), name.path[1:], standing, skip_ok, fail_ok)
        elif name.root == "prev" and env.prev is not None:
            self._add_value(env.prev, name.path, standing, skip_ok, fail_ok)

    def _add_value(
        self, value: object, path: tuple[str | int, ...], standing: Standing, skip_ok: bool, fail_ok: bool
    ) -> None:
        if isinstance(value, Later):
            if value.after:
                standing.wait(value.after, value.after[0])
            standing.failed = standing.failed or (None if fail_ok else value.failed)
            standing.skipped = standing.skipped or (None if skip_ok else value.skipped)
            return
        subject = value.subject if isinstance(value, View) else None
        if isinstance(subject, (PendingImage, PendingTask)) and path[:1] in _OF_A_KEY:
            instance = subject.source.instance if isinstance(subject, PendingImage) else subject.instance
            if instance.stands_for_others:
                standing.wait((instance.address,), instance.tasks.node.id)
            return
        each = find_each(value, sees=standing.sees_each) if path[:1] == ("each",) else None
        if each is not None:
            for name in path[1:2] or each:
                self._add_value(each.get(str(name)), path[2:], standing, skip_ok, fail_ok)
            return
        match subject:
            case PendingImages(after=after):
                standing.wait((after,), after)
            case PendingImage(source=source) if not path or path[0] not in _OF_A_PENDING_IMAGE:
                if source.unit is not None:
                    self.add_unit(source.unit.address, source.instance, standing, skip_ok, fail_ok)
            case PendingTask(instance=instance) if not path or path[0] not in _OF_A_PENDING_TASK:
                self.add_instance(instance, standing, path, skip_ok=skip_ok, fail_ok=fail_ok)
            case _:
                return

    def add_source(self, source: ImageSource, standing: Standing) -> None:
        """Take in what a value of `each` comes from."""
        if source.unit is None:
            self.add_instance(source.instance, standing)
        else:
            self.add_unit(source.unit.address, source.instance, standing)

    def add_unit(
        self,
        address: str,
        instance: Instance,
        standing: Standing,
        skip_ok: bool = False,
        fail_ok: bool = False,
    ) -> None:
        """Take in one task that is meant by itself."""
        tasks = instance.tasks
        outcome, cause = tasks.lost.get(address, (None, None))
        if outcome is not Outcome.SKIPPED:
            standing.given += 1
            standing.certain += address in tasks.images or not instance.may_skip
        if address not in tasks.images:
            standing.wait((address,), tasks.node.id)
            standing.may_skip = standing.may_skip or (instance.may_skip and not skip_ok)
            return
        standing.need((address,))
        if outcome is Outcome.FAILED and not fail_ok:
            standing.failed = standing.failed or cause
        if outcome is Outcome.SKIPPED and not skip_ok:
            standing.skipped = standing.skipped or address
