extension HubState {
    /// Applies a command. A refused one changes nothing; one that has already taken effect is answered `.ok` and
    /// changes nothing either, since the old manual tells operators to repeat every command on each hub.
    ///
    /// Never traps, whatever the command holds: it was checked before it was proposed, but by whom is not known here.
    public mutating func apply(_ command: HubCommand) -> HubReply {
        var next = self
        do throws(HubRefusal) {
            try next.perform(command)
        } catch {
            return .refused(reason: error)
        }
        self = next
        return .ok
    }

    private mutating func perform(_ command: HubCommand) throws(HubRefusal) {
        switch command {
        case .seed(let servers): seed(servers)
        case .addServer(let server): try add(server)
        case .drop(let id): try drop(id)
        case .transfer(let id, let address, let password): try transfer(id, to: address, password: password)
        case .copy(let existing, let new, let address, let password, let read):
            try copy(existing, to: new, at: address, password: password, read: read)
        case .pause(let id): try setPaused(true, id)
        case .resume(let id): try setPaused(false, id)
        case .advance(let progress): try advance(progress)
        case .announcePrimary(let hub, let term, let address): try announce(hub, term: term, address: address)
        case .addHub(let hub): try add(hub)
        case .removeHub(let id): try removeHub(id)
        }
    }

    // MARK: Servers

    private mutating func seed(_ configured: [ServerDescription]) {
        for item in configured where servers[item.id] == nil && dropped[item.id] != item.address {
            do throws(HubRefusal) {
                try check(item)
            } catch {
                continue  // `differences(from:)` names it
            }
            insert(item)
        }
    }

    private mutating func add(_ new: ServerDescription) throws(HubRefusal) {
        if let known = servers[new.id] {
            guard known.description == new else { throw .newServerExists(id: new.id) }
            return
        }
        try check(new)
        insert(new)
    }

    private mutating func drop(_ id: ServerID) throws(HubRefusal) {
        guard let server = servers.removeValue(forKey: id) else {
            guard dropped[id] != nil else { throw .serverNotFound(id: id) }
            return
        }
        dropped[id] = server.address
        if dropped.count > Self.maximumDropped, let lowest = dropped.keys.min() { dropped[lowest] = nil }
        acknowledged[id] = nil
        for source in acknowledged.keys { acknowledged[source]?[id] = nil }
        for key in suspects.keys where suspects[key]?.winner == id { suspects[key]?.winner = nil }
    }

    private mutating func transfer(_ id: ServerID, to address: Address, password: String?) throws(HubRefusal) {
        guard let server = servers[id] else { throw .serverNotFound(id: id) }
        var moved = server.description
        moved.address = address
        moved.password = password ?? server.password
        guard moved != server.description else { return }
        try check(moved)
        let generation = newGeneration()
        servers[id]?.description = moved
        servers[id]?.generation = generation
    }

    private mutating func setPaused(_ isPaused: Bool, _ id: ServerID) throws(HubRefusal) {
        guard servers[id] != nil else { throw .serverNotFound(id: id) }
        servers[id]?.isPaused = isPaused
    }

    func check(_ new: ServerDescription) throws(HubRefusal) {
        guard new.id.rawValue > 0 else { throw .invalidServerID }
        guard new.address.isUsableForPika else { throw .invalidAddress(address: new.address) }
        if let holder = server(at: new.address), holder.id != new.id {
            throw .addressInUse(address: new.address, by: holder.id)
        }
        if servers[new.id] == nil, servers.count >= Self.maximumServers { throw .tooManyServers }
    }

    mutating func insert(_ new: ServerDescription) {
        servers[new.id] = Server(description: new, generation: newGeneration())
        dropped[new.id] = nil
    }

    mutating func newGeneration() -> Generation {
        lastGeneration = Generation(rawValue: lastGeneration.rawValue &+ 1)
        return lastGeneration
    }

    // MARK: Hubs

    private mutating func announce(_ hub: HubID, term: UInt64, address: Address) throws(HubRefusal) {
        if let primary, primary.term > term || (primary.term == term && primary.hub != hub) {
            throw .staleTerm(term: term)
        }
        let since = primary.flatMap { $0.hub == hub ? $0.since : nil } ?? term
        primary = Primary(hub: hub, term: term, since: since, adminAddress: address)
    }

    private mutating func add(_ hub: HubMember) throws(HubRefusal) {
        for address in [hub.raftAddress, hub.adminAddress] where !address.isUsable {
            throw .invalidAddress(address: address)
        }
        if hubs.values.contains(where: { $0.id != hub.id && $0.raftAddress == hub.raftAddress }) {
            throw .hubExists(address: hub.raftAddress)
        }
        if hubs[hub.id] == nil, hubs.count >= Self.maximumHubs { throw .tooManyHubs }
        hubs[hub.id] = hub
    }

    private mutating func removeHub(_ id: HubID) throws(HubRefusal) {
        guard hubs[id] != nil else { throw .hubNotFound(id: id) }
        guard hubs.count > 1 else { throw .lastHub }
        hubs[id] = nil
    }
}

extension Address {
    /// A Pika listens for hubs 1100 above its port, and that has to be a port too.
    public static let maximumPikaPort = 65535 - 1100

    /// A host that could be a name or an address, and a port from 1 to 65535.
    public var isUsable: Bool {
        let isHost = !host.isEmpty && host.utf8.count <= 255 && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        return isHost && (1...65535).contains(port)
    }

    public var isUsableForPika: Bool { isUsable && port <= Self.maximumPikaPort }
}
