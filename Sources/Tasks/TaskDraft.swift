/// The values of a new task that its owner decides; the store sets the rest.
public struct TaskDraft: Equatable, Sendable {
    /// Valid by `TaskLimits`; stored as it is.
    public var title: String
    /// Valid by `TaskLimits`; nil for none.
    public var description: String?
    /// Whether the task starts out done.
    public var completed: Bool

    /// Makes a draft of validated values.
    public init(title: String, description: String? = nil, completed: Bool = false) {
        self.title = title
        self.description = description
        self.completed = completed
    }
}
