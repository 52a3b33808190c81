"""Spine surgery, epidural injection, and when to refer."""
