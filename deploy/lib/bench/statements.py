"""The SQL for pgbench: the statements that the service sends for a request, read from PostgreSQL's log.

So the database alone is measured with exactly the service's statements and parameters, in any version of the service.
"""

import re
import time
from dataclasses import dataclass
from pathlib import Path

import data
import stack

# No other value of a sample request equals these.
OWNER, TASK = 7, 13

_TEXT = '"description":"Two litres of the barista kind, and the dark rye from the corner."'


@dataclass
class Sample:
    """One request of a workload and the status it must have."""
    method: str
    suffix: str
    status: int
    body: str | None = None
    owner: int = OWNER
    etag: bool = False

    def send(self, port: int = stack.PORT):
        user = data.owner(self.owner)
        token = data.token(user)
        headers = {}
        if self.etag:
            headers["If-None-Match"] = stack.call("GET", f"/api/{user}/tasks", token)[1]["ETag"] or "-"
        answer = stack.call(self.method, f"/api/{user}/tasks{self.suffix}", token, self.body, headers, port)
        if answer[0] != self.status:
            raise RuntimeError(f"{self.method} {self.suffix} was answered {answer[0]} instead of {self.status}: {answer[2][:300]!r}")
        return answer


SAMPLES = {
    "one": Sample("GET", f"/{TASK}", 200),
    "list": Sample("GET", "", 200),
    "create": Sample("POST", "", 201, '{"title":"Buy oat milk and bread, trip 12",' + _TEXT + "}", owner=1007),
    "toggle": Sample("PATCH", f"/{TASK}/complete", 200),
    "update": Sample("PUT", f"/{TASK}", 200, '{"title":"Buy oat milk and bread, trip 12",' + _TEXT + ',"completed":true}'),
    "revalidated": Sample("GET", "", 304, etag=True),
}


def revalidation_works() -> bool:
    """Whether lists carry an ETag and a request that names it is answered 304."""
    try:
        SAMPLES["revalidated"].send()
    except RuntimeError:
        return False
    return True


class Script:
    """A workload as pgbench runs it: a file, and variables on the command line."""

    def __init__(self, name: str, sample: Sample, statements: list[tuple[str, dict[int, str | None]]]):
        self.variables: list[str] = []
        lines = ["\\set n random(1, :owners)", f"\\set owner {data.FIRST} + :n{' + :owners' if sample.method == 'POST' else ''}",
                 "\\set id random(1, :tasks)"]
        for number, (sql, parameters) in enumerate(statements):
            types = _types(sql)

            def variable(match: re.Match) -> str:
                at = int(match[1])
                value, kind = parameters[at], types[at - 1]
                if value is None:
                    return f"null::{kind}"
                if value == data.owner(sample.owner):
                    return f":owner::{kind}"
                if value == str(TASK) and kind == "bigint":
                    return f":id::{kind}"
                self.variables.append(f"{name}{number}p{at}={value}")
                return f":{name}{number}p{at}::{kind}"
            lines.append(re.sub(r"\$(\d+)", variable, sql) + ";")
        self.sql = [sql for sql, _ in statements]
        self.path = stack.HOME / f"{name}.sql"
        self.path.write_text("\n".join(lines) + "\n")


def observe(names: list[str]) -> dict[str, Script]:
    """Sends each workload's sample and keeps the statements that the workers sent for it."""
    log = stack.HOME / "log/postgres.log"
    stack.sql("alter system set log_statement = 'all'; alter system set log_line_prefix = '@';")
    # The workers' role logs no details, such as parameters; this takes effect in new sessions.
    stack.sql("alter role todo_runtime set log_error_verbosity = 'default'; select pg_reload_conf();")
    stack.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'todo_runtime';")
    time.sleep(1)
    scripts = {}
    for name in names:
        sample = SAMPLES[name]
        if sample.etag:
            # Its preparation sends a request of its own; after this one everything is warm.
            sample.send()
        start = log.stat().st_size
        sample.send()
        statements = _read(log, start)
        if sample.etag:
            statements = statements[-1:]
        if not statements:
            raise RuntimeError(f"no statement of {name} was seen in {log}")
        scripts[name] = Script(name, sample, statements)
    stack.sql("alter system reset log_statement; alter system reset log_line_prefix;")
    stack.sql("select pg_reload_conf();")
    time.sleep(0.5)
    return scripts


def _read(log: Path, start: int) -> list[tuple[str, dict[int, str | None]]]:
    """The prepared statements in a part of the log, with their parameters."""
    text = log.read_bytes()[start:].decode()
    found = []
    for entry in re.split(r"^@", text, flags=re.M):
        if match := re.match(r"LOG:  execute todo_\w+: (.*)", entry, re.S):
            found.append((match[1].replace("\n\t", "\n").strip(), {}))
        elif found and entry.startswith("DETAIL:  parameters: "):
            for at, value in re.findall(r"\$(\d+) = (NULL|'(?:[^']|'')*')", entry):
                found[-1][1][int(at)] = None if value == "NULL" else value[1:-1].replace("''", "'")
    return found


def _types(sql: str) -> list[str]:
    """The types of a statement's parameters, as the server infers them."""
    out = stack.sql(f"prepare sample as {sql}; select array_to_string(parameter_types, '|') from pg_prepared_statements where name = 'sample';")
    return out.strip().split("|")
