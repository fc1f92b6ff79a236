/// The endpoint of a request, determined by method and path; the label `route` in logs and metrics.
public enum Endpoint: UInt8, CaseIterable, Sendable {
    case list
    case create
    case read
    case update
    case delete
    case complete
    case root
    case health
    case readiness
    case preflight
}

/// The resource of a path.
enum Resource: CaseIterable {
    case tasks
    case task
    case completion
    case root
    case health
    case readiness
}

/// The route table, in the README's order.
extension Endpoint {
    /// Whether the endpoint needs the user's token.
    var isOfTasks: Bool {
        switch self {
        case .list, .create, .read, .update, .delete, .complete: true
        case .root, .health, .readiness, .preflight: false
        }
    }

    /// Whether the endpoint changes tasks.
    var isWrite: Bool { isOfTasks && self != .list && self != .read }

    /// The endpoint of a method on a resource; nil where the method is not allowed.
    init?(_ method: Method, _ resource: Resource) {
        switch (method, resource) {
        case (.get, .tasks), (.head, .tasks): self = .list
        case (.post, .tasks): self = .create
        case (.get, .task), (.head, .task): self = .read
        case (.put, .task): self = .update
        case (.delete, .task): self = .delete
        case (.patch, .completion): self = .complete
        case (.get, .root), (.head, .root): self = .root
        case (.get, .health), (.head, .health): self = .health
        case (.get, .readiness), (.head, .readiness): self = .readiness
        case (.options, _): self = .preflight
        default: return nil
        }
    }
}

extension Resource {
    /// The resource of a path; nil where there is none.
    init?(_ path: Path) {
        switch path.count {
        case 0:
            self = .root
        case 1 where path.segment(0, equals: "health"):
            self = .health
        case 1 where path.segment(0, equals: "ready"):
            self = .readiness
        case 2 where path.segment(0, equals: "api") && path.segment(1, equals: "health"):
            self = .health
        case 3 where path.segment(0, equals: "api") && path.segment(2, equals: "tasks"):
            self = .tasks
        case 4 where path.segment(0, equals: "api") && path.segment(2, equals: "tasks"):
            self = .task
        case 5
        where path.segment(0, equals: "api") && path.segment(2, equals: "tasks") && path.segment(4, equals: "complete"):
            self = .completion
        default:
            return nil
        }
    }

    /// The value of `Allow`.
    var allow: StaticString {
        switch self {
        case .tasks: "GET, HEAD, POST, OPTIONS"
        case .task: "GET, HEAD, PUT, DELETE, OPTIONS"
        case .completion: "PATCH, OPTIONS"
        case .root, .health, .readiness: "GET, HEAD, OPTIONS"
        }
    }
}
