import HubStore
import Testing

@testable import HubSync

/// `design/convergence.md`, "Evidence of order"; `protocol/pika-2.3-hub.md`, section 4.
@Suite struct OrderEvidenceTests {
    private var evidence = OrderEvidence()

    private mutating func add(_ file: UInt32, _ offset: UInt64, through: UInt64, time: Double = 0) {
        evidence.add(.init(file: file, offset: offset, through: ChunkSequence(through), time: time))
    }

    @Test mutating func aRecordAtTheSampledEndFollows() {
        add(3, 500, through: 7)
        #expect(evidence.followed(file: 3, offset: 499) == nil)
        #expect(evidence.followed(file: 3, offset: 500) == ChunkSequence(7))
        #expect(evidence.followed(file: 4, offset: 0) == ChunkSequence(7))
    }

    @Test mutating func theNewestSampleBeforeTheRecordCounts() {
        for (offset, through) in [(100, 1), (200, 5), (300, 9)] as [(UInt64, UInt64)] {
            add(3, offset, through: through)
        }
        #expect(evidence.followed(file: 3, offset: 250) == ChunkSequence(5))
    }

    @Test mutating func anotherSampleOfTheSamePlaceReplaces() {
        add(3, 500, through: 7)
        add(3, 500, through: 9)
        #expect(evidence.samples.count == 1 && evidence.followed(file: 3, offset: 500) == ChunkSequence(9))
    }

    /// File and offset of `INFO log` are read without a lock.
    @Test mutating func aSampleThatGoesBackwardsIsNotTaken() {
        add(4, 0, through: 7)
        add(3, 900, through: 9)
        #expect(evidence.followed(file: 4, offset: 50) == ChunkSequence(7))
    }

    @Test mutating func samplesAreBounded() {
        for number in UInt64(0)..<1000 { add(3, number, through: number) }
        #expect(evidence.samples.count == 256)
        #expect(evidence.followed(file: 3, offset: 999) == ChunkSequence(999))
    }

    @Test mutating func whatHasBeenReadPastASampleIsSettled() {
        add(3, 100, through: 1, time: 10)
        add(3, 200, through: 5, time: 10)
        #expect(evidence.settled(readUpTo: nil, now: 10) == nil)
        #expect(evidence.settled(readUpTo: position(3, 99), now: 10) == nil)
        #expect(evidence.settled(readUpTo: position(3, 199), now: 10) == ChunkSequence(1))
        #expect(evidence.settled(readUpTo: position(3, 200), now: 10) == ChunkSequence(5))
    }

    @Test mutating func anOldSampleIsOvertaken() {
        add(3, 100, through: 1, time: 10)
        #expect(evidence.settled(readUpTo: nil, now: 10 + OrderEvidence.overtakenSeconds) == ChunkSequence(1))
    }

    /// Records that are under way still follow it.
    @Test mutating func theSettledSampleStays() {
        add(3, 100, through: 1, time: 10)
        _ = evidence.settled(readUpTo: position(3, 100), now: 10)
        #expect(evidence.followed(file: 3, offset: 150) == ChunkSequence(1))
    }
}
