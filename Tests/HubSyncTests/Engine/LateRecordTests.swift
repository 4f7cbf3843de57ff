import HubStore
import Testing

@testable import HubSync

/// A binlog connection has died, and before anybody noticed the source's word was taken for its file's end.
@Suite struct LateRecordTests {
    private var rig = EngineRig(servers: 2)

    private mutating func send(_ line: String, _ file: UInt32, _ offset: UInt64) {
        rig.send(1, record(line, file: file, offset: offset))
    }

    init() {
        send("SET first 1", 0, 0)
        send("RPUSH list a", 0, 100)
        // The rest of file 0 is under way on a connection that has died; another one brings file 1.
        rig.pikas[1]?.newestFile = 1
        rig.pikas[1]?.firstInWindow = 1
        rig.pikas[1]?.offset = 900
        rig.pikas[1]?.senderCount = 2
        rig.pass(5)
    }

    private mutating func sendFileOne() {
        rig.dial(1)
        send("SET second 1", 1, 300)
        send("RPUSH list c", 1, 400)
    }

    @Test mutating func nobodyWaitsForIt() {
        sendFileOne()
        #expect(rig.pikas[2]?.delivered == ["SET first 1", "RPUSH list a", "SET second 1", "RPUSH list c"])
    }

    @Test mutating func itArrivesOnceAndItsKeyIsCompared() {
        sendFileOne()
        rig.pikas[1]?.firstInWindow = 0
        rig.breakData(1)
        rig.pass(0.5)
        rig.dial(1)
        send("SET first 1", 0, 0)
        send("RPUSH list a", 0, 100)
        #expect(rig.engine.status.suspects == 0)
        // Of its key nothing may be known any more.
        send("RPUSH other b", 0, 200)
        let delivered = rig.pikas[2]?.delivered.filter { $0.hasPrefix("RPUSH") }
        #expect(delivered == ["RPUSH list a", "RPUSH list c", "RPUSH other b"])
        #expect(rig.engine.status.suspects == 1)
    }

    @Test mutating func theSourceIsAskedForItsFileUntilNothingOfItCanBeMissing() {
        #expect(rig.engine.servers[0].wantedFile == 0)
        rig.pass(30)
        #expect(rig.engine.servers[0].wantedFile == 1)
    }
}
