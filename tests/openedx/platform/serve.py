# mypy: ignore-errors
"""Serve Open edX's LTI consumer on a loopback port until standard input closes.

Prints one line, `ready URL`, once it answers.
"""

import argparse
import os
import socketserver
import sys
import threading
from wsgiref import simple_server


class ThreadingServer(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    """One thread a request, as the tool may call back while it is being called."""

    daemon_threads = True
    request_queue_size = 64

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]
        self.setup_environ()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="the name in the issuer and in every URL")
    parser.add_argument("--folder", required=True, help="an empty folder for the database")
    return parser.parse_args()


def wait_for_parent():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    wanted = arguments()
    server = ThreadingServer(("127.0.0.1", wanted.port), simple_server.WSGIRequestHandler)
    url = f"http://{wanted.host}:{server.server_port}"
    os.environ.update(CAMPUS_FOLDER=wanted.folder, CAMPUS_URL=url, DJANGO_SETTINGS_MODULE="campus.settings")
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    server.set_app(get_wsgi_application())
    call_command("migrate", run_syncdb=True, verbosity=0)
    threading.Thread(target=wait_for_parent, daemon=True).start()
    print(f"ready {url}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
