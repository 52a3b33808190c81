"""Opioids: what comes before them, what they must not meet, and those taken for long."""
