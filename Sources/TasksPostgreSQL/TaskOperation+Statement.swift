internal import PostgreSQL
internal import Tasks

extension TaskOperation {
    /// The statement that executes it; its parameters are added to an empty list, the owner first.
    ///
    /// - Parameter firstPage: the statement that runs instead of the whole list.
    func statement(firstPage: Statement?, adding parameters: inout Parameters) -> Statement {
        parameters.append(owner)
        switch action {
        case .list(let query) where query.isOfAll && (firstPage != nil || !query.countsAll):
            return firstPage ?? TaskStatements.listAll
        case .list(let query):
            parameters.append(query.completed)
            parameters.append(query.search)
            parameters.append(query.limit)
            parameters.append(query.offset)
            return query.countsAll ? TaskStatements.countedList[query] : TaskStatements.list[query]
        case .read(let id):
            parameters.append(id)
            return TaskStatements.read
        case .create(let draft):
            parameters.append(draft.title)
            parameters.append(draft.description)
            parameters.append(draft.completed)
            return TaskStatements.create
        case .update(let id, let patch):
            parameters.append(id)
            parameters.append(patch.title)
            switch patch.description {
            case .keep:
                parameters.append(false)
                parameters.append(String?.none)
            case .clear:
                parameters.append(true)
                parameters.append(String?.none)
            case .set(let description):
                parameters.append(true)
                parameters.append(description)
            }
            parameters.append(patch.completed)
            return TaskStatements.update
        case .delete(let id, let again):
            parameters.append(id)
            parameters.append(again)
            return TaskStatements.delete
        case .complete(let id, let completed):
            parameters.append(id)
            parameters.append(completed)
            return TaskStatements.complete
        }
    }
}

extension TaskOperation {
    /// The cost of an operation for the server.
    enum Weight {
        /// A task, or a page of a list in the order of the index.
        case page
        /// A read that may have to scan all of its owner's tasks.
        case heavyRead
        case write
    }

    /// Determines its pool; a whole list begins as a page and becomes a heavy read when it is longer.
    var weight: Weight {
        guard !action.isWrite else { return .write }
        guard case .list(let query) = action else { return .page }
        return query.isOfAll || query.isPage ? .page : .heavyRead
    }

    /// Whether its rows may be too many for a page.
    var isUnbounded: Bool {
        if case .list(let query) = action { query.limit.map { $0 > TaskStatements.pageLength } ?? true } else { false }
    }
}

extension TaskQuery {
    /// Whether it asks for all tasks, newest first.
    var isOfAll: Bool {
        limit == nil && offset == 0 && isInOrderOfIndex && order == .descending
    }

    /// Whether the index leads to its first row and it ends soon.
    fileprivate var isPage: Bool {
        guard let limit, limit <= TaskStatements.pageLength else { return false }
        return offset <= TaskStatements.pageLength * 10 && isInOrderOfIndex && !countsAll
    }

    private var isInOrderOfIndex: Bool { completed == nil && search == nil && sort == .createdAt }
}
