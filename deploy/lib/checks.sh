# shellcheck shell=bash disable=SC2034,SC2154
# For deploy/test and deploy/bench: the tests' packages, temporary copies, and the sum over all kinds of tests.

need_to_test() {
    local module
    for module in pytest jwt cryptography hypothesis; do
        need "python3-$module" "/usr/lib/python3/dist-packages/$module"
    done
    need wrk /usr/bin/wrk
    need prometheus /usr/bin/prometheus
    need shellcheck /usr/bin/shellcheck
    need valgrind /usr/bin/valgrind
    need iproute2 /usr/bin/ip /usr/sbin/ip /bin/ip /sbin/ip
    need openssl /usr/bin/openssl
    # For systemd-analyze; containers may lack it.
    need systemd /usr/bin/systemd-analyze
}

passed=0 failed=0 failures=()
pass() { passed=$((passed + ${1:-1})); }
fail() {
    failed=$((failed + ${2:-1}))
    failures+=("$1")
    printf '%sFAILED: %s%s\n' "$bold" "$1" "$plain"
}

# check NAME COMMAND…: one test that passes if the command succeeds; its output is shown only if it fails.
check() {
    local name=$1 output
    shift
    step "$name"
    output=$(mktemp)
    if "$@" >"$output" 2>&1; then
        pass
    else
        tail -n 40 "$output"
        fail "$name"
    fi
    rm -f "$output"
}

# add_report NAME STATUS FILE: sums a JUnit report. Skipped counts as failed, and so does a run that left no report.
add_report() {
    local name=$1 status=$2 file=$3 good=0 bad=0
    if [ -s "$file" ]; then
        read -r good bad < <(/usr/bin/python3 - "$file" <<'PYTHON'
import sys, xml.etree.ElementTree as tree
cases = list(tree.parse(sys.argv[1]).iter("testcase"))
bad = sum(any(case.find(kind) is not None for kind in ("failure", "error", "skipped")) for case in cases)
print(len(cases) - bad, bad)
PYTHON
        )
    fi
    pass "$good"
    if ((bad > 0)); then
        fail "$name: $bad of $((good + bad))" "$bad"
    elif ((status != 0)); then
        fail "$name ended with status $status"
    elif ((good == 0)); then
        fail "$name ran no test"
    fi
    rm -f "$file"
}

# swift_tests NAME FOLDER ARGUMENT…: builds and runs tests in a build folder of their own, so that two modes do not
# rebuild each other's files. Shows failing tests, and every tenth step of a build.
swift_tests() {
    local name=$1 folder=$2 report status=0
    shift 2
    step "$name"
    report=$(mktemp -u)
    # Ignores what XCTest itself does not free at exit.
    echo leak:libXCTest.so >"$report.leaks"
    export LSAN_OPTIONS=suppressions=$report.leaks:print_suppressions=0
    swift test --no-color-diagnostics --package-path "$checkout" --scratch-path "$checkout/$folder" --xunit-output "$report.xml" "$@" 2>&1 |
        { grep --line-buffered -vP '^(◇|↳|✔ (?!Test run with))|^\[\d*[1-9]/\d+\] |ld.gold: warning|warning: the use of .mktemp' || true; } || status=$?
    # The first report is XCTest's, which has no tests here.
    rm -f "$report.xml" "$report.leaks"
    add_report "$name" "$status" "$report-swift-testing.xml"
}

# Makes this copy's PostgreSQL listen on TCP as well: with TLS and the client certificate made here only.
postgres_listen_with_tls() {
    local port=$1
    as_service openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost -keyout tls.key -out tls.crt 2>/dev/null
    # ALTER SYSTEM overrides all configuration files.
    psql_as_superuser -d postgres -v port="$port" -v certificate="$home/tls.crt" -v key="$home/tls.key" <<'SQL'
alter system set listen_addresses = 'localhost';
alter system set port = :port;
alter system set ssl = on;
alter system set ssl_cert_file = :'certificate';
alter system set ssl_key_file = :'key';
alter system set ssl_ca_file = :'certificate';
SQL
    as_service tee postgres/pg_hba.conf >/dev/null <<'HBA'
local all all trust
hostssl all all 127.0.0.1/32 trust clientcert=verify-ca
hostssl all all ::1/128 trust clientcert=verify-ca
HBA
    postgres_stop
    postgres_start
}

# A port without a listener, below the range that the kernel uses for clients.
free_port() {
    local port
    for _ in {1..100}; do
        port=$((20000 + RANDOM % 10000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return 0
        fi
    done
    return 1
}

# Stops a copy and removes all of it.
remove_copy() {
    if ! home_exists; then return 0; fi
    resolve_paths
    nginx_stop
    pool_stop
    postgres_stop
    home_purge
}

# Whether this is a systemd-nspawn container, in which no second one boots.
in_container() { [ "$(systemd-detect-virt --container 2>/dev/null || true)" = systemd-nspawn ]; }
# Whether a machine can be booted in a container here.
can_boot() { [ "$(id -u)" = 0 ] && ! in_container && unshare --mount --pid --net --fork true 2>/dev/null; }

# not_run WHAT WHY: prints that a part was not run; in CI that is a failure.
not_run() {
    step "NOT RUN: $1"
    say "$2, which needs root, outside of a container."
    [ -z "${CI:-}" ] || in_container || fail "CI has to run $1"
}

# Whether network namespaces can be made here.
can_make_networks() {
    local name=todo-probe-$$
    [ "$(id -u)" = 0 ] && ip netns add "$name" && ip netns del "$name"
} 2>/dev/null

# systemd's exposure score of each unit, 0 to 10; the threshold is in tenths.
units_are_tight() {
    local folder unit
    folder=$(mktemp -d)
    cp "$checkout"/deploy/systemd/*.service "$folder/"
    # A template is analysed as one of its instances.
    mv "$folder/todo-fcgi@.service" "$folder/todo-fcgi@1.service"
    for unit in "$folder"/*.service; do
        systemd-analyze security --offline=true --threshold=15 --no-pager "$unit" || return 1
    done
    rm -rf "$folder"
}

# site_is_accepted FILE: nginx's check of a site of the package, with all files that setup writes, in another
# nginx.conf. In a subshell, since it changes the working directory.
site_is_accepted() (
    local folder remarks shared=$checkout/deploy/nginx
    folder=$(mktemp -d)
    mkdir -p "$folder/todo-fcgi"/{http,server,headers}.d
    cd "$folder/todo-fcgi"
    echo "listen unix:$folder/socket;" >listen.conf
    echo "server unix:$folder/tasks.sock;" >upstream.conf
    echo "server 127.0.0.1:8080;" >hosts.conf
    : >origins.conf
    echo "include $shared/http-level.conf;" >http.d/production.conf
    echo "include $shared/limits.conf; include $shared/tls.conf;" >server.d/production.conf
    echo "include $shared/headers.conf;" >headers.d/security.conf
    sed "s|/usr/share/todo-fcgi/nginx|$shared|" "$shared/$1" >../site.conf
    echo "pid nginx.pid; events {} http { access_log off; include site.conf; }" >../nginx.conf
    remarks=$(nginx -t -q -p "$folder" -c "$folder/nginx.conf" -e stderr 2>&1)
    rm -rf "$folder"
    echo "$remarks"
    [ -z "$remarks" ]
)

# Prints the failures and, as the last line, the sum.
summary() {
    local one
    for one in ${failures[@]+"${failures[@]}"}; do say "failed: $one"; done
    printf '%d passed, %d failed\n' "$passed" "$failed"
}
