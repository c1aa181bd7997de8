"""Pages and drawings, from the same data as the terminal."""
