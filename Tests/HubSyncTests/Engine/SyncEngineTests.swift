import HubStore
import Testing

@testable import HubSync

/// One record's way: received, judged, relayed, delivered, acknowledged.
@Suite struct SyncEngineTests {
    private var rig = EngineRig()

    private func delivered(_ server: UInt32) -> [String] { rig.pikas[server]?.delivered ?? [] }

    // MARK: What goes where

    @Test mutating func aSetGoesToTheOthersAndNotBack() {
        rig.write(1, "set k v")
        #expect(delivered(2) == ["set k v"] && delivered(3) == ["set k v"])
        #expect(delivered(1) == [])
    }

    @Test mutating func whatIsNotForTheHubStays() {
        let bytes = record("SET k v", flag: "0")
        rig.receive(rig.pikas[1]?.data ?? LinkConnectionID(0), bytes)
        #expect(delivered(2) == [])
    }

    /// `protocol/pika-2.3-hub.md`, sections 2 and 3: what arrives, and what may be sent.
    @Test(
        arguments: [
            ("SETEX k 10 v", ["SET k v", "EXPIREAT k 1009"]), ("SET k v ex 10", ["SET k v", "EXPIREAT k 1009"]),
            ("SET k v px 2500", ["SET k v", "EXPIREAT k 1001"]), ("SET k v nx", ["SET k v nx"]),
            ("GETSET k v", ["SET k v"]), ("DEL a b c", ["DEL a", "DEL b", "DEL c"]), ("SETNX k v", ["SET k v nx"]),
            ("MSET a 1 b 2", ["SET a 1", "SET b 2"]), ("MSETNX a 1 b 2", ["SET a 1", "SET b 2"]),
            ("expireat k 1234", ["EXPIREAT k 1234"]), ("EXPIRE k 5", ["EXPIREAT k 1005"]), ("PERSIST k", ["PERSIST k"]),
            ("INCRBY n 5", ["INCRBY n 5"]), ("RPUSH l a b", ["RPUSH l a b"]), ("ZADD z 1 a", ["ZADD z 1 a"]),
            ("RPOPLPUSH a b", ["RPOPLPUSH a b"]),
        ] as [(String, [String])])
    mutating func everyCommandArrivesInASafeForm(_ line: String, _ expected: [String]) {
        // The one before shows in which file operations stand.
        rig.write(1, "SET first 1", "SET second 1", line)
        #expect(Array(delivered(2).dropFirst(2)) == expected)
    }

    /// A Pika would execute what an earlier command left behind.
    @Test(arguments: ["HSET h f v", "SET k", "INCRBY n", "SET k v ex ten", "EXPIRE k soon"])
    mutating func whatCannotBeRelayedIsCountedAndLogged(_ line: String) {
        rig.write(1, "SET first 1", "SET second 1", line)
        #expect(delivered(2).count == 2)
        #expect(rig.engine.counters.unrelayed.values.reduce(0, +) == 1)
        #expect(rig.logged.contains("command-not-relayed"))
    }

    @Test mutating func aRecordInPiecesIsPutTogether() throws {
        let connection = try #require(rig.pikas[1]?.data)
        let bytes = record("SET k v")
        for byte in bytes.dropLast() { #expect(rig.receive(connection, [byte]) == true) }
        #expect(delivered(2) == [])
        rig.receive(connection, bytes.suffix(1))
        #expect(delivered(2) == ["SET k v"])
    }

    // MARK: Bad company

    @Test mutating func aServerThatIsNotInTheSyncIsRejected() {
        rig.write(1, "SET k v", as: 99)
        #expect(delivered(2) == [] && rig.engine.counters.rejectedConnections == 1)
        #expect(rig.logged.contains("connection-rejected"))
    }

    @Test mutating func aRecordOfAnotherServerEndsTheEpoch() {
        rig.write(1, "SET k v")
        rig.write(1, "SET x y", as: 2)
        #expect(delivered(2) == ["SET k v"] && rig.engine.counters.protocolErrors == 1)
        #expect(rig.engine.status.links[0].reconnects == 1)
    }

    @Test mutating func nonsenseFromAStrangerIsRejected() {
        let connection = rig.pikas[1]?.data ?? LinkConnectionID(0)
        #expect(rig.receive(connection, Array("GET / HTTP/1.1\r\n".utf8)) == false)
        #expect(rig.engine.counters.rejectedConnections == 1)
    }

    // MARK: Reset

    /// A Pika does not send again what a broken connection had in its buffers, so the hub asks it to.
    @Test mutating func aLostDataConnectionIsFollowedByAReset() {
        rig.write(1, "SET k v", "SET l v")
        rig.breakData(1)
        #expect(rig.engine.status.links[0].reconnects == 1)
        rig.pass(0.5)
        #expect(rig.engine.status.links[0].syncStatus == 1)
        rig.dial(1)
        rig.pikas[1]?.offset = 0
        rig.write(1, "SET k v", "SET l v", "SET m v")
        #expect(delivered(2) == ["SET k v", "SET l v", "SET m v"])
        #expect(rig.engine.status.links[0].source.duplicates == 2)
    }

    /// A fresh sender connects before it has anything to send.
    @Test mutating func aSilentConnectionIsKept() {
        rig.pass(60)
        rig.write(1, "SET k v")
        #expect(delivered(2) == ["SET k v"])
    }

    @Test mutating func whatWasNotAcknowledgedIsSentAgain() {
        rig.pikas[2]?.answersPings = false
        rig.write(1, "SET k v")
        rig.write(2, "SET other v")
        rig.breakData(2)
        rig.pikas[2]?.answersPings = true
        rig.pikas[2]?.pings = []
        rig.pass(0.5)
        #expect(delivered(2) == ["SET k v", "SET k v"])
        #expect(delivered(3) == ["SET k v", "SET other v"])
    }

}
