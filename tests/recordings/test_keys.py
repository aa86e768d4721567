"""The keys' setting: one, or several to rotate; whatever is wrong is said."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import pytest
from pydantic import ValidationError

from server.recordings.keys import KeyRing
from server.settings import Settings
from tests.recordings.keys import NEW, OLD

FIRST, SECOND = b64encode(NEW).decode(), b64encode(OLD).decode()


def test_one_key_or_several_the_first_of_which_encrypts() -> None:
    assert KeyRing.parse(FIRST).keys == (NEW,)
    assert KeyRing.parse(json.dumps([FIRST, SECOND])).keys == (NEW, OLD)
    assert not KeyRing.parse("")
    assert not KeyRing.parse("[]")


@pytest.mark.parametrize(
    "wrong",
    ["secret", FIRST[:-8], b64encode(OLD[:16]).decode(), '["a"', '{"key": 1}', "[1]", f'["{FIRST}", "short"]', "日本"],
)
def test_a_key_that_is_none_is_refused_with_the_way_to_make_one(wrong: str) -> None:
    with pytest.raises(ValueError, match="openssl rand -base64 32"):
        KeyRing.parse(wrong)


def test_the_same_key_twice_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="twice"):
        KeyRing.parse(json.dumps([FIRST, FIRST]))


def test_the_setting_says_what_is_wrong_and_never_shows_the_key(tmp_path: Path) -> None:
    secret = b64encode(b"0123456789abcdef").decode()
    with pytest.raises(ValidationError, match="32 bytes in base64") as refused:
        Settings(recording_key=secret, data_dir=tmp_path, _env_file=None)
    assert "recording_key" in str(refused.value)
    assert secret not in str(refused.value)
    settings = Settings(recording_key=FIRST, data_dir=tmp_path, _env_file=None)
    assert settings.recording_keys.keys == (NEW,)
    for shown in (repr(settings), str(settings), repr(settings.recording_keys)):
        assert FIRST not in shown
        assert repr(NEW) not in shown
