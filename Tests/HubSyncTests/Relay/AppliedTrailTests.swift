import HubStore
import Testing

@testable import HubSync

/// The answer to a barrier says that commands are queued; workers apply them later, a kill loses the queues.
@Suite struct AppliedTrailTests {
    private var trail = AppliedTrail(through: ChunkSequence(3))

    @Test mutating func theAcknowledgedIsAppliedAfterAWhile() {
        trail.advance(acknowledged: ChunkSequence(5), now: 10)
        trail.advance(acknowledged: ChunkSequence(9), now: 11)
        #expect(trail.through == ChunkSequence(3))
        trail.advance(acknowledged: ChunkSequence(9), now: 10 + AppliedTrail.seconds)
        #expect(trail.through == ChunkSequence(5))
        trail.advance(acknowledged: ChunkSequence(9), now: 11 + AppliedTrail.seconds)
        #expect(trail.through == ChunkSequence(9))
    }

    /// BUGS 14: a server that is down applies nothing, however long it is.
    @Test mutating func timeInWhichTheLinkIsDownDoesNotCount() {
        trail.advance(acknowledged: ChunkSequence(5), now: 10)
        trail.interrupt()
        trail.advance(acknowledged: ChunkSequence(5), now: 100)
        #expect(trail.through == ChunkSequence(3))
        trail.advance(acknowledged: ChunkSequence(5), now: 100 + AppliedTrail.seconds)
        #expect(trail.through == ChunkSequence(5))
    }

    @Test mutating func manyAcknowledgementsAreFewSteps() {
        for step in 0..<1000 {
            trail.advance(acknowledged: ChunkSequence(UInt64(4 + step)), now: 10 + Double(step) / 100)
        }
        #expect(trail.through >= ChunkSequence(700) && trail.through < ChunkSequence(810))
    }
}
