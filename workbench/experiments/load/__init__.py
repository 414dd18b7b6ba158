"""Load on search: a lean HTTP generator, query mixes, a naive reference service, memory, recall, and their targets."""
