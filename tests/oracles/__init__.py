"""Naive oracles: each operator again, row by row in plain Python, from the definitions alone.

Nothing here imports the operators, and nothing here is fast: what counts is that a reader sees
at once that it is right.
"""
