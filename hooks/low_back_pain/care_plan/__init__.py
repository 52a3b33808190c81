"""The plan for the phase of the pain, scores of risk and mood, and what to review when."""
