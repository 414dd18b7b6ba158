"""A live dashboard for notebooks: figures of a service or of this process, drawn again every second.

with OwnSearches(memory) as source:
    board = Board(source)
    board.watch(seconds=60)
"""

from workbench.display.live.board import Board
from workbench.display.live.sources import LiveSource, OwnSearches, ServiceFigures

__all__ = ["Board", "LiveSource", "OwnSearches", "ServiceFigures"]
