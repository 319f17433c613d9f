"""A Hugging Face Hub on loopback, for the real `datasets`, `huggingface_hub`, `transformers`.

The clients find it through `HF_ENDPOINT`, which they read when they are imported, so they run in a
subprocess that has `Hub.environment` on top of its own:

    with Hub() as hub:
        sha = hub.add_dataset("owner/name", {"README.md": b"...", "train.parquet": Path("...")})
        run([sys.executable, "-c", script], env={**os.environ, **hub.environment(tmp_path)})

`tests/doubles/hub_content.py` makes realistic files for a repository. `_Handler` answers requests
from the state in `tests/doubles/hub_repository.py`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.doubles.hub_repository import (
    Blob,
    RefusalError,
    Repository,
    byte_range,
    digest,
    is_below,
    list_entries,
    refuse_entry,
)

MAIN = "main"
TREE_PAGE = 1000

_ID = r"(?P<repo>[\w.-]+(?:/(?!(?:revision|tree|paths-info|refs)(?:/|$))[\w.-]+)?)"
_API = rf"^/api/(?P<kind>models|datasets)/{_ID}"
_FILE = rf"^/(?P<kind>datasets/)?{_ID}/resolve/(?P<revision>[^/]+)/(?P<path>.+)$"


class Hub:
    """Serves the repositories that were added to it, from `with` to the end of the block."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        """Method and path, without the query, of each request in order of arrival."""
        self._repositories: dict[tuple[str, str], Repository] = {}
        handler = type("_BoundHandler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def add_dataset(
        self, repo_id: str, files: Mapping[str, bytes | Path], revision: str | None = None
    ) -> str:
        """Commit `files` (path to content) as a dataset's new `main`; return the commit's sha.

        Earlier commits stay there under their sha. Without a `revision` the sha is derived from
        the files.

        Raises:
            ValueError: `revision` is not 40 hexadecimal digits.
        """
        return self._add("datasets", repo_id, files, revision)

    def add_model(
        self, repo_id: str, files: Mapping[str, bytes | Path], revision: str | None = None
    ) -> str:
        """Commit `files` as a model's new `main`; as `add_dataset` otherwise."""
        return self._add("models", repo_id, files, revision)

    def environment(self, home: Path) -> dict[str, str]:
        """Return the variables that point a client here, with an empty cache under `home`.

        They also shut what would reach for the internet (telemetry, download counts, Xet) and undo
        what the caller's own environment may hold (offline switches, caches, tokens, proxies).
        """
        return {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_HUB_CACHE": str(home / "hub"),
            "HF_DATASETS_CACHE": str(home / "datasets"),
            "HF_MODULES_CACHE": str(home / "modules"),
            "HF_TOKEN": "",
            "HF_TOKEN_PATH": str(home / "token"),
            "HF_HUB_OFFLINE": "0",
            "HF_DATASETS_OFFLINE": "0",
            "TRANSFORMERS_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def _add(
        self, kind: str, repo_id: str, files: Mapping[str, bytes | Path], revision: str | None
    ) -> str:
        if revision is not None and not re.fullmatch("[0-9a-f]{40}", revision):
            raise ValueError(f"revision is {revision!r}: expected a sha of 40 hexadecimal digits")
        repository = self._repositories.setdefault((kind, repo_id), Repository())
        return repository.commit(files, revision)

    def repository(self, kind: str, repo_id: str) -> Repository:
        """Return what was added as `kind` (`models`, `datasets`), or refuse as the Hub does.

        The real Hub answers 401 without a code to whoever has no token, and clients take that for
        a missing repository only from an https address: so this is its answer to a token's holder.
        """
        try:
            return self._repositories[kind, repo_id]
        except KeyError:
            raise RefusalError(404, "RepoNotFound", "Repository not found") from None

    def tree(self, kind: str, repo_id: str, revision: str) -> tuple[str, dict[str, Blob]]:
        """Return the sha and the files that `revision`, `main` or a sha, stands for."""
        repository = self.repository(kind, repo_id)
        sha = repository.head if revision == MAIN else revision
        if sha not in repository.commits:
            raise RefusalError(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return sha, repository.commits[sha]


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer("GET")

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def do_POST(self) -> None:
        self._answer("POST")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Keep the tests' output free of an access log."""

    def _answer(self, method: str) -> None:
        parts = urlsplit(self.path)
        self._body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._query = parse_qs(parts.query)
        self.hub.requests.append(f"{method} {unquote(parts.path)}")
        try:
            self._route(method, parts.path)
        except RefusalError as refusal:
            self._refuse(refusal)

    def _route(self, method: str, path: str) -> None:
        for methods, pattern, name in _ROUTES:
            match = re.match(pattern, path)
            if match and method in methods:
                groups = {key: unquote(value or "") for key, value in match.groupdict().items()}
                cast("Callable[..., None]", getattr(self, name))(**groups)
                return
        raise RefusalError(404, "", "Sorry, we can't find the page you are looking for.")

    def _info(self, kind: str, repo: str, revision: str = MAIN) -> None:
        sha, files = self.hub.tree(kind, repo, revision)
        self._send_json(
            {
                "_id": digest(repo)[:24],
                "id": repo,
                "sha": sha,
                "private": False,
                "gated": False,
                "disabled": False,
                "lastModified": "2024-01-18T15:31:09.000Z",
                "tags": [],
                "downloads": 0,
                "likes": 0,
                "siblings": [{"rfilename": path} for path in files],
            }
        )

    def _refs(self, kind: str, repo: str) -> None:
        head = self.hub.repository(kind, repo).head
        branch = {"name": MAIN, "ref": f"refs/heads/{MAIN}", "targetCommit": head}
        self._send_json({"branches": [branch], "converts": [], "tags": []})

    def _tree(self, kind: str, repo: str, revision: str, path: str) -> None:
        sha, files = self.hub.tree(kind, repo, revision)
        entries = [
            entry
            for entry in list_entries(files, sha, self._flag("expand"))
            if is_below(entry["path"], path, recursive=self._flag("recursive"))
        ]
        if path and not entries:
            refuse_entry(f'{path} does not exist on "{revision}"', sha)
        start = int(self._query.get("cursor", ["0"])[0])
        stop = start + TREE_PAGE
        self._send_json(entries[start:stop], self._link(stop) if stop < len(entries) else {})

    def _paths_info(self, kind: str, repo: str, revision: str) -> None:
        sha, files = self.hub.tree(kind, repo, revision)
        form = self._form()
        expand = form.get("expand", ["false"])[0].lower() == "true"
        wanted = set(form.get("paths", []))
        self._send_json([e for e in list_entries(files, sha, expand) if e["path"] in wanted])

    def _file(self, kind: str, repo: str, revision: str, path: str) -> None:
        sha, files = self.hub.tree(kind.rstrip("/") or "models", repo, revision)
        if path not in files:
            refuse_entry("Entry not found", sha)
        blob = files[path]
        headers = {
            "ETag": f'"{blob.etag}"',
            "X-Repo-Commit": sha,
            "Accept-Ranges": "bytes",
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f"inline; filename*=UTF-8''{quote(Path(path).name)}",
        }
        if blob.lfs_sha256:
            headers |= {"X-Linked-ETag": f'"{blob.etag}"', "X-Linked-Size": str(len(blob.data))}
        self._send_file(blob.data, headers)

    def _send_file(self, data: bytes, headers: dict[str, str]) -> None:
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if asked is None or not any(asked.groups()):
            self._send(200, data, headers)
            return
        first, last = byte_range(asked[1], asked[2], len(data))
        if first > last:
            self._send(416, b"", headers | {"Content-Range": f"bytes */{len(data)}"})
            return
        headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        self._send(206, data[first : last + 1], headers)

    def _send_json(self, value: object, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(value).encode()
        self._send(200, body, {"Content-Type": "application/json; charset=utf-8"} | (headers or {}))

    def _refuse(self, refusal: RefusalError) -> None:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Error-Code": refusal.code,
            "X-Error-Message": refusal.message,
            "X-Repo-Commit": refusal.commit,
        }
        body = json.dumps({"error": refusal.message}).encode()
        self._send(refusal.status, body, {name: text for name, text in headers.items() if text})

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _form(self) -> dict[str, list[str]]:
        if "json" not in self.headers.get("Content-Type", ""):
            return parse_qs(self._body.decode())
        sent: dict[str, Any] = json.loads(self._body)
        return {k: v if isinstance(v, list) else [str(v)] for k, v in sent.items()}

    def _flag(self, name: str) -> bool:
        return self._query.get(name, ["false"])[0].lower() in {"true", "1"}

    def _link(self, cursor: int) -> dict[str, str]:
        flags = "&".join(f"{name}={self._flag(name)}" for name in ("recursive", "expand"))
        address = f"{self.hub.url}{urlsplit(self.path).path}?{flags}&cursor={cursor}"
        return {"Link": f'<{address}>; rel="next"'}


_ROUTES = (
    (("GET", "HEAD"), _FILE, "_file"),
    (("GET",), rf"{_API}/refs$", "_refs"),
    (("GET",), rf"{_API}/tree/(?P<revision>[^/]+)(?:/(?P<path>.*))?$", "_tree"),
    (("POST",), rf"{_API}/paths-info/(?P<revision>[^/]+)$", "_paths_info"),
    (("GET",), rf"{_API}/revision/(?P<revision>[^/]+)$", "_info"),
    (("GET",), rf"{_API}$", "_info"),
)
