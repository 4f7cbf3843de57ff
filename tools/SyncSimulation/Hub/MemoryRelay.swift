internal import HubStore
internal import HubSync

/// The relay store without a disk: what is written survives the end of the hub's process (`RelayStore`).
struct MemoryRelay {
    private var chunks: [UInt64: [UInt8]] = [:]
    private(set) var first = ChunkSequence(1)
    private(set) var next = ChunkSequence(1)
    private(set) var bytes = 0
    private(set) var cursors: [ServerID: RelayStore.Cursor] = [:]
    private(set) var received: [ServerID: BinlogProgress] = [:]
    private(set) var suspects: [RelayStore.SuspectName: ServerID] = [:]

    mutating func write(_ write: SyncEngine.RelayWrite) {
        for chunk in write.chunks {
            precondition(chunk.sequence >= next, "chunk \(chunk.sequence) written where \(next) is next")
            let stored = chunk.header + chunk.commands
            chunks[chunk.sequence.rawValue] = stored
            bytes += stored.count
            next = chunk.sequence.next
        }
        for (source, progress) in write.received { received[source] = progress }
        for (server, cursor) in write.cursors { cursors[server] = cursor }
        for (name, winner) in write.suspects { suspects[name] = winner }
        guard let last = write.dropThrough, last >= first else { return }
        for sequence in first.rawValue...last.rawValue { bytes -= chunks.removeValue(forKey: sequence)?.count ?? 0 }
        first = last.next
        next = max(next, first)
    }

    func read(from sequence: ChunkSequence, maximumBytes: Int) -> [RelayChunk] {
        var result: [RelayChunk] = []
        var bytes = 0
        var next = max(sequence, first)
        while bytes < maximumBytes, next < self.next, let stored = chunks[next.rawValue] {
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
        chunks = [:]
        (cursors, received, suspects) = ([:], [:], [:])
        first = next
        bytes = 0
    }

    var recovered: SyncEngine.Recovered {
        SyncEngine.Recovered(
            first: first, next: next, bytes: bytes, cursors: cursors, received: received, suspects: suspects)
    }
}
