import HubStore
import Testing

@testable import HubSync

/// The only acknowledgement is the answer to a PING behind the commands (`protocol/pika-2.3-hub.md`, section 3).
@Suite struct DeliveryTests {
    private var window = RelayWindow(
        first: ChunkSequence(1), next: ChunkSequence(1), keptBytes: 0, maximumWindowBytes: 1 << 30)
    private var delivery = Delivery(server: ServerID(2), acknowledged: ChunkSequence(0))
    private var now = 0.0

    private mutating func append(_ sources: UInt32..., count: Int = 10) {
        for source in sources { window.append(chunk(window.next.rawValue, source: source, count: count), now: 0) }
    }

    /// Steps until there is nothing to do: the numbers of sent chunks, `PING` for a barrier, `read n`.
    private mutating func run() -> String {
        var steps: [String] = []
        now += 1
        while true {
            switch delivery.step(window, now: now) {
            case .send(let chunk): steps.append("\(chunk.sequence)")
            case .barrier: steps.append("PING")
            case .read(let from): return (steps + ["read \(from)"]).joined(separator: " ")
            case .wait: return steps.joined(separator: " ")
            }
        }
    }

    @Test mutating func aRunOfChunksEndsWithABarrier() {
        append(1, 1, 3)
        #expect(run() == "1 2 3 PING")
        #expect(run() == "" && delivery.bytesInFlight == 30)
        #expect(delivery.recordsSent == 3 && delivery.bytesSent == 30)
    }

    @Test mutating func theAnswerAcknowledgesWhatStoodBeforeTheBarrier() {
        append(1, 1)
        _ = run()
        append(1)
        #expect(run() == "3 PING")
        #expect(delivery.acknowledged == ChunkSequence(0))
        #expect(delivery.answered()?.map(\.chunk.sequence.rawValue) == [1, 2])
        #expect(delivery.acknowledged == ChunkSequence(2) && delivery.bytesInFlight == 10)
        #expect(delivery.answered()?.map(\.chunk.sequence.rawValue) == [3])
        #expect(delivery.answered() == nil && delivery.bytesInFlight == 0)
    }

    @Test mutating func itsOwnWritesAreNotSent() {
        append(2, 1, 2, 1)
        #expect(run() == "2 4 PING")
        _ = delivery.answered()
        #expect(delivery.acknowledged == ChunkSequence(4))
    }

    @Test mutating func itsOwnWritesAloneAreAcknowledgedAtOnce() {
        append(2, 2)
        #expect(run() == "" && delivery.acknowledged == ChunkSequence(2))
    }

    /// Nothing will be sent behind them, so no barrier would ever acknowledge them.
    @Test mutating func itsOwnWritesBehindABarrierAreAcknowledgedWithIt() {
        append(1)
        _ = run()
        append(2, 2)
        #expect(run() == "")
        _ = delivery.answered()
        #expect(delivery.acknowledged == ChunkSequence(3))
    }

    @Test mutating func onlySoManyBarriersAreOpen() {
        for _ in 0..<Delivery.maximumBarriers {
            append(1)
            #expect(run().hasSuffix(" PING"))
        }
        append(1)
        #expect(run() == "5")
        _ = delivery.answered()
        #expect(run() == "PING")
    }

    @Test mutating func onlySoMuchIsUnderWay() {
        let half = Delivery.maximumBytesInFlight / 2
        append(1, 1, 1, count: half)
        #expect(run() == "1 2 PING")
        _ = delivery.answered()
        #expect(run() == "3 PING")
    }

    @Test mutating func aLostConnectionSendsTheUnacknowledgedAgain() {
        append(1, 1)
        _ = run()
        _ = delivery.answered()
        append(1, 1)
        _ = run()
        delivery.rewind()
        #expect(delivery.bytesInFlight == 0 && delivery.answered() == nil)
        #expect(run() == "3 4 PING")
    }

    /// A killed Pika loses what its worker queues held although it had acknowledged it.
    @Test mutating func aRestartedServerGetsTheAcknowledgedAgain() {
        append(1, 1, 1)
        _ = run()
        _ = delivery.answered()
        delivery.rewind(to: ChunkSequence(1))
        #expect(delivery.acknowledged == ChunkSequence(1))
        #expect(run() == "2 3 PING")
        delivery.rewind(to: ChunkSequence(9))
        #expect(delivery.acknowledged == ChunkSequence(1), "never forwards")
    }

    // MARK: From disk

    /// Memory holds chunks 3 and 4 only.
    private mutating func leaveMemory() {
        window = RelayWindow(first: ChunkSequence(1), next: ChunkSequence(1), keptBytes: 0, maximumWindowBytes: 20)
        append(1, 1, 1, 1)
    }

    @Test mutating func whatLeftMemoryIsReadOnce() {
        leaveMemory()
        #expect(run() == "read 1")
        #expect(delivery.isReading && run() == "")
        delivery.loaded([chunk(1), chunk(2), chunk(3)], from: ChunkSequence(1))
        #expect(run() == "1 2 3 4 PING")
    }

    @Test mutating func aShortReadIsFollowedByAnother() {
        leaveMemory()
        _ = run()
        delivery.loaded([chunk(1)], from: ChunkSequence(1))
        #expect(run() == "1 read 2")
    }

    @Test mutating func aLostConnectionForgetsWhatWasRead() {
        leaveMemory()
        _ = run()
        delivery.loaded([chunk(1), chunk(2)], from: ChunkSequence(1))
        delivery.rewind()
        #expect(run() == "read 1")
    }

    /// A read takes its time: its chunks must not be taken for those that are wanted after a rewind.
    @Test mutating func aReadFromBeforeARewindIsNotTaken() {
        leaveMemory()
        _ = run()
        delivery.loaded([chunk(1)], from: ChunkSequence(1))
        #expect(run() == "1 read 2")
        delivery.rewind(to: ChunkSequence(0))
        delivery.loaded([chunk(2)], from: ChunkSequence(2))
        #expect(run() == "read 1")
        delivery.loaded([chunk(2)], from: ChunkSequence(2))
        #expect(run() == "")
    }
}
