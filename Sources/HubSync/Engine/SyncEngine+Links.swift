internal import HubStore

/// Connections and time: what the shell tells of sockets, and what links want done.
extension SyncEngine {
    /// The relay log is written this often. A killed hub repeats what was acknowledged since, and reads again what it
    /// received since.
    private static let writeSeconds = 0.1

    /// Time passes. Called at least ten times a second.
    /// - Parameter unixTime: seconds by the hub's own clock, for expiries only.
    public mutating func tick(now: Double, unixTime: UInt32) {
        lastTick = now
        self.unixTime = unixTime
        if now >= nextWrite {
            nextWrite = now + Self.writeSeconds
            isWriteDue = true
        }
        for index in servers.indices where !servers[index].description.isPaused {
            let wanted = servers[index].wantedFile
            perform(servers[index].link.tick(now: now, wantedFile: wanted), at: index, now: now)
            if servers[index].link.isRunning {
                servers[index].trail.advance(acknowledged: servers[index].delivery.acknowledged, now: now)
            }
            measure(index, now: now)
        }
        if now >= nextHousekeeping {
            nextHousekeeping = now + 0.25
            settleVersions(now: now)
            dropAcknowledged(now: now)
            watch(now: now)
        }
        runRepairs(now: now)
        pumpAll(now: now)
        resumePaced()
    }

    /// An outgoing connection is up.
    /// - Parameter host: the address at its other end.
    public mutating func connected(_ connection: LinkConnectionID, host: String, now: Double) {
        guard case .link(let id, let role) = connections[connection], let index = index(of: id) else {
            return close(connection)
        }
        servers[index].host = host
        perform(servers[index].link.connected(role, now: now), at: index, now: now)
        if role == .sender || role == .heartbeat { pumpAll(now: now) }
    }

    /// A connection has ended, or could not be made.
    public mutating func closed(_ connection: LinkConnectionID, reason: String, now: Double) {
        held.remove(connection)
        switch connections.removeValue(forKey: connection) {
        case .link(let id, let role):
            guard let index = index(of: id), servers[index].connections[role] == connection else { return }
            servers[index].connections[role] = nil
            perform(servers[index].link.closed(role, reason: reason, now: now), at: index, now: now)
        case .data(let id):
            guard let index = index(of: id), servers[index].dataConnections.remove(connection) != nil else { return }
            perform(servers[index].link.dataConnectionClosed(reason: reason, now: now), at: index, now: now)
        case .stranger(let since, let host):
            // A sender connects before it has anything to send, so this one may have had a record under way, which
            // will not be sent again. Of several servers on one host it is not known whose it was.
            for index in servers.indices
            where servers[index].host == host && servers[index].link.isRunning
                && since >= servers[index].link.openingSince
            {
                perform(servers[index].link.dataConnectionClosed(reason: reason, now: now), at: index, now: now)
            }
        case nil:
            return
        }
    }

    /// Connections on the inner port that have not brought a record; each server has at most ten.
    static let maximumStrangers = 1024

    /// A connection on the inner port, S+1000. Nil: it is refused. Only servers of the sync are let in; each dials from
    /// the address at which it is reached itself, and not before its link is being established.
    /// - Parameter host: the address at its other end.
    public mutating func accepted(host: String, now: Double) -> LinkConnectionID? {
        guard servers.contains(where: { $0.host == host }) else {
            counters.rejectedConnections += 1
            actions.append(
                .log(
                    LinkEvent(
                        .warning, "connection-rejected",
                        "a connection from \(host) to the inner port is closed: no server of the sync is there")))
            return nil
        }
        let strangers = connections.values.count { if case .stranger = $0 { true } else { false } }
        guard strangers < Self.maximumStrangers else {
            counters.rejectedConnections += 1
            return nil
        }
        let connection = newConnection()
        connections[connection] = .stranger(since: now, host: host)
        return connection
    }

    mutating func newConnection() -> LinkConnectionID {
        defer { nextConnection += 1 }
        return LinkConnectionID(nextConnection)
    }

    mutating func close(_ connection: LinkConnectionID) {
        connections[connection] = nil
        held.remove(connection)
        actions.append(.close(connection))
    }

    /// Bytes on one of the link's own connections.
    mutating func answered(_ bytes: UnsafeRawBufferPointer, role: PikaLink.Role, at index: Int, now: Double) {
        var buffer = servers[index].answers[role] ?? []
        buffer.append(contentsOf: bytes)
        var rest = buffer[...]
        do {
            while let (reply, end) = try Reply.parse(rest) {
                rest = rest[end...]
                answered(reply, role: role, at: index, now: now)
            }
        } catch {
            let port = role == .control ? "port P" : "port P+1100"
            return perform(servers[index].link.fail("nonsense on \(port): \(error)", now: now), at: index, now: now)
        }
        servers[index].answers[role] = Array(rest)
    }

    private mutating func answered(_ reply: Reply, role: PikaLink.Role, at index: Int, now: Double) {
        switch role {
        case .control:
            perform(servers[index].link.received(reply, now: now), at: index, now: now)
        case .heartbeat:
            servers[index].link.heartbeatAnswered()
        case .sender:
            if reply == .status("PONG") { return acknowledged(at: index, now: now) }
            servers[index].refusals += 1
            log(.error, "command-refused", servers[index].id, "refused a command: \(reply.text ?? "?")")
        }
    }

    mutating func perform(_ wanted: [PikaLink.Action], at index: Int, now: Double) {
        for action in wanted {
            switch action {
            case .connect(let role):
                let connection = newConnection()
                connections[connection] = .link(servers[index].id, role)
                servers[index].connections[role] = connection
                servers[index].answers[role] = []
                var address = servers[index].description.address
                if role != .control { address.port += 1100 }
                actions.append(.connect(connection, address, fromHubHost: role != .control))
            case .send(let role, let bytes):
                if let connection = servers[index].connections[role] { actions.append(.send(connection, bytes)) }
            case .closeAll:
                let own = Array(servers[index].connections.values) + servers[index].dataConnections
                for connection in own.sorted(by: { $0.rawValue < $1.rawValue }) { close(connection) }
                servers[index].connections = [:]
                servers[index].dataConnections = []
                servers[index].unexplained = [:]
            case .started(let file, let startsOver):
                started(index, file: file, startsOver: startsOver)
            case .stopped:
                stopped(index, now: now)
            case .status(let status):
                servers[index].reportedAt = now
                noteProgress(of: index, status, now: now)
                watchEnd(of: index, status, now: now)
                watchCopyWindows(index, status, now: now)
                servers[index].reader.observe(status, isReading: isReading(index), now: now)
                if let unproven = servers[index].reader.unproven {
                    servers[index].unwatched = max(servers[index].unwatched ?? unproven, unproven)
                }
                resumeHeld()
            case .endsEarlier(let end):
                endsEarlier(index, at: end)
            case .measured(let token, let file, let offset):
                servers[index].isMeasuring = false
                servers[index].evidence.add(
                    OrderEvidence.Sample(
                        file: file, offset: offset, acknowledged: ChunkSequence(token),
                        applied: servers[index].measured.applied, time: now))
            case .answer(let token, let reply):
                repairs.answered(token, reply)
            case .log(let event):
                actions.append(.log(event))
            }
        }
    }

    private mutating func started(_ index: Int, file: UInt32, startsOver: Bool) {
        if startsOver {
            log(
                .error, "binlog-reset", servers[index].id,
                "has begun a new binlog: reading it from file \(file), nothing of it counts as delivered")
            let fresh = BinlogProgress(firstOpenFile: file)
            let others = servers.map(\.id).filter { $0 != servers[index].id }
            servers[index].reader.reset(
                bases: Dictionary(uniqueKeysWithValues: others.map { ($0, fresh) }), floor: fresh)
            for other in servers.indices { servers[other].acknowledged[servers[index].id] = nil }
            versions.startOver(servers[index].id)
            servers[index].evidence = OrderEvidence()
            servers[index].unwatched = BinlogPosition(file: 0, offset: 0)
        }
        if servers[index].unwatched == nil {
            let report = servers[index].link.report
            servers[index].unwatched = BinlogPosition(
                file: report.producerFile ?? 0, offset: report.producerOffset ?? 0)
        }
        servers[index].newestBefore = servers[index].reader.newest
        servers[index].hasUnplacedDestination = false
        servers[index].reader.beginEpoch(at: file)
        servers[index].evidence.beginEpoch()
        servers[index].isMeasuring = false
        servers[index].measured = (ChunkSequence(0), ChunkSequence(0))
        servers[index].lastReceived = lastTick
        servers[index].isCaughtUp = false
        let run = servers[index].link.report.processID
        if let run, let before = servers[index].run, run != before {
            log(
                .warning, "server-restarted", servers[index].id, "was restarted; sending it again what it may have lost"
            )
            let applied = max(servers[index].trail.through, window.droppedThrough)
            doubt(index, from: applied)
            servers[index].delivery.rewind(to: applied)
        }
        servers[index].run = run ?? servers[index].run
        movedCursors.insert(servers[index].id)
        resumeHeld()
    }

    /// What was sent and not acknowledged may have arrived or not.
    private mutating func stopped(_ index: Int, now: Double) {
        doubt(index, from: servers[index].delivery.acknowledged)
        servers[index].delivery.rewind()
        servers[index].trail.interrupt()
        repairs.abandon(servers[index].id)
    }

    mutating func resumeHeld() {
        guard !isBlocked, !isStopping else { return }
        for connection in held.sorted(by: { $0.rawValue < $1.rawValue }) { actions.append(.resume(connection)) }
        held = []
    }

    mutating func log(_ level: LinkEvent.Level, _ kind: String, _ server: ServerID, _ text: String) {
        let address = index(of: server).map { " at \(servers[$0].description.address)" } ?? ""
        actions.append(.log(LinkEvent(level, kind, server: server, "server \(server)\(address) \(text)")))
    }
}
