import HubStore
import Testing

@testable import HubSync

/// Bounds, stopping, and what is told to the replicated state.
@Suite struct SyncEngineFlowTests {
    private let one = ServerID(1)
    private let two = ServerID(2)

    /// At the bound the hub stops reading; nothing is dropped.
    @Test func readingStopsAtTheRelaysLimitAndGoesOn() {
        var rig = EngineRig(servers: 2, relayMaximumBytes: 1000)
        rig.pikas[2]?.answersPings = false
        var count = 0
        while count < 100, rig.write(1, "SET key\(count) value") { count += 1 }
        #expect(count > 2 && count < 30 && rig.engine.status.isRelayFull)
        rig.write(1, "SET last value")
        #expect(rig.pikas[2]?.delivered.last != "SET last value")
        rig.answerPings(2)
        rig.pass(4)
        #expect(!rig.engine.status.isRelayFull)
        #expect(rig.pikas[2]?.delivered.last == "SET last value")
        #expect(rig.pikas[2]?.delivered.count == count + 2)
    }

    /// Delivery does not wait for the relay log, and what everyone had before it was written never reaches it.
    @Test func whatEveryoneHadIsNotWritten() throws {
        var rig = EngineRig(servers: 2)
        let value = String(repeating: "v", count: 1 << 20)
        for number in 0..<7 { rig.write(1, "SET key\(number) \(value)") }
        #expect(rig.pikas[2]?.delivered.count == 7 && rig.written.isEmpty)
        rig.pass(0.3)
        let first = try #require(rig.written.first?.sequence)
        #expect(first > ChunkSequence(1) && rig.written.last?.sequence == ChunkSequence(7))
    }

    /// Or what it had already would be sent to it once more after a clean stop.
    @Test func theLastPlacesAreWrittenAtTheEnd() {
        var rig = EngineRig(servers: 2)
        rig.write(1, "SET k v")
        #expect(rig.writtenCursors[two] != ChunkSequence(1))
        rig.end()
        #expect(rig.writtenCursors[two] == ChunkSequence(1) && rig.written.count == 1)
    }

    @Test func whatSomeoneLacksIsWritten() {
        var rig = EngineRig(servers: 3)
        rig.pikas[3]?.answersPings = false
        let value = String(repeating: "v", count: 1 << 20)
        for number in 0..<7 { rig.write(1, "SET key\(number) \(value)") }
        rig.pass(0.3)
        #expect(rig.written.map(\.sequence.rawValue) == Array(1...7))
    }

    @Test func theRelayIsEmptiedBehindTheSlowest() {
        var rig = EngineRig(servers: 3)
        rig.pikas[3]?.answersPings = false
        rig.write(1, "SET k v")
        rig.pass(5)
        #expect(rig.engine.window.droppedThrough == ChunkSequence(0))
        rig.answerPings(3)
        rig.pass(5)
        #expect(rig.engine.window.droppedThrough == ChunkSequence(1) && rig.engine.status.relayBytes == 0)
    }

    @Test func onlyTheAcknowledgedIsToldToTheGroup() throws {
        var rig = EngineRig(servers: 3)
        rig.pikas[3]?.answersPings = false
        rig.write(1, "SET k v", "SET l v")
        let end = position(0, 1)
        let advance = rig.takeAdvance().acknowledged
        #expect(try #require(advance[one]?[two]).covers(end))
        #expect(advance[one]?[ServerID(3)]?.covers(end) != true)
        #expect(advance[one]?[one] == nil)
        rig.answerPings(3)
        let later = rig.takeAdvance().acknowledged
        #expect(try #require(later[one]?[ServerID(3)]).covers(end))
        #expect(later[one]?[two] == nil, "said before")
        #expect(rig.takeAdvance().isEmpty == true)
    }

    @Test func afterStopReadingWhatWasReadIsStillDelivered() {
        var rig = EngineRig(servers: 2)
        rig.pikas[2]?.answersPings = false
        rig.write(1, "SET k v")
        #expect(!rig.engine.isDrained)
        rig.stopReading()
        #expect(rig.write(1, "SET l v") == false)
        rig.answerPings(2)
        #expect(rig.engine.isDrained)
        #expect(rig.pikas[2]?.delivered == ["SET k v"])
    }

    /// Each server's own writes are behind the other's barrier.
    @Test func twoWritersAreDrainedToo() {
        var rig = EngineRig(servers: 2)
        for id in [UInt32(1), 2] { rig.pikas[id]?.answersPings = false }
        rig.write(1, "SET a v")
        rig.write(2, "SET b v")
        for id in [UInt32(1), 2] { rig.answerPings(id) }
        #expect(rig.engine.isDrained)
    }

    @Test func aDestinationThatIsAwayHoldsNobodyUp() {
        var rig = EngineRig(servers: 3)
        rig.pikas[3]?.answersPings = false
        for number in 0..<20 { rig.write(1, "SET key\(number) v") }
        #expect(rig.pikas[2]?.delivered.count == 20)
        #expect(rig.engine.status.routes.first { $0.source == one && $0.destination == ServerID(3) }?.lagRecords == 20)
        #expect(rig.engine.status.routes.first { $0.source == one && $0.destination == two }?.lagRecords == 0)
    }

    /// COPY: what the new server has as a slave of an existing one stays in the relay log for some seconds after the
    /// others have acknowledged it. It must not get it twice.
    @Test func aNewServerGetsNothingThatItHas() {
        var rig = EngineRig(servers: 2)
        rig.write(1, "INCR n", "INCR n")
        rig.pass(0.5)
        let three = ServerID(3)
        let had = rig.takeAdvance().acknowledged[one]?[two]
        var places: [ServerID: [ServerID: BinlogProgress]] = [
            one: [two: had ?? BinlogProgress(), three: had ?? BinlogProgress()]
        ]
        places[two] = [one: BinlogProgress(), three: BinlogProgress()]
        places[three] = [one: BinlogProgress(), two: BinlogProgress()]
        rig.join(3, acknowledged: places)
        #expect(rig.pikas[3]?.delivered == [])
        rig.write(1, "INCR n")
        rig.pass(0.5)
        #expect(rig.pikas[3]?.delivered == ["INCR n"])
    }

    /// Nothing had been read when the new server came, so it gets everything all the same. To ask for what the source
    /// purges next would cost the source a sender thread.
    @Test func aNewServerWithoutPlacesMakesNoSourceStartOver() {
        var rig = EngineRig(servers: 2)
        rig.join(3, acknowledged: [:])
        #expect(rig.engine.servers[0].wantedFile == 0)
    }

    /// What the source was asked for before is too late for the new server.
    @Test func aNewServerHasItsFileAskedFor() {
        let (three, five) = (BinlogProgress(firstOpenFile: 3), BinlogProgress(firstOpenFile: 5))
        var rig = EngineRig(servers: 2, newestFile: 5, acknowledged: [one: [two: five], two: [one: BinlogProgress()]])
        rig.pikas[1]?.answersSync = false
        rig.pikas[1]?.stage = "STOPED"
        rig.pass(3)
        #expect(rig.pikas[1]?.asked.last == "5")
        rig.join(3, acknowledged: [one: [two: five, ServerID(3): three]])
        rig.pass(3)
        #expect(rig.pikas[1]?.asked.last == "3")
    }

    /// A proposal of the positions can fail; they must be in the next one although nothing has changed since.
    @Test func positionsThatWereNotSavedAreTakenAgain() {
        var rig = EngineRig(servers: 2)
        rig.write(1, "SET k v")
        rig.pass(0.5)
        let advance = rig.takeAdvance()
        #expect(rig.takeAdvance().isEmpty == true)
        rig.forgetAdvance()
        #expect(rig.takeAdvance() == advance)
    }
}
