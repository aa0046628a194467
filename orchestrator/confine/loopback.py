"""The way out of a network namespace to hosts that are opened: a socket inside it, which a process outside listens at.

A socket belongs to the namespace that it was made in, whoever holds it. So the proxy outside is handed the socket that
listens inside, and nothing has to carry bytes in between. A command connects to it, and to nothing else.
"""

import fcntl
import socket
import struct

PORT = 3128
"""Where the proxy listens, at `ADDRESS`. Nothing else can have taken it in a network that is new."""
ADDRESS = "127.0.0.1"

# Of the kernel's `include/uapi/linux/sockios.h` and `if.h`.
_SET_FLAGS, _UP = 0x8914, 1
_INTERFACE = struct.Struct("16sH22x")
_LISTENING = b"listening"


def open_to(channel: int) -> None:
    """Bring the loopback interface up, and hand a socket over that listens there.

    Args:
        channel: descriptor of a local socket, which stays open.

    Raises:
        OSError: this process may not change the network that it is in, or nobody takes the socket.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        fcntl.ioctl(listener, _SET_FLAGS, _INTERFACE.pack(b"lo", _UP))
        listener.bind((ADDRESS, PORT))
        listener.listen()
        outside = socket.socket(fileno=channel)
        socket.send_fds(outside, [_LISTENING], [listener.fileno()])
        outside.detach()


def taken_from(channel: socket.socket) -> socket.socket | None:
    """Wait for the socket that is handed over; None when the other side ends without."""
    _, descriptors, *_ = socket.recv_fds(channel, len(_LISTENING), 1)
    return socket.socket(fileno=descriptors[0]) if descriptors else None
