"""Answers the host gives in a preview's stead."""

import base64
import hashlib
import html
import json
import re
from http import HTTPStatus
from pathlib import Path
from string import Template

from .preview_problems import Problem

PAGE = Template(Path(__file__).with_name("preview_page.html").read_text())
RETRY_AFTER_S = 1


def problem_answer(problem: Problem, sandbox_id: str, port: int, *, page: bool, bare: bool) -> bytes:
    """A page for people, or E2B's JSON for programs; `bare`: without its body, for HEAD."""
    more = {"retry-after": str(RETRY_AFTER_S)} if problem.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    if page:
        body = _page(problem, sandbox_id, port)
        more |= {"content-type": "text/html; charset=utf-8", "content-security-policy": POLICY}
    else:
        told = {"sandboxId": sandbox_id, "message": problem.message, "port": port, "code": problem.status}
        body = json.dumps(told).encode()
        more |= {"content-type": "application/json"}
    return _answer(problem.status, body, {**more, "connection": "close"}, bare=bare)


def state_answer(state: str) -> bytes:
    return _answer(200, json.dumps({"state": state}).encode(), {"content-type": "application/json"})


def bad_request(message: str) -> bytes:
    body = json.dumps({"code": 400, "message": message or "the request came too slowly"}).encode()
    return _answer(400, body, {"content-type": "application/json", "connection": "close"})


def misdirected(domain: str) -> bytes:
    message = (
        f"This name leads nowhere: previews are at <port>-<sandbox id>.{domain}, and the API answers on the host's own"
        " machine as localhost or 127.0.0.1. Start the host with --expose-api to use the API from elsewhere."
    )
    body = json.dumps({"code": 421, "message": message}).encode()
    return _answer(421, body, {"content-type": "application/json", "connection": "close"})


def _answer(status: int, body: bytes, headers: dict[str, str], *, bare: bool = False) -> bytes:
    fields = {
        **headers,
        "cache-control": "no-store",
        "access-control-allow-origin": "*",
        "x-content-type-options": "nosniff",
        "content-length": str(len(body)),
    }
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + (b"" if bare else body)


def _page(problem: Problem, sandbox_id: str, port: int) -> bytes:
    words = {
        "kind": problem.kind,
        "title": problem.title,
        "text": problem.text,
        "hint": problem.hint,
        "where": f"{sandbox_id} · {port}",
    }
    return PAGE.substitute({name: html.escape(word) for name, word in words.items()}).encode()


def _hashed(element: str) -> str:
    inside = re.search(rf"<{element}>(.*?)</{element}>", PAGE.template, re.DOTALL)
    assert inside
    digest = hashlib.sha256(inside[1].encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src {_hashed('style')}",
        f"script-src {_hashed('script')}",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
