import HubStore
import Testing

@testable import HubSync

private let one = LinkConnectionID(1)
private let two = LinkConnectionID(2)

extension SourceReader {
    /// Judges one record of 100 bytes and, unless it has to wait, moves past it.
    @discardableResult
    mutating func take(
        _ file: UInt32, _ offset: UInt64, on connection: LinkConnectionID = one, ordered: Bool = false
    ) -> Verdict {
        guard var stream = stream(connection) else { preconditionFailure("connection \(connection) is not open") }
        let (verdict, located) = judge(BinlogRecord(at: file, offset), in: &stream, ordered: ordered)
        if case .hold = verdict {
            stream.wait(file: file, offset: offset)
        } else if let located {
            pass(located, length: 100, in: &stream)
        }
        settle(stream, of: connection)
        return verdict
    }

    /// Judges records of 100 bytes that arrive in one read, and moves past them.
    fileprivate mutating func read(_ stamps: (UInt32, UInt64)..., on connection: LinkConnectionID = one) {
        guard var stream = stream(connection) else { preconditionFailure("connection \(connection) is not open") }
        for (file, offset) in stamps {
            let (_, located) = judge(BinlogRecord(at: file, offset), in: &stream, ordered: false)
            if let located { pass(located, length: 100, in: &stream) }
        }
        settle(stream, of: connection)
    }

    /// An epoch from the start of `file` on the given connections.
    fileprivate mutating func begin(_ file: UInt32, on connections: LinkConnectionID...) {
        beginEpoch(at: file)
        for connection in connections { opened(connection) }
    }

    /// Tells of the same status until it is believed, or for `seconds`.
    fileprivate mutating func observe(lastingly status: BinlogSenderStatus, for seconds: Int = 10) {
        for second in 0...seconds { observe(status, isReading: true, now: Double(second)) }
    }
}

/// `protocol/pika-2.3-hub.md`, section 2.
@Suite struct SourceReaderTests {
    private var reader = SourceReader()

    // MARK: Progress

    /// File 3's own records may still be under way on another connection.
    @Test mutating func theRollsStampMovesNoMarkOfTheEarlierFile() {
        reader.begin(3, on: one, two)
        reader.take(3, 0, on: one)
        reader.take(3, 108, on: one)
        reader.take(3, 20002, on: two)
        reader.take(4, 146, on: two)
        #expect(reader.progress.covers(position(3, 108)) && reader.progress.covers(position(3, 20002)))
        #expect(!reader.progress.covers(position(3, 216)))
        #expect(reader.progress.firstOpenFile == 3)
    }

    /// The only connection has brought one record, which waits for a file without records for the hub, and may itself
    /// stand in the next file or in the one after that.
    @Test mutating func theFirstRecordOfAnEpochDoesNotWaitForEver() {
        reader.begin(6, on: one)
        #expect(reader.take(7, 790, ordered: true) == .hold(undecided: false))
        let status = BinlogSenderStatus(producerFile: 19, producerOffset: 9, window: 18...19)
        reader.observe(lastingly: status)
        #expect(reader.take(7, 790, ordered: true) == .everyone)
    }

    @Test mutating func aJumpOfTheConnectionFinishesItsFile() {
        reader.begin(3, on: one)
        for (file, offset) in [(3, 0), (3, 108), (13, 20139)] as [(UInt32, UInt64)] { reader.take(file, offset) }
        #expect(reader.progress.firstOpenFile == 4)
    }

    /// The next file's first record, on whichever connection, tells how long the file is.
    @Test(arguments: [true, false])
    mutating func theRollsStampProvesAFileThatEndsThere(stampComesFirst: Bool) {
        reader.begin(3, on: one, two)
        let stamp: (UInt32, UInt64) = (3, 216)
        if stampComesFirst { reader.take(stamp.0, stamp.1, on: two) }
        reader.take(3, 0, on: one)
        #expect(reader.progress.firstOpenFile == 3)
        reader.take(3, 108, on: one)
        if !stampComesFirst { reader.take(stamp.0, stamp.1, on: two) }
        #expect(reader.progress.firstOpenFile == 4)
    }

    @Test mutating func aLaterFileAloneOpensNothing() {
        reader.begin(3, on: one)
        for (file, offset) in [(5, 0), (5, 108), (6, 0)] as [(UInt32, UInt64)] { reader.take(file, offset) }
        #expect(reader.firstOpenFile == 3)
        reader.observe(lastingly: .init(producerFile: 6, producerOffset: 9, window: 5...6))
        #expect(reader.firstOpenFile == 6)
    }

    /// The file is left in the middle of a read, while an earlier one is open.
    @Test mutating func aJumpKeepsTheMarkOfItsFile() {
        reader.begin(3, on: one)
        reader.read((5, 0), (5, 108), (5, 216), (13, 20139))
        reader.begin(3, on: one)
        for offset in [0, 108, 216] as [UInt64] { #expect(reader.take(5, offset) == .duplicate) }
    }

    // MARK: The source's word

    private static let fileThreeIsSent = BinlogSenderStatus(producerFile: 6, producerOffset: 9, window: 4...6)

    /// Records of file 3 may have been lost with a connection whose death nobody has noticed.
    @Test mutating func aPositionWaitsLongerThanTheOrderForTheSourcesWord() {
        reader.begin(3, on: one, two)
        reader.take(3, 0, on: one)
        reader.take(4, 0, on: two)
        reader.observe(lastingly: Self.fileThreeIsSent, for: 29)
        #expect(reader.take(4, 108, on: two, ordered: true) == .everyone)
        #expect(reader.firstOpenFile == 4 && reader.progress.firstOpenFile == 3)
        #expect(reader.unproven == position(4, 0))
        reader.begin(3, on: one, two)
        #expect(reader.take(3, 0, on: one) == .duplicate)
        #expect(reader.take(3, 108, on: one) == .everyone)
        #expect(reader.take(4, 0, on: two) == .duplicate)
        #expect(reader.take(4, 108, on: two, ordered: true) == .duplicate)
    }

    @Test mutating func aLivingConnectionHasBroughtWhatTheSourceSaysInTheEnd() {
        reader.begin(3, on: one, two)
        reader.take(3, 0, on: one)
        reader.observe(lastingly: Self.fileThreeIsSent, for: 30)
        #expect(reader.progress.firstOpenFile == 4 && reader.unproven == nil)
    }

    /// It was the last of file 3 or the first of file 4; others of file 3 may be lost.
    @Test mutating func whatNeedNotWaitAnyMoreCoversNothingBeforeIt() {
        reader.begin(3, on: one, two)
        reader.take(3, 0, on: one)
        #expect(reader.take(3, 20002, on: two, ordered: true) == .hold(undecided: true))
        let status = BinlogSenderStatus(
            producerFile: 4, producerOffset: 9, window: 3...4, senders: [.init(file: 3, isAtEnd: true)])
        reader.observe(lastingly: status)
        #expect(reader.take(3, 20002, on: two, ordered: true) == .everyone)
        #expect(!reader.progress.covers(position(3, 108)))
    }

    @Test mutating func aConnectionThatWaitsBehindAFileHasBroughtAllOfIt() {
        reader.begin(3, on: one)
        reader.take(3, 0)
        reader.take(3, 108)
        #expect(reader.take(5, 20002, ordered: true) == .hold(undecided: false))
        #expect(reader.progress.firstOpenFile == 4)
    }

    /// Files of one record each, all of which end with records that are not for the hub.
    @Test mutating func whatIsNotProvenIsBounded() {
        reader.begin(0, on: one)
        for file in UInt32(0)..<400 {
            reader.opened(LinkConnectionID(UInt64(file)))
            reader.read((file, 10), (file, 118), on: LinkConnectionID(UInt64(file)))
        }
        reader.observe(lastingly: .init(producerFile: 400, producerOffset: 9, window: 400...400))
        #expect(reader.firstOpenFile == 400)
        #expect(reader.progress.marks.count == SourceReader.maximumMarks && reader.progress.firstOpenFile == 144)
    }

    @Test mutating func aStampThatGoesBackwardsIsNoRecord() {
        reader.begin(3, on: one)
        reader.take(3, 0)
        reader.take(3, 108)
        #expect(reader.take(3, 50) == .backwards(after: position(3, 108)))
    }

    // MARK: Operations

    @Test mutating func anOperationWaitsForEarlierFiles() {
        reader.begin(3, on: one, two)
        reader.take(3, 0, on: one)
        #expect(reader.take(4, 0, on: two) == .everyone)
        #expect(reader.take(4, 108, on: two, ordered: true) == .hold(undecided: false))
        reader.observe(lastingly: .init(producerFile: 4, producerOffset: 9, window: 4...4))
        #expect(reader.take(4, 108, on: two, ordered: true) == .everyone)
    }

    /// In a backlog of operations every connection but one waits, each with the first record of its file.
    @Test(arguments: [true, false])
    mutating func theStampOfARecordThatWaitsProvesTheEndOfTheFileBefore(waitsFirst: Bool) {
        reader.begin(3, on: one, two)
        let wait = { (reader: inout SourceReader) in
            #expect(reader.take(3, 216, on: two, ordered: true) == .hold(undecided: true))
        }
        reader.take(3, 0, on: one)
        if waitsFirst { wait(&reader) }
        reader.take(3, 108, on: one)
        if !waitsFirst { wait(&reader) }
        #expect(reader.progress.firstOpenFile == 4)
        #expect(reader.take(3, 216, on: two, ordered: true) == .everyone)
    }

    @Test mutating func aPauseStartsTheMarginAnew() {
        reader.begin(3, on: one)
        let status = BinlogSenderStatus(producerFile: 6, producerOffset: 9, window: 5...6)
        for now in [0.0, 1, 2] { reader.observe(status, isReading: true, now: now) }
        reader.pause()
        for now in [3.0, 4, 5] { reader.observe(status, isReading: true, now: now) }
        #expect(reader.firstOpenFile == 3)
        reader.observe(status, isReading: true, now: 6)
        #expect(reader.firstOpenFile == 5)
    }

    @Test mutating func anOperationInTheOldestFileDoesNotWait() {
        reader.begin(3, on: one)
        reader.take(3, 0)
        #expect(reader.take(3, 108, ordered: true) == .everyone)
    }

    @Test mutating func aFirstOperationIsDecidedByTwoReports() {
        reader.begin(3, on: one)
        #expect(reader.take(3, 50, ordered: true) == .hold(undecided: true))
        let status = BinlogSenderStatus(producerFile: 3, producerOffset: 900)
        reader.observe(status, isReading: true, now: 0)
        #expect(reader.take(3, 50, ordered: true) == .hold(undecided: true))
        reader.observe(status, isReading: true, now: 1)
        #expect(reader.take(3, 50, ordered: true) == .everyone)
        #expect(reader.progress.covers(position(3, 10)))
    }

    /// A connection that goes on with the next file has brought all of the one before.
    @Test mutating func anOperationAfterARollIsOnlyUndecided() {
        reader.begin(3, on: one)
        for offset in [0, 108, 20002] as [UInt64] { reader.take(3, offset, ordered: offset > 0) }
        #expect(reader.take(4, 146, ordered: true) == .hold(undecided: true))
    }

    /// What is held has been sent, so its sender is at the end of the file; it has not been handed on all the same.
    @Test mutating func aFileOfWhichARecordIsHeldIsNotFinished() {
        reader.begin(3, on: one, two)
        reader.take(3, 0, on: one)
        reader.take(4, 0, on: two)
        reader.take(4, 108, on: two, ordered: true)
        reader.observe(lastingly: .init(producerFile: 6, producerOffset: 9, window: 5...6))
        #expect(reader.firstOpenFile == 4)
        #expect(reader.take(4, 108, on: two, ordered: true) == .everyone)
    }

    /// The only record of its file, and the server is further on: nothing but the end of the file decides.
    @Test mutating func aFirstOperationIsDecidedByTheEndOfItsFile() {
        reader.begin(3, on: one)
        reader.take(3, 50, ordered: true)
        let status = BinlogSenderStatus(
            producerFile: 4, producerOffset: 9, window: 3...3, senders: [.init(file: 3, isAtEnd: true)])
        reader.observe(lastingly: status)
        #expect(reader.progress.firstOpenFile == 3)
        #expect(reader.take(3, 50, ordered: true) == .everyone)
    }

    /// A slave that was promoted never sends again what its master sent last, so no later record tells in which file that
    /// stands. There is no file after the newest for it to be the first record of.
    @Test mutating func aFirstRecordOfAnEarlierEpochStandsInTheNewestFile() {
        reader.begin(3, on: one)
        reader.take(3, 0)
        reader.take(4, 338)
        reader.begin(4, on: two)
        #expect(!reader.isInOrder)
        reader.observe(.init(producerFile: 4, producerOffset: 500, window: 4...4), isReading: true, now: 0)
        #expect(reader.isInOrder)
        #expect(reader.progress.covers(position(4, 200)))
        #expect(!reader.progress.covers(position(4, 339)))
    }

    /// Relay log full, or stopping: what has been sent lies unread.
    @Test mutating func whileNothingIsReadNothingIsFinished() {
        reader.begin(3, on: one)
        let status = BinlogSenderStatus(producerFile: 6, producerOffset: 9, window: 5...6)
        for now in 0..<60 { reader.observe(status, isReading: now == 0, now: Double(now)) }
        for now in [60.0, 61, 62] { reader.observe(status, isReading: true, now: now) }
        #expect(reader.firstOpenFile == 3)
    }

    // MARK: Epochs

    @Test mutating func aNewEpochBringsDuplicates() {
        reader.begin(3, on: one)
        for offset in [0, 108, 216] as [UInt64] { reader.take(3, offset) }
        reader.begin(3, on: two)
        for offset in [0, 108, 216] as [UInt64] { #expect(reader.take(3, offset, on: two) == .duplicate) }
        #expect(reader.take(3, 324, on: two) == .everyone)
        #expect(reader.take(3, 432, on: two) == .everyone)
    }

    /// The break came between two parts of an MSET, which share their stamp.
    @Test mutating func aNewEpochGoesOnInsideAnMSET() {
        reader.begin(3, on: one)
        for offset in [0, 108, 108] as [UInt64] { reader.take(3, offset) }
        reader.begin(3, on: two)
        for offset in [0, 108, 108] as [UInt64] { #expect(reader.take(3, offset, on: two) == .duplicate) }
        #expect(reader.take(3, 108, on: two) == .everyone)
    }

    @Test mutating func aFilesFirstRecordIsADuplicateToo() {
        reader.begin(3, on: one, two)
        reader.take(3, 20002, on: one)
        reader.take(4, 146, on: one)
        reader.begin(3, on: one, two)
        #expect(reader.take(3, 20002, on: one) == .duplicate)
        #expect(reader.take(3, 0, on: two) == .everyone)
        #expect(reader.take(3, 108, on: two) == .everyone)
        #expect(reader.take(4, 146, on: one) == .duplicate)
    }

    @Test mutating func connectionsEndWithTheEpoch() {
        reader.begin(3, on: one)
        reader.beginEpoch(at: 3)
        #expect(reader.stream(one) == nil)
    }

    @Test mutating func aLaterStartSkipsWhatIsGone() {
        reader.begin(7, on: one)
        #expect(reader.progress.firstOpenFile == 7)
        #expect(reader.take(7, 0) == .everyone)
    }
}
