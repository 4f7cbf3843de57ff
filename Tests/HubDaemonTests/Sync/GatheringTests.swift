import Testing

@testable import HubDaemon

@Suite struct GatheringTests {
    private var gathering = Gathering()

    /// Reads of `bytes` each for a tick of 50 ms.
    private mutating func tick(reads: Int, bytes: Int) -> Bool {
        for _ in 0..<reads { gathering.read(bytes) }
        return gathering.tick(elapsed: 0.05)
    }

    /// 10,000 records of 200 bytes a second: two of them for one wake-up.
    @Test mutating func bytesGatherAtThePaceOfTheLastTick() {
        let isGathering = tick(reads: 500, bytes: 200)
        #expect(isGathering)
        #expect(gathering.mark == 300)
    }

    @Test(arguments: [(reads: 50, bytes: 200), (reads: 500, bytes: 64 << 10)])
    mutating func aSlowSourceAndAFastOneAreNotHeldBack(reads: Int, bytes: Int) {
        let isGathering = tick(reads: reads, bytes: bytes)
        #expect(!isGathering)
        #expect(gathering.mark == 1)
    }

    @Test mutating func aPaceThatWaversChangesNothing() {
        _ = tick(reads: 500, bytes: 200)
        let hasChanged = tick(reads: 250, bytes: 380)
        #expect(!hasChanged)
        #expect(gathering.mark == 300)
        let hasChangedMore = tick(reads: 250, bytes: 800)
        #expect(hasChangedMore)
        #expect(gathering.mark == 600)
    }

    /// What is below the mark must not wait for bytes that never come.
    @Test mutating func silenceEndsIt() {
        _ = tick(reads: 500, bytes: 200)
        let early = gathering.isStill()
        #expect(!early, "something was read since the check before")
        gathering.read(400)
        let afterARead = gathering.isStill()
        #expect(!afterARead)
        let later = gathering.isStill()
        #expect(later)
        #expect(gathering.mark == 1)
    }

    @Test mutating func aSourceThatSlowsDownIsReadAtOnceAgain() {
        _ = tick(reads: 500, bytes: 200)
        let hasChanged = tick(reads: 20, bytes: 400)
        #expect(hasChanged)
        #expect(gathering.mark == 1)
    }
}
