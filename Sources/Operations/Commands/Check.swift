import ArgumentParser
import Base
import JWKS
import JWT
import PostgreSQL
import Settings
import TasksPostgreSQL

/// Checks everything a worker needs.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check settings, keys, database and schema; report every problem at once.",
        discussion: "Exits with status 0 if a worker could serve, else 1. It changes nothing and shows no secret."
    )

    func run() throws {
        var environment = try Installation.settings(as: Installation.runtime)
        let settings = Settings(&environment)
        var problems = environment.problems
        if environment.problems.isEmpty { print("settings: ok") }
        problems += checkSecret(settings)
        problems += checkPublicKeys(settings)
        if !settings.database.url.isEmpty { problems += checkDatabase(settings) }
        if !problems.isEmpty { throw Failure(problems) }
    }

    /// Signs a token and verifies it, as a worker would.
    private func checkSecret(_ settings: Settings) -> [String] {
        guard let secret = settings.identity.secret else { return [] }
        let now = Int64(Clock.realTime / 1_000_000_000)
        do {
            let token = try SharedSecretSigner.mint(userID: "check", issuedAt: now, expiresIn: 60, secret: secret)
            _ = try settings.identity.keySet(nil).payload(of: token.utf8Span.span)
            print(
                "keys: HS256 with BETTER_AUTH_SECRET\(settings.identity.previous == nil ? "" : " and the previous one")"
            )
            return []
        } catch {
            return ["keys: \(error)"]
        }
    }

    /// Reads the issuer's keys as a starting worker would.
    private func checkPublicKeys(_ settings: Settings) -> [String] {
        let identity = settings.identity
        guard let source = identity.source else { return [] }
        let keys = AvailableKeys(identity)
        for line in keys.lines { print(line) }
        if identity.issuers.isEmpty { print("note: any iss is accepted; JWT_ISSUER names the one to trust") }
        if identity.audiences.isEmpty { print("note: any aud is accepted; JWT_AUDIENCE names the one to trust") }
        if identity.stateDirectory == nil, case .url = source {
            print("note: TODO_STATE_DIR is not set: a worker that restarts while the issuer is down has no keys")
        }
        return keys.set == nil ? ["keys: none of the issuer's: tokens of public keys would be refused"] : []
    }

    private func checkDatabase(_ settings: Settings) -> [String] {
        do throws(PostgreSQLError) {
            let connection = try Connection.open(settings.database.url)
            print(
                "database: \(connection.database) as \(connection.user), PostgreSQL \(connection.serverVersion / 10_000)"
            )
            let inspection = try Inspection(connection)
            for note in inspection.notes { print("note: \(note)") }
            if inspection.problems.isEmpty { print("schema: ok") }
            return inspection.problems.map { "schema: \($0)" }
        } catch {
            return ["database: \(error)"]
        }
    }
}
