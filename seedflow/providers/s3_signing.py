"""Signed links of S3: botocore's arithmetic (AWS Signature Version 4 in the query string), and nothing else of it."""

from __future__ import annotations

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from seedflow.providers.upload import UploadOptions


class Signer:
    """Signs for one bucket. Reads no variable and no file: botocore's sessions, which do, are not used."""

    def __init__(self, options: UploadOptions) -> None:
        self._options = options
        self._credentials = Credentials(options.access_key_id, options.secret_access_key.reveal())

    def sign(self, method: str, name: str, lifetime_s: float) -> str:
        """The URL at which one method may be used on one object below the prefix, for so many seconds from now."""
        options = self._options
        request = AWSRequest(method, f"{options.endpoint.url}/{options.bucket}/{options.prefix}/{name}")
        S3SigV4QueryAuth(self._credentials, "s3", options.region, int(lifetime_s)).add_auth(request)
        return str(request.url)
