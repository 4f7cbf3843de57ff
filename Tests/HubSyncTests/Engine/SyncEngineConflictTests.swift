import HubStore
import Testing

@testable import HubSync

/// `design/convergence.md`: concurrent writes, evidence of order, repair.
@Suite struct SyncEngineConflictTests {
    private var rig = EngineRig()

    /// What was delivered to a server of one key.
    private func delivered(_ server: UInt32, _ key: String = "k") -> [String] {
        (rig.pikas[server]?.delivered ?? []).filter { $0.contains(" \(key)") }
    }

    /// Of a connection's first record it is not known in which file it stands; the second tells.
    init() {
        for id in UInt32(1)...3 { rig.write(id, "SET first\(id) v", "SET second\(id) v") }
    }

    private func values(_ key: String) -> [String?] { (1...3).map { rig.pikas[$0]?.values[key] } }

    /// Both write before either has heard of the other.
    private mutating func race(_ first: UInt32, _ second: UInt32) {
        for id in UInt32(1)...3 { rig.pikas[id]?.answersPings = false }
        rig.write(1, "SET k one", execTime: first)
        rig.write(2, "SET k two", execTime: second)
        for id in UInt32(1)...3 { rig.answerPings(id) }
    }

    /// Its source may hold the older value by now, which was delivered on top.
    @Test mutating func theLaterOfTwoConcurrentValuesIsEchoed() {
        race(1000, 1001)
        #expect(delivered(1) == ["SET k two"] && delivered(2) == ["SET k one", "SET k two"])
        #expect(rig.engine.counters.conflicts == 1 && rig.engine.counters.echoes == 1)
        #expect(values("k") == ["two", "two", "two"])
    }

    @Test mutating func theEarlierOneGoesNowhereAndItsKeyIsRepaired() {
        race(1001, 1000)
        #expect(delivered(1) == [] && delivered(3) == ["SET k one"])
        #expect(rig.engine.status.suspects == 1 && rig.engine.status.links[1].source.superseded == 1)
        rig.pass(6)
        #expect(values("k") == ["one", "one", "one"])
        #expect(rig.engine.status.suspects == 0 && rig.engine.status.repaired == 1)
        #expect(
            rig.engine.conflicts.newest(9).map(\.event) == [
                .repaired(from: ServerID(1), to: [ServerID(2), ServerID(3)]),
                .conflict(
                    write: .init(source: ServerID(2), position: BinlogPosition(file: 0, offset: 197), seconds: 1000),
                    known: .init(source: ServerID(1), position: BinlogPosition(file: 0, offset: 197), seconds: 1001),
                    action: .dropped(awaitsRepairFrom: ServerID(1))),
            ])
    }

    /// Causality beats clocks: the second writer's clock is behind.
    @Test mutating func aWriteThatIsKnownToFollowIsNoConflict() {
        rig.write(1, "SET k one", execTime: 1005)
        rig.pass(0.5)
        rig.write(2, "SET k two", execTime: 1000)
        #expect(rig.engine.counters.conflicts == 0)
        #expect(values("k") == ["two", "two", "two"])
    }

    @Test mutating func deltasAllArriveAndAreNoConflict() {
        for id in UInt32(1)...3 { rig.pikas[id]?.answersPings = false }
        for id in UInt32(1)...3 { rig.write(id, "INCR n") }
        for id in UInt32(1)...3 { rig.answerPings(id) }
        for id in UInt32(1)...3 { #expect(delivered(id, "n") == ["INCR n", "INCR n"]) }
        #expect(rig.engine.counters.conflicts == 0)
    }

    @Test mutating func aDeltaThatMeetsAValueMakesTheKeySuspect() {
        for id in UInt32(1)...3 { rig.pikas[id]?.answersPings = false }
        rig.write(1, "SET n 5")
        rig.write(2, "INCR n")
        for id in UInt32(1)...3 { rig.answerPings(id) }
        #expect(rig.engine.status.suspects == 1)
        rig.pass(6)
        #expect(rig.engine.status.suspects == 0 && rig.engine.status.repaired == 1)
    }
}
