"""deploy/bench: measures the service beside the limits of this machine."""

import resource
import sys

import arguments
import curves
import profile_worker
import rounds


def main():
    options = arguments.parse()
    if options.show_workers:
        return print(options.workers)
    work = profile_worker if options.profile else curves if options.curves else rounds
    if options.plan:
        return print(work.plan(options))
    # A connection is a descriptor, here and in wrk.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 65536, hard))
    work.run(options)


try:
    main()
except RuntimeError as error:
    sys.exit(f"error: {error}")
except KeyboardInterrupt:
    sys.exit(130)
