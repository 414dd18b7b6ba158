"""What a word, a passage and a snippet are: the only place that decides it."""
