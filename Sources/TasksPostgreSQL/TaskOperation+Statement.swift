internal import PostgreSQL
internal import Tasks

extension TaskOperation {
    /// The statement that does it; its parameters are added to an empty list, the owner first.
    func statement(adding parameters: inout Parameters) -> Statement {
        parameters.append(owner)
        switch action {
        case .list(let query) where query == TaskQuery():
            return TaskStatements.listAll
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
