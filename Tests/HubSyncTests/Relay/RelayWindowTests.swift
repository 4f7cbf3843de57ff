import HubStore
import Testing

@testable import HubSync

@Suite struct RelayWindowTests {
    private var window = RelayWindow(
        first: ChunkSequence(1), next: ChunkSequence(1), keptBytes: 0, maximumWindowBytes: 1000)

    private mutating func append(_ numbers: ClosedRange<UInt64>, count: Int = 100, at now: Double = 0) {
        for number in numbers { window.append(chunk(number, count: count), now: now) }
    }

    @Test mutating func theNewestChunksAreInMemory() {
        append(1...25)
        #expect(window.next == ChunkSequence(26) && window.firstInMemory == ChunkSequence(16))
        #expect(window.windowBytes == 1000)
        #expect(window.chunk(ChunkSequence(15)) == nil && window.chunk(ChunkSequence(26)) == nil)
        for number in UInt64(16)...25 {
            #expect(window.chunk(ChunkSequence(number))?.sequence == ChunkSequence(number))
        }
    }

    @Test mutating func oneChunkStaysHoweverLargeItIs() {
        append(1...3, count: 5000)
        #expect(window.firstInMemory == ChunkSequence(3) && window.chunk(ChunkSequence(3)) != nil)
    }

    /// The places of forgotten chunks are given back now and then; the numbers must not shift.
    @Test mutating func chunksKeepTheirNumbersForEver() {
        for number in UInt64(1)...1000 {
            append(number...number)
            #expect(window.chunk(ChunkSequence(number))?.sequence == ChunkSequence(number))
            let first = window.firstInMemory
            #expect(window.chunk(first)?.sequence == first)
        }
    }

    @Test mutating func droppedChunksLeaveMemoryToo() {
        append(1...8)
        window.drop(through: ChunkSequence(5))
        #expect(window.firstInMemory == ChunkSequence(6) && window.windowBytes == 300)
        #expect(window.droppedThrough == ChunkSequence(5))
        window.drop(through: ChunkSequence(3))
        #expect(window.droppedThrough == ChunkSequence(5))
    }

    @Test mutating func whatIsKeptOnDiskIsCountedInRuns() {
        append(1...40, count: 1 << 20)
        let all = 40 * (1 << 20 + 64)
        #expect(window.keptBytes == all)
        window.drop(through: ChunkSequence(10))
        #expect(window.keptBytes == all, "part of a run is not given back")
        window.drop(through: ChunkSequence(16))
        #expect(window.keptBytes == all - 16 * (1 << 20 + 64))
        window.drop(through: ChunkSequence(40))
        #expect(window.keptBytes == 0)
    }

    @Test func whatWasOnDiskBeforeIsCountedToo() {
        var window = RelayWindow(
            first: ChunkSequence(5), next: ChunkSequence(9), keptBytes: 700, maximumWindowBytes: 1000)
        #expect(window.keptBytes == 700 && window.droppedThrough == ChunkSequence(4))
        #expect(window.chunk(ChunkSequence(8)) == nil && window.firstInMemory == ChunkSequence(9))
        #expect(window.droppable(acknowledged: ChunkSequence(8), applied: ChunkSequence(0)) == ChunkSequence(8))
        window.drop(through: ChunkSequence(8))
        #expect(window.keptBytes == 0)
    }

    /// A killed Pika loses what its worker queues held although it had acknowledged it.
    @Test mutating func theAcknowledgedIsKeptUntilItIsApplied() {
        append(1...4)
        #expect(window.droppable(acknowledged: ChunkSequence(4), applied: ChunkSequence(0)) == ChunkSequence(0))
        #expect(window.droppable(acknowledged: ChunkSequence(4), applied: ChunkSequence(3)) == ChunkSequence(3))
        #expect(window.droppable(acknowledged: ChunkSequence(4), applied: ChunkSequence(4)) == ChunkSequence(4))
    }

    @Test mutating func theUnacknowledgedIsNeverDroppable() {
        append(1...3)
        #expect(window.droppable(acknowledged: ChunkSequence(2), applied: ChunkSequence(2)) == ChunkSequence(2))
    }

    @Test mutating func onlySoMuchOfTheAcknowledgedIsKept() {
        window = RelayWindow(
            first: ChunkSequence(1), next: ChunkSequence(1), keptBytes: 0, maximumWindowBytes: 100 << 20)
        append(1...10, count: 1 << 20)
        #expect(window.droppable(acknowledged: ChunkSequence(10), applied: ChunkSequence(0)) == ChunkSequence(6))
    }

    @Test mutating func whatADestinationLacksIsCounted() {
        let (one, two, three) = (ServerID(1), ServerID(2), ServerID(3))
        append(1...3, at: 10)
        window.append(chunk(4, source: 2), now: 20)
        #expect(window.lag(of: three, after: ChunkSequence(1))[one] == .init(records: 2, bytes: 200, since: 10))
        #expect(window.lag(of: three, after: ChunkSequence(1))[two] == .init(records: 1, bytes: 10, since: 20))
        #expect(window.lag(of: two, after: ChunkSequence(0)).keys.sorted() == [one], "not its own")
        #expect(window.lag(of: three, after: ChunkSequence(4)).isEmpty)
    }

    /// What has left memory is counted in runs of 16 MiB.
    @Test mutating func whatIsOnlyOnDiskIsCountedToo() {
        append(1...20, count: 1 << 20, at: 10)
        append(21...40, count: 1 << 20, at: 20)
        let lag = window.lag(of: ServerID(2), after: ChunkSequence(20))[ServerID(1)]
        #expect(lag == .init(records: 24, bytes: 24 << 20, since: 10), "17 to 40: the run of 17 to 32 is one")
    }

    @Test func whatWasOnDiskBeforeHasNoRecords() {
        var window = RelayWindow(
            first: ChunkSequence(5), next: ChunkSequence(9), keptBytes: 700, maximumWindowBytes: 1000)
        window.append(chunk(9), now: 3)
        #expect(window.lag(of: ServerID(2), after: ChunkSequence(4))[ServerID(1)]?.records == 1)
    }
}
