"""The log: no secret of a link, a registration or a launch, whoever writes it."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
import structlog

from pacemate.logs import configure_logging
from pacemate.settings import load_settings
from tests.pacemate.commands import Terminal, kept_logging

LINKS = (
    "https://tool.example/lti/register?invite=SECRET-1&openid_configuration=https://lms.example/c",
    "https://lms.example/openid?a=1&registration_token=SECRET.2",
    "/admin/enter/SECRET_3",
    "https://tool.example/lti/launch?state=SECRET4&id_token=SECRET5",
)


@pytest.mark.parametrize("env", ["development", "production"])
def test_secrets_of_links_stand_in_no_line(terminal: Terminal, capsys: pytest.CaptureFixture[str], env: str) -> None:
    with kept_logging():
        configure_logging(replace(load_settings(), env=env))
        for link in LINKS:
            structlog.get_logger("web").warning("asked", address=link)
            logging.getLogger("urllib3.connectionpool").warning("Retrying %s", link)
            try:
                raise ValueError(link)
            except ValueError:
                logging.getLogger("jobs").exception("a job failed")
    said = capsys.readouterr().err
    assert "SECRET" not in said
    assert said.count("[redacted]") >= 3 * len(LINKS)
    assert "openid_configuration=https://lms.example/c" in said
