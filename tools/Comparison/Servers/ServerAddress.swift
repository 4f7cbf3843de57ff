/// A server as the command line names it: `host:port` or `host:port:password`, an IPv6 address in brackets.
struct ServerAddress: Equatable, Sendable, CustomStringConvertible {
    var host: String
    var port: Int
    /// May contain colons.
    var password: String?

    init?(_ text: String) {
        var rest = Substring(text)
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = String(rest[..<end].dropFirst())
            rest = rest[end...].dropFirst()
        } else {
            host = String(rest.prefix { $0 != ":" })
            rest = rest.dropFirst(host.count)
        }
        let parts = rest.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard !host.isEmpty, parts.count >= 2, parts[0].isEmpty, let port = Int(parts[1]), (1...65535).contains(port)
        else { return nil }
        self.port = port
        password = parts.count == 3 && !parts[2].isEmpty ? String(parts[2]) : nil
    }

    /// Without the password.
    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Why servers cannot be compared.
enum ComparisonError: Error, Equatable, CustomStringConvertible {
    case unreachable(String, String)
    case refused(String, command: String, String)
    /// A Pika keeps a bounded number of SCAN cursors for all its clients, and starts over at one that it forgot.
    case scanLost(String)
    case unknownServer(String, hub: String)

    var description: String {
        switch self {
        case .unreachable(let server, let text): "\(server) does not answer: \(text)"
        case .refused(let server, let command, let text): "\(server) refused \(command): \(text)"
        case .scanLost(let server): "\(server) has forgotten where the scan was: too many others scan it; try again"
        case .unknownServer(let server, let hub):
            "\(server) is no server of the hub \(hub): name the servers as its SERVERS does, so that it can repair them"
        }
    }
}
