"""Answers kept by a worker, and by a Redis that workers share."""
