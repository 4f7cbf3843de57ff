internal import HubStore
internal import HubSync
internal import PikaSim
internal import RaftLog

/// The data plane of one term as primary: performs what the `SyncEngine` decides, as `SyncShell` does, on simulated
/// connections and an in-memory relay log.
final class DataPlane {
    private struct Connection {
        var wire: Wire
        var side: Wire.Side
        var server: UInt32
        var leftOver: [UInt8] = []
        var isPaused = false
    }

    unowned let host: HubHost
    let world: World
    let term: Term
    private var engine: SyncEngine
    /// What a new process finds.
    private(set) var files: HubHost.RelayFiles
    private var connections: [LinkConnectionID: Connection] = [:]
    /// Connections that a server has opened and the process has not taken yet.
    private var unaccepted: [Wire] = []
    private var isRunningActions = false
    /// The next chunk to tell the oracle of.
    private var noted = ChunkSequence(0)
    /// Clients' writes that went to all others.
    private var relayed: Set<[[UInt8]]> = []
    private var isStopping = false
    private(set) var isStopped = false
    /// The relay log could not be written; nothing is written or read after that.
    private var hasRelayFailed = false
    /// When the relay log's bulk survives the end of the process again.
    private var nextPersist = 0.0
    private var saboteur: Saboteur

    /// - Parameters:
    ///   - files: the relay log, which belongs to this hub.
    ///   - suspects: those of the replicated state.
    ///   - hasPredecessor: whether any hub was primary before.
    init(host: HubHost, term: Term, files: HubHost.RelayFiles, suspects: [Suspect], hasPredecessor: Bool) {
        self.host = host
        self.term = term
        self.files = files
        self.files.relay.persist()
        world = host.world
        saboteur = Saboteur(bug: world.bug)
        var settings = SyncEngine.Settings(hubHost: host.name, hubPort: HubGroup.port, seed: 1)
        settings.versionBytes = world.plan.versionBytes
        // The binlog of a young slave begins where its master's was when it was copied, and the hub may ask for an
        // earlier file, in which a slave has nothing of its own.
        settings.isStrict = !world.plan.movesServers
        if let bytes = world.plan.relayMaximumBytes { settings.relayMaximumBytes = bytes }
        var recovered = files.relay.recovered
        recovered.replicatedSuspects = suspects
        recovered.hasPredecessor = hasPredecessor
        engine = SyncEngine(settings: settings, recovered: saboteur.recovered(recovered), overflow: saboteur.overflow())
        noted = engine.nextChunk
    }

    private var now: Double { world.now }
    var status: SyncStatus { engine.status }
    var isDrained: Bool { engine.isDrained }

    func start() { tick() }

    private func tick() {
        guard !isStopped else { return }
        with { $0.tick(now: now, unixTime: UInt32(world.unixTime + host.clockOffset)) }
        if world.plan.faults.contains(.hubLosesPower), world.random.chance(0.05) { host.syncedFiles = files }
        host.after(0.05) { [self] in tick() }
    }

    /// Brings the links in line with the replicated state.
    func update(_ state: HubState) {
        let servers = state.servers.values.map {
            SyncEngine.Server(
                id: $0.id, address: $0.address, password: $0.password, isPaused: $0.isPaused,
                generation: $0.generation.rawValue)
        }
        let acknowledged = saboteur.positions(state.acknowledged)
        with { $0.update(servers, acknowledged: acknowledged, now: now) }
    }

    func takeAdvance() -> SyncEngine.Advance {
        var taken = SyncEngine.Advance()
        with { taken = $0.takeAdvance() }
        return saboteur.advance(taken, received: files.relay.received, world.servers.map(\.id))
    }

    func forgetAdvance() { with { $0.forgetAdvance() } }
    func stopReading() { with { $0.stopReading() } }

    // MARK: Ending

    /// Ends all links. Cursors that were not written yet are written.
    func stop() {
        guard !isStopped else { return }
        isStopping = true
        with { $0.update([], acknowledged: [:], now: now) }
        isStopped = true
        for wire in unaccepted { wire.close(.far) }
        unaccepted = []
    }

    /// Another hub may be primary already: nothing that the engine wants is done any more.
    private func closeAll() {
        isStopped = true
        closeWires()
        host.tell(.syncFailed("this hub has not heard of a majority for too long to act as primary"))
    }

    /// The process ends.
    /// - Returns: connections of whose end nobody is told.
    func die(silently: Bool) -> [Wire] {
        isStopped = true
        guard silently else {
            closeWires()
            return []
        }
        // The machine is gone: nobody answers, and nobody is told.
        let wires = orderedConnections.map(\.wire) + unaccepted
        for wire in wires { wire.lose() }
        (connections, unaccepted) = ([:], [])
        return wires
    }

    private var orderedConnections: [Connection] {
        connections.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value)
    }

    private func closeWires() {
        for connection in orderedConnections { connection.wire.close(connection.side) }
        for wire in unaccepted { wire.close(.far) }
        (connections, unaccepted) = ([:], [])
    }

    /// What is under way arrives later.
    func stall(until end: Double) {
        for connection in orderedConnections { connection.wire.stall(until: end) }
        for wire in unaccepted { wire.stall(until: end) }
    }

    /// Ends the connections that fit, as a network does that loses them.
    func breakConnections(of server: UInt32, only chosen: Int? = nil) {
        let fitting = orderedConnections.filter { $0.server == server }
        guard !fitting.isEmpty else { return }
        for (index, connection) in fitting.enumerated() {
            if let chosen, chosen % fitting.count != index { continue }
            let delay = { [world] in world.random.chance(0.7) ? 0.0 : world.random.between(0...5.0) }
            connection.wire.breakOff(near: delay(), far: delay())
        }
    }

    // MARK: Actions

    private func with(_ body: (inout SyncEngine) -> Void) {
        body(&engine)
        runActions()
    }

    private var mayAct: Bool { host.leadsForCertain || world.bug == .fenceIgnored || world.bug == .linksKept }

    private func runActions() {
        guard !isRunningActions, !isStopped else { return }
        // One that stops says nothing to the servers.
        guard isStopping || mayAct else { return closeAll() }
        isRunningActions = true
        defer { isRunningActions = false }
        var actions = engine.takeActions()
        while !actions.isEmpty, !isStopped {
            while noted < engine.nextChunk {
                if let chunk = engine.chunk(noted) {
                    note(chunk)
                    saboteur.relayed(chunk)
                }
                noted = noted.next
            }
            for action in actions where !isStopped && !(isStopping && action.goesOn) { run(action) }
            actions = engine.takeActions()
        }
    }

    private func send(_ bytes: [UInt8], on id: LinkConnectionID) {
        guard let connection = connections[id] else { return }
        let changed = saboteur.sent(bytes, to: connection.server, relay: files.relay)
        if !changed.bytes.isEmpty { connection.wire.send(changed.bytes, from: connection.side) }
        if !changed.answer.isEmpty {
            host.after(0) { [self] in received(id, changed.answer, isForged: true) }
        }
    }

    private func run(_ action: SyncEngine.Action) {
        if action.goesOn { world.hubs.acts(self) }
        switch action {
        case .send(let id, let bytes):
            send(bytes, on: id)
        case .deliver(let id, _, let chunk):
            send(chunk.commands, on: id)
        case .write(let write):
            store(write)
        case .connect(let id, let address, let fromHubHost):
            connect(id, address, fromHubHost: fromHubHost)
        case .close(let id):
            if let connection = connections.removeValue(forKey: id) { connection.wire.close(connection.side) }
        case .resume(let id):
            resume(id)
        case .read(let server, let from, let maximumBytes):
            guard !hasRelayFailed else { return }
            engine.loaded(server, files.relay.read(from: from, maximumBytes: maximumBytes), from: from, now: now)
        case .log(let event):
            host.note("says \(event.kind): \(event.text)")
        }
    }

    private func store(_ write: SyncEngine.RelayWrite) {
        guard !hasRelayFailed else { return }
        guard world.now >= host.relayDiskFullUntil || isStopping else {
            hasRelayFailed = true
            return host.tell(.syncFailed("the relay log cannot be used: no space left on the device"))
        }
        files.relay.write(write)
        guard now >= nextPersist else { return }
        files.relay.persist()
        nextPersist = now + (world.plan.isRelayBulk ? world.random.between(0.1...1.5) : 0)
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
            checkRelayedOnce(command, chunk)
        }
    }

    /// For as long as it reigns a primary knows what it has relayed to all others. Servers that move may have to get it
    /// again.
    private func checkRelayedOnce(_ command: [[UInt8]], _ chunk: RelayChunk) {
        guard chunk.audience == .others || chunk.audience == .everyone, !world.plan.movesServers,
            Workload.namesItself(command, of: chunk.source.rawValue)
        else { return }
        if !relayed.insert(command).inserted {
            world.oracle.fail(
                "relayed twice", "\(command.map(\.text)) of server \(chunk.source) in term \(term)", key: command[1])
        }
    }

    // MARK: Connections

    private func connect(_ id: LinkConnectionID, _ address: Address, fromHubHost: Bool) {
        let isInner = address.port > 21_000
        guard let server = world.machines.first(where: { $0.port + (isInner ? 1100 : 0) == address.port }) else {
            preconditionFailure("no server listens at \(address)")
        }
        world.timeline.after(world.linkDelay() + world.linkDelay()) { [self] in
            guard !isStopped else { return }
            guard server.isUp, server.isReachable, now >= host.cutFromServersUntil else {
                return host.after(0) { [self] in with { $0.closed(id, reason: "cannot connect", now: now) } }
            }
            let wire = Wire(world: world)
            attach({ id }, wire, .near)
            connections[id] = Connection(wire: wire, side: .near, server: server.id)
            server.accept(wire, isInner: isInner, from: fromHubHost ? host.name : "elsewhere")
            host.inProcess { [self] in
                guard !isStopped else { return wire.close(.near) }
                with { $0.connected(id, host: server.host, now: now) }
            }
        }
    }

    /// A server has connected. The process hears of it once it runs.
    func accept(_ wire: Wire, of server: SimulatedPika) {
        var id: LinkConnectionID?
        unaccepted.append(wire)
        attach({ id }, wire, .far)
        host.inProcess { [self] in
            unaccepted.removeAll { $0 === wire }
            guard !isStopped, let accepted = engine.accepted(host: server.host, now: now) else {
                return wire.close(.far)
            }
            id = accepted
            connections[accepted] = Connection(wire: wire, side: .far, server: server.id)
            runActions()
        }
    }

    private func attach(_ id: @escaping () -> LinkConnectionID?, _ wire: Wire, _ side: Wire.Side) {
        wire.attach(side) { [self] bytes in
            host.inProcess { [self] in
                if let id = id() { received(id, bytes) }
            }
        } ended: { [self] reason in
            host.inProcess { [self] in
                guard let id = id(), connections.removeValue(forKey: id) != nil else { return }
                if saboteur.hidesEnd(side) { return }
                with { $0.closed(id, reason: reason, now: now) }
            }
        }
    }

    private func received(_ id: LinkConnectionID, _ bytes: [UInt8], isForged: Bool = false) {
        guard !isStopped, let connection = connections[id] else { return }
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
