"""An installation under systemd: installed, restarted, disturbed, upgraded, restored, removed."""

import json
import re
import time

import pytest

from conftest import DRILLED
from machine import eventually

NAME = "tasks.example.com"


def ask(machine, path: str, *, token: str = "", more: str = "") -> tuple[int, str]:
    """One request over HTTPS, by the certificate that setup made; with its headers before the body."""
    header = f"-H 'Authorization: Bearer {token}'" if token else ""
    out = machine.says(
        f"curl -sS -i --cacert /etc/todo-fcgi/tls/certificate.pem --resolve {NAME}:443:127.0.0.1 {header} {more}"
        f" 'https://{NAME}{path}'", check=False)
    found = re.match(r"HTTP/[0-9.]+ (\d+)", out)
    return int(found[1]) if found else 0, out


def token(machine, user: str) -> str:
    return machine.says(f"todo-fcgi token --user {user}")


def is_ready(machine) -> bool:
    return ask(machine, "/ready")[0] == 200


def titles(machine, user: str) -> list[str]:
    status, out = ask(machine, f"/api/{user}/tasks", token=token(machine, user))
    assert status == 200, out
    return [task["title"] for task in json.loads(out.split("\n\n")[-1].split("\r\n\r\n")[-1])]


def create(machine, user: str, title: str):
    status, out = ask(machine, f"/api/{user}/tasks", token=token(machine, user),
                      more=f"-H 'Content-Type: application/json' -d '{json.dumps({'title': title})}'")
    assert status == 201, out


# ---- install ----


@pytest.mark.foundation
def test_the_package_installs_on_a_bare_debian_and_starts_nothing(machine, packages, count):
    began = time.monotonic()
    machine.run(f"apt-get install -y ./{packages['old'].name} postgresql", seconds=300)
    count(f"newcomer: apt-get install with PostgreSQL and nginx, {time.monotonic() - began:.0f} s")
    assert machine.says("systemctl list-units --plain --no-legend --all 'todo-fcgi*'") == ""
    assert machine.run("test -e /etc/nginx/sites-enabled/todo-fcgi", check=False).returncode != 0
    assert machine.says("systemctl --failed --plain --no-legend") == ""


@pytest.mark.foundation
def test_setup_ends_with_a_url_that_answers(machine, handbook, count):
    began = time.monotonic()
    # The handbook's commands; the package is installed already.
    said = handbook("install", seconds=300)
    count(f"newcomer: 2 commands to an answer over HTTPS; setup took {time.monotonic() - began:.1f} s of it")
    assert "/ready: 200" in said and f"https://{NAME}/ serves" in said
    assert is_ready(machine)


def test_setup_again_changes_nothing(machine):
    before = machine.workers()
    said = machine.says("todo-fcgi setup --yes")
    assert "already there" in said and "as before" in said
    assert machine.workers() == before


def test_systemd_accepts_the_units_without_warnings(machine, count):
    said = machine.says("systemd-analyze verify --man=no /lib/systemd/system/todo-fcgi* 2>&1")
    assert said == ""
    for unit in ("todo-fcgi@1.service", "todo-fcgi-backup.service"):
        score = float(re.search(r"exposure level.*: ([0-9.]+)", machine.says(f"systemd-analyze security {unit}"))[1])
        count(f"systemd-analyze security {unit}: {score}")
        assert score <= 1.5


def test_a_worker_gets_its_secrets_only_from_systemd(machine):
    pid = machine.workers()["todo-fcgi@1.service"]
    environment = machine.says(f"tr '\\0' '\\n' </proc/{pid}/environ")
    secret = machine.says("cat /etc/todo-fcgi/credentials/BETTER_AUTH_SECRET")
    assert secret not in environment and "CREDENTIALS_DIRECTORY=/run/credentials/" in environment
    assert machine.run("setpriv --reuid=www-data --regid=www-data --clear-groups cat /etc/todo-fcgi/credentials/*",
                       check=False).returncode != 0
    assert f"NoNewPrivs:\t1" in machine.says(f"cat /proc/{pid}/status")


def test_the_handbook_s_daily_commands_work(machine, handbook):
    handbook("look")
    handbook("grow and shrink")
    assert len(machine.workers()) == 2


def test_the_pool_serves_its_metrics_on_this_machine(machine):
    said = machine.says("todo-fcgi status")
    assert "2 workers" in said
    numbers = machine.says("curl -s http://127.0.0.1:9150/metrics")
    assert "todo_requests_total{" in numbers and "todo_listen_queue" in numbers and "todo_build_info{" in numbers
    assert "127.0.0.1:9150" in machine.says("ss -Hltn 'sport = :9150'")


# ---- nginx ----


def test_https_answers_have_the_security_headers(machine):
    create(machine, "ann", "Buy milk")
    status, out = ask(machine, "/api/ann/tasks", token=token(machine, "ann"))
    head = out.lower()
    assert out.startswith("HTTP/2 200")
    assert "strict-transport-security: max-age=63072000" in head
    assert "x-content-type-options: nosniff" in head and "x-request-id: " in head
    status, out = ask(machine, "/api/ann/tasks")
    assert status == 401 and '"Not authenticated"' in out
    # nginx's own errors have the same headers.
    machine.run("head -c 2000000 /dev/zero >/root/big")
    status, out = ask(machine, "/api/ann/tasks", more="-X POST --data-binary @/root/big")
    assert status == 413 and "nosniff" in out and '"The request body is too large"' in out


@pytest.mark.parametrize("protocol, is_spoken", [("tls1_1", False), ("tls1_2", True), ("tls1_3", True)])
def test_only_tls_1_2_and_1_3_are_accepted(machine, protocol, is_spoken):
    said = machine.run(f"openssl s_client -connect 127.0.0.1:443 -servername {NAME} -{protocol} </dev/null 2>&1", check=False)
    assert ("Cipher is (NONE)" not in said.stdout and said.returncode == 0) == is_spoken


def test_http_redirects_to_https_and_answers_acme_challenges(machine):
    said = machine.says(f"curl -si -H 'Host: {NAME}' http://127.0.0.1/api/ann/tasks?x=1")
    assert " 308 " in said and f"https://{NAME}/api/ann/tasks?x=1" in said
    machine.run("mkdir -p /var/www/html/.well-known/acme-challenge; echo proof >/var/www/html/.well-known/acme-challenge/one")
    assert machine.says(f"curl -s -H 'Host: {NAME}' http://127.0.0.1/.well-known/acme-challenge/one") == "proof"


def test_requests_over_a_limit_are_429_in_the_error_shape(machine):
    mine = token(machine, "ann")
    machine.run(f"for n in $(seq 400); do echo 'url = \"https://{NAME}/api/ann/tasks\"'; echo 'output = \"/dev/null\"'; done >/root/many")
    codes = machine.says(
        f"curl -sk --resolve {NAME}:443:127.0.0.1 -H 'Authorization: Bearer {mine}' -Z --parallel-max 50 -w '%{{http_code}}\\n' -K /root/many")
    assert codes.count("429") > 50 and codes.count("200") >= 100
    # The limit of one token does not affect another: the limit by address is not reached.
    def refused():
        status, out = ask(machine, "/api/ann/tasks", token=mine)
        return status == 429 and out
    machine.run(f"curl -sk --resolve {NAME}:443:127.0.0.1 -H 'Authorization: Bearer {mine}' -Z --parallel-max 50 -K /root/many")
    out = refused()
    if out:
        assert '"detail":"Too many requests"' in out and "retry-after: 1" in out.lower()


def test_the_access_log_is_json_without_a_user_s_id(machine):
    time.sleep(1.5)
    lines = [json.loads(line) for line in machine.says("grep -h /api/ /var/log/nginx/todo-fcgi.access.log | tail -n 5000").splitlines()]
    assert lines and all(line["request"].split()[1].startswith("/api/-/tasks") for line in lines)
    served = next(line for line in lines if line["status"] == 200)
    assert served["request_id"] and served["upstream_seconds"] and len(served["user"]) == 12
    assert any(line["status"] == 429 and line["limited"] == "REJECTED" for line in lines)
    assert any(line["status"] == 401 and line["user"] == "" for line in lines)


# ---- faults ----


@pytest.mark.foundation
def test_limits_can_be_switched_off(machine):
    machine.run("echo '# none' >/etc/todo-fcgi/nginx/server.d/limits.conf; nginx -t -q; systemctl reload nginx")


def test_twenty_restarts_under_load_lose_nothing(machine, load):
    with load("20 restarts of single workers") as seen:
        for number in range(20):
            machine.run(f"systemctl restart todo-fcgi@{number % 2 + 1}")
    assert seen.lost == 0, seen.reasons


def test_restarts_of_the_pool_lose_nothing(machine, load, handbook):
    with load("rolling restart, by todo-fcgi restart") as seen:
        handbook("restart")
    assert seen.lost == 0, seen.reasons
    with load("restart of the whole pool at once") as seen:
        machine.run("systemctl restart todo-fcgi.target")
    assert seen.lost == 0, seen.reasons


def test_reloads_of_nginx_lose_nothing(machine, load):
    with load("10 reloads of nginx") as seen:
        for _ in range(10):
            machine.run("systemctl reload nginx")
            time.sleep(0.3)
    assert seen.lost == 0, seen.reasons


def test_a_killed_worker_is_replaced(machine, load):
    with load("kill -9 of each worker") as seen:
        for unit, pid in machine.workers().items():
            machine.run(f"kill -9 {pid}")
            eventually("another worker", lambda: machine.workers().get(unit, pid) not in (pid, 0))
    # nginx repeats a read; the outcome of a write that was under way is unknown.
    assert seen.reads["lost"] == 0, seen.reasons
    assert seen.writes["lost"] <= 4, seen.reasons


def test_a_hung_worker_is_replaced_by_the_watchdog(machine, load, count):
    unit, pid = next(iter(machine.workers().items()))
    with load("a worker that hangs (SIGSTOP)") as seen:
        began = time.monotonic()
        machine.run(f"kill -STOP {pid}")
        eventually("another worker", lambda: machine.workers().get(unit, pid) not in (pid, 0))
        count(f"watchdog: a hung worker was replaced after {time.monotonic() - began:.1f} s")
    assert seen.reads["lost"] == 0, seen.reasons
    assert seen.writes["lost"] <= 4, seen.reasons
    assert "watchdog" in machine.says(f"journalctl --no-pager -u {unit} -n 50").lower()


def test_workers_reconnect_to_a_restarted_database_without_a_restart(machine, load):
    before = machine.workers()
    with load("PostgreSQL restarted") as seen:
        machine.run("systemctl restart postgresql@15-main")
        time.sleep(2)
    assert seen.reads["lost"] == 0, seen.reasons
    machine.run("systemctl stop postgresql@15-main")
    eventually("not ready", lambda: ask(machine, "/ready")[0] == 503)
    status, out = ask(machine, "/ready")
    assert "database" in out.lower()
    assert ask(machine, "/health")[0] == 200
    # A worker that is started now serves requests that need no database.
    machine.run("systemctl restart todo-fcgi@2")
    assert "without a database" in machine.says("systemctl show -p StatusText --value todo-fcgi@2") or "No database" in machine.says(
        "systemctl show -p StatusText --value todo-fcgi@2")
    machine.run("systemctl start postgresql@15-main")
    eventually("ready again", lambda: is_ready(machine))
    assert machine.workers()["todo-fcgi@1.service"] == before["todo-fcgi@1.service"]


# ---- upgrade ----


def runs_installed_program(machine) -> bool:
    """Whether all workers run the file that is installed now, not one that was replaced."""
    return all(
        machine.says(f"stat -Lc %i /proc/{pid}/exe") == machine.says("stat -c %i /usr/bin/todo-fcgi")
        for pid in machine.workers().values())


def test_an_upgrade_and_the_way_back_lose_nothing(machine, packages, handbook, load):
    offer = "cp -f todo-fcgi_{0}.deb.kept todo-fcgi_{0}.deb"
    with load("upgrade by apt") as seen:
        handbook("upgrade", offer.format("new"))
    assert seen.lost == 0, seen.reasons
    assert "-2" in machine.says("dpkg-query -W -f '${Version}' todo-fcgi") and runs_installed_program(machine)
    with load("downgrade by apt") as seen:
        handbook("downgrade", offer.format("old"))
    assert seen.lost == 0, seen.reasons
    assert "-1" in machine.says("dpkg-query -W -f '${Version}' todo-fcgi") and runs_installed_program(machine)


def test_an_upgrade_that_changes_the_schema_and_the_way_back_lose_nothing(machine, packages, handbook, load, count):
    machine.sql("""
        insert into todo.owners select 'many-' || n, 1000, 1000 from generate_series(1, 100) n;
        insert into todo.tasks select 'many-' || n, i, 'Task ' || i, 'Text', false, now(), now(), i
            from generate_series(1, 100) n, generate_series(1, 1000) i;
    """)
    # A long read, longer than the first migration waits: requests must not wait for that migration.
    reader = machine.start_inside("""cd /; setpriv --reuid=postgres --regid=postgres --init-groups psql -Xqd todo -o /dev/null <<'SQL'
        begin;
        select from todo.tasks limit 1;
        do $$ begin
            for n in 1..1200 loop
                perform pg_sleep(0.1);
                exit when exists (select from pg_locks where relation = 'todo.tasks'::regclass and not granted);
            end loop;
            perform pg_sleep(2.5);
        end $$;
        commit;
SQL""")
    with load("upgrade by apt across a change of the schema") as seen:
        said = handbook("upgrade", "cp -f todo-fcgi_later.deb.kept todo-fcgi_new.deb")
    assert reader.wait(30) == 0
    assert seen.lost == 0, seen.reasons
    assert seen.slowest < 2
    for words in ("first a backup", "got no lock within 1s; held by: process ", "(psql as postgres)", "migrate --contract applies it"):
        assert words in said
    assert said.count("\napplied ") == 3 and runs_installed_program(machine)
    count(f"upgrade across a change of the schema: steps got no lock {said.count('got no lock')} times")
    with load("downgrade by apt, the schema stays") as seen:
        handbook("downgrade", "cp -f todo-fcgi_old.deb.kept todo-fcgi_old.deb")
    assert seen.lost == 0, seen.reasons
    assert seen.slowest < 2
    assert runs_installed_program(machine)
    assert "newer than this program, which can use it" in machine.says("todo-fcgi check")
    assert machine.sql("select count(*) from pg_attribute where attrelid = 'todo.tasks'::regclass and attname = 'priority'") == "1"


def test_an_upgrade_that_fails_its_check_keeps_the_old_workers(machine, packages, load):
    before = machine.workers()
    machine.run("mv /etc/todo-fcgi/credentials/BETTER_AUTH_SECRET /root/aside")
    machine.run("cp /root/todo-fcgi_new.deb.kept new.deb; apt-get install -y ./new.deb 2>&1")
    assert machine.workers() == before and is_ready(machine)
    machine.run("mv /root/aside /etc/todo-fcgi/credentials/BETTER_AUTH_SECRET; todo-fcgi restart")
    assert runs_installed_program(machine)


def test_an_upgrade_while_the_database_is_down_reports_it(machine, packages):
    before = machine.workers()
    installed = machine.says("dpkg-query -W -f '${Version}' todo-fcgi")
    other = "new" if installed.endswith("-1") else "old"
    machine.run("systemctl stop postgresql@15-main")
    said = machine.says(
        f"cp /root/todo-fcgi_{other}.deb.kept other.deb; apt-get install -y --allow-downgrades ./other.deb 2>&1")
    assert "the schema changes" not in said and "database: connection to server" in said
    assert "/usr/lib/todo-fcgi/upgrade" in said and machine.workers() == before
    machine.run("systemctl start postgresql@15-main; /usr/lib/todo-fcgi/upgrade")
    assert runs_installed_program(machine) and is_ready(machine)


# ---- data ----


def test_a_backup_is_restored(machine, handbook):
    create(machine, "ben", "Before the backup")
    assert "todo-" in handbook("backup")
    create(machine, "ben", "After the backup")
    handbook("restore")
    eventually("ready", lambda: is_ready(machine))
    assert titles(machine, "ben") == ["Before the backup"]
    create(machine, "ben", "After the restore")
    kept = machine.sql("select nspname from pg_namespace where nspname like 'todo\\_before\\_%'")
    assert machine.sql(f"select count(*) from {kept}.tasks where title = 'After the backup'") == "1"


def test_a_restore_under_running_workers_is_refused(machine):
    said = machine.run('todo-fcgi restore "$(ls /var/lib/todo-fcgi-backups/todo-*.dump | tail -n 1)" 2>&1', check=False)
    assert said.returncode == 1 and "workers are connected" in said.stdout
    assert is_ready(machine)


def test_a_restore_finds_workers_that_have_another_name(machine):
    file = "/etc/todo-fcgi/credentials/DATABASE_URL"
    machine.run(f"cp -p {file} /root/url; sed -i 's/$/\\&application_name=tasks-of-ours/' {file}; todo-fcgi restart")
    eventually("ready", lambda: is_ready(machine))
    said = machine.run('todo-fcgi restore "$(ls /var/lib/todo-fcgi-backups/todo-*.dump | tail -n 1)" 2>&1', check=False)
    assert said.returncode == 1 and "workers are connected" in said.stdout and "(tasks-of-ours as todo-fcgi)" in said.stdout
    machine.run(f"cp -p /root/url {file}; todo-fcgi restart")


def test_a_restore_that_was_interrupted_loses_nothing(machine, handbook):
    machine.run("systemctl start todo-fcgi-backup.service")
    before = titles(machine, "ben")
    create(machine, "ben", "After the backup")
    machine.run("systemctl stop todo-fcgi.target")

    def restore_interrupted_by(signal):
        machine.put_text("/usr/local/bin/pg_restore", f"#!/bin/sh\nkill -{signal} $PPID\nexit 1\n", mode=0o755)
        said = machine.run('todo-fcgi restore "$(ls /var/lib/todo-fcgi-backups/todo-*.dump | tail -n 1)" 2>&1', check=False)
        machine.run("rm /usr/local/bin/pg_restore")
        return said

    # At a terminal both processes get the signal; the rename is undone at once.
    said = restore_interrupted_by("INT")
    assert said.returncode == 1 and "pg_restore" in said.stdout
    assert machine.sql("select to_regnamespace('todo') is not null") == "t"
    # Killed between the rename and the end of the load.
    said = restore_interrupted_by("KILL")
    assert said.returncode in (-9, 128 + 9)
    back = re.search(r"undo it with: (alter schema .* rename to todo)", said.stdout)[1]
    assert machine.sql("select to_regnamespace('todo') is null") == "t"
    # migrate does not create an empty schema instead.
    refused = machine.run("todo-fcgi migrate 2>&1", check=False)
    assert refused.returncode == 1 and back in refused.stdout
    said = machine.says('todo-fcgi restore "$(ls /var/lib/todo-fcgi-backups/todo-*.dump | tail -n 1)"')
    assert "a restore was interrupted before" in said
    machine.run("systemctl start todo-fcgi.target")
    eventually("ready", lambda: is_ready(machine))
    assert titles(machine, "ben") == before
    kept = re.search(r"drop schema (todo_before_\w+) cascade", said)[1]
    assert machine.sql(f"select count(*) from {kept}.tasks where title = 'After the backup' and owner_user_id = 'ben'") == "1"


def test_old_backups_are_removed(machine):
    machine.run("cd /var/lib/todo-fcgi-backups; for n in $(seq 10 29); do echo >todo-20200101T0000${n}Z.dump; done")
    machine.run("systemctl start todo-fcgi-backup.service")
    names = machine.says("ls /var/lib/todo-fcgi-backups").split()
    assert len(names) == 14 and not any(name.endswith(".partial") for name in names)


def test_a_step_that_takes_something_away_is_undone(machine, packages, handbook, load):
    machine.run("cp -f todo-fcgi_later.deb.kept later.deb; apt-get install -y --allow-downgrades ./later.deb")
    assert "is left out until no older version will run again" in machine.says("todo-fcgi check")
    before = titles(machine, "ben")
    machine.run("systemctl start todo-fcgi-backup.service")
    with load("a step that takes something away") as seen:
        handbook("contract")
    assert seen.lost == 0, seen.reasons
    # A downgrade of the package alone is refused, without effects.
    workers = machine.workers()
    said = machine.says("cp -f todo-fcgi_old.deb.kept old.deb; apt-get install -y --allow-downgrades ./old.deb 2>&1")
    assert "needs a program that knows" in said and machine.workers() == workers and is_ready(machine)
    handbook("undo a migration", "cp -f todo-fcgi_old.deb.kept todo-fcgi_old.deb")
    assert runs_installed_program(machine)
    eventually("ready", lambda: is_ready(machine))
    assert titles(machine, "ben") == before


def test_the_secret_is_changed_while_old_tokens_are_valid(machine, handbook, load):
    old = token(machine, "ben")
    with load("rotation of the secret") as seen:
        handbook("rotate")
    assert seen.lost == 0, seen.reasons
    assert ask(machine, "/api/ben/tasks", token=old)[0] == 200
    assert ask(machine, "/api/ben/tasks", token=token(machine, "ben"))[0] == 200
    handbook("rotate, the end")
    status, out = ask(machine, "/api/ben/tasks", token=old)
    assert status == 401 and "Invalid token" in out
    assert ask(machine, "/api/ben/tasks", token=token(machine, "ben"))[0] == 200


def test_tasks_of_an_old_backend_are_imported(machine, handbook):
    machine.sql("""
        create table public.tasks (id serial primary key, user_id varchar not null, title varchar(200) not null,
            description varchar(1000), completed boolean not null, created_at timestamp, updated_at timestamp);
        insert into public.tasks (user_id, title, completed, created_at)
            select 'old-' || n % 50, 'Old task ' || n, n % 2 = 0, timestamp '2025-01-01' + n * interval '1 minute' from generate_series(1, 5000) n;
        grant select on public.tasks to "todo-fcgi-owner";
    """)
    said = handbook("import")
    assert "5000 tasks of 50 owners" in said and "nothing was changed" in said and "5000 tasks imported" in said
    assert len(titles(machine, "old-7")) == 100 and titles(machine, "old-7")[0] == "Old task 4957"
    again = machine.says("todo-fcgi import --from tasks")
    assert "5000 imported before" in again and "0 tasks imported" in again


def test_the_service_starts_after_a_reboot(machine):
    before = titles(machine, "ben")
    machine.reboot()
    eventually("ready after the reboot", lambda: is_ready(machine), 60)
    assert len(machine.workers()) == 2 and titles(machine, "ben") == before


def test_a_lost_database_is_restored_from_a_backup(machine, handbook):
    machine.run("systemctl start todo-fcgi-backup.service")
    before = titles(machine, "ben")
    machine.run("systemctl stop todo-fcgi.target; cd /; setpriv --reuid=postgres --regid=postgres --init-groups psql -c 'drop database todo with (force)'")
    handbook("the database is lost")
    eventually("ready", lambda: is_ready(machine))
    assert titles(machine, "ben") == before


# ---- the end ----


def test_removing_keeps_settings_and_data_and_nginx_runs(machine, packages):
    before = machine.sql("select count(*) from todo.tasks")
    machine.run("apt-get remove -y todo-fcgi")
    machine.run("nginx -t -q; systemctl restart nginx")
    assert machine.says("systemctl list-units --plain --no-legend --all 'todo-fcgi*'") == ""
    assert machine.sql("select count(*) from todo.tasks") == before
    # Installed again, with the same settings.
    machine.run("cp /root/todo-fcgi_old.deb.kept old.deb; apt-get install -y ./old.deb; todo-fcgi setup --yes")
    assert is_ready(machine) and machine.sql("select count(*) from todo.tasks") == before


def test_purging_removes_secrets_and_keeps_tasks_and_backups(machine, handbook):
    before = machine.sql("select count(*) from todo.tasks")
    machine.run("apt-get purge -y todo-fcgi")
    assert machine.run("test -e /etc/todo-fcgi -o -e /etc/nginx/sites-available/todo-fcgi -o -e /var/lib/todo-fcgi", check=False).returncode != 0
    machine.run("nginx -t -q")
    assert machine.sql("select count(*) from todo.tasks") == before
    assert machine.says("ls /var/lib/todo-fcgi-backups/*.dump") != ""
    assert machine.says("systemctl --failed --plain --no-legend") == ""
    handbook("remove all data too", "cd /")


def test_every_drill_of_the_handbook_was_run(handbook):
    assert handbook.names - DRILLED == set()
