import ArgumentParser
import Base
import Operations
import Settings

/// The program and its subcommands.
@main
struct TodoFCGI: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: Program.name,
        abstract: "The task backend that runs behind nginx.",
        discussion: """
            A worker answers FastCGI requests on one socket, which it may share with other workers: one thread, one \
            event loop, a few connections to PostgreSQL. Run one worker per core.

            Settings come from the environment. A secret or a source of public keys is required; both may be set.

              BETTER_AUTH_SECRET           the secret that HS256 tokens are signed with, at least 32 bytes
              BETTER_AUTH_SECRET_PREVIOUS  the previous secret, while tokens signed with it are still valid
              BETTER_AUTH_URL              Better Auth's base URL: keys come from its /api/auth/jwks, and iss and
                                           aud of their tokens must be this URL
              JWKS_URL, JWKS_FILE          another source of the keys: a URL, or a file, read again when it changes
              TODO_STATE_DIR               directory where the last good keys are kept for a restart while the issuer
                                           is down; systemd's STATE_DIRECTORY otherwise
              DATABASE_URL                 postgresql://user@host/database, the role that workers use
              DATABASE_MIGRATION_URL       the same for the role that owns the schema, for migrate only
              CORS_ORIGINS                 origins of web pages that may call the API, separated by commas
              TODO_LIST_SHAPE              array (default) or object
              TODO_DELETE_STATUS           204 (default) or 200
              TODO_READ_CONNECTIONS, TODO_HEAVY_READ_CONNECTIONS, TODO_WRITE_CONNECTIONS
                                           connections of a worker to the database, 2, 2 and 4 by default
              TODO_REQUEST_TIMEOUT         seconds until a request times out, 10 by default
              TODO_MAX_IN_FLIGHT           maximum number of requests in flight in a worker, 1024 by default
              TODO_DRAIN_TIMEOUT           maximum seconds of the drain after SIGTERM, 10 by default
              TODO_SLOW_REQUEST            seconds from which on a request is logged as slow, 1 by default
              TODO_LOG_LEVEL               debug, info (default), warning or error
              TODO_LOG_FORMAT              logfmt (default) or json
              TODO_METRICS_FILE            file of the pool's metrics, shared by its workers, best below /run
              TODO_METRICS_LISTEN          address of the metrics for Prometheus and todo-fcgi status: unix:PATH or
                                           127.0.0.1:PORT
              TODO_SERVER_TIMING           on: answers have Server-Timing with the time of each phase
              TODO_USER_HASH               on: answers have a keyed hash of the user's id, for nginx's log only
              JWT_ISSUER, JWT_AUDIENCE     values that iss and aud of every token must have, separated by commas
              JWT_USER_CLAIMS              claims that may hold the user's id: sub,user_id,userId,id,user.id
              JWT_LEEWAY                   allowed clock skew in seconds, 5 by default, 60 at most

            Each secret and URL may be in a file instead, named by the variable of the same name with the suffix \
            _FILE. todo-fcgi check reports all problems.
            """,
        version: Program.version,
        subcommands: [Serve.self] + operatorCommands
    )

    /// Runs a command; prints the problems of a failure to stderr, one per line, and exits with status 1.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as Failure {
            for problem in failure.problems { printError("\(Program.name): \(problem)") }
            exit(withError: ExitCode.failure)
        } catch {
            exit(withError: error)
        }
    }
}
