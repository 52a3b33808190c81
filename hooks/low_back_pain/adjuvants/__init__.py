"""Muscle relaxants, sedatives, steroids, gabapentinoids and duloxetine."""
