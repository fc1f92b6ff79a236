internal import Base
public import EventLoop

/// A database for all connections of a process: its URL, and the addresses of the hosts in it.
///
/// Host names are looked up before a connection is made, on a thread beside the loop, never on two at once. The last
/// known addresses are used when the name server fails.
public final class Database: EventSource {
    /// The servers to try, or why there is none.
    typealias Servers = Result<(parameters: ConnectionParameters, endpoints: [Endpoint]), PostgreSQLError>

    private let url: String
    private let applicationName: String
    private let loop: EventLoop
    private let resolver: NameLookUp.Resolver
    private var addresses = AddressBook()
    /// Made when there is the first name to look up.
    private var lookUp: NameLookUp?
    private var wakeUp: WakeUp?
    private var isLookingUp = false
    private var lookUpBegan: UInt64 = 0
    private var lookUpEnded: UInt64?
    private var parameters: ConnectionParameters?
    private var waiting: [(Servers) -> Void] = []

    /// How long a name server is waited for where an address is known, and how long its answer counts, in nanoseconds.
    private static var patience: UInt64 { 1_000_000_000 }

    /// Connects to nothing yet.
    ///
    /// - Parameters:
    ///   - url: as in `Connection.open`.
    ///   - applicationName: what the server's list of sessions calls its connections, unless the URL says otherwise.
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

    /// Gives the servers to try, at once where no name has to be looked up.
    func findServers(_ receive: @escaping (Servers) -> Void) {
        do throws(PostgreSQLError) {
            parameters = try ConnectionParameters(url, applicationName: applicationName)
        } catch {
            return receive(.failure(error))
        }
        waiting.append(receive)
        let names = (parameters?.endpoints ?? []).compactMap(\.nameToLookUp)
        let isFresh = lookUpEnded.map { loop.now < $0 + Self.patience } ?? false
        if !isLookingUp, !names.isEmpty, !isFresh { begin(names) }
        if !isLookingUp {
            answer()
        } else if loop.now >= lookUpBegan + Self.patience {
            answerFromMemory()
        }
    }

    private func begin(_ names: [String]) {
        do throws(SystemError) {
            if lookUp == nil { try makeLookUp() }
            try lookUp?.start(names)
            isLookingUp = true
            lookUpBegan = loop.now
            loop.setTimer(self, at: lookUpBegan + Self.patience)
        } catch {
            for name in names { addresses.record(.failed(error.description), for: name) }
        }
    }

    private func makeLookUp() throws(SystemError) {
        let wakeUp = try WakeUp(on: loop)
        wakeUp.handler = { [weak self] in self?.takeAnswers() }
        self.wakeUp = wakeUp
        lookUp = NameLookUp(answers: wakeUp.bell, resolve: resolver)
    }

    private func takeAnswers() {
        guard let lookUp, isLookingUp else { return }
        isLookingUp = lookUp.isRunning
        for (name, answer) in lookUp.takeAnswers() { addresses.record(answer, for: name) }
        if !isLookingUp {
            lookUpEnded = loop.now
            loop.cancelTimer(self)
            answer()
        } else if loop.now >= lookUpBegan + Self.patience {
            answerFromMemory()
        }
    }

    /// The name server is slow to answer.
    public override func timerFired() {
        answerFromMemory()
    }

    /// Answers with the addresses that are known, if any are.
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
