import HubStore
import Testing

@testable import HubSync

/// A source waits for its fastest destination, and for no other.
@Suite struct SyncEnginePaceTests {
    private let value = String(repeating: "v", count: 1 << 20)

    /// Writes until the hub does not read on. Returns how many were read.
    private func writeUntilHeld(_ rig: inout EngineRig, limit: Int) -> Int {
        var count = 0
        while count < limit, rig.write(1, "SET key\(count) \(value)") { count += 1 }
        return count
    }

    @Test func aSourceWaitsForItsOnlyDestination() {
        var rig = EngineRig(servers: 2)
        rig.pikas[2]?.answersPings = false
        let count = writeUntilHeld(&rig, limit: 20)
        let inFlight = Delivery.maximumBytesInFlight + SyncEngine.aheadBytes
        #expect(count >= inFlight >> 20 && count <= (inFlight >> 20) + 2)
        rig.answerPings(2)
        rig.pass(0.2)
        #expect(rig.pikas[2]?.delivered.count == count + 1, "what waited was read and delivered")
        rig.write(1, "SET last value")
        #expect(rig.pikas[2]?.delivered.last == "SET last value")
    }

    @Test func aFastDestinationIsNotHeldUpByASlowOne() {
        var rig = EngineRig(servers: 3)
        rig.pikas[3]?.answersPings = false
        #expect(writeUntilHeld(&rig, limit: 20) == 20)
        #expect(rig.pikas[2]?.delivered.count == 20)
    }

    /// What a destination misses that is away goes to the relay log, for as long as there is room.
    @Test func nobodyWaitsForADestinationThatIsAway() {
        var rig = EngineRig(servers: 2)
        rig.pikas[2]?.answersPings = false
        _ = writeUntilHeld(&rig, limit: 20)
        rig.breakData(2)
        rig.pikas[2] = nil
        rig.pass(0.1)
        #expect(writeUntilHeld(&rig, limit: 20) == 20)
    }
}
