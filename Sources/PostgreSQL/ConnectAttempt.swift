internal import Base
internal import EventLoop

/// One attempt to connect to one server, on the loop.
final class ConnectAttempt: EventSource {
    /// The server it tries.
    let endpoint: Endpoint
    private unowned let connector: Connector
    private let loop: EventLoop
    private let begunAt: UInt64
    private var connection: Connection?

    /// Begins an attempt, and tells the connector how it ended, or that it takes long.
    ///
    /// - Parameter patience: after how many nanoseconds it takes long.
    init(
        _ parameters: ConnectionParameters, to endpoint: Endpoint, for connector: Connector, patience: UInt64,
        on loop: EventLoop
    ) throws(PostgreSQLError) {
        self.endpoint = endpoint
        self.connector = connector
        self.loop = loop
        begunAt = loop.now
        connection = try Connection.beginOpening(parameters.connecting(to: endpoint))
        super.init()
        // libpq wants to be asked as if the socket had become writable.
        do throws(SystemError) {
            try watch(for: .writable)
        } catch {
            throw PostgreSQLError(sqlState: nil, message: error.description)
        }
        loop.setTimer(self, at: begunAt + patience)
    }

    /// Whether the server's side has taken the connection.
    var hasReachedServer: Bool { connection?.hasReachedServer == true }

    /// Goes on, and tells the connector once more that it takes long.
    ///
    /// - Parameter patience: after how many nanoseconds, from the attempt's beginning.
    func extend(to patience: UInt64) {
        loop.setTimer(self, at: begunAt + patience)
    }

    /// Ends the attempt and hands over its connection, in whatever state that is.
    func end() -> Connection? {
        loop.remove(self)
        loop.cancelTimer(self)
        return connection.take()
    }

    /// The socket became ready: the next step of connecting.
    override func ready(_ readiness: Readiness) {
        guard let step = connection?.continueOpening() else { return }
        do throws(SystemError) {
            switch step {
            case .readable: try watch(for: .readable)
            case .writable: try watch(for: .writable)
            case .opened: connector.opened(self)
            case .failed: fail(connection?.openingError)
            }
        } catch {
            fail(PostgreSQLError(sqlState: nil, message: error.description))
        }
    }

    /// The attempt takes long.
    override func timerFired() {
        connector.isSilent(self)
    }

    private func fail(_ error: PostgreSQLError?) {
        connector.failed(self, error ?? PostgreSQLError(sqlState: nil, message: "no connection"))
    }

    /// Watches the socket, which libpq may have replaced by another one.
    private func watch(for interest: Readiness) throws(SystemError) {
        loop.remove(self)
        try loop.add(self, descriptor: connection?.descriptor ?? -1, for: interest)
    }
}
