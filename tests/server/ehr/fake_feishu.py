"""Feishu: hands out tokens that run out, takes calls of an exam vendor strictly, signs and encrypts its events.

Errors come as Feishu's: a code beside the HTTP status, 0 for success. The encryption is done here by hand, from
Feishu's description of it, with the cryptography library.
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from tests.server.ehr.faults import Faults

APP_ID, APP_SECRET = "cli_a1b2c3", "app-secret-0123456789"
ENCRYPT_KEY, TOKEN = "encrypt-key-for-tests", "verification-token-for-tests"
TOKEN_INVALID = 99991663
PARAM_INVALID = 1002001


class FakeFeishu:
    """encrypt_key: of the app; empty: events are neither signed nor encrypted."""

    def __init__(self, encrypt_key: str = ENCRYPT_KEY) -> None:
        self.encrypt_key = encrypt_key
        self.faults = Faults()
        self.papers: dict[str, list[dict[str, Any]]] = {}
        self.exams: set[str] = set()
        self.logins: dict[str, dict[str, Any]] = {}
        self.results: dict[str, dict[str, Any]] = {}
        # Exams whose marking is finished there: their result stays.
        self.marked: set[str] = set()
        self.tokens_given = 0
        self._token = ""
        self.app = web.Application(middlewares=[self.faults.middleware])
        self.app.router.add_post("/open-apis/auth/v3/tenant_access_token/internal", self._give_token)
        hire = "/open-apis/hire/v1"
        self.app.router.add_post(f"{hire}/eco_exam_papers", self._take_papers)
        self.app.router.add_post(f"{hire}/eco_exams/{{exam}}/login_info", self._take_login)
        self.app.router.add_post(f"{hire}/eco_exams/{{exam}}/update_result", self._take_result)

    def expire_token(self) -> None:
        """The token that was given out holds no longer."""
        self._token = ""

    async def _give_token(self, request: web.Request) -> web.Response:
        if await request.json() != {"app_id": APP_ID, "app_secret": APP_SECRET}:
            return web.json_response({"code": 10014, "msg": "app secret invalid"})
        self.tokens_given += 1
        self._token = f"t-{self.tokens_given}"
        return web.json_response({"code": 0, "msg": "ok", "tenant_access_token": self._token, "expire": 7200})

    def _wrong(self, request: web.Request) -> web.Response | None:
        if not self._token or request.headers.get("Authorization") != f"Bearer {self._token}":
            return _answer(TOKEN_INVALID, "Invalid access token for authorization", 400)
        if request.headers.get("Content-Type", "").replace(" ", "") != "application/json;charset=utf-8":
            return _answer(PARAM_INVALID, "content type", 400)
        return None

    async def _take_papers(self, request: web.Request) -> web.Response:
        if wrong := self._wrong(request):
            return wrong
        sent = await request.json()
        if not _fields(sent, {"account_id", "paper_list"}, set()):
            return _answer(PARAM_INVALID, "fields", 400)
        optional = {"duration", "question_count", "start_time", "end_time"}
        papers = sent["paper_list"]
        if not isinstance(papers, list) or not all(_fields(one, {"id", "name"}, optional) for one in papers):
            return _answer(PARAM_INVALID, "paper_list", 400)
        if not isinstance(sent["account_id"], str) or not all(_is_paper(one) for one in papers):
            return _answer(PARAM_INVALID, "type", 400)
        self.papers[sent["account_id"]] = sent["paper_list"]
        return _answer(0)

    async def _take_login(self, request: web.Request) -> web.Response:
        if wrong := self._wrong(request):
            return wrong
        sent, exam = await request.json(), request.match_info["exam"]
        if not _fields(sent, {"exam_login_info"}, {"result", "msg"}) or not isinstance(sent.get("result", 0), int):
            return _answer(PARAM_INVALID, "fields", 400)
        if not _fields(sent["exam_login_info"], {"exam_url"}, {"username", "password"}):
            return _answer(PARAM_INVALID, "exam_login_info", 400)
        if not _texts(sent["exam_login_info"], "exam_url", "username", "password") or not _texts(sent, "msg"):
            return _answer(PARAM_INVALID, "type", 400)
        return self._apply(self.logins, exam, sent)

    async def _take_result(self, request: web.Request) -> web.Response:
        if wrong := self._wrong(request):
            return wrong
        sent, exam = await request.json(), request.match_info["exam"]
        if not _fields(sent, {"result"}, {"result_time", "report_list", "detail_list"}):
            return _answer(PARAM_INVALID, "fields", 400)
        if not isinstance(sent["result"], str) or not 0 <= float(sent["result"]) <= 100:
            return _answer(PARAM_INVALID, "result", 400)
        if not isinstance(sent.get("result_time", ""), str) or not sent.get("result_time", "0").isdigit():
            return _answer(PARAM_INVALID, "result_time", 400)
        if not all(_fields(one, {"name", "url"}, {"answer_time"}) for one in sent.get("report_list", [])):
            return _answer(PARAM_INVALID, "report_list", 400)
        if not all(_fields(one, {"name", "result"}, {"id"}) for one in sent.get("detail_list", [])):
            return _answer(PARAM_INVALID, "detail_list", 400)
        listed = [*sent.get("report_list", []), *sent.get("detail_list", [])]
        if not all(_texts(one, "id", "name", "url", "result", "answer_time") for one in listed):
            return _answer(PARAM_INVALID, "type", 400)
        if exam in self.marked:
            return _answer(1002402, "exam is marked", 400)
        return self._apply(self.results, exam, sent)

    def _apply(self, kept: dict[str, dict[str, Any]], exam: str, sent: dict[str, Any]) -> web.Response:
        if exam not in self.exams:
            return _answer(1002301, "exam not found", 400)
        kept[exam] = sent
        return _answer(0)

    def account_created(self, now: datetime, **more: Any) -> tuple[dict[str, str], bytes]:
        """A customer links the vendor's account."""
        event = {"account_id": "7147998241542539527", "account_name": "Shop", "usage_list": ["exam"]}
        return self.event("hire.eco_account.created_v1", event, now, **more)

    def exam_created(
        self, now: datetime, paper: str, exam: str = "7178536692385679677", **more: Any
    ) -> tuple[dict[str, str], bytes]:
        """A customer sends a candidate to an exam."""
        self.exams.add(exam)
        person = {"name": "林晓雨", "mobile": {"code": "86", "number": "13800138000"}, "email": "lin@example.org"}
        event = {"exam_id": exam, "account_id": "7147998241542539527", "paper_id": paper, "candidate_info": person}
        return self.event("hire.eco_exam.created_v1", event, now, **more)

    def event(
        self, type_: str, event: Mapping[str, Any], now: datetime, *, event_id: str = "ev-1", token: str = TOKEN
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of an event; a repetition has the same event_id."""
        header = {
            "event_id": event_id,
            "event_type": type_,
            "create_time": "1658676234053",
            "token": token,
            "app_id": APP_ID,
            "tenant_key": "736588c9260f175d",
        }
        return self.sealed({"schema": "2.0", "header": header, "event": dict(event)}, now)

    def challenge(self, token: str = TOKEN) -> tuple[dict[str, str], bytes]:
        """What proves an address when it is entered; it is encrypted and not signed."""
        _, raw = self.sealed({"challenge": "ajls384kdjx98XX", "token": token, "type": "url_verification"}, None)
        return {}, raw

    def sealed(self, values: Mapping[str, Any], now: datetime | None) -> tuple[dict[str, str], bytes]:
        """Headers and body of what is sent, encrypted and signed as the app has it."""
        raw = json.dumps(values, ensure_ascii=False).encode()
        if not self.encrypt_key:
            return {}, raw
        raw = json.dumps({"encrypt": encrypted(self.encrypt_key, raw)}).encode()
        stamp, nonce = str(int(now.timestamp())) if now else "", "83123412"
        signature = sha256((stamp + nonce + self.encrypt_key).encode() + raw).hexdigest()
        names = {"X-Lark-Request-Timestamp": stamp, "X-Lark-Request-Nonce": nonce, "X-Lark-Signature": signature}
        return names, raw


def encrypted(key: str, raw: bytes) -> str:
    """AES-256-CBC with the SHA-256 of the key, padded to 16 bytes, the vector in front, in base64."""
    padding = 16 - len(raw) % 16
    vector = os.urandom(16)
    cipher = Cipher(AES256(sha256(key.encode()).digest()), CBC(vector)).encryptor()
    return b64encode(vector + cipher.update(raw + bytes([padding]) * padding) + cipher.finalize()).decode()


def _fields(sent: Any, needed: set[str], optional: set[str]) -> bool:
    return isinstance(sent, dict) and needed <= set(sent) <= needed | optional


def _texts(sent: Mapping[str, Any], *names: str) -> bool:
    return all(isinstance(sent.get(name, ""), str) for name in names)


def _is_paper(one: Mapping[str, Any]) -> bool:
    """Longer ids and names would be cut, so that the same paper would come back under another id."""
    return (
        _texts(one, "id", "name", "start_time", "end_time")
        and all(isinstance(one.get(name, 0), int) for name in ("duration", "question_count"))
        and max(len(one["id"]), len(one["name"])) <= 255
    )


def _answer(code: int, msg: str = "success", status: int = 200) -> web.Response:
    return web.json_response({"code": code, "msg": msg, "data": {}}, status=status)
