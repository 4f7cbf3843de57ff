internal import HubStore
internal import HubSync

/// One process of a hub that is primary: performs what the `SyncEngine` decides, as `SyncShell` does, on simulated
/// connections and an in-memory relay log.
final class HubProcess {
    private struct Connection {
        var wire: Wire
        var side: Wire.Side
        var server: UInt32
        var leftOver: [UInt8] = []
        var isPaused = false
    }

    let world: World
    let host: String
    private(set) var engine: SyncEngine
    private(set) var relay: MemoryRelay
    private var connections: [LinkConnectionID: Connection] = [:]
    private var isRunningActions = false
    /// The next chunk to tell the oracle of.
    private var noted = ChunkSequence(0)
    private(set) var isDead = false
    private var saboteur: Saboteur

    init(world: World, host: String, relay: MemoryRelay) {
        self.world = world
        self.host = host
        self.relay = relay
        saboteur = Saboteur(bug: world.bug)
        var settings = SyncEngine.Settings(hubHost: host, hubPort: HubGroup.port, seed: 1)
        settings.versionBytes = 64 << 10
        engine = SyncEngine(settings: settings, recovered: saboteur.recovered(relay.recovered))
        noted = engine.nextChunk
        let servers = world.servers.map {
            SyncEngine.Server(
                id: ServerID($0.id), address: Address(host: $0.host, port: $0.port), password: "")
        }
        let acknowledged = saboteur.positions(world.hubs?.acknowledged ?? [:])
        with { $0.update(servers, acknowledged: acknowledged, now: now) }
        tick()
        advance()
    }

    private var now: Double { world.now }
    var status: SyncStatus { engine.status }
    var isDrained: Bool { engine.isDrained }
    /// What a new process finds.
    var survivingRelay: MemoryRelay { saboteur.surviving(relay) }

    private func tick() {
        with { $0.tick(now: now, unixTime: UInt32(world.unixTime)) }
        world.timeline.after(0.05) { [self] in
            if !isDead { tick() }
        }
    }

    /// Once a second, what was acknowledged is proposed to the group.
    private func advance() {
        world.timeline.after(1) { [self] in
            guard !isDead else { return }
            var taken: SyncEngine.Advance = [:]
            with { taken = $0.takeAdvance() }
            let advance = saboteur.advance(taken, received: relay.received, world.servers.map(\.id))
            world.timeline.after(world.random.between(0.001...0.1)) { [self] in
                if !isDead { world.hubs.agree(advance) }
            }
            self.advance()
        }
    }

    func die(silently: Bool) {
        isDead = true
        for id in connections.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let connection = connections[id] else { continue }
            if silently {
                // The host is gone: nobody answers, and nobody is told.
                let never = 1e6
                connection.wire.breakOff(near: never, far: never)
            } else {
                connection.wire.close(connection.side)
            }
        }
        connections = [:]
    }

    /// Ends the connections that fit, as a network does that loses them.
    func breakConnections(of server: UInt32, only chosen: Int? = nil) {
        let fitting = connections.filter { $0.value.server == server }.sorted { $0.key.rawValue < $1.key.rawValue }
        guard !fitting.isEmpty else { return }
        for (index, connection) in fitting.enumerated() {
            if let chosen, chosen % fitting.count != index { continue }
            let delay = { [world] in world.random.chance(0.7) ? 0.0 : world.random.between(0...5.0) }
            connection.value.wire.breakOff(near: delay(), far: delay())
        }
    }

    private func with(_ body: (inout SyncEngine) -> Void) {
        guard !isDead else { return }
        body(&engine)
        runActions()
    }

    private func runActions() {
        guard !isRunningActions else { return }
        isRunningActions = true
        defer { isRunningActions = false }
        var actions = engine.takeActions()
        while !actions.isEmpty, !isDead {
            while noted < engine.nextChunk {
                if let chunk = engine.chunk(noted) {
                    note(chunk)
                    saboteur.relayed(chunk)
                }
                noted = noted.next
            }
            for action in actions where !isDead { run(action) }
            actions = engine.takeActions()
        }
    }

    private func send(_ bytes: [UInt8], on id: LinkConnectionID) {
        guard let connection = connections[id] else { return }
        let changed = saboteur.sent(bytes, to: connection.server, relay: relay)
        if !changed.bytes.isEmpty { connection.wire.send(changed.bytes, from: connection.side) }
        if !changed.answer.isEmpty {
            world.timeline.after(0) { [self] in received(id, changed.answer, isForged: true) }
        }
    }

    private func run(_ action: SyncEngine.Action) {
        switch action {
        case .send(let id, let bytes):
            send(bytes, on: id)
        case .deliver(let id, _, let chunk):
            send(chunk.commands, on: id)
        case .write(let write):
            relay.write(write)
        case .connect(let id, let address, let fromHubHost):
            connect(id, address, fromHubHost: fromHubHost)
        case .close(let id):
            if let connection = connections.removeValue(forKey: id) { connection.wire.close(connection.side) }
        case .resume(let id):
            resume(id)
        case .read(let server, let from, let maximumBytes):
            engine.loaded(server, relay.read(from: from, maximumBytes: maximumBytes), from: from, now: now)
        case .log(let event):
            world.note(.happened("hub: \(event.kind): \(event.text)"))
        }
    }

    private func note(_ chunk: RelayChunk) {
        let isForOthers =
            switch chunk.audience {
            case .others, .except: true
            case .everyone, .only: false
            }
        let audience =
            switch chunk.audience {
            case .others: "to the others"
            case .everyone: "to everyone"
            case .except(let having): "to all but \(having)"
            case .only(let servers): "repair of \(servers)"
            }
        for command in commands(in: chunk.commands) {
            world.note(.relayed("chunk \(chunk.sequence) from \(chunk.source) \(audience)"), command)
            if !isForOthers { world.oracle.echoed(command) }
        }
    }

    // MARK: Connections

    private func connect(_ id: LinkConnectionID, _ address: Address, fromHubHost: Bool) {
        let isInner = address.port > 21_000
        guard let server = world.servers.first(where: { $0.port + (isInner ? 1100 : 0) == address.port }) else {
            preconditionFailure("no server listens at \(address)")
        }
        world.timeline.after(world.linkDelay() + world.linkDelay()) { [self] in
            guard !isDead else { return }
            guard server.isUp, server.isReachable else {
                return with { $0.closed(id, reason: "cannot connect", now: now) }
            }
            let wire = Wire(world: world)
            attach(id, wire, .near, server.id)
            server.accept(wire, isInner: isInner, from: fromHubHost ? host : "elsewhere")
            with { $0.connected(id, host: server.host, now: now) }
        }
    }

    func accept(_ wire: Wire, of server: SimulatedPika) {
        guard !isDead else { return wire.close(.far) }
        guard let id = engine.accepted(host: server.host, now: now) else { return wire.close(.far) }
        attach(id, wire, .far, server.id)
        runActions()
    }

    private func attach(_ id: LinkConnectionID, _ wire: Wire, _ side: Wire.Side, _ server: UInt32) {
        connections[id] = Connection(wire: wire, side: side, server: server)
        wire.attach(side) { [self] bytes in
            received(id, bytes)
        } ended: { [self] reason in
            guard connections.removeValue(forKey: id) != nil else { return }
            if saboteur.hidesEnd(side) { return }
            with { $0.closed(id, reason: reason, now: now) }
        }
    }

    private func received(_ id: LinkConnectionID, _ bytes: [UInt8], isForged: Bool = false) {
        guard !isDead, let connection = connections[id] else { return }
        let bytes = isForged ? bytes : saboteur.received(bytes, isBinlog: connection.side == .far)
        connections[id]?.leftOver += bytes
        if !connection.isPaused { _ = consume(id) }
    }

    private func resume(_ id: LinkConnectionID) {
        guard let connection = connections[id] else { return }
        if !connection.leftOver.isEmpty {
            guard consume(id) else { return }
        }
        connections[id]?.isPaused = false
    }

    private func consume(_ id: LinkConnectionID) -> Bool {
        guard let bytes = connections[id]?.leftOver else { return false }
        let consumption = bytes.withUnsafeBytes { engine.received(id, $0, now: now) }
        connections[id]?.leftOver.removeFirst(consumption.bytes)
        if !consumption.readsOn { connections[id]?.isPaused = true }
        runActions()
        return consumption.readsOn
    }
}
