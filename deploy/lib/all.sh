# shellcheck shell=bash
# Sources the parts, in the order of their dependencies.
# shellcheck source=deploy/lib/base.sh
. "${BASH_SOURCE[0]%/*}/base.sh"
# shellcheck source=deploy/lib/home.sh
. "${BASH_SOURCE[0]%/*}/home.sh"
# shellcheck source=deploy/lib/packages.sh
. "${BASH_SOURCE[0]%/*}/packages.sh"
# shellcheck source=deploy/lib/build.sh
. "${BASH_SOURCE[0]%/*}/build.sh"
# shellcheck source=deploy/lib/postgres.sh
. "${BASH_SOURCE[0]%/*}/postgres.sh"
# shellcheck source=deploy/lib/pool.sh
. "${BASH_SOURCE[0]%/*}/pool.sh"
# shellcheck source=deploy/lib/nginx.sh
. "${BASH_SOURCE[0]%/*}/nginx.sh"
# shellcheck source=deploy/lib/demo.sh
. "${BASH_SOURCE[0]%/*}/demo.sh"
