internal import Base
internal import EventLoop

/// One attempt to connect to one server, on the loop.
final class ConnectAttempt: EventSource {
    /// The server to connect to.
    let endpoint: Endpoint
    private unowned let connector: Connector
    private let loop: EventLoop
    private let begunAt: UInt64
    private var connection: Connection?

    /// Begins an attempt, and reports to the connector how it ended, or that it exceeds its timeout.
    ///
    /// - Parameter timeout: in nanoseconds.
    init(
        _ parameters: ConnectionParameters, to endpoint: Endpoint, for connector: Connector, timeout: UInt64,
        on loop: EventLoop
    ) throws(PostgreSQLError) {
        self.endpoint = endpoint
        self.connector = connector
        self.loop = loop
        begunAt = loop.now
        connection = try Connection.beginOpening(parameters.connecting(to: endpoint))
        super.init()
        // libpq's rule: the first `PQconnectPoll` follows as if the socket had become writable.
        do throws(SystemError) {
            try watch(for: .writable)
        } catch {
            throw PostgreSQLError(sqlState: nil, message: error.description)
        }
        loop.setTimer(self, at: begunAt + timeout)
    }

    /// Whether the server's side has accepted the connection.
    var hasReachedServer: Bool { connection?.hasReachedServer == true }

    /// Continues with a longer timeout.
    ///
    /// - Parameter timeout: in nanoseconds from the attempt's beginning.
    func extend(to timeout: UInt64) {
        loop.setTimer(self, at: begunAt + timeout)
    }

    /// Ends the attempt and returns its connection, in any state.
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

    /// The timeout has passed.
    override func timerFired() {
        connector.isSilent(self)
    }

    private func fail(_ error: PostgreSQLError?) {
        connector.failed(self, error ?? PostgreSQLError(sqlState: nil, message: "no connection"))
    }

    /// Watches the socket, which libpq may have replaced.
    private func watch(for interest: Readiness) throws(SystemError) {
        loop.remove(self)
        try loop.add(self, descriptor: connection?.descriptor ?? -1, for: interest)
    }
}
