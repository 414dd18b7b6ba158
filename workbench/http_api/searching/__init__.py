"""Searches that wait for one another, and who may wait."""
