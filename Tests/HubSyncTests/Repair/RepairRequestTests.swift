import HubStore
import Testing

@testable import HubSync

/// `REPAIR key [server_id]`.
@Suite struct RepairRequestTests {
    private var rig = EngineRig()

    init() {
        for id in UInt32(1)...3 { rig.write(id, "SET first\(id) v", "SET second\(id) v") }
    }

    private func values(_ key: String) -> [String?] { (1...3).map { rig.pikas[$0]?.values[key] } }

    @Test mutating func whoWroteLastWins() {
        rig.write(2, "SET k two")
        rig.pikas[1]?.values["k"] = "spoilt"
        rig.pikas[3]?.values["k"] = nil
        let answer = rig.repair("k")
        rig.pass(6)
        #expect(answer == .accepted(winner: ServerID(2)) && values("k") == ["two", "two", "two"])
        #expect(rig.engine.status.suspects == 0)
    }

    @Test mutating func anOperatorNamesTheWinnerOfAKeyThatNobodyWrote() {
        rig.pikas[3]?.values["old"] = "three"
        let unknown = rig.repair("old")
        let stranger = rig.repair("old", winner: 9)
        let answer = rig.repair("old", winner: 3)
        rig.pass(6)
        #expect(unknown == .noWinner && stranger == .noWinner && answer == .accepted(winner: ServerID(3)))
        #expect(values("old") == ["three", "three", "three"])
    }

    /// Whoever names a server knows better than the hub.
    @Test mutating func theNamedServerWinsOverWhoWroteLast() {
        rig.write(2, "SET k two")
        rig.pikas[1]?.values["k"] = "right"
        let answer = rig.repair("k", winner: 1)
        rig.pass(6)
        #expect(answer == .accepted(winner: ServerID(1)) && values("k") == ["right", "right", "right"])
    }

    /// More of them would keep positions from being saved.
    @Test(arguments: [(HubState.maximumSuspects / 2, 8), (HubState.maximumSuspectKeyBytes / 2 / 60_000, 60_000)])
    mutating func requestsLeaveRoomForWhatTheHubFindsItself(_ count: Int, _ length: Int) {
        var answers: [SyncEngine.RepairAnswer] = []
        for number in 0...count {
            let name = String(number)
            answers.append(rig.repair(name + String(repeating: "k", count: length - name.count), winner: 1))
        }
        #expect(answers.dropLast().allSatisfy { $0 == .accepted(winner: ServerID(1)) } && answers.last == .full)
    }
}
