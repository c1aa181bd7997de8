"""Templates from the inside: text → tokens → nodes that look up data and nothing else. `recipe/template.py` is the way in."""
