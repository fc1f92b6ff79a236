/// A change to a task: only what is set changes.
public struct TaskPatch: Equatable, Sendable {
    /// What happens to a description.
    public enum DescriptionChange: Equatable, Sendable {
        case keep
        case clear
        case set(String)
    }

    /// The new title, valid by `TaskLimits`; nil leaves it.
    public var title: String?
    /// Leaves, clears or replaces the description.
    public var description: DescriptionChange
    /// The new state; nil leaves it.
    public var completed: Bool?

    /// Makes a patch of validated values.
    public init(title: String? = nil, description: DescriptionChange = .keep, completed: Bool? = nil) {
        self.title = title
        self.description = description
        self.completed = completed
    }

    /// Whether nothing would change.
    public var isEmpty: Bool {
        title == nil && description == .keep && completed == nil
    }
}
