"""YAML text to a tree of nodes with spans; serves recipes, project files, picks and libraries."""
