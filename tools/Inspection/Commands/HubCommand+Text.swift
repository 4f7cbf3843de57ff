import HubStore

extension HubCommand {
    /// The command with every password replaced by what `shown` makes of it.
    func showing(_ shown: (String) -> String) -> HubCommand {
        switch self {
        case .seed(let servers): .seed(servers: servers.map { $0.showing(shown) })
        case .addServer(let server): .addServer(server: server.showing(shown))
        case .transfer(let server, let address, let password):
            .transfer(server: server, to: address, password: password.map(shown))
        case .copy(let existing, let new, let address, let password, let read):
            .copy(existing: existing, new: new, to: address, password: password.map(shown), read: read)
        case .drop, .pause, .resume, .advance, .announcePrimary, .addHub, .removeHub: self
        }
    }

    /// The command in one line, in the words of the admin port.
    var line: String {
        switch self {
        case .seed(let servers): "seed " + servers.map(\.line).joined(separator: ", ")
        case .addServer(let server): "addserver \(server.line)"
        case .drop(let server): "drop \(server)"
        case .transfer(let server, let address, let password):
            "transfer \(server) \(address)\(Self.password(password))"
        case .copy(let existing, let new, let address, let password, let read):
            "copy \(existing) \(new) \(address)\(Self.password(password))\(read.map { " read \($0.newest)" } ?? "")"
        case .pause(let server): "pause \(server)"
        case .resume(let server): "resume \(server)"
        case .advance(let progress): progress.line
        case .announcePrimary(let hub, let term, let address):
            "primary hub \(hub) in term \(term), admin port \(address)"
        case .addHub(let hub): "add hub \(hub.id) \(hub.raftAddress), admin port \(hub.adminAddress)"
        case .removeHub(let hub): "remove hub \(hub)"
        }
    }

    private static func password(_ password: String?) -> String { password.map { " password \($0)" } ?? "" }
}

extension ServerDescription {
    fileprivate func showing(_ shown: (String) -> String) -> ServerDescription {
        var copy = self
        copy.password = shown(password)
        return copy
    }

    fileprivate var line: String { "\(id) \(address)\(password.isEmpty ? "" : " password \(password)")" }
}

extension Advance {
    fileprivate var line: String {
        var parts: [String] = []
        for (source, row) in acknowledged.sorted(by: { $0.key < $1.key }) {
            for (destination, progress) in row.sorted(by: { $0.key < $1.key }) {
                parts.append("\(source)→\(destination) \(progress.newest)")
            }
        }
        if !suspects.isEmpty { parts.append(count(suspects.count, "new suspect")) }
        if !repairedKeys.isEmpty { parts.append(count(repairedKeys.count, "repaired key")) }
        for (server, end) in (cuts ?? [:]).sorted(by: { $0.key < $1.key }) {
            parts.append("binlog of \(server) ends at \(end)")
        }
        if isLast { parts.append("the primary has stopped") }
        return "advance in term \(term): " + parts.joined(separator: ", ")
    }
}
