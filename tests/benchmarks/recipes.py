"""Recipes of any size, for benchmarks and long tests. The same arguments always give the same text."""

from __future__ import annotations

from pathlib import Path


def write_wide(path: Path, items: int) -> Path:
    """One step over `items` values."""
    scenes = "\n".join(f"      - scene number {number} by the sea" for number in range(items))
    path.write_text(
        "seedflow: 1\nname: wide\ninputs:\n  scenes:\n    type: list\n    of: text\n    default:\n"
        f"{scenes}\n"
        "steps:\n  page:\n    for_each: {scene: '{{ inputs.scenes }}'}\n    generate:\n"
        "      prompt: 'A watercolour of {{ each.scene }}, in the morning'\n      size: 2K\n      aspect_ratio: 4:3\n",
        encoding="utf-8",
    )
    return path


def write_layers(path: Path, steps: int, *, width: int = 100) -> Path:
    """Distinct steps in layers; each but the first layer has two references into the layer before."""
    lines = ["seedflow: 1", "name: layers", "steps:"]
    for number in range(steps):
        layer, column = divmod(number, width)
        lines += [
            f"  s{number}:",
            "    generate:",
            f"      prompt: Step {number} of a long chain of pictures, in oil",
        ]
        if layer:
            first = (layer - 1) * width + column
            second = (layer - 1) * width + (column + 1) % width
            lines += [
                "      image_input:",
                f'        - "{{{{ steps.s{first}.images[0] }}}}"',
                f'        - "{{{{ steps.s{second}.images[0] }}}}"',
            ]
        lines += ["      aspect_ratio: 1:1"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_chains(path: Path, chains: int, length: int) -> Path:
    """Independent chains of `length` steps, each step using the one before."""
    lines = ["seedflow: 1", "name: chains", "steps:"]
    for chain in range(chains):
        for link in range(length):
            lines += [f"  c{chain}_{link}:", "    generate:", f"      prompt: Link {link} of chain {chain}"]
            if link:
                lines += ["      image_input:", f'        - "{{{{ steps.c{chain}_{link - 1}.images[0] }}}}"']
            lines += ["      aspect_ratio: 1:1"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_table(path: Path, rows: int) -> Path:
    """A table of `rows` rows through three stages, each over the images of the one before: 4 tasks and 5 images a row."""
    lines = "\n".join(f"      - {{name: figure {number}, colour: shade {number}}}" for number in range(rows))
    path.write_text(
        "seedflow: 1\nname: table\ninputs:\n  rows:\n    type: table\n    key: name\n"
        f"    columns: {{name: text, colour: text}}\n    default:\n{lines}\n"
        "defaults: {size: 2K, aspect_ratio: '1:1'}\n"
        "steps:\n"
        "  figure:\n    for_each: {row: '{{ inputs.rows }}'}\n    generate:\n"
        "      prompt: 'A drawing of {{ each.row.name }} in {{ each.row.colour }}'\n"
        "  scene:\n    for_each: {figure: '{{ steps.figure.images }}'}\n    generate:\n"
        "      prompt: '{{ ref.figure }} at home and at sea'\n"
        "      image_input: {figure: '{{ each.figure }}'}\n"
        "      sequential_image_generation: auto\n      max_images: 2\n"
        "  poster:\n    for_each: {scene: '{{ steps.scene.images }}'}\n    generate:\n"
        "      prompt: 'A poster of {{ ref.scene }}'\n"
        "      image_input: {scene: '{{ each.scene }}'}\n"
        "outputs:\n  posters: '{{ steps.poster.images }}'\n",
        encoding="utf-8",
    )
    return path
