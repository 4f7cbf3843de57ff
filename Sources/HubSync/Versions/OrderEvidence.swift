internal import HubStore

/// What proves that a server had something when it wrote something: samples of the end of its binlog, each with what
/// it had acknowledged, and applied, before (`design/convergence.md`, "Evidence of order"). A record at or beyond a
/// sample's position was written after that.
struct OrderEvidence: Equatable, Sendable {
    struct Sample: Equatable, Sendable {
        var file: UInt32
        var offset: UInt64
        /// The last chunk that had been acknowledged when the server was asked.
        var acknowledged: ChunkSequence
        /// The last chunk that had surely been applied then.
        var applied: ChunkSequence
        var time: Double

        var position: BinlogPosition { BinlogPosition(file: file, offset: offset) }
    }

    /// How a record relates to a chunk that its server was sent.
    enum Following: Equatable, Sendable {
        /// Nothing shows that the server had the chunk when it wrote the record.
        case no
        /// The server had it, but it may have been applied, or delivered once more, after the record was written.
        case covered
        case yes
    }

    private(set) var samples: [Sample] = []
    /// Those of earlier epochs. What they tell of may have been delivered again since.
    private var earlier: [Sample] = []
    private static let maximumSamples = 256

    /// A sample this old, of a server from which nothing has arrived for as long, has been overtaken: a caught-up
    /// sender polls once a second. Where that turns out to be wrong, `Settled.unproven` tells which records it concerns.
    static let overtakenSeconds = 3.0

    mutating func add(_ sample: Sample) {
        if let last = samples.last {
            // The two numbers of `INFO log` are read without a lock, so one sample may be off at a file's end.
            guard sample.position >= last.position else { return }
            if sample.position == last.position {
                // The older proof of the same place is contained in the newer one.
                samples.removeLast()
            }
        }
        samples.append(sample)
        if samples.count > Self.maximumSamples { samples.removeFirst() }
    }

    /// The link is made anew: what was delivered may be delivered again.
    mutating func beginEpoch() {
        earlier = (earlier + samples).suffix(Self.maximumSamples)
        samples = []
    }

    func following(_ chunk: ChunkSequence, file: UInt32, offset: UInt64) -> Following {
        if let sample = samples.last(where: { ($0.file, $0.offset) <= (file, offset) }) {
            if chunk <= sample.applied { return .yes }
            if chunk <= sample.acknowledged { return .covered }
        }
        guard !earlier.isEmpty, let sample = earlier.last(where: { ($0.file, $0.offset) <= (file, offset) }) else {
            return .no
        }
        return chunk <= sample.acknowledged ? .covered : .no
    }

    /// The last chunk of which `following` answers yes.
    func followed(file: UInt32, offset: UInt64) -> ChunkSequence {
        samples.last { ($0.file, $0.offset) <= (file, offset) }?.applied ?? ChunkSequence(0)
    }

    struct Settled: Equatable {
        /// The last chunk that every record still to come from this server is known to follow.
        var through: ChunkSequence
        /// Only time says so of records below this position.
        var unproven: BinlogPosition?
    }

    /// - Parameters:
    ///   - position: how far the server's binlog has been read, in order.
    ///   - quietSince: when anything arrived from it last.
    mutating func settled(readUpTo position: BinlogPosition, quietSince: Double, now: Double) -> Settled? {
        let index = samples.lastIndex { sample in
            sample.position <= position || now - max(sample.time, quietSince) >= Self.overtakenSeconds
        }
        guard let index else { return nil }
        samples.removeFirst(index)
        return samples.first.map {
            Settled(through: $0.applied, unproven: $0.position > position ? $0.position : nil)
        }
    }
}
