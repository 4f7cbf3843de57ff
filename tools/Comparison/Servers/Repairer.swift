internal import HubSync

/// Asks a hub to make a key equal at all servers (`REPAIR`).
struct Repairer: Sendable {
    private let hub: RedisConnection
    /// The servers' ids, in the order in which the states of a key are told.
    private let ids: [String]

    /// - Throws: `ComparisonError` when the hub does not answer, or one of the servers is none of its own.
    static func of(_ address: ServerAddress, servers: [ServerAddress]) async throws -> Repairer {
        let hub = try await RedisConnection.connect(address)
        let reply = try await hub.send([[Array("SERVERS".utf8)]])[0]
        guard case .array(let rows) = reply else {
            throw ComparisonError.refused("the hub \(address)", command: "SERVERS", reply.text ?? "no list")
        }
        let known = rows.compactMap(row)
        let ids = try servers.map { server in
            guard let row = known.first(where: { $0["ip"] == server.host && $0["port"] == "\(server.port)" }),
                let id = row["server_id"]
            else { throw ComparisonError.unknownServer("\(server)", hub: "\(address)") }
            return id
        }
        return Repairer(hub: hub, ids: ids)
    }

    /// A row of SERVERS: names and values in turn.
    private static func row(_ reply: Reply) -> [String: String]? {
        guard case .array(let cells) = reply else { return nil }
        let words = cells.map { cell in
            if case .integer(let number) = cell { return "\(number)" }
            return cell.text ?? ""
        }
        let pairs = stride(from: 0, to: words.count - 1, by: 2).map { (words[$0], words[$0 + 1]) }
        return Dictionary(pairs) { first, _ in first }
    }

    /// The hub's winner is taken; where it knows none, the state that most servers hold, of those that hold anything:
    /// a key is deleted only when the hub knows that it was.
    ///
    /// - Parameter states: the key's at every server.
    /// - Returns: why the hub does not repair the key; nil when it does.
    func repair(_ key: [UInt8], _ states: [KeyState], tolerance: Int) async throws -> String? {
        let command = [Array("REPAIR".utf8), key]
        guard case .error(let text) = try await hub.send([command])[0] else { return nil }
        guard text.contains("name the server") else { return text }
        let winner = ids[states.mostCommon(tolerance: tolerance)]
        guard case .error(let text) = try await hub.send([command + [Array(winner.utf8)]])[0] else { return nil }
        return text
    }
}

extension [KeyState] {
    /// The place of the value that most servers hold; of several such values the first.
    func mostCommon(tolerance: Int) -> Int {
        let counts = map { state in
            state.values.isEmpty ? 0 : count { $0.matches(state, tolerance: tolerance) }
        }
        return indices.max { (counts[$0], $1) < (counts[$1], $0) } ?? 0
    }
}
