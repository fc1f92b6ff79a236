import ArgumentParser
import Base
import Operations
import Settings

/// The program: one command a subcommand.
@main
struct TodoFCGI: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: Program.name,
        abstract: "The task backend that runs behind nginx.",
        discussion: """
            A worker answers FastCGI requests on one socket, which it may share with others: one thread, one event \
            loop, a few connections to PostgreSQL. Run one worker a core.

            Settings come from the environment. A secret, or a place where public keys are published, is needed; both \
            may be set.

              BETTER_AUTH_SECRET           the secret that HS256 tokens are signed with, at least 32 bytes
              BETTER_AUTH_SECRET_PREVIOUS  the one before it, while tokens signed with it are still about
              BETTER_AUTH_URL              Better Auth's base URL: keys come from its /api/auth/jwks, and iss and
                                           aud of their tokens must be this URL
              JWKS_URL, JWKS_FILE          another place of the keys: a URL, or a file that is followed
              TODO_STATE_DIR               directory where the last good keys are kept for a restart while the issuer
                                           is down; systemd's STATE_DIRECTORY otherwise
              DATABASE_URL                 postgresql://user@host/database, the role that workers use
              DATABASE_MIGRATION_URL       the same for the role that owns the schema, for migrate only
              CORS_ORIGINS                 origins of web pages that may call, separated by commas
              TODO_LIST_SHAPE              array (default) or object
              TODO_DELETE_STATUS           204 (default) or 200
              TODO_READ_CONNECTIONS, TODO_HEAVY_READ_CONNECTIONS, TODO_WRITE_CONNECTIONS
                                           connections to the database a worker, 2, 2 and 4 by default
              TODO_REQUEST_TIMEOUT         seconds until a request is given up, 10 by default
              TODO_MAX_IN_FLIGHT           requests that a worker takes on at once, 1024 by default
              TODO_DRAIN_TIMEOUT           seconds a worker serves on after SIGTERM at most, 10 by default
              TODO_SLOW_REQUEST            seconds from which on a request is logged as slow, 1 by default
              TODO_LOG_LEVEL               debug, info (default), warning or error
              TODO_LOG_FORMAT              logfmt (default) or json
              TODO_METRICS_FILE            file where the workers of a pool count together, best below /run
              TODO_METRICS_LISTEN          where Prometheus and todo-fcgi status ask for the numbers: unix:PATH or
                                           127.0.0.1:PORT
              TODO_SERVER_TIMING           on: answers say in Server-Timing where their time went
              TODO_USER_HASH               on: answers carry a keyed hash of the user's id, for nginx's log alone
              JWT_ISSUER, JWT_AUDIENCE     values that iss and aud of every token must have, separated by commas
              JWT_USER_CLAIMS              where the user's id is looked for: sub,user_id,userId,id,user.id
              JWT_LEEWAY                   seconds that clocks may differ by, 5 by default, 60 at most

            Each secret and URL may be in a file instead, whose path is in the variable of the same name with _FILE \
            at its end. todo-fcgi check tells what is wrong with any of it.
            """,
        version: Program.version,
        subcommands: [Serve.self] + operatorCommands
    )

    /// Runs a command; what an operator has to mend is told on stderr, a line each, with status 1.
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
