"""Fetching a model: progress, what is kept, and a sentence within bounded time when it cannot be had."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import threading
import time
from pathlib import Path

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpServer

from analyzers.transcription import model_hub as hub
from analyzers.transcription.model_hub import ModelUnavailable, fetch
from analyzers.transcription.models import is_synthetic, load_model

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "config.json": b"{}",
    "tokenizer.json": b'{"made": "up"}',
    "vocabulary.json": b"[]",
    "model.bin": bytes(range(256)) * 8000,
    "README.md": b"not wanted",
}


def hub_application(files: dict[str, bytes], asked: list[str]) -> web.Application:
    """The part of the model hub's HTTP interface that is used, over files in memory."""

    async def info(request: web.Request) -> web.Response:
        if request.match_info["name"] != "owner/model":
            return web.json_response(
                {"error": "Repository not found"}, status=404, headers={"X-Error-Code": "RepoNotFound"}
            )
        siblings = [{"rfilename": name, "size": len(body)} for name, body in files.items()]
        return web.json_response({"id": "owner/model", "sha": COMMIT, "siblings": siblings})

    async def resolve(request: web.Request) -> web.Response:
        name = request.match_info["file"]
        asked.append(f"{request.method} {name}")
        etag = hashlib.sha1(files[name], usedforsecurity=False).hexdigest()
        return web.Response(body=files[name], headers={"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT})

    application = web.Application()
    application.router.add_get("/api/models/{name:[^/]+/[^/]+}", info)
    application.router.add_get("/owner/model/resolve/{revision}/{file}", resolve)
    return application


async def test_fetches_the_wanted_files_with_progress_and_once(aiohttp_server: AiohttpServer, tmp_path: Path) -> None:
    asked: list[str] = []
    server = await aiohttp_server(hub_application(FILES, asked))
    endpoint = str(server.make_url("")).rstrip("/")
    progress: list[tuple[int, int | None]] = []

    def note(done: int, total: int | None) -> None:
        progress.append((done, total))

    folder = await asyncio.to_thread(fetch, "owner/model", tmp_path, note, endpoint=endpoint)
    wanted = {name: body for name, body in FILES.items() if name != "README.md"}
    assert {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()} == wanted
    total = sum(map(len, wanted.values()))
    assert progress[-1] == (total, total)
    assert [done for done, _ in progress] == sorted(done for done, _ in progress)

    await server.close()
    asked.clear()
    assert await asyncio.to_thread(fetch, "owner/model", tmp_path, note, endpoint=endpoint) == folder
    assert asked == []


async def test_whoever_watches_the_progress_may_give_up(aiohttp_server: AiohttpServer, tmp_path: Path) -> None:
    server = await aiohttp_server(hub_application(FILES, []))
    endpoint = str(server.make_url("")).rstrip("/")

    def give_up(done: int, total: int | None) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        await asyncio.to_thread(fetch, "owner/model", tmp_path, give_up, endpoint=endpoint)
    for left in [thread for thread in threading.enumerate() if thread.name == "model-hub"]:
        await asyncio.to_thread(left.join, 10)


async def test_an_unknown_repository_is_named(aiohttp_server: AiohttpServer, tmp_path: Path) -> None:
    server = await aiohttp_server(hub_application(FILES, []))
    endpoint = str(server.make_url("")).rstrip("/")
    with pytest.raises(ModelUnavailable, match="has no public model owner/modle") as caught:
        await asyncio.to_thread(fetch, "owner/modle", tmp_path, print, endpoint=endpoint)
    assert caught.value.reason == "not_on_hub"


async def test_a_repository_of_another_kind_of_model_is_refused(aiohttp_server: AiohttpServer, tmp_path: Path) -> None:
    server = await aiohttp_server(hub_application({"config.json": b"{}", "pytorch.bin": b""}, []))
    endpoint = str(server.make_url("")).rstrip("/")
    with pytest.raises(ModelUnavailable, match=r"lacks model\.bin, tokenizer\.json"):
        await asyncio.to_thread(fetch, "owner/model", tmp_path, print, endpoint=endpoint)


def test_no_hub_is_a_sentence_at_once(tmp_path: Path) -> None:
    started = time.monotonic()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ModelUnavailable, match="could not be fetched from the model hub") as caught:
            load_model("small", "cpu", "default", 1, tmp_path, print, hub_endpoint=endpoint)
    assert "set INTERVIEW_WHISPER_MODEL to its folder" in str(caught.value)
    assert caught.value.reason == "hub"
    assert time.monotonic() - started < 10


def test_a_hub_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_ANSWER_S", 1.0)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        started = time.monotonic()
        with pytest.raises(ModelUnavailable):
            fetch("owner/model", tmp_path, print, endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("name", "reason", "sentence"),
    [
        ("smal", "unknown_name", "There is no speech model named smal. .* one of: .*small"),
        ("./nowhere", "folder_missing", r"There is no folder \./nowhere"),
        ("/nowhere/at/all", "folder_missing", "Correct INTERVIEW_WHISPER_MODEL"),
    ],
)
def test_a_wrong_name_says_what_to_set(name: str, reason: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=sentence) as caught:
        load_model(name, "cpu", "default", 1, tmp_path, print)
    assert caught.value.reason == reason


def test_a_folder_without_files_names_them(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelUnavailable, match=r"lacks model\.bin, tokenizer\.json"):
        load_model(str(tmp_path), "cpu", "default", 1, tmp_path, print)


def test_a_folder_with_broken_files_says_so(tmp_path: Path) -> None:
    for name, body in FILES.items():
        (tmp_path / name).write_bytes(body)
    with pytest.raises(ModelUnavailable, match="could not be loaded on cpu") as caught:
        load_model(str(tmp_path), "cpu", "default", 1, tmp_path, print)
    assert caught.value.reason == "files_broken"


@pytest.mark.parametrize(
    ("config", "synthetic"),
    [('{"synthetic_test_model": true}', True), ('{"lang_ids": []}', False), ("not JSON", False), (None, False)],
)
def test_a_model_of_synthetic_voices_is_known_by_its_config(
    config: str | None, synthetic: bool, tmp_path: Path
) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    assert is_synthetic(tmp_path) is synthetic
