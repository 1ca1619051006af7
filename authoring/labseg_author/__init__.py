"""What makes the lab: releasing its notebooks, training its models, rendering its cars.

It stands on labseg; nothing of labseg imports it, and students never install it.
"""
