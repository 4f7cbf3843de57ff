internal import HubStore

/// Reads one source's binlog as it arrives on up to ten connections: recognises what was delivered before, keeps
/// what depends on order in order, and knows how far the source has been read.
///
/// One *epoch* is the time from one INTERNALTRYSYNC that took effect to the loss of any connection. Within an epoch
/// a Pika sends each record once, so a record is a duplicate only of what was covered when the epoch began. That
/// makes it harmless to guess wrong where a record stands.
struct SourceReader: Sendable {
    /// What to do with a record.
    enum Verdict: Equatable, Sendable {
        /// Covered for every destination. It still says what the source has written.
        case duplicate
        /// For all destinations but the source itself.
        case everyone
        /// For all destinations but the source itself and these.
        case except([ServerID])
        /// An operation that must wait for the files before its own. `undecided`: the record after it would tell
        /// whether it has to.
        case hold(undecided: Bool)
        /// No sender sends this.
        case backwards(after: BinlogPosition)
    }

    /// All that has been read and handed on, or was known to be delivered before.
    private(set) var progress: BinlogProgress
    /// Destinations that have acknowledged more than `progress`.
    private(set) var ahead: [ServerID: BinlogProgress] = [:]
    /// `progress` at the beginning of the epoch.
    private var known: BinlogProgress
    private var streams: [LinkConnectionID: BinlogStream] = [:]
    /// A file beyond this one may hold back records that depend on order: it is the first that is not known to have
    /// been read to its end, by records or by the source's word. `progress` waits longer for the latter.
    private(set) var firstOpenFile: UInt32
    /// Files beyond it that have been read to their ends.
    private var finished: Set<UInt32> = []
    /// Files of which nothing can be missing, at or above `progress.firstOpenFile`.
    private var proven: Set<UInt32> = []
    private var evidence = FileEvidence()
    /// Marks and single records while files count as read and are not proven. Beyond, the oldest of those files is taken
    /// for proven.
    static let maximumMarks = 256

    init(progress: BinlogProgress = BinlogProgress()) {
        self.progress = progress
        known = progress
        firstOpenFile = progress.firstOpenFile
    }

    /// Starts over with what each destination has, or will have from the relay log.
    mutating func reset(bases: [ServerID: BinlogProgress], floor: BinlogProgress) {
        progress = Self.common(bases) ?? floor
        ahead = bases.filter { !progress.isSuperset(of: $0.value) }
        beginEpoch()
    }

    /// Takes new destinations in, with what each destination has or will have from the relay log. An epoch that is
    /// running goes on when nobody needs what it has passed.
    /// - Returns: whether the source has to be read again from an earlier place.
    mutating func place(_ bases: [ServerID: BinlogProgress]) -> Bool {
        let before = progress
        if !streams.isEmpty, (Self.common(bases) ?? before).isSuperset(of: before) {
            ahead = bases.filter { !progress.isSuperset(of: $0.value) }
            return false
        }
        reset(bases: bases, floor: before)
        return !progress.isSuperset(of: before)
    }

    private static func common(_ bases: [ServerID: BinlogProgress]) -> BinlogProgress? {
        bases.values.reduce(nil) { common, base in common?.intersection(base) ?? base }
    }

    /// The newest record that has been read for any destination.
    var newest: BinlogPosition { ahead.values.reduce(progress.newest) { max($0, $1.newest) } }

    mutating func remove(_ destination: ServerID) { ahead[destination] = nil }

    /// All connections are gone, and what comes next comes from the start of `file`.
    mutating func beginEpoch(at file: UInt32) {
        progress.coverFiles(below: file)
        beginEpoch()
    }

    /// What was read beyond this place is not what stands there now.
    mutating func cut(at end: BinlogPosition) {
        progress.cut(at: end)
        for destination in ahead.keys { ahead[destination]?.cut(at: end) }
        beginEpoch()
    }

    /// What the destination has, or will have from the relay log.
    func covered(for destination: ServerID) -> BinlogProgress {
        var covered = progress
        if let more = ahead[destination] { covered.formUnion(more) }
        return covered
    }

    private mutating func beginEpoch() {
        streams = [:]
        firstOpenFile = progress.firstOpenFile
        (finished, proven) = ([], [])
        evidence = FileEvidence()
        known = progress
        ahead = ahead.filter { !progress.isSuperset(of: $0.value) }
    }

    /// A connection of the running epoch.
    mutating func opened(_ connection: LinkConnectionID) { streams[connection] = BinlogStream() }

    /// The state of a connection, to be worked on and handed back with `settle`.
    func stream(_ connection: LinkConnectionID) -> BinlogStream? { streams[connection] }

    /// Judges the next record of a connection, without moving past it.
    ///
    /// Mutating only so that the caller's storage is used in place instead of copied.
    mutating func judge(
        _ record: BinlogRecord, in stream: inout BinlogStream, ordered: Bool
    ) -> (verdict: Verdict, located: BinlogStream.Located?) {
        guard let located = stream.locate(file: record.file, offset: record.offset) else {
            return (.backwards(after: stream.last ?? BinlogPosition(file: 0, offset: 0)), nil)
        }
        let position = located.position
        if stream.newIn != position.file || !located.isInFile {
            if known.covers(position) { return (.duplicate, located) }
            if located.isInFile && known.singles.isEmpty { stream.newIn = position.file }
        }
        if ordered {
            let newest = located.isInFile ? record.file : record.file &+ 1
            var open = firstOpenFile
            // The jump to this record may itself prove that the oldest open file is finished.
            while located.finished == open || finished.contains(open) { open += 1 }
            if newest > open && record.file >= open && !stream.isReleased(record.file, record.offset) {
                return (.hold(undecided: !located.isInFile && record.file == open), located)
            }
        }
        if ahead.isEmpty { return (.everyone, located) }
        let having = ahead.filter { $0.value.covers(position) }.keys.sorted()
        return (having.isEmpty ? .everyone : .except(having), located)
    }

    /// Moves past a record that was judged. Its place becomes part of `progress` with `settle`.
    mutating func pass(_ located: BinlogStream.Located, length: Int, in stream: inout BinlogStream) {
        if let file = located.finished {
            // The rest of the read says nothing more of that file, and files before it may be open for long.
            if let last = stream.last { progress.cover(last) }
            prove(file)
        }
        stream.pass(located, length: length)
        if !located.isInFile {
            progress.coverSingle(located.position)
            for other in streams.values where other.place == .file(located.position.file) {
                if other.end == located.position.offset { prove(located.position.file) }
            }
        }
    }

    /// Makes what has been passed on a connection part of `progress`. Once per read, not per record.
    mutating func settle(_ stream: BinlogStream, of connection: LinkConnectionID) {
        streams[connection] = stream
        if streams.count > 1 { finishFilesThatEndWhereOneWaits() }
        guard let last = stream.last else { return advance() }
        if case .file(let file) = stream.place {
            progress.cover(last)
            // What waits stands behind all of this file.
            if let waiting = stream.waiting, waiting.file != file { prove(file) }
            if !progress.singles.isEmpty, progress.singles.contains(BinlogPosition(file: file, offset: stream.end)) {
                prove(file)
            }
        }
        advance()
    }

    /// The records themselves show that all of the file has arrived.
    private mutating func prove(_ file: UInt32) {
        if file >= firstOpenFile { finished.insert(file) }
        if file >= progress.firstOpenFile { proven.insert(file) }
    }

    /// A record that waits, and bears the stamp at which another connection has arrived in that file, is the first one
    /// of the next file: no two senders read one file. In a backlog of operations this is all that tells of an end.
    private mutating func finishFilesThatEndWhereOneWaits() {
        for case let waiting? in streams.values.map(\.waiting) {
            let isEnd = streams.values.contains {
                $0.waiting == nil && $0.place == .file(waiting.file) && $0.end == waiting.offset
            }
            if isEnd { prove(waiting.file) }
        }
    }

    /// What arrives is left unread from here on, so what a source says of the ends of its files is not believed yet.
    mutating func pause() { evidence.pause() }

    /// Takes in what the source says of its own senders.
    ///
    /// A connection with a record that waits has more behind it that is not read, so nothing is believed finished from
    /// that record's file on. If the oldest open file is said to be finished, the first record that waits with its
    /// number need not wait: it is the last of that file, or the first of the next one.
    /// - Parameters:
    ///   - isReading: false while the hub leaves what arrives unread for other reasons.
    ///   - now: seconds of a clock that never goes backwards.
    mutating func observe(_ status: BinlogSenderStatus, isReading: Bool, now: Double) {
        placeSingles(before: BinlogPosition(file: status.producerFile, offset: status.producerOffset))
        guard isReading else {
            _ = evidence.observe(status, openFrom: progress.firstOpenFile, now: now)
            return pause()
        }
        let waiting = streams.filter { $0.value.waiting != nil }
        let limit = waiting.values.compactMap { $0.waiting?.file }.min() ?? .max
        let done = evidence.observe(status, openFrom: progress.firstOpenFile, limit: limit, now: now)
        finished.formUnion(done.read.filter { $0 >= firstOpenFile && $0 < limit })
        proven.formUnion(done.proven.filter { $0 < limit })
        advance()
        if limit == firstOpenFile, done.read.contains(limit) { releaseFirstWaiting(in: limit) }
        for (connection, stream) in streams.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            var stream = stream
            stream.observe(producerFile: status.producerFile)
            settle(stream, of: connection)
        }
    }

    /// What was covered before this epoch began, and bears the newest file's number, stands there: there is no next file
    /// yet for it to be the first record of. The records that follow would tell as well, but a slave that was promoted
    /// has none for the hub until somebody writes to it.
    private mutating func placeSingles(before end: BinlogPosition) {
        for single in known.singles where single.file == end.file && single < end { progress.cover(single) }
    }

    /// Below this place records may still come, if a connection has died and nobody knows it yet, although what depends
    /// on order has not waited for them. Nil when there is no such place.
    var unproven: BinlogPosition? {
        progress.firstOpenFile < firstOpenFile ? BinlogPosition(file: firstOpenFile, offset: 0) : nil
    }

    /// Everything up to the newest record has arrived, and nothing of it waits.
    var isInOrder: Bool { !isOvertaking && !streams.values.contains { $0.waiting != nil } }

    /// Records have arrived from files beyond one that is not finished.
    var isOvertaking: Bool {
        let newest = max(progress.marks.keys.max() ?? 0, progress.singles.map { $0.file &+ 1 }.max() ?? 0)
        return newest > firstOpenFile
    }

    private mutating func releaseFirstWaiting(in file: UInt32) {
        let candidates = streams.filter { $0.value.waiting?.file == file }
        let first = candidates.min {
            ($0.value.waiting?.offset ?? 0, $0.key.rawValue) < ($1.value.waiting?.offset ?? 0, $1.key.rawValue)
        }
        if let first { streams[first.key]?.release() }
    }

    private mutating func advance() {
        while finished.remove(firstOpenFile) != nil { firstOpenFile += 1 }
        while progress.firstOpenFile < firstOpenFile,
            proven.remove(progress.firstOpenFile) != nil
                || progress.marks.count + progress.singles.count > Self.maximumMarks
        {
            progress.coverFiles(below: progress.firstOpenFile + 1)
        }
        if !ahead.isEmpty { ahead = ahead.filter { !progress.isSuperset(of: $0.value) } }
    }
}
