/// What became of a command. Travels from the primary to the hub that was asked.
public enum HubReply: Hashable, Sendable, Codable {
    /// Done, or nothing was left to do.
    case ok
    /// Nothing was changed.
    case refused(reason: HubRefusal)
}

/// Why a command changed nothing. The texts are the original's where it has one (`protocol/original-admin.md`).
public enum HubRefusal: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    case serverNotFound(id: ServerID)
    case serverOnline(id: ServerID)
    case existingServerNotFound(id: ServerID)
    case newServerExists(id: ServerID)
    case invalidServerID
    case invalidAddress(address: Address)
    case addressInUse(address: Address, by: ServerID)
    case tooManyServers
    case hubNotFound(id: HubID)
    case hubExists(address: Address)
    case lastHub
    case tooManyHubs
    case staleTerm(term: UInt64)
    case tooManySuspects
    /// The entry is not a command in any version.
    case malformed(text: String)

    public var description: String {
        switch self {
        case .serverNotFound(let id): "server_id \(id) is not found in pika_servers"
        case .serverOnline(let id): "server_id \(id) is online, could not transfer"
        case .existingServerNotFound(let id): "src_server_id \(id) is not found in pika_servers"
        case .newServerExists(let id): "new_server_id \(id) is already exist in pika_servers"
        case .invalidServerID: "server_id must be a number from 1 to \(UInt32.max)"
        case .invalidAddress(let address):
            "'\(address)' is no address of a server: expected a host and a port from 1 to \(Address.maximumPikaPort)"
        case .addressInUse(let address, let id): "\(address) is already the address of server_id \(id)"
        case .tooManyServers: "a group syncs at most \(HubState.maximumServers) servers"
        case .hubNotFound(let id): "hub \(id) is not a member of the group"
        case .hubExists(let address): "\(address) is already the address of another hub; REMOVE it first"
        case .lastHub: "the last hub of a group cannot be removed"
        case .tooManyHubs: "a group has at most \(HubState.maximumHubs) hubs"
        case .staleTerm(let term): "term \(term) is over"
        case .tooManySuspects: "too many keys await repair"
        case .malformed(let text): "malformed command: \(text)"
        }
    }
}
