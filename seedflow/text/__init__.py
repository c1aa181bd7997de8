"""YAML and JSON text to a tree of nodes with spans, CSV to cells with theirs; serves recipes, inputs and project files."""
