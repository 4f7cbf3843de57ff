import HubStore
import Testing

@testable import HubSync

/// A server's own writes that the hub has not read yet when it repairs their key.
@Suite struct UnreadWriteTests {
    private var rig = EngineRig()

    init() {
        for id in UInt32(1)...3 { rig.write(id, "SET first\(id) v", "SET second\(id) v") }
        for (id, value) in [(UInt32(1), "5"), (2, "3"), (3, "5")] { rig.pikas[id]?.values["n"] = value }
    }

    private func values() -> [String?] { (1...3).map { rig.pikas[$0]?.values["n"] } }

    @Test mutating func anIncrementThatWasNotReadYetSurvivesTheRepair() {
        rig.pikas[2]?.isAtEnd = false
        let unsent = rig.writeUnsent(2, "INCR n", execTime: 1500)
        let answer = rig.repair("n", winner: 1)
        rig.pass(5)
        let before = values()
        rig.send(2, unsent)
        rig.pikas[2]?.isAtEnd = true
        rig.pass(8)
        #expect(answer == .accepted(winner: ServerID(1)) && before == ["5", "4", "5"])
        #expect(values() == ["6", "6", "6"])
        #expect(rig.engine.status.suspects == 0)
    }

    /// The server seemed to have sent everything when the key was read first.
    @Test mutating func aWriteBetweenTheReadingsStartsThemAnew() {
        let answer = rig.repair("n", winner: 1)
        rig.pass(2)
        #expect(values() == ["5", "3", "5"], "read once")
        let unsent = rig.writeUnsent(2, "INCR n", execTime: 1500)
        rig.pass(2)
        let before = values()
        rig.send(2, unsent)
        rig.pass(8)
        #expect(answer == .accepted(winner: ServerID(1)) && before == ["5", "4", "5"])
        #expect(values() == ["6", "6", "6"])
        #expect(rig.engine.status.suspects == 0)
    }
}
