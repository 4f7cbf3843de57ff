internal import HubStore

/// The newest chunks of the relay log in memory, and the sizes of all that is kept on disk. Chunks that left the
/// window are read from the relay store by the destinations that still need them.
struct RelayWindow: Sendable {
    private struct Entry {
        var chunk: RelayChunk
        /// Bytes of all chunks up to and with this one, since the start.
        var bytesThrough: UInt64
    }

    /// No more than this much is kept of what was acknowledged and may not have been applied.
    private static let keptBytesBehind: UInt64 = 4 << 20

    private var chunks: [Entry?] = []
    /// Index of the oldest chunk in `chunks`; what lies before it has been given up.
    private var head = 0
    private(set) var next: ChunkSequence
    private(set) var windowBytes = 0
    private let maximumWindowBytes: Int
    /// Bytes of what is kept on disk, in runs of about `runBytes` each, oldest first.
    private var runs: [(last: ChunkSequence, bytes: Int)] = []
    private(set) var keptBytes = 0
    private(set) var droppedThrough: ChunkSequence
    private var totalBytes: UInt64 = 0
    private var keepFrom: ChunkSequence

    private static let runBytes = 16 << 20

    /// - Parameters:
    ///   - first: the oldest chunk on disk.
    ///   - next: the number of the next chunk.
    init(first: ChunkSequence, next: ChunkSequence, keptBytes: Int, maximumWindowBytes: Int) {
        self.next = next
        self.maximumWindowBytes = maximumWindowBytes
        self.keptBytes = keptBytes
        droppedThrough = first.previous
        keepFrom = first
        if keptBytes > 0 { runs = [(last: next.previous, bytes: keptBytes)] }
    }

    /// The oldest chunk in memory.
    var firstInMemory: ChunkSequence { ChunkSequence(next.rawValue - UInt64(chunks.count - head)) }

    func chunk(_ sequence: ChunkSequence) -> RelayChunk? {
        guard sequence >= firstInMemory, sequence < next else { return nil }
        return entry(sequence)?.chunk
    }

    private func entry(_ sequence: ChunkSequence) -> Entry? {
        chunks[head + Int(sequence.rawValue - firstInMemory.rawValue)]
    }

    /// The last chunk that need not be kept for the sake of a destination that is killed: such a one loses what its
    /// worker queues held although it has acknowledged it (`protocol/pika-2.3-hub.md`, section 3).
    ///
    /// - Parameters:
    ///   - acknowledged: what all destinations have acknowledged.
    ///   - applied: what all of them have applied.
    mutating func droppable(acknowledged: ChunkSequence, applied: ChunkSequence) -> ChunkSequence {
        while keepFrom < next, keepFrom <= acknowledged {
            if keepFrom > applied, keepFrom >= firstInMemory, let entry = entry(keepFrom),
                totalBytes - entry.bytesThrough < Self.keptBytesBehind
            {
                break
            }
            keepFrom = keepFrom.next
        }
        return keepFrom.previous
    }

    mutating func append(_ chunk: RelayChunk) {
        precondition(chunk.sequence == next, "chunk \(chunk.sequence) where \(next) is next")
        totalBytes += UInt64(chunk.commands.count)
        chunks.append(Entry(chunk: chunk, bytesThrough: totalBytes))
        next = chunk.sequence.next
        windowBytes += chunk.commands.count
        let bytes = chunk.commands.count + 64
        keptBytes += bytes
        if let last = runs.indices.last, runs[last].bytes < Self.runBytes {
            runs[last] = (last: chunk.sequence, bytes: runs[last].bytes + bytes)
        } else {
            runs.append((last: chunk.sequence, bytes: bytes))
        }
        while windowBytes > maximumWindowBytes, chunks.count - head > 1 { forgetOldest() }
    }

    /// Records of one source in the chunks after `sequence`, as far as they are in memory.
    func records(of source: ServerID, after sequence: ChunkSequence) -> Int {
        let first = max(sequence.next, firstInMemory)
        guard first < next else { return 0 }
        let start = head + Int(first.rawValue - firstInMemory.rawValue)
        return chunks[start...].reduce(0) { $0 + ($1?.chunk.source == source ? $1?.chunk.recordCount ?? 0 : 0) }
    }

    /// Chunks up to here are gone from disk.
    mutating func drop(through sequence: ChunkSequence) {
        droppedThrough = max(droppedThrough, sequence)
        while firstInMemory <= sequence, head < chunks.count { forgetOldest() }
        while let first = runs.first, first.last <= sequence {
            keptBytes -= first.bytes
            runs.removeFirst()
        }
    }

    private mutating func forgetOldest() {
        windowBytes -= chunks[head]?.chunk.commands.count ?? 0
        chunks[head] = nil
        head += 1
        if head > 64 && head * 2 > chunks.count {
            chunks.removeFirst(head)
            head = 0
        }
    }
}
