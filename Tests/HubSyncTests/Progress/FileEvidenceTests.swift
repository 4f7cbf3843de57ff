import HubStore
import Testing

@testable import HubSync

/// A file is read when the source has said so for long enough without a break, and proven when it has for much longer.
@Suite struct FileEvidenceTests {
    private var evidence = FileEvidence()
    private var now = 10.0

    private static func status(
        producer: UInt32 = 9, window: ClosedRange<UInt32>? = 3...9, atEnd: [UInt32] = [], working: [UInt32] = []
    ) -> BinlogSenderStatus {
        BinlogSenderStatus(
            producerFile: producer, producerOffset: 0, window: window,
            senders: atEnd.map { .init(file: $0, isAtEnd: true) } + working.map { .init(file: $0, isAtEnd: false) })
    }

    /// Reports the same twice a second, at first at once; tells what is finished at the end.
    private mutating func report(
        _ status: BinlogSenderStatus = status(), for seconds: Double, openFrom: UInt32 = 3, limit: UInt32 = .max
    ) -> FileEvidence.Finished {
        let end = now + seconds
        var finished = evidence.observe(status, openFrom: openFrom, limit: limit, now: now)
        while now < end {
            now += 0.5
            finished = evidence.observe(status, openFrom: openFrom, limit: limit, now: now)
        }
        return finished
    }

    private let margin = FileEvidence.marginSeconds

    @Test mutating func filesBelowTheWindowAreReadAfterTheMargin() {
        #expect(report(for: 0, openFrom: 1).read == [])
        #expect(report(for: margin - 0.5, openFrom: 1).read == [])
        #expect(report(for: 0.5, openFrom: 1) == .init(read: [1, 2]))
    }

    /// A connection that dies is noticed within this time.
    @Test mutating func whatIsSaidForMuchLongerIsProven() {
        #expect(report(for: FileEvidence.proofSeconds - 0.5, openFrom: 1) == .init(read: [1, 2]))
        #expect(report(for: 0.5, openFrom: 1) == .init(read: [1, 2], proven: [1, 2]))
    }

    /// What waits, or is left unread, has no bearing on whether a connection is alive.
    @Test mutating func aPauseDelaysTheProofByTheMarginOnly() {
        _ = report(for: FileEvidence.proofSeconds, openFrom: 1)
        evidence.pause()
        #expect(report(for: margin - 0.5, openFrom: 1) == .init())
        #expect(report(for: 0.5, openFrom: 1) == .init(read: [1, 2], proven: [1, 2]))
    }

    /// BUGS 11: behind a record that waits nothing is read, so what lies there has not arrived when it goes on.
    @Test mutating func whileARecordWaitsTheMarginOfLaterFilesHasNotBegun() {
        let status = Self.status(window: 6...9)
        #expect(report(status, for: 10, openFrom: 4, limit: 4).read == [4])
        #expect(report(status, for: 0, openFrom: 4).read == [4])
        #expect(report(status, for: margin, openFrom: 4).read == [4, 5])
    }

    @Test mutating func aSenderAtTheEndOfAnEarlierFileFinishesIt() {
        #expect(report(Self.status(atEnd: [5], working: [6]), for: 0).read == [])
        #expect(report(Self.status(atEnd: [5], working: [6]), for: margin).read == [5])
    }

    /// It seems to be at the end for a moment whenever it has overtaken the writer.
    @Test mutating func theFileBeingWrittenIsNeverFinished() {
        #expect(report(Self.status(producer: 9, atEnd: [9]), for: 40, openFrom: 9) == .init())
    }

    @Test mutating func aBreakStartsTheMarginAnew() {
        _ = report(Self.status(atEnd: [5]), for: 40)
        _ = report(Self.status(working: [5]), for: 0)
        #expect(report(Self.status(atEnd: [5]), for: margin - 0.5).read == [])
        #expect(report(Self.status(atEnd: [5]), for: 0.5) == .init(read: [5]))
    }

    /// After a pause of the process it reads what arrived meanwhile in any order.
    @Test mutating func aLongSilenceCountsForLittle() {
        _ = report(for: 0, openFrom: 1)
        now += 40
        #expect(report(for: 0, openFrom: 1).read == [])
        #expect(report(for: margin, openFrom: 1) == .init(read: [1, 2]))
    }

    /// After a loss the senders' map shows old files while the window is `0 - -1`.
    @Test mutating func withoutAWindowNothingIsBelieved() {
        #expect(report(Self.status(window: nil, atEnd: [5]), for: 40) == .init())
    }

    @Test mutating func filesBelowTheOpenOneAreNotOfInterest() {
        #expect(report(Self.status(atEnd: [3, 4]), for: 40, openFrom: 5) == .init())
    }

    /// A binlog that has jumped far ahead does not make a set of millions.
    @Test mutating func aFarJumpIsBounded() {
        let status = Self.status(producer: .max, window: 4_000_000_000...4_000_000_001)
        #expect(report(status, for: margin, openFrom: 0).read.count == 4096)
    }
}
