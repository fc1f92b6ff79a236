# shellcheck shell=bash disable=SC2034,SC2154
# The demonstration at the end of deploy/up: a few requests, as curl commands, and their answers.

# ask STATUS METHOD PATH [BODY]: one request through nginx; sets $answer to its body.
ask() {
    local expected=$1 method=$2 url=$base_url$3 body=${4:-} shown status location
    local command=(curl -sS --noproxy '*' -m 10 -D "$home/run/demo.head" -X "$method" -H "Authorization: Bearer $token")
    shown="curl"
    [ "$method" = GET ] || shown+=" -X $method"
    if [[ $url = *\?* ]]; then shown+=" '$url'"; else shown+=" $url"; fi
    shown+=" -H \"Authorization: Bearer \$TOKEN\""
    if [ -n "$body" ]; then
        command+=(-H 'Content-Type: application/json' -d "$body")
        shown+=" -H 'Content-Type: application/json' -d '$body'"
    fi
    printf '\n%s$ %s%s\n' "$bold" "$shown" "$plain"
    answer=$("${command[@]}" "$url") || die "no answer from $url"
    status=$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$home/run/demo.head")
    location=$(sed -n 's/^[Ll]ocation: *\([^\r]*\)\r*$/\1/p' "$home/run/demo.head")
    rm -f "$home/run/demo.head"
    printf '%s%s%s\n' "$dim" "$status${location:+  Location: $location}" "$plain"
    [ -z "$answer" ] || jq . <<<"$answer" 2>/dev/null || printf '%s\n' "$answer"
    [ "$status" = "$expected" ] || die "expected status $expected, got $status"
}

demonstrate() {
    local id token answer
    step "A few requests, as the user \`demo\`"
    token=$(as_service "$home/bin/todo-fcgi" token --user demo) || die "the token was not made; see the lines above"
    ask 201 POST /api/demo/tasks '{"title":"Buy milk","description":"Two litres"}'
    id=$(jq -r .id <<<"$answer")
    ask 200 GET '/api/demo/tasks?status=pending&limit=3'
    ask 200 PATCH "/api/demo/tasks/$id/complete"
    ask 200 GET "/api/demo/tasks/$id"
    if [ "${TODO_DELETE_STATUS:-204}" = 200 ]; then ask 200 DELETE "/api/demo/tasks/$id"; else ask 204 DELETE "/api/demo/tasks/$id"; fi
    ask 404 GET "/api/demo/tasks/$id"
}

print_summary() {
    local again=deploy/down
    [ -z "${TODO_HOME:-}" ] || again="TODO_HOME=$TODO_HOME $again"
    cat <<TEXT

${bold}Running at $base_url${plain} with $workers workers, in the background.

    Token for the user \`demo\`, valid for a day:
    export TOKEN=$(as_service "$home/bin/todo-fcgi" token --user demo --expires-in 86400)

    Settings for scripts:  . $home_link/env
    Watch it:              . $home_link/env && $home/bin/todo-fcgi status --watch
    Logs:                  $home/log and $home/nginx
    Stop:                  $again           (with --purge also removes the data)
TEXT
}
