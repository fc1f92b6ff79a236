"""deploy/up and deploy/down, with a second copy beside the one under test."""

import os
import subprocess
import urllib.request
from pathlib import Path

import pytest

import stack

COPY = stack.CHECKOUT / ".local-test-copy"


def run(script: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess:
    """Runs a deploy script for the second copy, with none of this copy's settings except the built program."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    environment = {**kept, "TODO_HOME": str(COPY), "TODO_BINARY": str(stack.PROGRAM), **settings}
    return subprocess.run([stack.CHECKOUT / "deploy" / script, *arguments], env=environment, text=True, capture_output=True)


def free_port() -> str:
    command = f'. "{stack.CHECKOUT}/deploy/lib/all.sh"; . "{stack.CHECKOUT}/deploy/lib/checks.sh"; free_port'
    return subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True).stdout.strip()


def settings_of_copy() -> dict[str, str]:
    lines = (COPY / "env").read_text().splitlines()
    return dict(line.removeprefix("export ").replace("'", "").split("=", 1) for line in lines if line.startswith("export "))


@pytest.fixture
def copy():
    yield
    if COPY.exists():
        assert run("down", "--purge").returncode == 0


def test_a_second_copy_runs_beside_the_first_and_may_be_brought_up_again(copy, user):
    port = free_port()
    first = run("up", TODO_PORT=port, TODO_WORKERS="3", CORS_ORIGINS="https://a.example,https://b.example")
    assert first.returncode == 0, first.stdout + first.stderr
    for said in (f"http://127.0.0.1:{port}", "POST", "PATCH", "DELETE", "201", "204", "Bearer $TOKEN", "export TOKEN=ey", "deploy/down"):
        assert said in first.stdout
    settings = settings_of_copy()
    assert settings["BASE_URL"] == f"http://127.0.0.1:{port}" and len(settings["BETTER_AUTH_SECRET"]) >= 32
    for name in ("WORKERS_PID_FILE", "NGINX_PID_FILE", "POSTGRES_PID_FILE"):
        assert stack.is_running(int(Path(settings[name]).read_text().split()[0])), name
    assert Path(settings["LISTEN_SOCKET"]).is_socket()
    assert os.stat(COPY / "env").st_mode & 0o077 == 0 and os.stat(COPY / "secret").st_mode & 0o077 == 0

    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/health", headers={"Origin": "https://b.example"})) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "https://b.example", "settings of the environment reach the service"

    again = run("up", TODO_PORT=port, TODO_WORKERS="1")
    assert again.returncode == 0, again.stdout + again.stderr
    assert settings_of_copy() == settings, "secret and places stay"
    assert "/api/demo/tasks/2" in again.stdout, "so does the data: ids go on"
    # The copy under test is not affected.
    user.create()


def test_down_stops_everything_and_keeps_the_data_until_it_is_purged(copy):
    port = free_port()
    assert run("up", TODO_PORT=port).returncode == 0
    settings = settings_of_copy()
    pids = [int(Path(settings[name]).read_text().split()[0]) for name in ("WORKERS_PID_FILE", "NGINX_PID_FILE", "POSTGRES_PID_FILE")]
    folder = COPY.resolve()
    assert run("down").returncode == 0
    assert not any(stack.is_running(pid) for pid in pids)
    assert (COPY / "postgres" / "PG_VERSION").exists() and (COPY / "secret").exists()
    assert run("down").returncode == 0, "once more is no error"
    assert run("down", "--purge").returncode == 0
    assert not COPY.exists() and not COPY.is_symlink() and not folder.exists()
    assert run("down", "--purge").returncode == 0, "nothing to do is no error"


@pytest.mark.parametrize("settings, words", [
    ({"TODO_PORT": str(stack.PORT)}, "taken"), ({"TODO_PORT": "no"}, "TODO_PORT"), ({"TODO_PORT": "99999"}, "TODO_PORT"), ({"TODO_WORKERS": "0"}, "TODO_WORKERS"),
    ({"TODO_HOME": "/etc"}, "/etc"), ({"TODO_HOME": "/proc/nowhere"}, "/proc/nowhere"), ({"TODO_BINARY": "", "PATH": "/usr/bin:/bin", "HOME": "/nowhere"}, "swift"),
])
def test_a_wrong_setting_is_reported_in_one_sentence(copy, settings, words):
    settings = {"TODO_PORT": free_port(), **settings}
    if words == "swift" and any(Path(folder, "swift").exists() for folder in ("/opt/swift/usr/bin", "/usr/local/swift/usr/bin", "/usr/share/swift/usr/bin", "/usr/bin")):
        settings, words = {**settings, "TODO_BINARY": "/nowhere/todo-fcgi"}, "/nowhere/todo-fcgi"
    done = run("up", **settings)
    assert done.returncode == 1
    assert done.stderr.strip().startswith("error: ") and words in done.stderr
    assert "line " not in done.stderr


HOSTILE = [
    'https://a.example" "x"; } server { "', 'https://a"b', "https://a.example;", "https://$host", "https://a{b}", "https://a\\b", "https://a\nb",
    "https://a.example\n", "https://a.example\ninclude /etc/passwd;", "https://a\tb", "https://a`id`", "https://$(id)", "https://a|b", "https://a%22b",
    "https://a.example/path", "https://a b", "https://*.example", "*", "null", "https://\u00e9.example", "https://a.example:123456", "https://[::1",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", ["CORS_ORIGINS", "ALLOWED_ORIGINS", "FRONTEND_URL"])
def test_attack_an_origin_that_nginx_could_misread_is_refused_by_program_and_scripts_and_reaches_no_file(name, value):
    file = stack.NGINX_PARTS / "origins.conf"
    before = file.read_bytes(), file.stat().st_mtime_ns
    settings = {**os.environ, **stack.SETTINGS, name: f"https://good.example,{value}"}
    script = f'. "{stack.CHECKOUT}/deploy/lib/all.sh"; resolve_paths; nginx_configure'
    done = subprocess.run(["bash", "-c", script], env=settings, text=True, capture_output=True)
    assert done.returncode == 1 and done.stderr.strip().startswith(f"error: {name} "), done.stderr
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    checked = subprocess.run([stack.PROGRAM, "check"], env=settings, text=True, capture_output=True)
    assert checked.returncode != 0 and f"{name} must be origins" in checked.stdout + checked.stderr


@pytest.mark.parametrize("value, origins", [
    (" https://a.example/ , http://b.example:8080,", ["https://a.example", "http://b.example:8080"]),
    ('["https://a.example", "http://[::1]:3000"]', ["https://a.example", "http://[::1]:3000"]),
    ("'https://a.example'", ["https://a.example"]), ("tauri://localhost", ["tauri://localhost"]), ("https://my_app.local", ["https://my_app.local"]),
])
def test_origins_that_the_program_accepts_are_written_for_nginx(value, origins):
    script = f'. "{stack.CHECKOUT}/deploy/lib/all.sh"; origins_read; printf %s "$lines"'
    done = subprocess.run(["bash", "-c", script], env={**os.environ, "CORS_ORIGINS": value}, text=True, capture_output=True, check=True)
    assert done.stdout == "".join(f'"{origin}" "{origin}";\n' for origin in origins)


def test_a_secret_that_is_too_short_is_reported_by_the_service(copy):
    done = run("up", TODO_PORT=free_port(), BETTER_AUTH_SECRET="too short")
    assert done.returncode == 1 and "BETTER_AUTH_SECRET" in done.stderr + done.stdout
    assert "too short" not in done.stdout
