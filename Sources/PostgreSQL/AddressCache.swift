/// The last known addresses of host names.
struct AddressCache {
    private var addresses: [String: [String]] = [:]
    private var failures: [String: String] = [:]

    /// Records an answer; a failure keeps the addresses that were found before.
    mutating func record(_ answer: NameLookUp.Answer, for name: String) {
        switch answer {
        case .addresses(let found):
            addresses[name] = found
            failures[name] = nil
        case .failed(let reason):
            failures[name] = reason
        }
    }

    /// The servers that can be tried: addresses and paths as given, names at each of their known addresses.
    func resolve(_ hosts: [Endpoint]) -> [Endpoint] {
        hosts.flatMap { host in
            guard let name = host.nameToLookUp else { return [host] }
            return host.at(addresses[name] ?? [])
        }
    }

    /// Why none of the hosts can be tried.
    func failure(of hosts: [Endpoint]) -> PostgreSQLError {
        let names = hosts.compactMap(\.nameToLookUp)
        let name = names.last { failures[$0] != nil } ?? names.last ?? ""
        let reason = failures[name] ?? "no answer"
        // In a URL with an unescaped @ the host contains a part of the password, which must not be logged.
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return PostgreSQLError(
            sqlState: nil,
            message: isName
                ? "the host name \"\(name)\" could not be looked up: \(reason)"
                : "the URL's host is not a valid host name")
    }
}
