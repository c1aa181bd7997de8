"""Command line, environment, project file and user file to one `Settings`; alone in the house to read the environment."""
