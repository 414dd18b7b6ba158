"""Experiments: the corpora they run on, tuning, load, stress, baselines and their reports."""
