"""Lumbar MRI, CT and radiographs: when an order is advised against, supported or urgent."""
