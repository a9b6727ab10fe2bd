"""Before a kept connection's first statement Django asks the server whether it lives: a round trip a request.

A server that went away has closed the socket, and a closed socket can be read from. So we look at the socket
(a microsecond) and ask only when there is something to read.
"""

from __future__ import annotations

from select import POLLIN, poll

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        socket = poll()
        socket.register(self.connection.fileno(), POLLIN)
        return not socket.poll(0) or bool(super().is_usable())
