import RaftLog
import RaftSimulation
import SimulatedRaft
import Testing

@Suite("The simulator") struct SimulationTests {
    @Test("finds nothing in a fixed set of seeds") func fixedSeeds() {
        var options = Simulation.Options()
        options.events = 500
        let finding = SimulatorCommand.search(1..<41, threads: 1, options: options)
        #expect(finding == nil, "\(finding.map { "seed \($0.seed): \($0.text)" } ?? "")")
    }

    /// A hub knew a disk from an entry that was cut off again, so it took the empty one that came in its place. That is
    /// the limit that `MembershipChange.identify` states: the simulator must not lose a disk before its entry is
    /// committed and in the logs of the others.
    @Test("loses no disk that is named only in an uncommitted entry") func lostDiskIsNamedForGood() {
        for seed in [500_285, 500_491] as [UInt64] {
            #expect(SimulatorCommand.search(seed..<seed + 1, threads: 1, options: Simulation.Options()) == nil)
        }
    }

    @Test("is the same each time") func deterministic() throws {
        var options = Simulation.Options()
        options.events = 500
        options.isTraced = true
        var first = Simulation(seed: 42, options: options)
        var second = Simulation(seed: 42, options: options)
        try first.run()
        try second.run()
        #expect(first.trace == second.trace)
    }

    /// With the seed at which each is found; `raft_simulator --bug` searches for it.
    @Test(
        "finds bugs that are put back into the core",
        arguments: [
            (Sabotage.commitsEarlierTerm, 5_771 as UInt64), (.changesMembershipEarly, 58),
            (.keepsMembershipOnInstall, 1_901), (.readsWithoutQuorum, 25), (.forgetsVote, 2),
            (.acknowledgesBeforePersisting, 1), (.commitsWithoutQuorum, 1), (.truncatesBlindly, 2),
            (.commitsBeyondVerified, 14), (.votesForStaleLogs, 2),
        ])
    func findsSabotage(bug: Sabotage, seed: UInt64) {
        var options = Simulation.Options()
        options.sabotage = bug
        #expect(SimulatorCommand.search(seed..<seed + 1, threads: 1, options: options) != nil)
    }

    /// 15 (etcd #14143), 16 (cockroach #37102), 17 (openraft, io ordering) and 18 (etcd #13766): the duties that the
    /// driver has beside the core.
    @Test(
        "finds bugs 15 to 18, of disks and drivers",
        arguments: [
            (DriverBug.losesSyncedWrites, 1 as UInt64), (.ignoresFailedWrites, 3), (.splitsHardState, 240),
            (.appliedIndexApart, 3),
        ])
    func findsDriverBug(bug: DriverBug, seed: UInt64) {
        var options = Simulation.Options()
        options.driverBug = bug
        #expect(SimulatorCommand.search(seed..<seed + 1, threads: 1, options: options) != nil)
    }
}

@Suite("Linearizability of a register") struct RegisterHistoryTests {
    @Test func staleReadIsFound() {
        var history = RegisterHistory()
        history.beginWrite(1, at: 1)
        history.endWrite(1, at: 2)
        history.read(0, from: 3, to: 4)
        #expect(history.violation() != nil)
    }

    @Test func concurrentReadsMaySeeEither() {
        var history = RegisterHistory()
        history.beginWrite(1, at: 1)
        history.read(0, from: 2, to: 3)
        history.read(1, from: 4, to: 5)
        history.endWrite(1, at: 6)
        #expect(history.violation() == nil)
    }

    @Test func valueMayNotComeBack() {
        var history = RegisterHistory()
        history.beginWrite(1, at: 1)
        history.read(1, from: 2, to: 3)
        history.read(0, from: 4, to: 5)
        history.endWrite(1, at: 6)
        #expect(history.violation() != nil)
    }

    @Test func lostAcknowledgedWriteIsFound() {
        var history = RegisterHistory()
        history.beginWrite(1, at: 1)
        history.endWrite(1, at: 2)
        history.beginWrite(2, at: 3)
        history.endWrite(2, at: 4)
        history.read(1, from: 5, to: 6)
        #expect(history.violation() != nil)
    }

    @Test func writeOfUnknownOutcomeMayAppearLate() {
        var history = RegisterHistory()
        history.beginWrite(1, at: 1)
        history.read(0, from: 5, to: 6)
        history.read(1, from: 7, to: 8)
        #expect(history.violation() == nil)
    }
}
