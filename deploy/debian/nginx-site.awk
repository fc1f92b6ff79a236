# Makes of the one nginx.conf a site for Debian's nginx, whose own nginx.conf holds the main level and http { }.
#
# Maps, formats and upstreams stay at the level of http. Everything else that stands there goes into the server, so that
# other sites keep theirs. Dropped: what belongs to a whole nginx (processes, temporary files) and the log, which has a
# place of its own. Includes get absolute paths.

function keep(text) {
    gsub(/include (listen|upstream|origins)\.conf/, "include /etc/todo-fcgi/nginx/&", text)
    gsub(/include (http|server|headers)\.d/, "include /etc/todo-fcgi/nginx/&", text)
    gsub(/nginx\/include /, "nginx/", text)
    return text
}

BEGIN {
    print "# Made from nginx.conf when the package was built; replaced by the next version. What may be changed: /etc/todo-fcgi/nginx."
}
/^http \{/ { inside = 1; next }
!inside || /^\}/ { next }
{
    if (depth == 0 && statement == "" && (/^ *#/ || /^ *$/)) { remarks = remarks $0 "\n"; next }
    if (statement == "") { match($0, /[a-z_]+/); word = substr($0, RSTART, RLENGTH) }
    statement = statement $0 "\n"
    line = $0
    # Quoted texts may hold braces and semicolons.
    gsub(/'[^']*'|"[^"]*"/, "", line)
    depth += gsub(/\{/, "{", line) - gsub(/\}/, "}", line)
    if (depth > 0 || line !~ /[;}] *$/) next

    if (word ~ /_temp_path$/ || word == "access_log") {
        # Of a group of lines only the remark goes with the first.
    } else if (word == "map" || word == "log_format" || word == "upstream" || statement ~ /include http\.d/) {
        outer = outer remarks statement
    } else if (word == "server") {
        server = remarks statement
    } else {
        gsub(/(^|\n)    /, "&    ", remarks)
        settings = settings remarks "    " statement
    }
    remarks = ""
    statement = ""
}
END {
    sub(/ *server_name _;\n/, "", server)
    place = index(server, "include listen.conf;\n") + length("include listen.conf;\n")
    text = outer substr(server, 1, place - 1) settings "\n" substr(server, place)
    gsub(/(^|\n)    /, "\n", text)
    sub(/^\n/, "", text)
    printf "%s", keep(text)
}
