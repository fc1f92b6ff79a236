/// Receives a pipeline's events; never called from within a call to the pipeline.
public protocol PipelineClient: AnyObject {
    /// Whether to reconnect at once after a loss, rather than for the next statement.
    var needsConnection: Bool { get }
    /// Why a new session is refused, by its answer to one of the checks; nil to accept it.
    func refusal(ofSessionBy check: Statement, _ result: QueryResult) -> PostgreSQLError?
    /// Statements can be sent.
    func pipelineBecameReady()
    /// The result of the oldest statement in flight; its transaction may still fail until the sync.
    ///
    /// A statement that is read row by row has one result for each row and one without rows at the end.
    func pipelineReceived(_ result: QueryResult)
    /// The transaction up to the oldest sync failed at its commit and is rolled back; `pipelineSynced` follows.
    func pipelineUndone(_ error: PostgreSQLError)
    /// The transaction up to the oldest sync is committed, or rolled back if one of its statements failed.
    func pipelineSynced()
    /// The connection was lost, with all statements that have no result; or it could not be made.
    func pipelineLost(_ error: PostgreSQLError, _ knowledge: LossKnowledge)
}

/// What a lost connection says about the transactions whose sync was sent and has no result.
public enum LossKnowledge: Sendable {
    /// None is committed: the server ended the session within the oldest.
    case noneCommitted
    /// Only the oldest may be committed: the server ended the session at its commit.
    case onlyOldestMayHaveCommitted
    /// Each may be committed: the connection broke, or the error may come from a pooler.
    case eachMayHaveCommitted
}

extension LossKnowledge {
    /// What an error that ends a session says about the transactions in flight.
    ///
    /// - Parameter atSync: whether it came in place of a sync's result, rather than of a statement's.
    init(_ error: PostgreSQLError, atSync: Bool) {
        guard let state = error.sqlState, !state.isOfConnection else {
            self = .eachMayHaveCommitted
            return
        }
        // A server that panics while it writes the commit record may have written it.
        self = atSync || error.severity == .panic ? .onlyOldestMayHaveCommitted : .noneCommitted
    }
}
