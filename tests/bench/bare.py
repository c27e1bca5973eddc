"""The least that a server can be: one Starlette route that takes a body and answers, under uvicorn, in its own process.

What it takes is what HTTP, Python and the machine cost at this moment; whatever a measurement shows above it is weft's.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route


async def echo(request: Request) -> Response:
    """Take the body, say how long it was."""
    return JSONResponse({"size": len(await request.body())})


async def stream(request: Request) -> Response:
    """One event, and the end."""
    del request

    async def frames() -> AsyncIterator[bytes]:
        yield b"id: 1\ndata: {}\n\n"

    return StreamingResponse(frames(), media_type="text/event-stream")


def main() -> None:
    """Serve until the process is ended; the port is the first line of the output."""
    routes = [Route("/echo", echo, methods=["GET", "PUT", "POST"]), Route("/stream", stream)]
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        config = uvicorn.Config(Starlette(routes=routes), log_level="warning", access_log=False)
        uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
