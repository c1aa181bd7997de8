"""Stage 1: YAML and Jinja text to `Recipe`."""
