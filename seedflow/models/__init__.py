"""The catalog of image models: cards and profiles as data, and judging parameters by them."""
