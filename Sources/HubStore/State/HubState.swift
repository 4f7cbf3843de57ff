/// Everything that the hubs of a group agree on. A pure value: the same commands in the same order make the same
/// state on every hub, and the links that the primary keeps are a function of it and of nothing else.
public struct HubState: Hashable, Sendable, Codable {
    /// Bounds the offset matrix, which has a cell for every pair.
    public static let maximumServers = 256
    public static let maximumHubs = 64
    /// Bounds on what awaits repair. At the bound an `advance` is refused until repairs have made room.
    public static let maximumSuspects = 10_000
    public static let maximumSuspectKeyBytes = 4 << 20
    /// Dropped servers that are remembered; beyond it the one with the lowest id is forgotten.
    static let maximumDropped = 1024

    public internal(set) var hubs: [HubID: HubMember] = [:]
    public internal(set) var servers: [ServerID: Server] = [:]
    /// What each destination has acknowledged of each source: `[source][destination]`. No cell: nothing is known,
    /// and the source is asked from the oldest file that it keeps.
    public internal(set) var acknowledged: [ServerID: [ServerID: BinlogProgress]] = [:]
    /// Keys that await repair, by key.
    public internal(set) var suspects: [Base64Bytes: Suspect] = [:]
    public internal(set) var primary: Primary?
    /// Servers that an operator dropped, and their addresses: a configuration file that still lists one doesn't
    /// bring it back at the next failover.
    public internal(set) var dropped: [ServerID: Address] = [:]
    /// The newest generation given to a server.
    public internal(set) var lastGeneration = Generation(rawValue: 0)

    public init() {}

    public func acknowledged(source: ServerID, destination: ServerID) -> BinlogProgress? {
        acknowledged[source]?[destination]
    }

    /// Where a source must be read from so that no destination misses a record: what all others have acknowledged.
    /// Nil when one of them has acknowledged nothing yet, or when there are no others.
    public func resumePosition(of source: ServerID) -> BinlogProgress? {
        var common: BinlogProgress?
        for destination in servers.keys where destination != source {
            guard let progress = acknowledged(source: source, destination: destination) else { return nil }
            common = common?.intersection(progress) ?? progress
        }
        return common
    }

    /// The server at `address`, if there is one.
    public func server(at address: Address) -> Server? {
        servers.values.filter { $0.address == address }.min { $0.id < $1.id }
    }

    /// The reply to a command that need not be proposed: it is refused, or it has taken effect already. Nil: propose.
    ///
    /// - Parameter online: the servers whose links are up, which the primary knows and the state doesn't.
    public func replyWithoutProposing(_ command: HubCommand, online: Set<ServerID>) -> HubReply? {
        var next = self
        let reply = next.apply(command)
        if case .refused = reply { return reply }
        if next == self { return .ok }
        if case .transfer(let id, let address, _) = command, online.contains(id), servers[id]?.address != address {
            return .refused(reason: .serverOnline(id: id))
        }
        return nil
    }

    /// What of a configuration file the state contradicts, for the log and INFO (the state is the truth). Servers
    /// that the primary is about to add by `seed` are no difference.
    public func differences(from configured: [ServerDescription]) -> [String] {
        var found: [String] = []
        for item in configured.sorted(by: { $0.id < $1.id }) {
            guard let server = servers[item.id] else {
                if dropped[item.id] == item.address {
                    found.append("server_id \(item.id) is in the file but was dropped")
                } else if let holder = self.server(at: item.address) {
                    found.append(
                        "server_id \(item.id) is in the file at \(item.address), which is server_id \(holder.id)")
                }
                continue
            }
            if server.address != item.address {
                found.append("server_id \(item.id) is at \(server.address), in the file at \(item.address)")
            }
            if server.password != item.password {
                found.append("server_id \(item.id) has another password in the file")
            }
        }
        let inFile = Set(configured.map(\.id))
        for id in servers.keys.sorted() where !inFile.contains(id) {
            found.append("server_id \(id) is not in the file")
        }
        return found
    }
}
