internal import HubStore

/// One destination's way through the relay log: what was sent to it, what it has acknowledged.
///
/// The only acknowledgement that a Pika gives is the answer to a `PING` on the same connection: everything before it
/// is in its binlog (`protocol/pika-2.3-hub.md`, section 3). So each run of sent chunks ends with a `PING`, the
/// *barrier*; when it is answered, the chunks before it are acknowledged.
struct Delivery: Sendable {
    /// Bytes that may be under way to one destination. Bounds memory, and what may be repeated after a crash.
    static let maximumBytesInFlight = 4 << 20
    static let maximumBarriers = 4
    /// A barrier follows the one before it only after this time or this much, so that a stream of small chunks is not
    /// doubled by the traffic of their acknowledgements. A lone chunk has its barrier at once.
    static let barrierSeconds = 0.005
    static let barrierBytes = 128 << 10

    struct Sent: Sendable {
        var chunk: RelayChunk
        /// 0 for a chunk that is not for this destination.
        var bytes: Int
    }

    /// What to do next.
    enum Step: Sendable {
        case send(RelayChunk)
        /// The next chunk is on disk only.
        case read(from: ChunkSequence)
        case barrier
        /// Nothing, until a chunk or an answer arrives.
        case wait
    }

    let server: ServerID
    /// The next chunk to look at.
    private(set) var cursor: ChunkSequence
    private(set) var acknowledged: ChunkSequence
    private(set) var sent: [Sent] = []
    private(set) var bytesInFlight = 0
    private var barriers: [ChunkSequence] = []
    private var needsBarrier = false
    private var lastBarrier = -Double.infinity
    private var bytesSinceBarrier = 0
    private(set) var isReading = false
    private var loaded: [RelayChunk] = []
    /// Records and bytes sent since the start, repeats included.
    private(set) var recordsSent: UInt64 = 0
    private(set) var bytesSent: UInt64 = 0

    init(server: ServerID, acknowledged: ChunkSequence) {
        self.server = server
        self.acknowledged = acknowledged
        cursor = acknowledged.next
    }

    /// What to do now, while the connection is up.
    mutating func step(_ window: RelayWindow, now: Double) -> Step {
        while bytesInFlight < Self.maximumBytesInFlight, cursor < window.next {
            guard let chunk = nextChunk(window) else {
                if isReading { break }
                isReading = true
                return .read(from: cursor)
            }
            cursor = cursor.next
            let isMine = chunk.audience.includes(server, source: chunk.source)
            let bytes = isMine ? chunk.commands.count : 0
            if !isMine && sent.isEmpty {
                acknowledged = chunk.sequence
                continue
            }
            sent.append(Sent(chunk: chunk, bytes: bytes))
            guard isMine else { continue }
            bytesInFlight += bytes
            recordsSent += UInt64(chunk.recordCount)
            bytesSent += UInt64(bytes)
            bytesSinceBarrier += bytes
            needsBarrier = true
            return .send(chunk)
        }
        let isDue = bytesSinceBarrier >= Self.barrierBytes || now - lastBarrier >= Self.barrierSeconds
        if needsBarrier && isDue && barriers.count < Self.maximumBarriers {
            needsBarrier = false
            bytesSinceBarrier = 0
            lastBarrier = now
            barriers.append(cursor.previous)
            return .barrier
        }
        return .wait
    }

    /// Chunks that a `.read` brought. After a rewind it is not the one that is waited for any more.
    mutating func loaded(_ chunks: [RelayChunk], from: ChunkSequence) {
        guard isReading, from == cursor else { return }
        isReading = false
        // Dropped ones are skipped over: what was read is what there is.
        if let first = chunks.first, first.sequence > cursor, sent.isEmpty { cursor = first.sequence }
        loaded = chunks.filter { $0.sequence >= cursor }
    }

    /// The oldest barrier was answered. Returns what that acknowledged, oldest first; nil when none was open.
    mutating func answered() -> [Sent]? {
        guard !barriers.isEmpty else { return nil }
        let barrier = barriers.removeFirst()
        let count = sent.prefix { $0.chunk.sequence <= barrier }.count
        let done = Array(sent[..<count])
        sent.removeFirst(count)
        for item in done { bytesInFlight -= item.bytes }
        acknowledged = max(acknowledged, barrier)
        // Chunks that are not for this destination need no barrier of their own.
        while let next = sent.first, next.bytes == 0 {
            acknowledged = next.chunk.sequence
            sent.removeFirst()
        }
        return done
    }

    /// The connection is gone: what was not acknowledged is sent again from `from`, or from where it stands.
    mutating func rewind(to from: ChunkSequence? = nil) {
        if let from { acknowledged = min(acknowledged, from) }
        cursor = acknowledged.next
        sent = []
        barriers = []
        loaded = []
        bytesInFlight = 0
        needsBarrier = false
        isReading = false
    }

    private mutating func nextChunk(_ window: RelayWindow) -> RelayChunk? {
        if let chunk = window.chunk(cursor) {
            if !loaded.isEmpty { loaded = [] }
            return chunk
        }
        guard let first = loaded.first, first.sequence == cursor else { return nil }
        return loaded.removeFirst()
    }
}
