import Testing

@testable import SyncSimulation

@Suite struct SimulationTests {
    @Test("what must hold holds", arguments: UInt64(1)...18)
    func holds(seed: UInt64) throws {
        let outcome = try Simulation.run(seed: seed)
        #expect(outcome.seconds > 0)
    }

    /// What these have shown: an operation after an echo hid the echo (24); a repair made a value younger (32); pending
    /// suspects were lost with the hub (49, 61, 78); states were equal by chance while a record was under way (57, 75,
    /// 115); what a killed server had not applied was forgotten while it was down (113); a hub died before any position
    /// was saved (193, 217); a delta hid the one of another server before it (250, 867); a duplicate with a clock ahead
    /// replaced a newer version (286); the only record of a connection waited for ever (1342);
    /// two servers emptied a list, one of them after an EXPIRE that the other never had (2952).
    @Test(
        "what was wrong once stays right",
        arguments: [UInt64(24), 32, 49, 57, 61, 75, 78, 113, 115, 193, 217, 250, 286, 867, 1342, 2952])
    func staysRight(seed: UInt64) throws {
        _ = try Simulation.run(seed: seed)
    }

    @Test("bugs are seen", arguments: [PlantedBug.noRepair, .noEcho, .dataLossUnnoticed])
    func seen(bug: PlantedBug) {
        #expect(throws: Violation.self) {
            for seed in UInt64(1)...100 { _ = try Simulation.run(seed: seed, bug: bug) }
        }
    }

    @Test func timeGoesOnInOrder() {
        let timeline = Timeline()
        var seen: [Int] = []
        for (order, time) in [3.0, 1, 2, 1].enumerated() { timeline.at(time) { seen.append(order) } }
        timeline.run(until: 2.5)
        #expect(seen == [1, 3, 2])
        #expect(timeline.now == 2.5)
    }

    @Test func storyTellsOneKey() {
        var story = Story()
        story.note(.happened("hub 1 is killed"), time: 1)
        story.note(.delivered, ["SET", "k", "v"].map { Array($0.utf8) }, server: 2, time: 1.5)
        story.note(.delivered, ["SET", "other", "v"].map { Array($0.utf8) }, server: 2, time: 1.6)
        #expect(
            story.lines(key: Array("k".utf8)) == [
                "    1.000  hub 1 is killed", "    1.500  server 2  delivered SET k v",
            ])
    }
}
