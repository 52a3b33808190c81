"""Treatments without drugs: bed rest, passive ones, supports, manipulation, exercise."""
