/// An owner's operation on the store, executed as one statement.
public struct TaskOperation: Equatable, Sendable {
    /// The action on the owner's tasks.
    public enum Action: Equatable, Sendable {
        /// Lists the tasks that the query matches.
        case list(TaskQuery)
        /// Creates a task.
        case create(TaskDraft)
        /// Reads the task of this id.
        case read(Int64)
        /// Changes the task of this id.
        case update(Int64, TaskPatch)
        /// Deletes the task of this id; with `again`, for a request that may be a repeat, a task that was just deleted
        /// is found, too.
        case delete(Int64, again: Bool = false)
        /// Sets `completed` of the task of this id, or toggles it when nil.
        case complete(Int64, completed: Bool?)
    }

    /// The owner of the tasks; no operation reaches another owner's.
    public var owner: String
    /// The action on them.
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
