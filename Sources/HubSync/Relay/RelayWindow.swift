internal import HubStore

/// The newest chunks of the relay log in memory, and the sizes of all that is kept on disk. Chunks that left the
/// window are read from the relay store by the destinations that still need them.
struct RelayWindow: Sendable {
    private struct Entry {
        var chunk: RelayChunk
        var arrived: Double
        /// Bytes of all chunks up to and with this one, since the start.
        var bytesThrough: UInt64
    }

    /// No more than this much is kept of what was acknowledged and may not have been applied.
    private static let keptBytesBehind: UInt64 = 4 << 20

    private struct Run {
        var last: ChunkSequence
        var bytes: Int
        /// When its first chunk arrived; nil for what was on disk before.
        var arrived: Double?
        var sources: [ServerID: Lag] = [:]
    }

    /// What of one source a destination has not acknowledged.
    struct Lag: Equatable, Sendable {
        var records = 0
        var bytes = 0
        /// When the oldest of it arrived.
        var since: Double?

        mutating func add(records: Int, bytes: Int, arrived: Double?) {
            self.records += records
            self.bytes += bytes
            since = since ?? arrived
        }
    }

    private var chunks: [Entry?] = []
    /// Index of the oldest chunk in `chunks`; what lies before it has been given up.
    private var head = 0
    private(set) var next: ChunkSequence
    private(set) var windowBytes = 0
    private let maximumWindowBytes: Int
    /// Bytes of what is kept on disk, in runs of about `runBytes` each, oldest first.
    private var runs: [Run] = []
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
        if keptBytes > 0 { runs = [Run(last: next.previous, bytes: keptBytes)] }
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

    /// Bytes of the chunks from `sequence` on; nil when that one is in memory no more.
    func bytes(from sequence: ChunkSequence) -> Int? {
        guard sequence < next else { return 0 }
        guard sequence >= firstInMemory, let entry = entry(sequence) else { return nil }
        return Int(totalBytes - entry.bytesThrough) + entry.chunk.commands.count
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

    mutating func append(_ chunk: RelayChunk, now: Double) {
        precondition(chunk.sequence == next, "chunk \(chunk.sequence) where \(next) is next")
        totalBytes += UInt64(chunk.commands.count)
        chunks.append(Entry(chunk: chunk, arrived: now, bytesThrough: totalBytes))
        next = chunk.sequence.next
        windowBytes += chunk.commands.count
        let bytes = chunk.commands.count + 64
        keptBytes += bytes
        if runs.last.map({ $0.bytes >= Self.runBytes || $0.arrived == nil }) ?? true {
            runs.append(Run(last: chunk.sequence, bytes: 0, arrived: now))
        }
        let last = runs.count - 1
        runs[last].last = chunk.sequence
        runs[last].bytes += bytes
        runs[last].sources[chunk.source, default: Lag()].add(
            records: chunk.recordCount, bytes: chunk.commands.count, arrived: now)
        while windowBytes > maximumWindowBytes, chunks.count - head > 1 { forgetOldest() }
    }

    /// What `destination` lacks when it has acknowledged everything up to `sequence`, by source. Exact for what is in
    /// memory; beyond, a run counts as a whole, and of what was on disk before, nothing is known.
    func lag(of destination: ServerID, after sequence: ChunkSequence) -> [ServerID: Lag] {
        var lag: [ServerID: Lag] = [:]
        let first = sequence.next
        guard first < next else { return lag }
        if first >= firstInMemory {
            for case let entry? in chunks[(head + Int(first.rawValue - firstInMemory.rawValue))...]
            where entry.chunk.audience.includes(destination, source: entry.chunk.source) {
                lag[entry.chunk.source, default: Lag()].add(
                    records: entry.chunk.recordCount, bytes: entry.chunk.commands.count, arrived: entry.arrived)
            }
            return lag
        }
        for run in runs where run.last >= first {
            for (source, part) in run.sources where source != destination {
                lag[source, default: Lag()].add(records: part.records, bytes: part.bytes, arrived: part.since)
            }
        }
        return lag
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
