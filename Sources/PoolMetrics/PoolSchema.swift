public import JWT
public import Metrics
internal import PostgreSQL
public import TaskAPI

/// Everything that is counted, in the order of the text; every worker of a version makes the same.
public struct PoolSchema {
    /// Before every name.
    public static let prefix = "todo_"
    /// Bounds of times: from a cached token's 10 µs to what a request may take at all.
    private static let times = Histograms.steps(from: 10_000, through: 10_000_000_000)

    /// All families, as the pool's file and text have them.
    public let schema: Schema
    /// Requests that were answered, by route and then status.
    public let requests: Cells
    /// Times of requests in a worker, by route.
    public let durations: Histograms
    /// Times of the phases of requests, in the order of `Phases.names`.
    public let phases: Histograms
    /// Results that came when the asker was gone.
    public let abandoned: Cells
    /// Requests that were refused at once, in the order of `Admission`.
    public let refusals: Cells
    /// Tokens that were known, and those that were not.
    public let tokenLookups: Cells
    /// Verified tokens that made room for others.
    public let tokenEvictions: Cells
    /// Verified tokens that are kept.
    public let tokenEntries: Cells
    /// What the kept tokens take.
    public let tokenBytes: Cells
    /// Tokens that were refused, in the order of `TokenRefusal`.
    public let tokenRefusals: Cells
    /// Readings of the issuer's keys: good ones and failed ones.
    public let keyReads: Cells
    /// Usable keys of the issuer.
    public let keys: Cells
    /// When the issuer's keys were last read.
    public let keysReadAt: Cells
    /// Connections to the database: those that read by phase, then those that write.
    public let connections: Cells
    /// Connections to the database that were made again.
    public let reconnects: Cells
    /// Connections to the database that were lost or could not be made.
    public let losses: Cells
    /// Statements that the database refused.
    public let statementsRefused: Cells
    /// How many writes shared a commit.
    public let batchSizes: Histograms
    /// Times from sending a batch of writes to its commit.
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
    /// Whether a worker has begun to end.
    public let isDraining: Cells

    /// Makes the same schema in every process of a version.
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
            "requests_abandoned_total", "Requests whose asker was gone when the database had answered.", .counter)
        refusals = schema.add(
            "admission_refusals_total", "Requests that were answered 503 at once, by reason.", .counter,
            Admission.allCases.map { Series(["reason": $0.rawValue]) })
        tokenLookups = schema.add(
            "token_cache_lookups_total", "Look-ups among the tokens that were verified before.", .counter,
            ["hit", "miss"].map { Series(["result": $0]) })
        tokenEvictions = schema.add(
            "token_cache_evictions_total", "Verified tokens that made room for others.", .counter)
        tokenEntries = schema.add("token_cache_entries", "Verified tokens that are kept now.", .gauge)
        tokenBytes = schema.add("token_cache_bytes", "What they take.", .gauge)
        tokenRefusals = schema.add(
            "token_refusals_total", "Tokens that were refused, by reason.", .counter,
            TokenRefusal.allCases.map { Series(["reason": $0.rawValue]) })
        keyReads = schema.add(
            "key_set_reads_total", "Readings of the issuer's keys, by result.", .counter,
            ["good", "failed"].map { Series(["result": $0]) })
        keys = schema.add(
            "key_set_keys", "Usable keys of the issuer in the worker that has the fewest, of those that have any.",
            .gauge, of: .least)
        keysReadAt = schema.add(
            "key_set_read_time_seconds",
            "When the issuer's keys were last read, in the worker where that is longest ago, in seconds since 1970.",
            .gauge, of: .least)
        connections = schema.add(
            "database_connections", "Connections to the database, by what they carry and how far they are.", .gauge,
            ["read", "heavy_read", "write"].flatMap { role in
                ConnectionPhase.allCases.map { Series(["role": role, "state": "\($0)"]) }
            })
        reconnects = schema.add(
            "database_reconnects_total", "Connections to the database that were made again.", .counter)
        losses = schema.add(
            "database_connection_losses_total", "Connections to the database that were lost or could not be made.",
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
            "worker_draining", "1 for a worker that accepts no more and will end.", .gauge, of: .perWorker)
        self.schema = schema
    }
}

/// Why a request is refused although nothing is wrong with it.
public enum Admission: String, CaseIterable {
    /// As many as may be are in flight.
    case inFlight = "in_flight"
    /// It has waited for too long before a worker saw it.
    case queueTime = "queue_time"
    /// It needs a key of an issuer of whom none is known.
    case noKeys = "no_keys"
    /// It needs a key that is not known, and the issuer was asked for others a moment ago.
    case unknownKey = "unknown_key"
    /// As many as may be wait for their tokens to be verified.
    case verifications
}

/// What was asked for, as a label: an endpoint, or nothing that there is.
public enum Route {
    /// All routes: the label, and the usual status of those that are an endpoint.
    public static let all: [(label: String, success: Status?)] =
        Endpoint.allCases.map { ("\($0)", $0.success) } + [("none", nil)]

    /// The place among all of an endpoint, or of what is none.
    public static func index(_ endpoint: Endpoint?) -> Int {
        endpoint.map { Int($0.rawValue) } ?? Endpoint.allCases.count
    }
}

extension Endpoint {
    /// The usual status.
    fileprivate var success: Status {
        switch self {
        case .create: .created
        case .delete, .preflight: .noContent
        default: .ok
        }
    }
}

/// The reasons to refuse a token, in groups: which of many claims was wrong is for the log.
public enum TokenRefusal: String, CaseIterable {
    /// Its time is over.
    case expired
    /// The signature is wrong.
    case signature
    /// There is no key for it.
    case key
    /// Its claims are not those that are wanted.
    case claims
    /// It is no token that is understood.
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
