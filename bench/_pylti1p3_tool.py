"""A tool made with pylti1p3 as its documentation shows it for Flask: registrations in a JSON file, the Flask session."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask
from markupsafe import escape
from pylti1p3.contrib.flask import FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.tool_config import ToolConfJsonFile
from werkzeug.wrappers import Response

from bench._launch_platform import Registered


def write_config(folder: Path, registered: list[Registered], key: RSAPrivateKey) -> Path:
    """Write the file of registrations that the library reads, and the tool's key beside it."""
    (folder / "private.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    config = {
        one.issuer: {
            "client_id": one.client_id,
            "auth_login_url": one.login_url,
            "auth_token_url": one.token_url,
            "key_set_url": one.jwks_url,
            "private_key_file": "private.key",
            "deployment_ids": [one.deployment_id],
        }
        for one in registered
    }
    file = folder / "registrations.json"
    file.write_text(json.dumps(config))
    return file


def create_app(config_file: Path) -> Flask:
    """Return the tool."""
    app = Flask("a tool made with pylti1p3")
    app.secret_key = "a secret of the benchmark"

    @app.route("/lti/login", methods=["POST"])
    def login() -> Response:
        request = FlaskRequest()
        flow = FlaskOIDCLogin(request, ToolConfJsonFile(str(config_file)))
        answer: Response = flow.redirect(request.get_param("target_link_uri"))
        return answer

    @app.route("/lti/launch", methods=["POST"])
    def launch() -> str:
        message = FlaskMessageLaunch(FlaskRequest(), ToolConfJsonFile(str(config_file)))
        return f"<!doctype html><title>Launched</title><p>Welcome, {escape(message.get_launch_data()['name'])}"

    return app
