"""Databases behind a proxy that terminates TLS, and libpq's settings in the environment and in service files."""

import subprocess

import pytest

import stack
from beside import DATABASE_SOCKET, Program, Worker


@pytest.fixture(scope="module")
def tls_proxy(tmp_path_factory) -> str:
    """The port of a relay that terminates TLS."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-keyout", folder / "key", "-out", folder / "certificate"],
                   check=True, capture_output=True)
    relay = Program("relay.py", "127.0.0.1", DATABASE_SOCKET, str(folder / "certificate"), str(folder / "key"))
    yield relay.line
    relay.end()


def test_answers_in_tls_records_of_any_length_are_read_to_their_end(user, tls_proxy):
    """The rest of a record in OpenSSL's buffer does not make the socket readable, so a worker must read it at once."""
    for n in range(60):
        user.create(f"Task {n}", description="x" * (900 - 3 * n))
    worker = Worker(f"postgresql://todo_runtime@localhost:{tls_proxy}/todo?sslmode=require")
    try:
        worker.seconds_to("GET", f"{user.tasks}/1", token=user.token)
        for offset in range(10):
            for limit in range(20, 51):
                status, body = worker.call("GET", f"{user.tasks}?limit={limit}&offset={offset}", token=user.token)
                assert (status, body.count(b'"title"')) == (200, limit), (limit, offset)
    finally:
        worker.end()


SETTINGS = {
    "the environment": ("postgresql:///", {"PGHOST": "{folder}", "PGUSER": "todo_runtime", "PGDATABASE": "todo"}),
    "the environment, by address": ("postgresql://todo_runtime@/todo", {"PGHOSTADDR": "127.0.0.1", "PGPORT": "{port}"}),
    "a service": ("service=tasks", {"PGSERVICEFILE": "{services}"}),
    "a service of the environment": ("postgresql:///", {"PGSERVICE": "tasks", "PGSERVICEFILE": "{services}"}),
    "a name": ("postgresql://todo_runtime@localhost:{port}/todo", {}),
    "several hosts": ("postgresql://todo_runtime@localhost:1,127.0.0.2:1,localhost:{port}/todo?target_session_attrs=read-write", {}),
    "a name with its address": ("postgresql://todo_runtime@db.invalid:{port}/todo?hostaddr=127.0.0.1", {}),
}


@pytest.mark.parametrize("url, settings", SETTINGS.values(), ids=SETTINGS.keys())
def test_the_database_is_found_as_every_program_with_libpq_finds_it(user, tmp_path_factory, url, settings):
    user.create()
    relay = Program("relay.py", "127.0.0.1", DATABASE_SOCKET)
    folder = stack.HOME / "run"
    services = folder / "services.conf"
    services.write_text(f"[tasks]\nhost=127.0.0.2,localhost\nport=1,{relay.line}\nuser=todo_runtime\ndbname=todo\n")
    names = {"port": relay.line, "services": str(services), "folder": DATABASE_SOCKET.rpartition("/")[0]}
    worker = Worker(url.format(**names), **{name: value.format(**names) for name, value in settings.items()})
    try:
        assert worker.seconds_to("GET", f"{user.tasks}/1", token=user.token) < 5
    finally:
        worker.end()
        relay.end()
        services.unlink()
