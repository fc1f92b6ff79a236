internal import CLibPQ

/// The result of one statement; owns the memory of its values.
@safe
public final class QueryResult {
    /// The kind of a result.
    public enum Outcome: Equatable {
        /// Success, with any number of rows.
        case rows
        /// One row of a statement that is read row by row; more results of it follow, the last without a row.
        case row
        /// The statement failed.
        case failed(PostgreSQLError)
        /// The statement was not run, because one before it in the same transaction failed.
        case skipped
        /// The transaction up to a sync is committed, or rolled back if one of its statements failed.
        case sync
    }

    private let handle: OpaquePointer

    init(takingOwnershipOf handle: OpaquePointer) {
        unsafe self.handle = handle
    }

    deinit {
        unsafe PQclear(handle)
    }

    /// The corresponding C function is `PQresultStatus`.
    public var outcome: Outcome {
        switch unsafe PQresultStatus(handle) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: .rows
        case PGRES_SINGLE_TUPLE: .row
        case PGRES_PIPELINE_ABORTED: .skipped
        case PGRES_PIPELINE_SYNC: .sync
        default: .failed(error)
        }
    }

    /// The corresponding C function is `PQresultErrorField`.
    private var error: PostgreSQLError {
        let state = unsafe PQresultErrorField(handle, todo_pg_diag_sqlstate).map { unsafe String(cString: $0) }
        let severity = unsafe PQresultErrorField(handle, todo_pg_diag_severity).map { unsafe String(cString: $0) }
        let message = unsafe PQresultErrorField(handle, todo_pg_diag_message_primary) ?? PQresultErrorMessage(handle)
        let text = unsafe message.map { unsafe String(cString: $0) } ?? ""
        return PostgreSQLError(
            sqlState: state.map(SQLState.init), severity: severity.flatMap(PostgreSQLError.Severity.init),
            message: text.firstLine)
    }

    /// How many rows there are.
    ///
    /// The corresponding C function is `PQntuples`.
    public var count: Int { unsafe Int(PQntuples(handle)) }

    /// How many columns there are.
    ///
    /// The corresponding C function is `PQnfields`.
    public var columnCount: Int { unsafe Int(PQnfields(handle)) }

    /// Whether a value is NULL.
    ///
    /// The corresponding C function is `PQgetisnull`.
    public func isNull(row: Int, column: Int) -> Bool {
        unsafe PQgetisnull(handle, Int32(row), Int32(column)) != 0
    }

    /// The bytes of a value, empty for NULL; a `text` in UTF-8.
    ///
    /// The corresponding C function is `PQgetvalue`.
    @_lifetime(borrow self)
    public func bytes(row: Int, column: Int) -> Span<UInt8> {
        let start = unsafe PQgetvalue(handle, Int32(row), Int32(column))
        let length = unsafe PQgetlength(handle, Int32(row), Int32(column))
        let bytes = unsafe UnsafeBufferPointer(
            start: UnsafeRawPointer(start)?.assumingMemoryBound(to: UInt8.self), count: Int(length))
        return unsafe _overrideLifetime(Span(_unsafeElements: bytes), borrowing: self)
    }

    /// A `bigint`, or a `timestamptz` in microseconds since 2000-01-01T00:00:00Z, sent in binary; 0 for NULL.
    public func bigint(row: Int, column: Int) -> Int64 {
        guard unsafe PQgetlength(handle, Int32(row), Int32(column)) == 8,
            let start = unsafe PQgetvalue(handle, Int32(row), Int32(column))
        else { return 0 }
        return unsafe Int64(bigEndian: UnsafeRawPointer(start).loadUnaligned(as: Int64.self))
    }

    /// A `boolean` sent in binary; false for NULL.
    public func boolean(row: Int, column: Int) -> Bool {
        guard unsafe PQgetlength(handle, Int32(row), Int32(column)) == 1,
            let start = unsafe PQgetvalue(handle, Int32(row), Int32(column))
        else { return false }
        return unsafe start.pointee != 0
    }

    /// A value as text: of a `text`, in either format; nil for NULL.
    public func text(row: Int, column: Int) -> String? {
        guard !isNull(row: row, column: column) else { return nil }
        return unsafe String(cString: PQgetvalue(handle, Int32(row), Int32(column)))
    }
}

extension String {
    /// The text up to the first line break.
    var firstLine: String {
        String(prefix { !$0.isNewline })
    }
}
