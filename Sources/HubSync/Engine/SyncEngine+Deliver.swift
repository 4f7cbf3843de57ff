public import HubStore

/// From the relay log to the destinations, and back with their acknowledgements.
extension SyncEngine {
    /// Chunks that a `.read` action asked for with this `from`, oldest first.
    public mutating func loaded(_ server: ServerID, _ chunks: [RelayChunk], from: ChunkSequence, now: Double) {
        guard let index = index(of: server) else { return }
        servers[index].delivery.loaded(chunks, from: from)
        pump(index, now: now)
    }

    mutating func pumpAll(now: Double) {
        for index in servers.indices { pump(index, now: now) }
    }

    /// Sends what may be sent now.
    mutating func pump(_ index: Int, now: Double) {
        guard servers[index].link.isRunning, let sender = servers[index].connections[.sender] else { return }
        while true {
            switch servers[index].delivery.step(window, now: now) {
            case .send(let chunk):
                if chunk.sequence < recovered.next { doubt(chunk, at: index) }
                if servers[index].copyWindow != nil { noteCopied(chunk, at: index) }
                actions.append(.deliver(sender, to: servers[index].id, chunk))
            case .barrier:
                actions.append(.send(sender, PikaLink.ping))
            case .read(let from):
                write()
                actions.append(.read(servers[index].id, from: from, maximumBytes: 1 << 20))
                return
            case .wait:
                return
            }
        }
    }

    /// The destination has answered its oldest barrier.
    mutating func acknowledged(at index: Int, now: Double) {
        guard let done = servers[index].delivery.answered() else {
            return log(.warning, "stray-pong", servers[index].id, "answered a PING that was not open")
        }
        var newest: [ServerID: BinlogProgress] = [:]
        for item in done {
            newest[item.chunk.source] = position(of: item.chunk)
            guard item.bytes > 0 else { continue }
            servers[index].arrived[item.chunk.source, default: RouteCounter()].records += UInt64(item.chunk.recordCount)
            servers[index].arrived[item.chunk.source, default: RouteCounter()].bytes += UInt64(item.bytes)
        }
        for (source, progress) in newest {
            servers[index].acknowledged[source, default: BinlogProgress()].formUnion(progress)
        }
        movedCursors.insert(servers[index].id)
        servers[index].trail.advance(acknowledged: servers[index].delivery.acknowledged, now: now)
        // Early, so that chunks die in RocksDB's memory and are never written to its tables.
        dropAcknowledged(now: now)
        measure(index, now: now)
    }

    /// How far its source had been read with it, in the binlog that the source has now.
    private func position(of chunk: RelayChunk) -> BinlogProgress {
        guard let outdated = outdated[chunk.source], chunk.sequence <= outdated.through else { return chunk.progress }
        var progress = chunk.progress
        progress.cut(at: outdated.at)
        return progress
    }

    /// Takes a sample of the order between what was delivered and what the server writes itself.
    mutating func measure(_ index: Int, now: Double) {
        let state = (
            acknowledged: servers[index].delivery.acknowledged, applied: servers[index].trail.through
        )
        guard now >= servers[index].nextMeasure, servers[index].link.isRunning, !servers[index].isMeasuring,
            state > servers[index].measured
        else { return }
        servers[index].nextMeasure = now + 0.2
        servers[index].measured = state
        servers[index].isMeasuring = true
        perform(servers[index].link.measure(token: state.acknowledged.rawValue, now: now), at: index, now: now)
    }

    /// Forgets what every destination has had for long enough, and lets sources be read again.
    mutating func dropAcknowledged(now: Double) {
        guard let acknowledged = servers.map(\.delivery.acknowledged).min() else { return }
        let applied = servers.map(\.trail.through).min() ?? acknowledged
        let last = window.droppable(acknowledged: acknowledged, applied: applied)
        if last > window.droppedThrough {
            window.drop(through: last)
            pending.dropThrough = last
        }
        if isBlocked && window.keptBytes < settings.relayMaximumBytes / 10 * 9 {
            isBlocked = false
            actions.append(
                .log(LinkEvent(.info, "relay-free", "the relay log has room again; sources are read again")))
            resumeHeld()
        }
    }

    mutating func settleVersions(now: Double) {
        var through: ChunkSequence?
        for index in servers.indices {
            // While newer files overtake older ones, the versions that they brought decide about what is overtaken;
            // and while something waits to be read, more may lie behind it.
            if servers[index].link.isRunning, servers[index].reader.isInOrder, isReading(index),
                let own = servers[index].evidence.settled(
                    readUpTo: servers[index].reader.progress.newest,
                    // A server that says itself that it has more to send is not quiet.
                    quietSince: servers[index].isCaughtUp ? servers[index].lastReceived : now, now: now)
            {
                servers[index].settled = max(servers[index].settled, own.through)
                if let unproven = own.unproven {
                    servers[index].unwatched = max(servers[index].unwatched ?? unproven, unproven)
                }
            }
            through = min(through ?? servers[index].settled, servers[index].settled)
        }
        settled = through ?? ChunkSequence(0)
        versions.forget(settled: settled)
        if now >= nextForgottenLog, let failure = versions.takeFailure() {
            nextForgottenLog = now + 60
            actions.append(
                .log(
                    LinkEvent(
                        .error, "versions-forgotten",
                        "the overflow of the version table: \(failure); \(versions.forgottenUnsettled) versions of keys had to be "
                            + "forgotten so far, conflicts on those may be unseen")))
        }
        repairs.forget(settled: settled)
    }

    /// A new chunk, at the end of the relay log.
    mutating func append(_ chunk: RelayChunk, now: Double) {
        window.append(chunk, now: now)
        pending.chunks.append(chunk)
        pending.received[chunk.source] = chunk.progress
        pendingBytes += chunk.commands.count
        if pendingBytes >= settings.windowBytes / 2 { write() }
    }

    /// Writes what has gathered. Delivery does not wait for it: what a crash takes with it is read again from the
    /// sources, as the operations among the last cursors' chunks are delivered again. A chunk that everyone had in the
    /// meantime is never written.
    mutating func write() {
        isWriteDue = false
        guard
            !pending.received.isEmpty || !movedCursors.isEmpty || pending.dropThrough != nil || !repairs.changes.isEmpty
        else { return }
        if let dropped = pending.dropThrough { pending.chunks.removeAll { $0.sequence <= dropped } }
        pending.suspects = repairs.takeChanges()
        for id in movedCursors {
            guard let index = index(of: id) else { continue }
            pending.cursors[id] = RelayStore.Cursor(
                acknowledged: servers[index].delivery.acknowledged, run: servers[index].run ?? "")
        }
        movedCursors = []
        actions.append(.write(pending))
        pending = RelayWrite()
        pendingBytes = 0
    }

    /// Before a clean stop: what has arrived is still delivered, nothing more is read.
    public mutating func stopReading() { isStopping = true }

    /// Everything that was read is acknowledged by every destination that can be reached.
    public var isDrained: Bool {
        servers.allSatisfy { !$0.link.isRunning || $0.delivery.acknowledged.next == window.next }
    }
}
