"""A real S3 server in a process of its own on loopback: SeaweedFS, which checks every signature, with one private bucket."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

START_WITHIN_S = 60
KEY_ID = "KEYOFTHETESTS"
SECRET = "secret-of-the-tests-0123456789"
READER_ID = "KEYTHATREADS"
READER_SECRET = "secret-that-reads-0123456789"


class BucketService:
    """A running server. `endpoint` has no path; `env` makes seedflow use its bucket."""

    bucket = "refs"

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        config = folder / "identities.json"
        config.write_text(json.dumps({"identities": [_identity("tests", KEY_ID, SECRET, "Admin", "Read", "Write", "List"),
                                                     _identity("reader", READER_ID, READER_SECRET, "Read", "List")]}))  # fmt: skip # a row a line
        names = ("s3", "s3.grpc", "master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc")
        ports = dict(zip(names, _find_ports(len(names)), strict=True))
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [
                str(Path(sys.executable).parent / "weed"),
                f"-logdir={folder}",
                "server",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                f"-dir={folder}",
                "-s3",
                f"-s3.port={ports['s3']}",
                f"-s3.port.grpc={ports['s3.grpc']}",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                f"-s3.config={config}",
                "-s3.iam=false",
                "-s3.autoCreateBucket=false",
                f"-master.port={ports['master']}",
                f"-master.port.grpc={ports['master.grpc']}",
                "-master.volumeSizeLimitMB=64",
                f"-volume.port={ports['volume']}",
                f"-volume.port.grpc={ports['volume.grpc']}",
                f"-filer.port={ports['filer']}",
                f"-filer.port.grpc={ports['filer.grpc']}",
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HOME": str(folder)},
            cwd=folder,
        )
        self.endpoint = f"http://127.0.0.1:{ports['s3']}"
        self.env = {
            "SEEDFLOW_UPLOAD_ENDPOINT": self.endpoint,
            "SEEDFLOW_UPLOAD_BUCKET": self.bucket,
            "SEEDFLOW_UPLOAD_ACCESS_KEY_ID": KEY_ID,
            "SEEDFLOW_UPLOAD_SECRET_ACCESS_KEY": SECRET,
        }
        try:
            self._wait_until_it_takes_pictures()
        except BaseException:
            self.close()
            raise

    def ask(
        self,
        method: str,
        path: str,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        signed: bool = True,
    ) -> tuple[int, dict[str, str], bytes]:
        """One request to the server, signed with its first key: status, headers with small letters, and body."""
        url = f"{self.endpoint}{path}"
        if signed:
            request = AWSRequest(method, url)
            S3SigV4QueryAuth(Credentials(KEY_ID, SECRET), "s3", "auto", 60).add_auth(request)
            url = request.url
        return fetch(url, method, data, headers)

    def read(self, name: str) -> tuple[int, dict[str, str], bytes]:
        """An object of the bucket."""
        return self.ask("GET", f"/{self.bucket}/{name}")

    def close(self) -> None:
        """End it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)  # its orderly end waits for peers that were never there
        self._process.wait(10)
        self._log.close()
        self._folder.cleanup()

    def _wait_until_it_takes_pictures(self) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        found: object = None
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                found = self.ask("PUT", f"/{self.bucket}")
                found = self.ask("PUT", f"/{self.bucket}/ready", b"yes")
                if found[0] == 200:
                    return
            except OSError as error:
                found = error
            time.sleep(0.1)
        log = Path(self._log.name).read_text(errors="replace")[-2000:]
        raise AssertionError(f"the S3 server did not start: {found}\n{log}")


def fetch(
    url: str, method: str = "GET", data: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """What stands behind a URL on loopback."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", data, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def _identity(name: str, key_id: str, secret: str, *actions: str) -> dict[str, object]:
    credentials = [{"accessKey": key_id, "secretKey": secret}]
    return {"name": name, "credentials": credentials, "actions": list(actions)}


def _find_ports(count: int) -> list[int]:
    """Ports that are free now, all looked for at once so that none comes twice."""
    listeners = [socket.socket() for _ in range(count)]
    try:
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()
