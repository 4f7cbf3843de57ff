internal import HubStore

/// What a Pika tells with `INFO log` and `INFO hub` about its binlog and the senders that read it.
public struct BinlogSenderStatus: Equatable, Sendable {
    /// What a sender thread says of itself.
    public struct Sender: Equatable, Sendable {
        public var file: UInt32
        /// The thread has sent its file to the end and waits for another.
        public var isAtEnd: Bool
        /// It has sent all that the newest file holds, and looks for more once a second.
        public var isWaiting: Bool

        public init(file: UInt32, isAtEnd: Bool, isWaiting: Bool = false) {
            self.file = file
            self.isAtEnd = isAtEnd
            self.isWaiting = isWaiting
        }
    }

    /// The file that is being written, read *before* the rest.
    public var producerFile: UInt32
    public var producerOffset: UInt64
    /// The oldest file that a sender has not been seen to finish; the newest that one works on. Nil when the server
    /// does not know `INFO hub`, or when no window is open.
    public var window: ClosedRange<UInt32>?
    public var senders: [Sender]

    public init(
        producerFile: UInt32, producerOffset: UInt64, window: ClosedRange<UInt32>? = nil, senders: [Sender] = []
    ) {
        self.producerFile = producerFile
        self.producerOffset = producerOffset
        self.window = window
        self.senders = senders
    }
}

/// Tells from a source's own reports which files have been read to their ends, where the records themselves do not:
/// files without a record for the hub, and those whose last records are not for the hub.
///
/// A file counts as read when the source has said for `marginSeconds` without a break that it was sent, while the hub
/// read what arrived: the bytes that were under way when it first said so have arrived by then, unless their connection
/// has died. That the hub learns later, in `proofSeconds` at the most; then a new epoch begins and brings them again. So
/// order may rest on the source's word after the margin, positions only after the longer time.
/// A sender is believed to be at the end of a file only after the source has begun the next one, since it also seems
/// to be at the end for a moment when it has overtaken the writer.
struct FileEvidence: Equatable, Sendable {
    static let marginSeconds = 2.5
    /// Longer than the death of a connection goes unnoticed.
    static let proofSeconds = 30.0
    /// No more than this counts between two reports: of what arrived while this process stood still, the second may be
    /// read before the rest.
    private static let stepSeconds = 1.25

    /// The files at or above a first one that are said to be finished, in order.
    struct Finished: Equatable, Sendable {
        /// For long enough that what depends on order need not wait for them any more.
        var read: [UInt32] = []
        /// Of these, for long enough that nothing of them can be missing.
        var proven: [UInt32] = []
    }

    /// Since when the source has said so of a file while the hub read everything.
    private var since: [UInt32: Double] = [:]
    /// Since when it has said so at all.
    private var told: [UInt32: Double] = [:]
    private var clock = 0.0
    private var lastReport: Double?

    /// What arrives is left unread from here on, so it is not known any more what has arrived.
    mutating func pause() { since = [:] }

    /// - Parameters:
    ///   - openFrom: the first file that is not proven to be finished.
    ///   - limit: the lowest file of which a record waits. What lies behind it is not read, so for files above it the
    ///     margin begins when nothing waits any more.
    mutating func observe(
        _ status: BinlogSenderStatus, openFrom: UInt32, limit: UInt32 = .max, now: Double
    ) -> Finished {
        clock += min(now - (lastReport ?? now), Self.stepSeconds)
        lastReport = now
        let candidates = candidates(status, openFrom: openFrom)
        told = told.filter { candidates.contains($0.key) }
        since = since.filter { candidates.contains($0.key) && $0.key <= limit }
        for file in candidates {
            if told[file] == nil { told[file] = clock }
            if file <= limit && since[file] == nil { since[file] = clock }
        }
        let read = since.filter { clock - $0.value >= Self.marginSeconds }.map(\.key).sorted()
        return Finished(read: read, proven: read.filter { clock - (told[$0] ?? clock) >= Self.proofSeconds })
    }

    private func candidates(_ status: BinlogSenderStatus, openFrom: UInt32) -> Set<UInt32> {
        guard let window = status.window else { return [] }
        var candidates: Set<UInt32> = []
        // No more than the window and what lies below it can be open; a source that jumps far ahead is bounded.
        var file = openFrom
        while file < window.lowerBound, file < status.producerFile, candidates.count < 4096 {
            candidates.insert(file)
            file += 1
        }
        for sender in status.senders where sender.isAtEnd && sender.file < status.producerFile {
            if sender.file >= openFrom { candidates.insert(sender.file) }
        }
        return candidates
    }
}
