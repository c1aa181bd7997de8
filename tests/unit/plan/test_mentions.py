"""Images that are still to come, in words that need no knowledge of templates."""

from __future__ import annotations

import pytest
from planning import plan

from seedflow.plan.mentions import spell_mention
from seedflow.plan.model import ANYWHERE, ELSEWHERE, Bounds, PendingImages


@pytest.mark.parametrize(
    ("mention", "words"),
    [
        ("page image", "an image of page"),
        ("page images", "the images of page"),
        ("page image 2", "page image 2"),
        ("page images[:4]", "the first 4 images of page"),
        ("page images[5:]", "the images of page from image 6 on"),
        ("page images[1:3]", "images 2 to 3 of page"),
        ("page images[:1]", "page image 1"),
        ("page images[3:3]", "no image of page"),
        ("page images[-1]", "the last image of page"),
        ("page images[::2]", "page images[::2]"),
        ("edit passes", "the passes of edit"),
        ("page[v=a-?] images", "the images of page[v=a-?]"),
        ("key[s=1] images where s=1[0]", "key[s=1] image 1"),
        ("key[s=1] images where s=1[-1]", "the last image of key[s=1]"),
        ("key[s=1,w=x] images where s=1", "the images of key[s=1,w=x]"),
        ("key images where s=1", "the images of key[s=1]"),
        ("succeeded key images where s=1[:2]", "the first 2 images of succeeded key[s=1]"),
        ("{{ each.v }}|", "the item `v` of each task"),
        ("{{ each.part.images }}|", "the images of the item `part` of each task"),
        ("{{ optional(steps.page.images[0]) }}|n=1", "page image 1, if there is any"),
        ("{{ succeeded(steps.page.images) }}|", "the images of page, without what fails"),
        (
            "{{ first_of(steps.page.at(v=each.v, w='a, b').images[0], steps.a.images) }}|",
            "page[v=…, w='a, b'] image 1, else the images of a",
        ),
        ("{{ steps.a.images | sort }}|", "steps.a.images | sort"),
        ("x{{ steps.a.images }}|", "x{{ steps.a.images }}"),
    ],
)
def test_it_is_said_so(mention: str, words: str) -> None:
    assert spell_mention(PendingImages("page", Bounds(0, 5), mention)) == words


@pytest.mark.parametrize(
    ("after", "others", "words"),
    [
        ("a", (), "an image of a"),
        ("a", ("a", "s"), "an image of a or s"),
        ("a", ("a", "s", "t"), "an image of a, s or t"),
        ("a[k=a]", ("a[k=a]", "s", "a"), "an image of a or s"),
        ("a[k=a]", ("a[k=b]#2", "s"), "an image of a[k=a], a[k=b]#2 or s"),
        ("u[v=x]/all[p=1]", ("s", "u[v=x]/all"), "an image of u[v=x]/all or s"),
        ("page", ("page[n=1]", "pages"), "an image of page or pages"),
        ("a", ("b", "c", "d", "e", "f"), "an image of a, b, c or 3 more"),
        ("s", ("s", ELSEWHERE), "an image of s, or one that is there already"),
        ("s", ("s", ELSEWHERE, ANYWHERE), "an image of s, or another one"),
    ],
)
def test_where_one_image_may_come_from_is_named_once(after: str, others: tuple[str, ...], words: str) -> None:
    assert spell_mention(PendingImages(after, Bounds(1, 1), f"{after} image", others)) == words


def test_an_image_of_a_known_task_is_called_by_that_task() -> None:
    tasks = plan(
        """\
steps:
  a: {for_each: {x: [sea, hill]}, generate: {prompt: "{{ each.x }}"}}
  b: {for_each: {t: "{{ steps.a.tasks }}"}, generate: {prompt: "{{ ref.i }}", image_input: {i: "{{ each.t.images[0] }}"}}}
"""
    ).tasks
    images = [task.references[0].image for task in tasks if task.step == "b"]
    assert [spell_mention(image) for image in images if isinstance(image, PendingImages)] == [
        "a[x=sea] image 1",
        "a[x=hill] image 1",
    ]
