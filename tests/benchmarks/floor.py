"""The floor of a run: the same work by hand on the same client. POST, download, hash, full decode, fsync, commit.

Arguments: base URL, token, account, folder, number of steps, calls in flight.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import sqlite3
import sys
from pathlib import Path

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from PIL import Image


async def main() -> None:
    base_url, token, account, folder, steps, in_flight = sys.argv[1:]
    place = Path(folder)
    await asyncio.to_thread(place.mkdir, parents=True, exist_ok=True)
    database = sqlite3.connect(place / "floor.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE calls (step INTEGER PRIMARY KEY, state TEXT, answer BLOB, digest TEXT)")
    gate = asyncio.Semaphore(int(in_flight))

    def keep(step: int, data: bytes) -> None:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as image:
            image.load()
        digest = hashlib.sha256(data).hexdigest()
        part = place / f"{step}.part"
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.rename(place / digest)
        descriptor = os.open(place, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        database.execute("UPDATE calls SET state = 'done', digest = ? WHERE step = ?", (digest, step))

    async with httpx.AsyncClient(
        transport=AiohttpTransport(
            client=lambda: aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True))
        ),
        timeout=60,
        headers={
            "Authorization": f"Bearer {token}",
            "cf-aig-gateway-id": "default",
            "cf-aig-collect-log": "true",
        },
    ) as client:

        async def one(step: int) -> None:
            async with gate:
                body = {
                    "model": "bytedance/seedream-4.5",
                    "input": {"prompt": f"Step {step}", "aspect_ratio": "1:1"},
                }
                database.execute("INSERT INTO calls VALUES (?, 'sending', NULL, NULL)", (step,))
                answer = await client.post(f"{base_url}/accounts/{account}/ai/run", json=body)
                answer.raise_for_status()
                database.execute(
                    "UPDATE calls SET state = 'answered', answer = ? WHERE step = ?", (answer.content, step)
                )
                url = json.loads(answer.content)["result"]["result"]["images"][0]
                picture = await client.get(url)
                picture.raise_for_status()
                keep(step, picture.content)

        await asyncio.gather(*(one(step) for step in range(int(steps))))
    database.close()


asyncio.run(main())
