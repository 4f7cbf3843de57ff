import HubStore
import Testing

@testable import HubSync

/// Server 3 joins by COPY while it is a slave of server 2 still.
@Suite struct CopyWindowTests {
    private var rig = EngineRig(servers: 2)
    private var suspects: Int { rig.engine.status.suspects }

    init() {
        rig.write(1, "SET first v")
        rig.pass(0.5)
        let had = rig.takeAdvance().acknowledged[ServerID(1)]?[ServerID(2)] ?? BinlogProgress()
        let none = BinlogProgress()
        rig.join(
            3, isSlave: true,
            acknowledged: [
                ServerID(1): [ServerID(2): had, ServerID(3): had],
                ServerID(2): [ServerID(1): none, ServerID(3): none],
                ServerID(3): [ServerID(1): none, ServerID(2): none],
            ])
    }

    private mutating func detach() {
        rig.pikas[3]?.isSlave = false
        rig.pass(1.1)
    }

    /// The increment comes from the hub, and once more from server 2, after the hub could have compared the key.
    @Test mutating func whatCameTwiceIsRepairedOnceTheServerIsNoSlave() {
        rig.write(1, "INCR n")
        rig.pass(10)
        rig.pikas[3]?.values["n"] = "2"
        #expect(suspects == 0)
        detach()
        #expect(suspects == 1)
        rig.pass(10)
        #expect(rig.pikas[3]?.values["n"] == "1")
        #expect(suspects == 0)
    }

    @Test(arguments: [(5.0, 0), (0.0, 1)])
    mutating func aValueIsComparedIfItWasOnItsWay(_ before: Double, _ count: Int) {
        rig.write(1, "SET k v")
        rig.pass(before)
        detach()
        #expect(suspects == count)
    }

    /// What server 2 had written by then has all come.
    @Test(arguments: [(0.2, 1), (8.0, 0)])
    mutating func theWindowCloses(_ after: Double, _ count: Int) {
        rig.pass(5)
        detach()
        rig.pass(after)
        rig.write(1, "INCR late")
        #expect(suspects == count)
    }

    @Test func whoIsThereFromTheBeginningGetsNothingTwice() {
        var rig = EngineRig(servers: 2)
        rig.write(1, "INCR n")
        rig.pass(1)
        #expect(rig.engine.status.suspects == 0)
        #expect(rig.engine.servers.allSatisfy { $0.copyWindow == nil && !$0.link.asksRole })
    }
}
