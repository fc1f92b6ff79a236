public import JWT
public import Metrics
internal import PostgreSQL
public import TaskAPI

/// All metrics, in the order of the exposition; every worker of a version has the same schema.
public struct PoolSchema {
    /// The prefix of every name.
    public static let prefix = "todo_"
    /// Histogram bounds of times: from 10 µs, a request with a cached token, to 10 s, the longest request.
    private static let times = Histograms.steps(from: 10_000, through: 10_000_000_000)

    /// All families, in the order of the pool's file and text.
    public let schema: Schema
    /// Requests that were answered, by route and then status.
    public let requests: Cells
    /// The time of requests in a worker, by route.
    public let durations: Histograms
    /// The time of each phase of requests, in the order of `Phases.names`.
    public let phases: Histograms
    /// Results that came after the client had gone.
    public let abandoned: Cells
    /// Requests that were refused at once, in the order of `Admission`.
    public let refusals: Cells
    /// Look-ups in the token cache: hits and misses.
    public let tokenLookups: Cells
    /// Tokens evicted from the cache.
    public let tokenEvictions: Cells
    /// Tokens in the cache.
    public let tokenEntries: Cells
    /// Bytes of the token cache.
    public let tokenBytes: Cells
    /// Tokens that were refused, in the order of `TokenRefusal`.
    public let tokenRefusals: Cells
    /// Reads of the issuer's keys: good and failed.
    public let keyReads: Cells
    /// Usable keys of the issuer.
    public let keys: Cells
    /// When the issuer's keys were last read.
    public let keysReadAt: Cells
    /// Connections to the database by phase: for reads, then for writes.
    public let connections: Cells
    /// Reconnects to the database.
    public let reconnects: Cells
    /// Connections to the database that were lost or failed to open.
    public let losses: Cells
    /// Statements that the database refused.
    public let statementsRefused: Cells
    /// How many writes shared a commit.
    public let batchSizes: Histograms
    /// The time from sending a batch of writes to its commit.
    public let batchTimes: Histograms
    /// Batches that were run again one write at a time.
    public let batchesDivided: Cells
    /// Requests of a worker that wait for the database.
    public let inFlight: Cells
    /// Requests that a worker answered.
    public let workerRequests: Cells
    /// Connections of the web server that a worker holds.
    public let webConnections: Cells
    /// CPU time of a worker.
    public let cpu: Cells
    /// Resident memory of a worker.
    public let memory: Cells
    /// Whether a worker is draining.
    public let isDraining: Cells

    /// Creates the schema, the same in every process of a version.
    public init() {
        var schema = Schema()
        requests = schema.add(
            "requests_total", "Requests that were answered, by route and status.", .counter,
            Route.all.flatMap { route in
                Status.allCases.map { status in
                    Series(
                        ["route": route.label, "status": "\(status.rawValue)"],
                        isShownAtZero: status == route.success || status.rawValue >= 500)
                }
            })
        durations = schema.addHistograms(
            "request_duration_seconds", "Time a request took in a worker, by route.", in: .nanoseconds,
            bounds: Self.times, Route.all.map { Series(["route": $0.label]) })
        phases = schema.addHistograms(
            "request_phase_seconds",
            "Time in each phase of requests for tasks: queue (from nginx to a worker, in whole milliseconds), verify "
                + "(route, token, body), database (its queue included), write (the answer).", in: .nanoseconds,
            bounds: Self.times, Phases.names.map { Series(["phase": $0]) })
        abandoned = schema.add(
            "requests_abandoned_total", "Requests whose client had gone when the database answered.", .counter)
        refusals = schema.add(
            "admission_refusals_total", "Requests that were answered 503 at once, by reason.", .counter,
            Admission.allCases.map { Series(["reason": $0.rawValue]) })
        tokenLookups = schema.add(
            "token_cache_lookups_total", "Look-ups in the cache of verified tokens, by result.", .counter,
            ["hit", "miss"].map { Series(["result": $0]) })
        tokenEvictions = schema.add(
            "token_cache_evictions_total", "Tokens evicted from the cache.", .counter)
        tokenEntries = schema.add("token_cache_entries", "Verified tokens in the cache.", .gauge)
        tokenBytes = schema.add("token_cache_bytes", "Bytes of the token cache.", .gauge)
        tokenRefusals = schema.add(
            "token_refusals_total", "Tokens that were refused, by reason.", .counter,
            TokenRefusal.allCases.map { Series(["reason": $0.rawValue]) })
        keyReads = schema.add(
            "key_set_reads_total", "Reads of the issuer's keys, by result.", .counter,
            ["good", "failed"].map { Series(["result": $0]) })
        keys = schema.add(
            "key_set_keys", "Usable keys of the issuer in the worker that has the fewest, of those that have any.",
            .gauge, of: .least)
        keysReadAt = schema.add(
            "key_set_read_time_seconds",
            "When the issuer's keys were last read, in the worker where that is longest ago, in seconds since 1970.",
            .gauge, of: .least)
        connections = schema.add(
            "database_connections", "Connections to the database, by role and state.", .gauge,
            ["read", "heavy_read", "write"].flatMap { role in
                ConnectionPhase.allCases.map { Series(["role": role, "state": "\($0)"]) }
            })
        reconnects = schema.add(
            "database_reconnects_total", "Reconnects to the database.", .counter)
        losses = schema.add(
            "database_connection_losses_total", "Connections to the database that were lost or failed to open.",
            .counter)
        statementsRefused = schema.add(
            "database_statements_refused_total", "Statements that the database refused, repeated ones included.",
            .counter)
        batchSizes = schema.addHistograms(
            "write_batch_writes", "Writes that shared a commit.", in: .one, bounds: [1, 2, 4, 8, 16, 32, 64])
        batchTimes = schema.addHistograms(
            "write_batch_seconds", "Time from sending a batch of writes to its commit.", in: .nanoseconds,
            bounds: Self.times)
        batchesDivided = schema.add(
            "write_batches_divided_total", "Batches that failed because of one write and were run again one by one.",
            .counter)
        inFlight = schema.add(
            "worker_requests_in_flight", "Requests that wait for the database.", .gauge, of: .perWorker)
        workerRequests = schema.add(
            "worker_requests_total", "Requests that a worker answered.", .counter, of: .perWorker)
        webConnections = schema.add(
            "worker_connections", "Connections of nginx that a worker holds.", .gauge, of: .perWorker)
        cpu = schema.add(
            "worker_cpu_seconds_total", "CPU time of a worker.", .counter, of: .perWorker, in: .nanoseconds)
        memory = schema.add(
            "worker_resident_memory_bytes", "Resident memory of a worker.", .gauge, of: .perWorker)
        isDraining = schema.add(
            "worker_draining", "1 for a worker that accepts no more connections and will end.", .gauge, of: .perWorker)
        self.schema = schema
    }
}

/// Why a valid request is refused with 503.
public enum Admission: String, CaseIterable {
    /// The maximum number of requests is in flight.
    case inFlight = "in_flight"
    /// The request timed out before a worker read it.
    case queueTime = "queue_time"
    /// The token needs a key of an issuer, and no key set was read yet.
    case noKeys = "no_keys"
    /// The token needs an unknown key, and the issuer may not be asked again yet.
    case unknownKey = "unknown_key"
    /// The maximum number of requests waits for verification.
    case verifications
}

/// The label of a request: its endpoint, or `none` where no route matches.
public enum Route {
    /// All routes: the label, and the status of a success where the route is an endpoint.
    public static let all: [(label: String, success: Status?)] =
        Endpoint.allCases.map { ("\($0)", $0.success) } + [("none", nil)]

    /// The index of an endpoint among all routes; nil is the route `none`.
    public static func index(_ endpoint: Endpoint?) -> Int {
        endpoint.map { Int($0.rawValue) } ?? Endpoint.allCases.count
    }
}

extension Endpoint {
    /// The status of a success.
    fileprivate var success: Status {
        switch self {
        case .create: .created
        case .delete, .preflight: .noContent
        default: .ok
        }
    }
}

/// The reasons to refuse a token, in groups; the log has the exact reason.
public enum TokenRefusal: String, CaseIterable {
    /// `exp` lies in the past.
    case expired
    /// The signature does not match.
    case signature
    /// No key fits the token.
    case key
    /// The claims are not acceptable.
    case claims
    /// The token is malformed or of another type.
    case malformed

    /// The group of a reason.
    public init(_ error: TokenError) {
        self =
            switch error {
            case .expired: .expired
            case .badSignature: .signature
            case .unknownKey, .ambiguousKey, .unsupportedAlgorithm: .key
            case .malformedClaims, .noExpiry, .notYetValid, .wrongIssuer, .wrongAudience, .noUser: .claims
            case .tooLong, .malformed, .unsupportedHeader, .foreignType: .malformed
            }
    }
}
