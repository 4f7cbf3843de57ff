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
/// files without a record for the hub, and the last files of a backlog.
///
/// A file counts as finished when the source has said so for `marginSeconds` without a break: the bytes that were
/// under way when it first said so have arrived by then, or the connection is about to fail, which starts a new epoch.
/// A sender is believed to be at the end of a file only after the source has begun the next one, since it also seems
/// to be at the end for a moment when it has overtaken the writer.
struct FileEvidence: Equatable, Sendable {
    static let marginSeconds = 2.5

    private var since: [UInt32: Double] = [:]

    /// - Parameters:
    ///   - openFrom: the first file that is not known to be finished.
    ///   - limit: the lowest file of which a record waits. What lies behind it is not read, so for files above it the
    ///     margin begins when nothing waits any more.
    /// - Returns: the files at or above `openFrom` that are finished now, in order.
    mutating func observe(
        _ status: BinlogSenderStatus, openFrom: UInt32, limit: UInt32 = .max, now: Double
    ) -> [UInt32] {
        var candidates: Set<UInt32> = []
        if let window = status.window {
            // No more than the window and what lies below it can be open; a source that jumps far ahead is bounded.
            var file = openFrom
            while file < window.lowerBound, file < status.producerFile, candidates.count < 4096 {
                candidates.insert(file)
                file += 1
            }
            for sender in status.senders where sender.isAtEnd && sender.file < status.producerFile {
                if sender.file >= openFrom { candidates.insert(sender.file) }
            }
        }
        since = since.filter { candidates.contains($0.key) && $0.key <= limit }
        for file in candidates where file <= limit && since[file] == nil { since[file] = now }
        return since.filter { now - $0.value >= Self.marginSeconds }.map(\.key).sorted()
    }
}
