internal import CLibPQ
internal import Glibc

/// A connection to PostgreSQL, closed with its last use.
///
/// Every call on it may fail once the connection is lost.
@safe
public struct Connection: ~Copyable {
    private let handle: OpaquePointer

    /// The state of a connection that is being opened.
    enum OpeningStep {
        case readable
        case writable
        case opened
        case failed
    }

    private init(_ handle: OpaquePointer?) throws(PostgreSQLError) {
        guard let handle = unsafe handle else {
            throw PostgreSQLError(sqlState: nil, message: "out of memory")
        }
        unsafe self.handle = handle
        // Notices are dropped: by default libpq prints them to stderr, between the log's lines.
        unsafe PQsetNoticeProcessor(handle, { _, _ in }, nil)
    }

    deinit {
        unsafe PQfinish(handle)
    }

    // MARK: Opening

    /// Opens a connection; blocks until it is open.
    ///
    /// - Parameter url: a connection URI or key-value string, as in the manual's section 34.1.1; options that it
    ///   leaves out come from the PG… variables. The corresponding C function is `PQconnectdbParams`.
    public static func open(_ url: String) throws(PostgreSQLError) -> Connection {
        let parameters = try ConnectionParameters(url, applicationName: "todo-fcgi")
        let connection = try unsafe Connection(
            withParameters(parameters.values) { unsafe PQconnectdbParams($0, $1, 0) })
        guard unsafe PQstatus(connection.handle) == CONNECTION_OK else { throw connection.openingError }
        return connection
    }

    /// Begins to open a connection; call `continueOpening` until it is open.
    ///
    /// The corresponding C functions are `PQconnectStartParams` and `PQsetErrorVerbosity`.
    static func beginOpening(_ parameters: ConnectionParameters) throws(PostgreSQLError) -> Connection {
        let connection = try unsafe Connection(
            withParameters(parameters.values) { unsafe PQconnectStartParams($0, $1, 0) })
        guard unsafe PQstatus(connection.handle) != CONNECTION_BAD else { throw connection.openingError }
        // The message is libpq's only report of a failed connection, and contains the SQLSTATE only if verbose.
        unsafe PQsetErrorVerbosity(connection.handle, PQERRORS_VERBOSE)
        return connection
    }

    /// Continues opening when the descriptor is ready.
    ///
    /// The corresponding C function is `PQconnectPoll`.
    borrowing func continueOpening() -> OpeningStep {
        switch unsafe PQconnectPoll(handle) {
        case PGRES_POLLING_READING: return .readable
        case PGRES_POLLING_WRITING: return .writable
        case PGRES_POLLING_OK:
            unsafe PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
            return .opened
        default: return .failed
        }
    }

    /// Whether the server's side has accepted the connection; it may not have answered yet.
    ///
    /// The corresponding C function is `PQstatus`.
    var hasReachedServer: Bool {
        let status = unsafe PQstatus(handle)
        return status != CONNECTION_STARTED && status != CONNECTION_NEEDED && status != CONNECTION_BAD
    }

    /// Why it could not be opened.
    ///
    /// The corresponding C functions are `PQerrorMessage` and `PQconnectionNeedsPassword`.
    var openingError: PostgreSQLError {
        let error = unsafe PostgreSQLError(openingMessage: String(cString: PQerrorMessage(handle)))
        guard unsafe error.sqlState == nil && PQconnectionNeedsPassword(handle) != 0 else { return error }
        // The SQLSTATE that the server returns for an empty password.
        return PostgreSQLError(sqlState: SQLState("28P01"), message: error.message)
    }

    /// The socket; may change while the connection is being opened.
    ///
    /// The corresponding C function is `PQsocket`.
    var descriptor: Int32 { unsafe PQsocket(handle) }

    /// The last failure of a call on this connection.
    ///
    /// The corresponding C function is `PQerrorMessage`.
    var lastError: PostgreSQLError {
        let message = unsafe String(cString: PQerrorMessage(handle))
        return PostgreSQLError(sqlState: nil, message: message.firstLine)
    }

    /// The user it is logged in as.
    ///
    /// The corresponding C function is `PQuser`.
    public var user: String { unsafe PQuser(handle).map { unsafe String(cString: $0) } ?? "" }

    /// The database it is connected to.
    ///
    /// The corresponding C function is `PQdb`.
    public var database: String { unsafe PQdb(handle).map { unsafe String(cString: $0) } ?? "" }

    /// The server's version as a number: 150004 for 15.4.
    ///
    /// The corresponding C function is `PQserverVersion`.
    public var serverVersion: Int { unsafe Int(PQserverVersion(handle)) }

    // MARK: One statement at a time

    /// Runs statements without parameters and blocks; returns the last one's result.
    ///
    /// The corresponding C function is `PQexec`.
    @discardableResult
    public borrowing func execute(_ sql: String) throws(PostgreSQLError) -> QueryResult {
        try unsafe check(PQexec(handle, sql))
    }

    /// Runs one statement with text parameters and text results; blocks.
    ///
    /// The corresponding C function is `PQexecParams`.
    @discardableResult
    public borrowing func execute(_ sql: String, _ parameters: [String?]) throws(PostgreSQLError) -> QueryResult {
        let result = unsafe withCStrings(parameters) { values in
            unsafe PQexecParams(handle, sql, Int32(parameters.count), nil, values, nil, nil, 0)
        }
        return try unsafe check(result)
    }

    private borrowing func check(_ result: OpaquePointer?) throws(PostgreSQLError) -> QueryResult {
        guard let result = unsafe result else { throw lastError }
        let checked = unsafe QueryResult(takingOwnershipOf: result)
        if case .failed(let error) = checked.outcome { throw error }
        return checked
    }

    /// A quoted SQL identifier.
    ///
    /// The corresponding C function is `PQescapeIdentifier`.
    public borrowing func quoted(identifier: String) throws(PostgreSQLError) -> String {
        guard let quoted = unsafe PQescapeIdentifier(handle, identifier, identifier.utf8.count) else {
            throw lastError
        }
        defer { unsafe PQfreemem(quoted) }
        return unsafe String(cString: quoted)
    }

    // MARK: Pipeline

    /// Changes to non-blocking pipeline mode.
    ///
    /// The corresponding C functions are `PQsetnonblocking` and `PQenterPipelineMode`.
    borrowing func enterPipelineMode() -> Bool {
        unsafe PQsetnonblocking(handle, 1) == 0 && PQenterPipelineMode(handle) == 1
    }

    /// Puts the preparation of a statement into the pipeline.
    ///
    /// The corresponding C function is `PQsendPrepare`.
    borrowing func sendPrepare(_ statement: Statement) -> Bool {
        let types = statement.parameters.map(\.rawValue)
        return unsafe PQsendPrepare(handle, statement.name, statement.sql, Int32(types.count), types) == 1
    }

    /// Puts a prepared statement into the pipeline; its result will be binary.
    ///
    /// The corresponding C function is `PQsendQueryPrepared`.
    borrowing func send(_ statement: Statement, _ parameters: borrowing Parameters) -> Bool {
        let count = Int32(parameters.count)
        // `withCString` does not copy the name.
        return unsafe statement.name.withCString { name in
            unsafe parameters.withPointers { values, lengths, formats in
                unsafe PQsendQueryPrepared(handle, name, count, values, lengths, formats, 1) == 1
            }
        }
    }

    /// Ends a transaction in the pipeline and sends the buffered data.
    ///
    /// The corresponding C function is `PQpipelineSync`.
    borrowing func sendSync() -> Bool {
        unsafe PQpipelineSync(handle) == 1
    }

    /// Sends the buffered data: true when all is sent, false when the socket is full, nil when it is broken.
    ///
    /// The corresponding C function is `PQflush`.
    borrowing func flush() -> Bool? {
        switch unsafe PQflush(handle) {
        case 0: true
        case 1: false
        default: nil
        }
    }

    /// Reads what has arrived; false when the connection is broken.
    ///
    /// libpq 15.18 leaves the rest of a TLS record in OpenSSL's buffer, where epoll does not see it; 15.20 does not. The
    /// corresponding C functions are `PQconsumeInput` and `SSL_pending`.
    borrowing func consumeInput() -> Bool {
        repeat {
            guard unsafe PQconsumeInput(handle) == 1 else { return false }
        } while unsafe todo_pq_pending(handle) > 0
        return true
    }

    /// Delivers the rows of the next statement one at a time, as they arrive.
    ///
    /// Only between the results of two statements. The corresponding C function is `PQsetSingleRowMode`.
    borrowing func readRowByRow() -> Bool {
        unsafe PQsetSingleRowMode(handle) == 1
    }

    /// Whether the server has reported that its sessions are read-only: a standby, or by its configuration.
    ///
    /// It reports each change unasked. The corresponding C function is `PQparameterStatus`.
    var isReportedReadOnly: Bool {
        isOn("in_hot_standby") || isOn("default_transaction_read_only")
    }

    private func isOn(_ parameter: String) -> Bool {
        unsafe PQparameterStatus(handle, parameter).map { unsafe String(cString: $0) } == "on"
    }

    /// Whether `nextResult` would wait.
    ///
    /// The corresponding C function is `PQisBusy`.
    var isBusy: Bool { unsafe PQisBusy(handle) != 0 }

    /// The next result; nil after the last result of each statement.
    ///
    /// The corresponding C function is `PQgetResult`.
    borrowing func nextResult() -> QueryResult? {
        guard let result = unsafe PQgetResult(handle) else { return nil }
        return unsafe QueryResult(takingOwnershipOf: result)
    }
}
