import HubStore
import Testing

@testable import HubSync

/// Who may send records to the hub (issue 5, item 6).
@Suite struct InnerPortTests {
    @Test func onlyServersOfTheSyncAreLetIn() {
        var rig = EngineRig(servers: 2)
        #expect(rig.connects(from: "1") != nil)
        #expect(rig.connects(from: "10.6.6.6") == nil)
        #expect(rig.connects(from: "") == nil)
        #expect(rig.logged.count { $0 == "connection-rejected" } == 2)
        #expect(rig.engine.status.counters.rejectedConnections == 2)
    }

    /// A server may speak for itself only.
    @Test func recordsOfAServerComeFromItsOwnAddress() {
        var rig = EngineRig(servers: 3)
        guard let connection = rig.connects(from: "2") else {
            Issue.record("server 2 is not let in")
            return
        }
        rig.receive(connection, record("SET k forged", from: 1, offset: 0, execTime: 1000))
        #expect(rig.logged.contains("connection-rejected"))
        rig.write(1, "SET k v")
        rig.pass(1)
        #expect(rig.pikas[3]?.delivered == ["SET k v"])
    }

    @Test func aServersOwnRecordsAreTaken() {
        var rig = EngineRig(servers: 2)
        rig.write(1, "SET k v")
        rig.pass(1)
        #expect(rig.pikas[2]?.delivered == ["SET k v"] && !rig.logged.contains("connection-rejected"))
    }

    @Test func aServerThatHasLeftIsNotLetIn() {
        var rig = EngineRig(servers: 2)
        rig.leave(2)
        #expect(rig.connects(from: "2") == nil)
    }

    /// Its first connection is lost, with a record that it takes for sent, and the hub has not heard of that yet.
    @Test func aSenderThatDialsAgainIsReadAgain() {
        var rig = EngineRig()
        rig.write(1, "SET a 1", "SET b 1")
        _ = rig.writeUnsent(1, "SET lost 1", execTime: 1000)
        rig.pass(1.5)
        rig.dial(1)
        rig.write(1, "SET c 1", "SET d 1")
        rig.pass(0.1)
        #expect(rig.pikas[2]?.values["c"] == nil)
        rig.pass(3)
        #expect(rig.logged.contains("link-failed") && rig.engine.status.links[0].reconnects > 0)
        #expect(rig.pikas[2]?.values == ["a": "1", "b": "1"])
    }

    @Test func aFurtherSenderIsTakenOnceTheServerTellsOfIt() {
        var rig = EngineRig()
        rig.write(1, "SET a 1", "SET b 1")
        rig.pass(1.5)
        rig.pikas[1]?.senderCount = 2
        rig.dial(1)
        rig.write(1, "SET c 1", "SET d 1")
        rig.pass(0.3)
        #expect(rig.pikas[2]?.values["c"] == "1" && !rig.logged.contains("link-failed"))
    }
}
