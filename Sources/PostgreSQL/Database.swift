internal import Base
public import EventLoop

/// A database as shared by all connections of a process: its URL, and the addresses of its hosts.
///
/// Host names are looked up before a connection is made, on one thread beside the loop. The last known addresses are
/// used when the name server fails.
public final class Database: EventSource {
    /// The servers to try, or why there is none.
    typealias Servers = Result<(parameters: ConnectionParameters, endpoints: [Endpoint]), PostgreSQLError>

    private let url: String
    private let applicationName: String
    private let loop: EventLoop
    private let resolver: NameLookUp.Resolver
    private var addresses = AddressCache()
    /// Made for the first name to look up.
    private var lookUp: NameLookUp?
    private var wakeUp: WakeUp?
    private var isLookingUp = false
    private var lookUpBegan: UInt64 = 0
    private var lookUpEnded: UInt64?
    private var parameters: ConnectionParameters?
    private var waiting: [(Servers) -> Void] = []

    /// The time limit for the name server where an address is known, and how long its answer is fresh, in nanoseconds.
    private static var lookUpTimeout: UInt64 { 1_000_000_000 }

    /// Keeps the URL; does not connect.
    ///
    /// - Parameters:
    ///   - url: as in `Connection.open`.
    ///   - applicationName: the `application_name` of its sessions, unless the URL has one.
    public convenience init(url: String, applicationName: String = "todo-fcgi", on loop: EventLoop) {
        self.init(url: url, applicationName: applicationName, on: loop, resolver: NameLookUp.addresses)
    }

    init(
        url: String, applicationName: String = "todo-fcgi", on loop: EventLoop,
        resolver: @escaping NameLookUp.Resolver
    ) {
        self.url = url
        self.applicationName = applicationName
        self.loop = loop
        self.resolver = resolver
    }

    deinit {
        if let wakeUp { loop.remove(wakeUp) }
    }

    /// Finds the servers to try, at once where no name has to be looked up.
    func findServers(_ receive: @escaping (Servers) -> Void) {
        do throws(PostgreSQLError) {
            parameters = try ConnectionParameters(url, applicationName: applicationName)
        } catch {
            return receive(.failure(error))
        }
        waiting.append(receive)
        let names = (parameters?.endpoints ?? []).compactMap(\.nameToLookUp)
        let isFresh = lookUpEnded.map { loop.now < $0 + Self.lookUpTimeout } ?? false
        if !isLookingUp, !names.isEmpty, !isFresh { begin(names) }
        if !isLookingUp {
            answer()
        } else if loop.now >= lookUpBegan + Self.lookUpTimeout {
            answerFromMemory()
        }
    }

    private func begin(_ names: [String]) {
        do throws(SystemError) {
            if lookUp == nil { try makeLookUp() }
            try lookUp?.start(names)
            isLookingUp = true
            lookUpBegan = loop.now
            loop.setTimer(self, at: lookUpBegan + Self.lookUpTimeout)
        } catch {
            for name in names { addresses.record(.failed(error.description), for: name) }
        }
    }

    private func makeLookUp() throws(SystemError) {
        let wakeUp = try WakeUp(on: loop)
        wakeUp.handler = { [weak self] in self?.takeAnswers() }
        self.wakeUp = wakeUp
        lookUp = NameLookUp(answers: wakeUp.signal, resolve: resolver)
    }

    private func takeAnswers() {
        guard let lookUp, isLookingUp else { return }
        isLookingUp = lookUp.isRunning
        for (name, answer) in lookUp.takeAnswers() { addresses.record(answer, for: name) }
        if !isLookingUp {
            lookUpEnded = loop.now
            loop.cancelTimer(self)
            answer()
        } else if loop.now >= lookUpBegan + Self.lookUpTimeout {
            answerFromMemory()
        }
    }

    /// The name server is slow to answer.
    public override func timerFired() {
        answerFromMemory()
    }

    /// Answers with the known addresses, if there are any.
    private func answerFromMemory() {
        guard let parameters, !addresses.resolve(parameters.endpoints).isEmpty else { return }
        answer()
    }

    private func answer() {
        guard let parameters else { return }
        let endpoints = addresses.resolve(parameters.endpoints)
        let servers: Servers =
            endpoints.isEmpty
            ? .failure(addresses.failure(of: parameters.endpoints)) : .success((parameters, endpoints))
        let all = waiting
        waiting = []
        for receive in all { receive(servers) }
    }
}
