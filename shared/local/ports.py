import secrets
import socket

LOOPBACK = "127.0.0.1"

# Below the range the system takes for outgoing connections (Linux from 32768, macOS from 49152).
# Inside it, a client of a stopped engine can be given the engine's own port, connect to itself and
# keep the engine from coming back.
_PORTS = range(20_000, 32_768)
_TRIES = 100


def is_free(port: int) -> bool:
    """Nobody listens on this port of the loopback address at this moment."""
    with socket.socket() as probe:
        # As servers do: connections in TIME_WAIT do not count, a listener does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Return a port nobody holds now; somebody may take it first, so be ready to ask again."""
    for _ in range(_TRIES):
        port = _PORTS[secrets.randbelow(len(_PORTS))]
        if is_free(port):
            return port
    raise OSError(f"No free port on {LOOPBACK} between {_PORTS.start} and {_PORTS.stop - 1}.")
