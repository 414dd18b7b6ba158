"""Other stores through the same messages, vectors and queries: time to build, size, memory, latency, recall.

    workbench bench peers --store data/store

Each peer is a module of `adapters` behind `peer.Peer`, run in a process of its own.
"""
