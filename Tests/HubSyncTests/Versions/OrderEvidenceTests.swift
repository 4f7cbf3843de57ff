import HubStore
import Testing

@testable import HubSync

/// `design/convergence.md`, "Evidence of order"; `protocol/pika-2.3-hub.md`, section 4.
@Suite struct OrderEvidenceTests {
    private var evidence = OrderEvidence()

    private mutating func add(_ file: UInt32, _ offset: UInt64, _ acknowledged: UInt64, time: Double = 0) {
        evidence.add(
            .init(
                file: file, offset: offset, acknowledged: ChunkSequence(acknowledged),
                applied: ChunkSequence(acknowledged - acknowledged / 2), time: time))
    }

    private func following(_ chunk: UInt64, _ file: UInt32, _ offset: UInt64) -> OrderEvidence.Following {
        evidence.following(ChunkSequence(chunk), file: file, offset: offset)
    }

    /// What was acknowledged lately may still wait for a worker, and be applied on top.
    @Test mutating func aRecordAtTheSampledEndFollowsWhatWasApplied() {
        add(3, 500, 8)
        #expect(following(1, 3, 499) == .no)
        #expect(following(4, 3, 500) == .yes && following(4, 4, 0) == .yes)
        #expect(following(5, 3, 500) == .covered && following(8, 3, 500) == .covered)
        #expect(following(9, 3, 500) == .no)
    }

    @Test mutating func theNewestSampleBeforeTheRecordCounts() {
        for (offset, through) in [(100, 2), (200, 10), (300, 18)] as [(UInt64, UInt64)] { add(3, offset, through) }
        #expect(following(5, 3, 250) == .yes && following(9, 3, 250) == .covered && following(11, 3, 250) == .no)
    }

    @Test mutating func anotherSampleOfTheSamePlaceReplaces() {
        add(3, 500, 8)
        add(3, 500, 20)
        #expect(evidence.samples.count == 1 && following(10, 3, 500) == .yes)
    }

    /// File and offset of `INFO log` are read without a lock.
    @Test mutating func aSampleThatGoesBackwardsIsNotTaken() {
        add(4, 0, 8)
        add(3, 900, 20)
        #expect(following(4, 4, 50) == .yes && following(10, 4, 50) == .no)
    }

    @Test mutating func samplesAreBounded() {
        for number in UInt64(0)..<1000 { add(3, number, number) }
        #expect(evidence.samples.count == 256)
        #expect(following(999, 3, 999) == .covered)
    }

    /// What was delivered before the link broke may be delivered again.
    @Test mutating func evidenceOfAnEarlierEpochIsNoProofOfWhatIsOnTop() {
        add(3, 100, 8)
        evidence.beginEpoch()
        #expect(following(4, 3, 150) == .covered && following(9, 3, 150) == .no && following(4, 3, 99) == .no)
        add(3, 200, 8)
        #expect(following(4, 3, 150) == .covered && following(4, 3, 200) == .yes)
    }

    @Test mutating func whatHasBeenReadPastASampleIsSettled() {
        add(3, 100, 2, time: 10)
        add(3, 200, 10, time: 10)
        func settled(_ file: UInt32, _ offset: UInt64) -> OrderEvidence.Settled? {
            var evidence = evidence
            return evidence.settled(readUpTo: BinlogPosition(file: file, offset: offset), quietSince: 10, now: 10)
        }
        #expect(settled(3, 99) == nil)
        #expect(settled(3, 199) == .init(through: ChunkSequence(1)))
        #expect(settled(3, 200) == .init(through: ChunkSequence(5)))
    }

    /// Nothing has come for longer than a sender sleeps. If something comes all the same, it is known what it may miss.
    @Test mutating func anOldSampleOfAQuietServerIsOvertakenWithoutProof() {
        add(3, 100, 2, time: 10)
        let now = 10 + OrderEvidence.overtakenSeconds
        let position = BinlogPosition(file: 3, offset: 50)
        #expect(evidence.settled(readUpTo: position, quietSince: 11, now: now) == nil)
        let expected = OrderEvidence.Settled(
            through: ChunkSequence(1), unproven: BinlogPosition(file: 3, offset: 100))
        #expect(evidence.settled(readUpTo: position, quietSince: 10, now: now) == expected)
    }

    /// Records that are under way still follow it.
    @Test mutating func theSettledSampleStays() {
        add(3, 100, 2, time: 10)
        _ = evidence.settled(readUpTo: BinlogPosition(file: 3, offset: 100), quietSince: 10, now: 10)
        #expect(following(1, 3, 150) == .yes)
    }
}
