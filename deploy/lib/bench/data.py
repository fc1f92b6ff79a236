"""The data in the database, and tokens for its owners."""

import base64
import hmac
import json
import time
from pathlib import Path

import stack

# pgbench computes with numbers only, so an owner is a number as text.
FIRST = 10**18
# SQL for a description; `t` is the task's number.
DESCRIPTION = "case when t % 4 > 0 then 'Two litres of the barista kind, and the dark rye from the corner.' end"


def load(owners: int = 1000, tasks: int = 20, writers: int = 1000):
    """Owners 1 to `owners` with their tasks, and as many `writers` after them without any.

    Tasks are in the order of time, as in production: an owner's are spread over all pages.
    """
    stack.sql(f"""
        truncate todo.tasks, todo.owners;
        insert into todo.owners (owner_user_id, last_task_id, change)
        select ({FIRST} + n)::text, case when n <= {owners} then {tasks} else 0 end, case when n <= {owners} then {tasks} else 0 end
        from generate_series(1, {owners + writers}) as n;
        insert into todo.tasks (owner_user_id, id, title, description, completed, created_at, updated_at, change)
        select ({FIRST} + n)::text, t, 'Buy oat milk and bread, trip ' || t,
            {DESCRIPTION},
            t % 3 = 0, at, at, t
        from generate_series(1, {tasks}) as t, generate_series(1, {owners}) as n,
            lateral (select timestamptz '2026-01-01 12:00:00.123456Z' + (t * interval '1 hour 7.013 seconds') as at) as moment
        order by t, n;
    """)
    tidy()


def add_owner(number: int, tasks: int, description: str) -> str:
    """One more owner with its tasks; the description is SQL, as `DESCRIPTION`."""
    stack.sql(f"""
        insert into todo.owners (owner_user_id, last_task_id, change) values ('{owner(number)}', {tasks}, {tasks});
        insert into todo.tasks (owner_user_id, id, title, description, completed, created_at, updated_at, change)
        select '{owner(number)}', t, 'Buy oat milk and bread, trip ' || t, {description}, t % 3 = 0, at, at, t
        from generate_series(1, {tasks}) as t,
            lateral (select timestamptz '2026-01-01 12:00:00.123456Z' + (t * interval '1 minute 7.013 seconds') as at) as moment;
    """)
    tidy()
    return owner(number)


def tidy():
    """Does now what the server does at intervals: vacuum, analyze and checkpoint."""
    for command in ("vacuum (freeze, analyze) todo.tasks", "vacuum (freeze, analyze) todo.owners", "checkpoint"):
        stack.sql(command)


def owner(number: int) -> str:
    return str(FIRST + number)


def token(user: str) -> str:
    """An HS256 token as a Better Auth frontend mints it, valid for a day."""
    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    now = int(time.time())
    claims = {"sub": user, "email": f"{user}@example.com", "name": "Ada Example", "emailVerified": True, "iat": now, "exp": now + 86_400}
    parts = [encoded(json.dumps(part, separators=(",", ":")).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    message = ".".join(parts)
    return f"{message}.{encoded(hmac.digest(stack.SETTINGS['BETTER_AUTH_SECRET'].encode(), message.encode(), 'sha256'))}"


def write_tokens(owners: int, writers: int, with_etags: bool = False, most: int = 20_000) -> Path:
    """A file for wrk: a line `R|W owner token etag` for each owner in the load; of very many, an even sample."""
    step = max(1, -(-owners // most))
    path = stack.HOME / "tokens"
    with path.open("w") as file:
        for kind, numbers in (("R", range(1, owners + 1, step)), ("W", range(owners + 1, owners + writers + 1))):
            for number in numbers:
                user = owner(number)
                mine = token(user)
                etag = stack.call("GET", f"/api/{user}/tasks", mine)[1]["ETag"] if with_etags and kind == "R" else "-"
                file.write(f"{kind} {user} {mine} {etag}\n")
    return path
