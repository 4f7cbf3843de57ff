import HubStore
import Testing

@testable import HubSync

/// A file is finished when the source has said so for long enough without a break.
@Suite struct FileEvidenceTests {
    private func status(
        producer: UInt32 = 9, window: ClosedRange<UInt32>? = 3...9, atEnd: [UInt32] = [], working: [UInt32] = []
    ) -> BinlogSenderStatus {
        BinlogSenderStatus(
            producerFile: producer, producerOffset: 0, window: window,
            senders: atEnd.map { .init(file: $0, isAtEnd: true) } + working.map { .init(file: $0, isAtEnd: false) })
    }

    private let margin = FileEvidence.marginSeconds

    @Test func filesBelowTheWindowAreFinishedAfterTheMargin() {
        var evidence = FileEvidence()
        #expect(evidence.observe(status(), openFrom: 1, now: 10) == [])
        #expect(evidence.observe(status(), openFrom: 1, now: 10 + margin - 0.01) == [])
        #expect(evidence.observe(status(), openFrom: 1, now: 10 + margin).sorted() == [1, 2])
    }

    /// BUGS 11: behind a record that waits nothing is read, so what lies there has not arrived when it goes on.
    @Test func whileARecordWaitsTheMarginOfLaterFilesHasNotBegun() {
        var evidence = FileEvidence()
        let status = status(window: 6...9)
        for now in [10.0, 20] {
            let finished = evidence.observe(status, openFrom: 4, limit: 4, now: now)
            #expect(finished == (now == 10 ? [] : [4]))
        }
        #expect(evidence.observe(status, openFrom: 4, now: 20.1) == [4])
        #expect(evidence.observe(status, openFrom: 4, now: 20.1 + margin) == [4, 5])
    }

    @Test func aSenderAtTheEndOfAnEarlierFileFinishesIt() {
        var evidence = FileEvidence()
        for now in [10, 10 + margin] {
            let finished = evidence.observe(status(atEnd: [5], working: [6]), openFrom: 3, now: now)
            #expect(finished == (now == 10 ? [] : [5]))
        }
    }

    /// It seems to be at the end for a moment whenever it has overtaken the writer.
    @Test func theFileBeingWrittenIsNeverFinished() {
        var evidence = FileEvidence()
        for now in [10.0, 20, 30] {
            #expect(evidence.observe(status(producer: 9, atEnd: [9]), openFrom: 9, now: now) == [])
        }
    }

    @Test func aBreakStartsTheMarginAnew() {
        var evidence = FileEvidence()
        _ = evidence.observe(status(atEnd: [5]), openFrom: 3, now: 10)
        _ = evidence.observe(status(working: [5]), openFrom: 3, now: 11)
        _ = evidence.observe(status(atEnd: [5]), openFrom: 3, now: 12)
        #expect(evidence.observe(status(atEnd: [5]), openFrom: 3, now: 12 + margin - 0.01) == [])
        #expect(evidence.observe(status(atEnd: [5]), openFrom: 3, now: 12 + margin) == [5])
    }

    /// After a loss the senders' map shows old files while the window is `0 - -1`.
    @Test func withoutAWindowNothingIsBelieved() {
        var evidence = FileEvidence()
        for now in [10.0, 20] {
            #expect(evidence.observe(status(window: nil, atEnd: [5]), openFrom: 3, now: now) == [])
        }
    }

    @Test func filesBelowTheOpenOneAreNotOfInterest() {
        var evidence = FileEvidence()
        for now in [10.0, 20] {
            #expect(evidence.observe(status(atEnd: [3, 4]), openFrom: 5, now: now) == [])
        }
    }

    /// A binlog that has jumped far ahead does not make a set of millions.
    @Test func aFarJumpIsBounded() {
        var evidence = FileEvidence()
        _ = evidence.observe(status(producer: .max, window: 4_000_000_000...4_000_000_001), openFrom: 0, now: 0)
        let finished = evidence.observe(
            status(producer: .max, window: 4_000_000_000...4_000_000_001), openFrom: 0, now: margin)
        #expect(finished.count == 4096)
    }
}
