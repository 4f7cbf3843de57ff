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
}
