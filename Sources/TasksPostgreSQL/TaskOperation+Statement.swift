internal import PostgreSQL
internal import Tasks

extension TaskOperation {
    /// The statement that does it; its parameters are added to an empty list, the owner first.
    ///
    /// - Parameter firstPage: what is run instead of the list of all.
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
    /// What an operation asks of the server.
    enum Weight {
        /// A task, or a page of a list in the order of its index.
        case page
        /// A read that may have to look at all of its owner's tasks.
        case heavyRead
        case write
    }

    /// The pool that it belongs to; the list of all begins as a page and becomes a heavy read when it is longer.
    var weight: Weight {
        guard !action.isWrite else { return .write }
        guard case .list(let query) = action else { return .page }
        return query.isOfAll || query.isPage ? .page : .heavyRead
    }

    /// Whether its rows are too many for a page, or may be.
    var isUnbounded: Bool {
        if case .list(let query) = action { query.limit.map { $0 > TaskStatements.pageLength } ?? true } else { false }
    }
}

extension TaskQuery {
    /// Whether it asks for everything, newest first.
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
