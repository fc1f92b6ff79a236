/// What an owner asks of the store: one operation is one statement.
public struct TaskOperation: Equatable, Sendable {
    /// What is to be done, within the owner's tasks.
    public enum Action: Equatable, Sendable {
        /// All tasks the query matches.
        case list(TaskQuery)
        /// One new task.
        case create(TaskDraft)
        /// The task of this id.
        case read(Int64)
        /// The task of this id, changed.
        case update(Int64, TaskPatch)
        /// The task of this id, no longer there; with `again`, for a request that may have been done before, also one
        /// that was deleted a moment ago.
        case delete(Int64, again: Bool = false)
        /// The task of this id, with `completed` set, or toggled when nil.
        case complete(Int64, completed: Bool?)
    }

    /// Whose tasks; no operation reaches beyond them.
    public var owner: String
    /// What is to be done with them.
    public var action: Action

    /// Joins an owner and an action.
    public init(owner: String, _ action: Action) {
        self.owner = owner
        self.action = action
    }
}

extension TaskOperation.Action {
    /// Whether it changes anything.
    public var isWrite: Bool {
        switch self {
        case .list, .read: false
        case .create, .update, .delete, .complete: true
        }
    }
}
