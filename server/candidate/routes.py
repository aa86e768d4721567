"""Addresses of the candidate's door."""

from __future__ import annotations

from aiohttp import web

from server.candidate import appointment_file, device_check, views, whip

QUESTION = r"/api/interview/questions/{question_id:[\w-]+}"


def add_routes(app: web.Application) -> None:
    """Adds the candidate's pages and API."""
    app.add_routes(
        [
            web.get(r"/i/{token:[\w-]{1,128}}", views.landing),
            web.post(r"/i/{token:[\w-]{1,128}}", views.redeem),
            web.get(r"/i/{token:[\w-]{1,128}}/privacy", views.privacy_of),
            web.get(r"/i/{token:[\w-]{1,128}}/appointment.ics", appointment_file.download),
            web.get("/privacy", views.privacy),
            web.get("/interview", views.page),
            web.get("/api/interview", views.snapshot),
            web.get("/api/interview/events", views.events),
            web.post("/api/interview/consent", views.consent),
            web.post("/api/interview/start", views.start),
            web.post(QUESTION + "/start-answer", views.start_answer),
            web.post(QUESTION + r"/hints/{hint:\d{1,3}}", views.open_hint),
            web.put(QUESTION + "/draft", views.save_draft),
            web.post(QUESTION + "/answer", views.submit),
            web.post(QUESTION + "/skip", views.skip),
            web.post(QUESTION + "/restart", views.restart),
            web.post(QUESTION + "/moment", views.moment),
            web.post("/api/interview/continue", views.go_on),
            web.put(QUESTION + "/correction", views.correct),
            web.post("/api/interview/confirm-transcripts", views.confirm),
            web.post("/api/interview/help", views.call_for_help),
            web.delete("/api/interview/help", views.withdraw_help),
            web.post("/api/interview/pause", views.pause),
            web.post("/api/interview/resume", views.resume),
            web.post("/api/interview/feedback", views.feedback),
            web.get("/api/interview/ice", whip.ice),
            web.post("/api/interview/whip", whip.offer),
            web.options("/api/interview/whip", whip.options),
            web.patch("/api/interview/whip/{peer_id}", whip.patch),
            web.delete("/api/interview/whip/{peer_id}", whip.end),
            web.options("/api/interview/whip/{peer_id}", whip.options),
        ]
    )
    device_check.add_routes(app)
