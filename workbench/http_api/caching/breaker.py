"""A circuit breaker: what has just failed is not tried again at once.

M. Nygard, "Release It!", 2nd edition 2018, chapter 5. Requests find it open and go on without; whoever owns it tries
in the background, and closes it.
"""

from __future__ import annotations

import logging

_LOG = logging.getLogger(__name__)


class Breaker:
    """Whether something that may be away is to be used. Logs one line for each change of state, and no other."""

    def __init__(self, name: str, *, closed: bool) -> None:
        self._name = name
        self._warned = False
        self.closed = closed

    def fail(self, error: BaseException) -> None:
        """It did not work: to be left alone until `mend`."""
        if not self._warned:
            _LOG.warning("%s: going on without it: %s", self._name, str(error) or type(error).__name__)
        self._warned, self.closed = True, False

    def mend(self) -> None:
        """It works."""
        if not self.closed:
            level, again = (logging.WARNING, " again") if self._warned else (logging.INFO, "")
            _LOG.log(level, "%s: in use%s", self._name, again)
        self._warned, self.closed = False, True
