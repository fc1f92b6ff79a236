internal import Glibc

/// One server to try: a host of the URL with one of its addresses and a port.
struct Endpoint: Equatable, CustomStringConvertible {
    /// A name, an address or the folder of a unix socket; nil for libpq's default.
    ///
    /// libpq compares it with the certificate, and finds the password by it.
    var host: String?
    /// The address to connect to; nil for a unix socket, and for a name that has not been looked up.
    var address: String?
    var port: String?
    /// The `target_session_attrs`; nil for the URL's.
    var sessionAttributes: String?

    var description: String {
        let place = [host ?? address ?? "the default socket", host == nil ? nil : address.map { "(\($0))" }]
        return place.compactMap { $0 }.joined(separator: " ") + (port.map { ", port \($0)" } ?? "")
    }

    /// The name to look up before connecting, since libpq would block on the name server.
    var nameToLookUp: String? {
        guard address == nil, let host, !Self.isSocketFolder(host), !Self.isAddress(host) else { return nil }
        return host
    }

    /// The same host at each of the addresses.
    func at(_ addresses: [String]) -> [Endpoint] {
        addresses.map { address in
            var endpoint = self
            endpoint.address = address
            return endpoint
        }
    }

    /// Reads libpq's three lists, each separated by commas.
    ///
    /// One port applies to all hosts; an empty element is the default. Lists of different lengths give an empty result.
    static func list(hosts: String?, addresses: String?, ports: String?) -> [Endpoint] {
        let hosts = elements(hosts)
        let addresses = elements(addresses)
        var ports = elements(ports)
        let count = max(addresses.count, hosts.count, 1)
        if ports.count <= 1 { ports = Array(repeating: ports.first ?? nil, count: count) }
        guard ports.count == count, hosts.isEmpty || hosts.count == count,
            addresses.isEmpty || addresses.count == count
        else { return [] }
        return (0..<count).map { position in
            Endpoint(
                host: hosts.isEmpty ? nil : hosts[position], address: addresses.isEmpty ? nil : addresses[position],
                port: ports[position])
        }
    }

    private static func elements(_ list: String?) -> [String?] {
        guard let list, !list.isEmpty else { return [] }
        return list.split(separator: ",", omittingEmptySubsequences: false).map { $0.isEmpty ? nil : String($0) }
    }

    /// Whether libpq reads it as a path, or as the name of an abstract socket.
    private static func isSocketFolder(_ host: String) -> Bool {
        host.hasPrefix("/") || host.hasPrefix("@")
    }

    /// The corresponding C function is `inet_pton`.
    private static func isAddress(_ host: String) -> Bool {
        // A link-local address may end in `%` and an interface.
        let digits = String(host.prefix { $0 != "%" })
        var bytes = in6_addr()
        return unsafe inet_pton(AF_INET, digits, &bytes) == 1 || inet_pton(AF_INET6, digits, &bytes) == 1
    }
}
