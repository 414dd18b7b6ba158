"""Processes, connections and generations."""
