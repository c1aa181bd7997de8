"""seedflow: a declarative language for image generation."""

__version__ = "0.1.0"
