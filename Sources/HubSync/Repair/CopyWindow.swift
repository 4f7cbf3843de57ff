internal import HubStore

/// The time in which a server that joined by COPY may get things twice: as long as it is a slave of another one, what the
/// hub sends may come to it through its master too, before or after. The keys of operations are compared once it is none
/// any more; of values only those that were on their way in that moment can be left in the wrong order.
struct CopyWindow: Equatable, Sendable {
    /// No more keys than this are compared while it is a slave still.
    static let suspectsAtOnce = 1000

    struct Key: Equatable, Sendable {
        var key: [UInt8]
        var type: CommandRule.ValueType
        var winner: ServerID
    }

    /// Where a server's binlog ended after this one had ceased to be a slave: below it may be what came with the copy.
    struct End: Equatable, Sendable {
        var position: BinlogPosition
        var time: Double
    }

    /// Keys to be compared again when it ceases to be a slave, at most `RepairQueue.maximumKeys`.
    var keys: [KeyHash: Key] = [:]
    /// Keys for which there was no room.
    var unnoted = 0
    /// It is known to be no slave any more.
    var isDetached = false
    /// Servers that have reported once since then. That report may have been made before.
    var reported: Set<ServerID> = []
    var ends: [ServerID: End] = [:]
    /// The last chunk that may hold what it got as a slave; nil while that is not known.
    var through: ChunkSequence?
}

extension ServerSync {
    mutating func beginCopyWindow() {
        copyWindow = CopyWindow()
        link.asksRole = true
    }

    fileprivate mutating func endCopyWindow() {
        copyWindow = nil
        link.asksRole = false
    }
}

extension SyncEngine {
    /// The chunk goes to a server that may get it twice.
    mutating func noteCopied(_ chunk: RelayChunk, at index: Int) {
        guard let window = servers[index].copyWindow else { return }
        if let through = window.through, chunk.sequence > through { return servers[index].endCopyWindow() }
        if case .only = chunk.audience { return }
        forEachKey(of: chunk, at: index, operationsOnly: true) { engine, hash, key in
            // At once, so that another primary knows of it, and once more when it can come no more from its master.
            let hasRoom = engine.repairs.count < CopyWindow.suspectsAtOnce
            if window.isDetached || hasRoom { engine.suspect(key) }
            if window.isDetached { return }
            if engine.servers[index].copyWindow?.keys.count ?? 0 < RepairQueue.maximumKeys {
                engine.servers[index].copyWindow?.keys[hash] = key
            } else {
                engine.servers[index].copyWindow?.unnoted += 1
                engine.repairs.countUnrepaired()
            }
        }
    }

    /// A server has reported.
    mutating func watchCopyWindows(_ index: Int, _ status: BinlogSenderStatus, now: Double) {
        let isSlave = servers[index].link.report.isSlave == true
        if let known = servers[index].copyWindow, !known.isDetached, !isSlave { detached(index) }
        let position = BinlogPosition(file: status.producerFile, offset: status.producerOffset)
        let reporter = servers[index].id
        for copy in servers.indices where copy != index {
            guard var open = servers[copy].copyWindow, open.isDetached, open.through == nil else { continue }
            if open.ends[reporter] == nil, !open.reported.insert(reporter).inserted {
                open.ends[reporter] = CopyWindow.End(position: position, time: now)
            }
            let isAllRead = servers.allSatisfy { server in
                // Of one that is paused nothing has been read for long, so nothing came through the master either.
                guard server.id != servers[copy].id, !server.description.isPaused else { return true }
                guard let end = open.ends[server.id] else { return false }
                return server.isReadPast(end.position, since: end.time, now: now)
            }
            if isAllRead { open.through = window.next.previous }
            servers[copy].copyWindow = open
        }
    }

    /// The server is no slave any more.
    private mutating func detached(_ index: Int) {
        let keys = servers[index].copyWindow?.keys ?? [:]
        servers[index].copyWindow?.keys = [:]
        servers[index].copyWindow?.isDetached = true
        if let unnoted = servers[index].copyWindow?.unnoted, unnoted > 0 {
            log(
                .error, "repair-overflow", servers[index].id,
                "may have got \(unnoted) operations twice while it was a slave, on more keys than are kept in mind: compare "
                    + "it with another server (pika_hub_compare)")
        }
        for (_, key) in keys.sorted(by: { $0.value.key.lexicographicallyPrecedes($1.value.key) }) { suspect(key) }
        var sequence = max(servers[index].trail.through.next, window.firstInMemory)
        while sequence < servers[index].delivery.cursor {
            if let chunk = window.chunk(sequence) {
                forEachKey(of: chunk, at: index, operationsOnly: false) { engine, _, key in engine.suspect(key) }
            }
            sequence = sequence.next
        }
    }

    private mutating func suspect(_ key: CopyWindow.Key) {
        key.key.withUnsafeBytes { suspect($0, key.type, winner: key.winner, now: lastTick) }
    }

    /// The keys of a chunk that goes to the server with this index.
    private mutating func forEachKey(
        of chunk: RelayChunk, at index: Int, operationsOnly: Bool,
        _ body: (inout SyncEngine, KeyHash, CopyWindow.Key) -> Void
    ) {
        guard chunk.audience.includes(servers[index].id, source: chunk.source) else { return }
        let winner = otherHolder(of: chunk, than: servers[index].id)
        var found: [(KeyHash, CopyWindow.Key)] = []
        chunk.commands.withUnsafeBytes { bytes in
            forEachCommand(bytes) { rule, keys in
                if operationsOnly && (rule.effect == .value || rule.effect == .delete) { return }
                for key in keys {
                    let name = CopyWindow.Key(key: Array(bytes[key]), type: rule.type, winner: winner)
                    found.append((hasher.hash(bytes, key), name))
                }
            }
        }
        for (hash, key) in found { body(&self, hash, key) }
    }
}
