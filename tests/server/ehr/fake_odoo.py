"""An Odoo 19 for contract tests over real HTTP: JSON-2 as strict as the real one, whose answers it was compared with.

`test_odoo.py` asks the real one the same when pytest is given --odoo.
"""

from __future__ import annotations

import hashlib
import html
import json
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from aiohttp import web

from tests.server.ehr.odoo_models import BOOLEAN, DATETIME, INTEGER, MODELS, SIGNATURES, Field, fits

Row = dict[str, Any]
_LOG = {"write_date": Field(DATETIME), "create_date": Field(DATETIME)}


class Refusal(Exception):
    """An answer that is none of 200."""

    def __init__(self, status: int, name: str, message: str = "") -> None:
        super().__init__(message)
        self.status, self.name = status, name


class FakeOdoo:
    """One database in memory. key: of its administrator."""

    def __init__(self, database: str, key: str) -> None:
        self._database = database
        self._key = key
        self._rows: dict[str, dict[int, Row]] = {model: {} for model in MODELS}
        for place, name in enumerate(("New", "Initial Qualification", "First Interview", "Second Interview"), start=1):
            self._create("hr.recruitment.stage", {"name": name, "sequence": place}, {})
        self._create("ir.model", {"model": "hr.applicant", "name": "Applicant"}, {})

    def app(self) -> web.Application:
        """To be served."""
        app = web.Application(client_max_size=128 << 20)
        app.router.add_get("/web/health", _health)
        app.router.add_post("/json/2/{model}/{method}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Odoo-Database") != self._database:
            return web.Response(status=404, text="<!doctype html><h1>Not Found</h1>", content_type="text/html")
        if request.content_type != "application/json" and request.content_length:
            return web.Response(status=415, text="<!doctype html><h1>Unsupported</h1>", content_type="text/html")
        try:
            scheme, _, key = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or key != self._key:
                raise Refusal(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey")
            try:
                body = json.loads(await request.read())
            except ValueError as error:
                raise Refusal(400, "werkzeug.exceptions.BadRequest", "could not parse the body as json") from error
            arguments = body if isinstance(body, dict) else {}
            model, method = request.match_info["model"], request.match_info["method"]
            result = self._call(model, method, arguments)
        except Refusal as refusal:
            told = {
                "name": refusal.name,
                "message": str(refusal),
                "arguments": [str(refusal)],
                "context": {},
                "debug": "Traceback (most recent call last): …",
            }
            return web.json_response(told, status=refusal.status)
        return web.json_response(result)

    def _call(self, model: str, method: str, arguments: dict[str, Any]) -> Any:
        if model not in MODELS:
            raise Refusal(404, "werkzeug.exceptions.NotFound", f"the model {model!r} does not exist")
        if method.startswith("_"):
            raise Refusal(403, "odoo.exceptions.AccessError", "Private methods cannot be called remotely.")
        if method not in SIGNATURES or (method == "message_post" and model != "hr.applicant"):
            raise Refusal(404, "werkzeug.exceptions.NotFound", f"the method '{model}.{method}' does not exist")
        ids = list(arguments.pop("ids", ()))
        context = arguments.pop("context", {})
        needed, allowed = SIGNATURES[method]
        if missing := needed - set(arguments):
            raise Refusal(422, "werkzeug.exceptions.UnprocessableEntity", f"missing a required argument: {missing}")
        if unknown := set(arguments) - needed - allowed:
            if method in ("search_read", "message_post"):
                error = "TypeError" if method == "search_read" else "ValueError"
                raise Refusal(500, f"builtins.{error}", f"unexpected keyword argument {unknown}")
            raise Refusal(422, "werkzeug.exceptions.UnprocessableEntity", f"unexpected argument {unknown}")
        if method == "context_get":
            return {"lang": "en_US", "tz": False, "uid": 2}
        if method == "create":
            return self._create_all(model, arguments["vals_list"], context)
        if method == "search_count":
            return len(self._search(model, arguments["domain"], context))
        if method == "search_read":
            return self._search_read(model, context=context, **arguments)
        if method == "read":
            kept = [row for row in ids if row in self._rows[model]]
            return [self._shown(model, row, arguments.get("fields")) for row in kept]
        for row in ids:
            if row not in self._rows[model]:
                raise Refusal(404, "odoo.exceptions.MissingError", f"Record does not exist: {model}({row},)")
        if method == "message_post":
            return self._message_post(ids, **arguments)
        for row in ids:
            if method == "unlink":
                del self._rows[model][row]
            else:
                self._write(model, row, {"active": False} if method == "action_archive" else arguments["vals"], context)
        return True

    def _create_all(self, model: str, vals_list: Any, context: Mapping[str, Any]) -> list[int]:
        before = {name: {key: dict(row) for key, row in rows.items()} for name, rows in self._rows.items()}
        try:
            return [self._create(model, values, context) for values in vals_list]
        except Refusal:
            self._rows = before
            raise

    def _create(self, model: str, values: Mapping[str, Any], context: Mapping[str, Any]) -> int:
        fields = MODELS[model]
        self._check(model, values)
        for name, field in fields.items():
            if field.is_required and not values.get(name):
                raise Refusal(422, "odoo.exceptions.ValidationError", f"Missing required value for the field {name!r}")
        key = max(self._rows[model], default=0) + 1
        row: Row = {name: field.default for name, field in fields.items()}
        self._rows[model][key] = row
        row["id"] = key
        row["create_date"] = datetime.now(UTC)
        if model == "hr.applicant":
            stages = self._rows["hr.recruitment.stage"].values()
            row["stage_id"] = min(stages, key=lambda stage: (stage["sequence"], stage["id"]))["id"]
            if values.get("email_from"):
                contact = {"name": values.get("partner_name"), "email": values["email_from"]}
                row["partner_id"] = self._create("res.partner", contact, {})
        if model.endswith(".skill") and model != "hr.skill":
            row["valid_from"] = f"{datetime.now(UTC):%Y-%m-%d}"
        self._write(model, key, values, context)
        if model == "mail.message":
            row["message_id"] = row["message_id"] or f"<{key}@fake-odoo>"
        return key

    def _write(self, model: str, key: int, values: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        self._check(model, values)
        row = self._rows[model][key]
        # Seconds are all that is shown; more is kept.
        row["write_date"] = datetime.now(UTC)
        if model == "hr.applicant" and values.get("stage_id") not in (None, row["stage_id"]):
            row["kanban_state"] = "normal"
            self._mail_of_stage(key, values["stage_id"], context)
        for name, value in values.items():
            field = MODELS[model][name]
            if field.kind == "one2many":
                for command, _, given in value:
                    assert command == 0, "other commands are not needed here"
                    self._create(field.to, {**given, field.inverse: key}, context)
            elif field.kind == "many2many":
                row[name] = list(value)
            else:
                row[name] = value
        if model == "ir.attachment" and "datas" in values:
            # Python's decoder passes over what is not of its alphabet, and so does Odoo.
            content = b64decode(values["datas"] + "=" * (-len(values["datas"]) % 4))
            row["checksum"] = hashlib.sha1(content, usedforsecurity=False).hexdigest()
            row["file_size"] = len(content)
        if model in ("hr.applicant.skill", "hr.job.skill"):
            self._check_skill(model, row)

    def _check(self, model: str, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            field = MODELS[model].get(name)
            if field is None:
                raise Refusal(500, "builtins.ValueError", f"Invalid field {name!r} in {model!r}")
            if not fits(field, value):
                raise Refusal(500, "builtins.ValueError", f"Wrong value for {model}.{name}: {value!r}")
            if field.kind == "many2one" and value and value not in self._rows[field.to]:
                raise Refusal(404, "odoo.exceptions.MissingError", f"Record does not exist: {field.to}({value},)")

    def _check_skill(self, model: str, row: Row) -> None:
        owner = "applicant_id" if model == "hr.applicant.skill" else "job_id"
        for other in self._rows[model].values():
            same = other["id"] != row["id"] and all(other[name] == row[name] for name in (owner, "skill_id"))
            if same and not other["valid_to"]:
                raise Refusal(422, "odoo.exceptions.ValidationError", "overlap or exactly match existing skills")
        type_id = row["skill_type_id"]
        for name, target in (("skill_id", "hr.skill"), ("skill_level_id", "hr.skill.level")):
            if self._rows[target][row[name]]["skill_type_id"] != type_id:
                raise Refusal(422, "odoo.exceptions.ValidationError", f"The {name} and the skill type don't match")

    def _mail_of_stage(self, applicant: int, stage: int, context: Mapping[str, Any]) -> None:
        if context.get("mail_notrack"):
            return
        values = {"model": "hr.applicant", "res_id": applicant, "message_type": "notification", "body": ""}
        self._create("mail.message", values, {})
        if self._rows["hr.recruitment.stage"][stage]["template_id"]:
            self._create("mail.message", {**values, "message_type": "auto_comment", "body": "<p>A letter</p>"}, {})

    def _message_post(self, ids: Sequence[int], body: str = "", **given: Any) -> list[int]:
        if len(ids) != 1:
            raise Refusal(500, "builtins.ValueError", "Expected singleton")
        for attachment in given.get("attachment_ids", ()):
            if attachment not in self._rows["ir.attachment"]:
                raise Refusal(
                    404, "odoo.exceptions.MissingError", f"Record does not exist: ir.attachment({attachment},)"
                )
        values = {
            "model": "hr.applicant",
            "res_id": ids[0],
            "message_id": given.get("message_id", False),
            "message_type": given.get("message_type", "notification"),
            "body": body if given.get("body_is_html") else f"<p>{html.escape(body)}</p>",
            "attachment_ids": given.get("attachment_ids", []),
        }
        return [self._create("mail.message", values, {})]

    def _search_read(
        self,
        model: str,
        context: Mapping[str, Any],
        domain: Sequence[Any] = (),
        fields: Sequence[str] | None = None,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[Row]:
        found = self._search(model, domain, context)
        if limit is not None and limit < 0:
            raise Refusal(500, "psycopg2.errors.InvalidRowCountInLimitClause", "LIMIT must not be negative")
        for part in reversed((order or "id").split(",")):
            name, _, way = part.strip().partition(" ")
            self._field(model, name)
            found.sort(key=lambda key, name=name: self._rows[model][key].get(name) or 0, reverse=way == "desc")  # type: ignore[misc]
        return [self._shown(model, key, fields) for key in found[offset : offset + limit if limit else None]]

    def _search(self, model: str, domain: Sequence[Any], context: Mapping[str, Any]) -> list[int]:
        said = {term[0] for term in domain if not isinstance(term, str)}
        only_active = "active" in MODELS[model] and "active" not in said and context.get("active_test", True)
        return [
            key
            for key, row in self._rows[model].items()
            if self._holds(model, row, domain) and (row["active"] if only_active else True)
        ]

    def _holds(self, model: str, row: Row, domain: Sequence[Any]) -> bool:
        stack: list[bool] = []
        for term in reversed(domain):
            if term in ("|", "&"):
                left, right = stack.pop(), stack.pop()
                stack.append(left or right if term == "|" else left and right)
            else:
                stack.append(self._compare(model, row, *term))
        return all(stack)

    def _compare(self, model: str, row: Row, name: str, operator: str, value: Any) -> bool:
        self._field(model, name)
        found = self._value(model, row, name)
        if isinstance(found, datetime):
            value = datetime.fromisoformat(value).replace(tzinfo=UTC)
        if isinstance(found, date) and not isinstance(found, datetime):
            found = f"{found:%Y-%m-%d}"
        match operator:
            case "=":
                return bool(found == value or (not found and value is False))
            case "in":
                return bool(found in value)
            case ">" | ">=" | "<":
                if found is False:
                    return False
                return bool({">": found > value, ">=": found >= value, "<": found < value}[operator])
            case "=like":
                assert value.find("%") == len(value) - 1, "no other patterns are needed here"
                return str(found).startswith(value[:-1])
        raise Refusal(500, "builtins.ValueError", f"Invalid operator {operator!r}")

    def _field(self, model: str, name: str) -> Field:
        found = {**MODELS[model], **_LOG, "id": Field(INTEGER)}.get(name)
        if found is None:
            raise Refusal(500, "builtins.ValueError", f"Invalid field {model}.{name}")
        return found

    def _value(self, model: str, row: Row, name: str) -> Any:
        field = self._field(model, name)
        if field.kind == "related":
            through, _, last = field.to.partition(".")
            target = MODELS[model][through].to
            return self._value(target, self._rows[target][row[through]], last)
        if field.kind == "one2many":
            return [other["id"] for other in self._rows[field.to].values() if other[field.inverse] == row["id"]]
        return row[name]

    def _shown(self, model: str, key: int, fields: Iterable[str] | None) -> Row:
        row = self._rows[model][key]
        names = list(fields) if fields else [*MODELS[model], *_LOG]
        return {"id": key, **{name: self._format(model, row, name) for name in names}}

    def _format(self, model: str, row: Row, name: str) -> Any:
        field, value = self._field(model, name), self._value(model, row, name)
        if field.kind == "many2one":
            target = self._rows[field.to].get(value) if value else None
            return [value, target.get("name") or target.get("partner_name") or ""] if target else False
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%d %H:%M:%S}"
        if field.kind in (INTEGER, BOOLEAN, "related", "one2many", "many2many"):
            return value
        return value or False


async def _health(request: web.Request) -> web.Response:
    return web.json_response({"status": "pass"})
