"""The inside of one use of a recipe: its inputs and values, and what comes to it from the step around it."""

from __future__ import annotations

from seedflow.diagnostics import Diagnostic
from seedflow.graph.model import Frame
from seedflow.plan.border import admit, is_later, read_known
from seedflow.plan.crossings import CrossingJudge
from seedflow.plan.earlier import EarlierNames
from seedflow.plan.frames import Env, FrameInstance, LazyInputs, LazyValues
from seedflow.plan.instances import Instance
from seedflow.plan.refused import Refused
from seedflow.plan.requests import Renderer
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.inputs import FilesFrom
from seedflow.recipe.model import Argument, Expression, Input, InputType, Recipe
from seedflow.recipe.template import Template, TemplateForm, may_leave_out


class UseBuilder:
    """Builds the insides of used recipes. What a caller writes out is read once for each step that uses one."""

    def __init__(
        self, renderer: Renderer, images: ImageFiles, crossings: CrossingJudge, earlier: EarlierNames
    ) -> None:
        self._earlier = earlier
        self._renderer = renderer
        self._crossings = crossings
        self._images = images
        self._known: dict[str, tuple[dict[str, object], list[Diagnostic]]] = {}

    def enter(self, instance: Instance, frame: Frame) -> tuple[FrameInstance, list[Diagnostic]]:
        """The inside of one instance of a step that uses a recipe, and what is wrong with what it is given."""
        node, outer = instance.tasks.node, instance.tasks.frame
        call, recipe = node.step.call, frame.recipe
        if call is None:
            raise ValueError(f"step {node.id} uses no recipe")
        env = Env(outer, instance.each)
        if node.id not in self._known:
            self._known[node.id] = read_known(call, recipe, node.frame.recipe, self._images)
        known, problems = self._known[node.id]
        later = {
            name: (argument, env)
            for name, argument in call.arguments.items()
            if name in recipe.inputs and is_later(argument)
        }

        def work_out(name: str, argument: Argument, where: Env) -> object:
            return self._work_out(recipe, name, argument, where, node.frame.recipe)

        inputs = LazyInputs(known, later, work_out)
        inner: FrameInstance

        def work_out_value(template: Template) -> object:
            return self._renderer.render(template, Env(inner))

        conditions = outer.conditions
        if node.step.when is not None:
            conditions = (*conditions, (node.step.when, env))
        hubs = dict.fromkeys((instance.address, instance.tasks.hub, *outer.hubs))
        inner = FrameInstance(
            frame,
            f"{instance.address}/",
            inputs,
            LazyValues(recipe.values, work_out_value),
            hubs=tuple(hubs),
            keys=(*outer.keys, *(key for _, key in instance.keys)),
            key_values=(*outer.key_values, *(instance.each.get(name) for name, _ in instance.keys)),
            conditions=conditions,
            earlier=tuple(
                f"{address}/" for address in self._earlier.list_addresses(instance, instance.address)
            ),
            needs=(*outer.needs, *(outer.prefix + name for name, _ in node.step.needs)),
            sources=(*outer.sources, *instance.sources),
            behind=(*outer.behind, *instance.behind),
            ghost=outer.ghost,
            recipe={"name": recipe.name},
            each={**outer.each, **instance.each},
        )
        return inner, [*problems, *self._crossings.judge(inner)]

    def _work_out(self, recipe: Recipe, name: str, argument: Argument, env: Env, caller: Recipe) -> object:
        env = self._renderer.refresh(env)
        declared, folder = recipe.inputs[name], recipe.folder
        value = self._render(declared, argument.expression, env, caller)
        files = FilesFrom(folder, self._images, recipe_folder=folder, current_folder=folder)
        return admit(declared, value, argument, files)

    def _render(self, declared: Input, expression: Expression, env: Env, caller: Recipe) -> object:
        if isinstance(expression, Template):
            if expression.form is TemplateForm.LITERAL and declared.type is InputType.IMAGE:
                text = str(expression.literal(as_text=True) or "").strip()
                found = self._images.open(text, expression.scalar.span, caller.folder, braces=True)
                if isinstance(found, Diagnostic):
                    raise Refused(found)
                return found
            as_text = declared.type in (InputType.TEXT, InputType.CHOICE) and not _is_single(expression)
            return self._renderer.render(expression, env, as_text=as_text)
        item = declared.of if declared.of is not None else declared
        if isinstance(expression, tuple):
            values = [(self._render(item, part, env, caller), may_leave_out(part)) for part in expression]
            return [value for value, optional in values if value is not None or not optional]
        columns = declared.columns
        return {
            name: self._render(columns.get(name, item), part, env, caller)
            for name, part in expression.items()
        }


def _is_single(template: Template) -> bool:
    return template.form is TemplateForm.EXPRESSION
