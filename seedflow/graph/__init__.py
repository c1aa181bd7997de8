"""Stage 2: `Recipe` to `StepGraph`: who uses whose images, and what flows along each edge."""
