internal import HubStore

/// Where one connection of a Pika's binlog senders is: pure bookkeeping over the stamps of the records it brings.
///
/// A sender reads whole files from their starts, one after the other. Nothing marks the end of a file, records that
/// are not for the hub are left out, and the first record of a file bears the stamp of the end of the file before it.
/// So of the first record after a jump it is not known whether it stands in the file that its stamp names or in the
/// next; the record after it tells.
struct BinlogStream: Equatable, Sendable {
    enum Place: Equatable, Sendable {
        /// Nothing has arrived yet.
        case start
        /// The last record stands in this file or is the first one of the next.
        case boundary(UInt32)
        /// The last record stands in this file.
        case file(UInt32)
    }

    struct Located: Equatable, Sendable {
        var position: BinlogPosition
        /// Whether the record proves that all of its file before it has arrived on this connection.
        var isInFile: Bool
        /// A file that this connection has read to its end, as the jump away from it proves.
        var finished: UInt32?
    }

    private(set) var place = Place.start
    private(set) var last: BinlogPosition?
    /// Where the record after the last one starts, if it is for the hub and in the same file.
    private(set) var end: UInt64 = 0
    /// Where the record after the last one starts if the last one was the first of its file.
    private var endAsFirst: UInt64 = 0
    /// A file of which everything that is still to come on this connection is known to be new.
    var newIn: UInt32?

    /// The record that has to wait until it is known in which file it stands, and how often the server has told of its
    /// senders since.
    private(set) var waiting: Waiting?

    /// How often the server has named the stamp's file as its newest since the last record, which may stand there.
    private var boundaryReports = 0

    struct Waiting: Equatable, Sendable {
        var file: UInt32
        var offset: UInt64
        var reports = 0
        /// It stands in the file that its stamp names, as other evidence has shown.
        var isDecided = false
        /// It need not wait any more, wherever it stands.
        var isReleased = false
    }

    /// The next record has to wait.
    mutating func wait(file: UInt32, offset: UInt64) {
        if waiting?.file != file || waiting?.offset != offset { waiting = Waiting(file: file, offset: offset) }
    }

    /// The record that waits stands in the file that its stamp names.
    mutating func decide() { waiting?.isDecided = true }

    /// All that comes before the record that waits has arrived, as far as is known, whether it stands in the file that
    /// its stamp names or in the next one.
    mutating func release() { waiting?.isReleased = true }

    func isReleased(_ file: UInt32, _ offset: UInt64) -> Bool {
        guard let waiting else { return false }
        return waiting.isReleased && waiting.file == file && waiting.offset == offset
    }

    /// The server has told which file it writes. A record that bears this file's number, and arrived before the server
    /// was asked, cannot be the first one of the next file. The first report may have been under way already.
    mutating func observe(producerFile: UInt32) {
        if case .boundary(producerFile) = place {
            boundaryReports += 1
            if boundaryReports >= 2 { place = .file(producerFile) }
        }
        guard let known = waiting, known.file == producerFile else { return }
        waiting?.reports += 1
        if known.reports >= 1 { waiting?.isDecided = true }
    }

    private func isDecided(_ file: UInt32, _ offset: UInt64) -> Bool {
        guard let waiting else { return false }
        return waiting.isDecided && waiting.file == file && waiting.offset == offset
    }

    /// Names the record with this stamp that comes next. Nil when the stamp goes backwards, which no sender does.
    func locate(file: UInt32, offset: UInt64) -> Located? {
        let isDecided = isDecided(file, offset)
        guard let last else {
            return Located(position: BinlogPosition(file: file, offset: offset), isInFile: isDecided)
        }
        if file == last.file && offset == last.offset {
            let position = BinlogPosition(file: file, offset: offset, index: last.index + 1)
            if case .file = place { return Located(position: position, isInFile: true) }
            return Located(position: position, isInFile: false)
        }
        let position = BinlogPosition(file: file, offset: offset)
        guard position > last else { return nil }
        switch place {
        case .file(let current) where file == current: return Located(position: position, isInFile: true)
        case .boundary(let stamp) where file == stamp: return Located(position: position, isInFile: true)
        case .file(let current):
            return Located(position: position, isInFile: isDecided || goesOn(position, after: last), finished: current)
        default:
            return Located(position: position, isInFile: isDecided || goesOn(position, after: last))
        }
    }

    /// The last record was the first one of this record's file, and this one follows it without a gap.
    private func goesOn(_ position: BinlogPosition, after last: BinlogPosition) -> Bool {
        // A file rolls when it is longer than its limit, so the stamp of a first record is beyond the limit and every
        // other one is not: of two records that are both first ones, the second is not at the smaller offset.
        position.file == last.file &+ 1 && position.offset == endAsFirst && position.offset < last.offset
    }

    /// Moves past a located record of `length` bytes.
    mutating func pass(_ located: Located, length: Int) {
        last = located.position
        end = BinlogLayout.end(start: located.position.offset, length: length)
        endAsFirst = BinlogLayout.end(start: 0, length: length)
        waiting = nil
        boundaryReports = 0
        place = located.isInFile ? .file(located.position.file) : .boundary(located.position.file)
    }
}
