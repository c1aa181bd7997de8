"""Stage 4: a plan to a run and its images."""
