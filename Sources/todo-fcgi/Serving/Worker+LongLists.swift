import Base
import FastCGI
import PoolMetrics
import TaskAPI
import Tasks
import TasksPostgreSQL

/// Long lists: sent in parts as fast as nginx reads them, so that a worker's memory stays bounded.
extension Worker {
    /// Sends the next part of a list, unless the request was abandoned.
    func send(_ rows: PostgreSQLTaskRows, to id: RequestID) {
        guard let connection = server.connection(running: id), var run = running[id.slot] else { return }
        let isFirst = run.list == nil
        if isFirst { run.phases.database = Clock.monotonic - run.submittedAt }
        var list = run.list ?? LongList(run.pending)
        write(rows, of: &list, isLast: false, run.phases, to: connection)
        run.list = list
        running[id.slot] = run
        if !connection.hasRoom { store.pause(id.rawValue) }
    }

    /// Sends the last part of a list, or aborts the answer after a failure, since an array that ended early would look
    /// complete.
    func end(
        _ list: LongList, _ run: Running, _ result: TaskResult<PostgreSQLTaskRows>, on connection: Connection<Worker>
    ) {
        var list = list
        // The end of the answer may start the connection's next request.
        let id = connection.id
        switch result {
        case .done(let rows), .part(let rows):
            write(rows, of: &list, isLast: true, run.phases, to: connection)
            connection.endAnswer()
        case .failed:
            connection.breakOff()
        }
        var phases = run.phases
        phases.write = Clock.monotonic - run.submittedAt - phases.database
        let answered = api.answered(list, isWhole: result.failure == nil)
        metrics.answered(answered, phases, hasResult: true)
        if result.failure != nil || phases.total >= limits.slowRequest {
            log(answered, phases, result.failure.map { .aborted($0, message: currentRefusal) }, id)
        }
    }

    private func write(
        _ rows: PostgreSQLTaskRows, of list: inout LongList, isLast: Bool, _ phases: Phases,
        to connection: Connection<Worker>
    ) {
        let isFirst = list.isEmpty
        let name = name
        let request = connection.requestForAnswer(name)
        if isFirst { writeExtraHead(phases, user: list.user) }
        api.write(rows, of: &list, to: request, isLast: isLast, into: &writer)
        if isFirst {
            connection.send(writer.bytes, after: extraHead.bytes)
        } else {
            connection.send(writer.bytes)
        }
        writer.reset(keepingCapacity: 1 << 20)
    }
}
