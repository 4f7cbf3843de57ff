internal import HubStore
internal import HubSync

/// The relay store without a disk: what is written survives the end of the hub's process, but for bulk (`RelayStore`).
struct MemoryRelay {
    private struct Content {
        var chunks: [UInt64: [UInt8]] = [:]
        var first = ChunkSequence(1)
        var next = ChunkSequence(1)
        var cursors: [ServerID: RelayStore.Cursor] = [:]
        var received: [ServerID: BinlogProgress] = [:]
        var suspects: [RelayStore.SuspectName: ServerID] = [:]
    }

    private var content = Content()
    private var persisted = Content()
    private var bytes = 0

    var first: ChunkSequence { content.first }
    var next: ChunkSequence { content.next }
    var received: [ServerID: BinlogProgress] { content.received }

    mutating func persist() { persisted = content }

    /// The process ends amid bulk: what was not persisted is gone, and any part of what was dropped since.
    mutating func loseBulk(_ random: inout SimulationRandom) {
        let last = random.between(Int(persisted.first.rawValue)...Int(max(persisted.first, content.first).rawValue))
        persisted.chunks = persisted.chunks.filter { $0.key >= UInt64(last) }
        persisted.first = persisted.chunks.keys.min().map { ChunkSequence($0) } ?? persisted.next
        content = persisted
        bytes = content.chunks.values.reduce(0) { $0 + $1.count }
    }

    mutating func write(_ write: SyncEngine.RelayWrite) {
        for chunk in write.chunks {
            precondition(
                chunk.sequence >= content.next, "chunk \(chunk.sequence) written where \(content.next) is next")
            let stored = chunk.header + chunk.commands
            content.chunks[chunk.sequence.rawValue] = stored
            bytes += stored.count
            content.next = chunk.sequence.next
        }
        for (source, progress) in write.received { content.received[source] = progress }
        for (server, cursor) in write.cursors { content.cursors[server] = cursor }
        for (name, winner) in write.suspects { content.suspects[name] = winner }
        guard let last = write.dropThrough, last >= content.first else { return }
        for sequence in content.first.rawValue...last.rawValue {
            bytes -= content.chunks.removeValue(forKey: sequence)?.count ?? 0
        }
        content.first = last.next
        content.next = max(content.next, content.first)
    }

    func read(from sequence: ChunkSequence, maximumBytes: Int) -> [RelayChunk] {
        var result: [RelayChunk] = []
        var bytes = 0
        var next = max(sequence, content.first)
        while bytes < maximumBytes, next < content.next, let stored = content.chunks[next.rawValue] {
            guard let chunk = RelayChunk(sequence: next, stored: stored) else {
                preconditionFailure("chunk \(next) does not read back as what was written")
            }
            result.append(chunk)
            bytes += stored.count
            next = next.next
        }
        return result
    }

    /// For a hub that becomes primary after another one.
    mutating func startOver() {
        var fresh = Content()
        (fresh.first, fresh.next) = (content.next, content.next)
        (content, persisted, bytes) = (fresh, fresh, 0)
    }

    var recovered: SyncEngine.Recovered {
        SyncEngine.Recovered(
            first: content.first, next: content.next, bytes: bytes, cursors: content.cursors,
            received: content.received, suspects: content.suspects)
    }
}
