"""Loops over rows, compiled by numba: imported when an operator first runs, never before."""
