"""The embedded cloud as a web application of its own process: `python -m hypercorn orchestrator.local.serve:app`."""

import asyncio
import os
import resource
import signal
from typing import Any

from ministack.app import app as ministack

from orchestrator.local.activities import restore_queues
from orchestrator.local.conditions import complete_conditions

complete_conditions()
restore_queues()
# A burst of promotions opens more connections than the usual limit allows.
_, _MOST_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (_MOST_FILES, _MOST_FILES))


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Serve until asked to end; then end as soon as the state is written.

    The server would first wait half a minute for clients that keep their connections open to say goodbye.
    """
    if scope["type"] != "lifespan":
        await ministack(scope, receive, send)
        return
    ending = asyncio.Event()
    begin = [await receive()]

    async def begin_then_end() -> Any:
        if begin:
            # In the place of the server's own handler, which is there by now.
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
            return begin.pop()
        await ending.wait()
        return {"type": "lifespan.shutdown"}

    async def send_and_end(message: Any) -> None:
        if message["type"] == "lifespan.shutdown.complete":
            os._exit(0)
        await send(message)

    await ministack(scope, begin_then_end, send_and_end)
