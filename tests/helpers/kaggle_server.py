"""Kaggle on loopback: what its API and its storage answer to Kaggle's own client.

The client is pointed here by its environment, nothing in it is changed. The server's attributes
are how a test makes things go wrong.
"""

import base64
import json
import re
import sys
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "KGAT_good"
USER, KEY = "student", "0123456789abcdef"
DATE = "Wed, 16 Aug 2017 00:00:00 GMT"


class KaggleServer(ThreadingHTTPServer):
    """Serves `files` (name → bytes) of the competition.

    statuses: name → HTTP statuses to answer with, one a request, before the file is given.
    retry_after: the seconds that come with them.
    cuts: name → after how many bytes the connection breaks, one a request.
    ranges: whether it says that a part of a file can be asked for.
    part: whether it then sends that part; otherwise it sends the whole file again.
    speed: bytes a second, None for all at once.
    """

    daemon_threads = True

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.statuses, self.cuts = defaultdict(list), defaultdict(list)
        self.retry_after = None
        self.ranges = self.part = True
        self.speed = None
        self.asked = []  # (name, first byte) of every download

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, address):
        if not isinstance(sys.exception(), ConnectionError):  # those are clients that left
            super().handle_error(request, address)

    @property
    def environment(self):
        """Variables that send Kaggle's client here, without credentials."""
        return {
            "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
            "http_proxy": f"http://127.0.0.1:{self.server_port}",
            "NO_PROXY": "",
            "no_proxy": "",
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/IntrospectToken"):
            good = body["token"] == TOKEN
            self.reply(200, {"active": good, "username": USER if good else ""})
        elif self.path.endswith("CompetitionApiService/DownloadDataFile"):
            self.download(body["competitionName"], body["fileName"])
        else:
            self.reply(404, {"code": 404, "message": self.path})

    def download(self, competition, name):
        basic = "Basic " + base64.b64encode(f"{USER}:{KEY}".encode()).decode()
        if self.headers.get("Authorization") not in (f"Bearer {TOKEN}", basic):
            return self.reply(401, {"code": 401, "message": "Unauthenticated"})
        assert competition == "carvana-image-masking-challenge"
        if self.server.statuses[name]:
            status = self.server.statuses[name].pop(0)
            return self.reply(status, {"code": status, "message": "Permission denied"})
        if name not in self.server.files:
            return self.reply(404, {"code": 404, "message": "Not Found"})
        self.send_response(302)
        self.send_header("Location", f"http://localhost/storage/{name}?signed=yes")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def reply(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 429 and self.server.retry_after is not None:
            self.send_header("Retry-After", str(self.server.retry_after))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        name = re.fullmatch(r"http://localhost/storage/(.+)\?signed=yes", self.path)[1]
        content = self.server.files[name]
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        first = int(wanted[1]) if wanted and self.server.ranges and self.server.part else 0
        self.server.asked.append((name, first))
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        if self.server.ranges:
            self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{hash(content):x}"')
        self.send_header("Last-Modified", DATE)
        self.send_header("Content-Type", "application/zip")
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        stop = len(content)
        if self.server.cuts[name]:
            stop = first + self.server.cuts[name].pop(0)
            self.close_connection = True
        step = max(1, int(self.server.speed / 50)) if self.server.speed else len(content)
        try:
            for start in range(first, stop, step):
                self.wfile.write(content[start : min(start + step, stop)])
                if self.server.speed:
                    time.sleep(0.02)
        except OSError:
            pass  # the client has gone
