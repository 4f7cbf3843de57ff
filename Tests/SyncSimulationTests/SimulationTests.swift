import Testing

@testable import SyncSimulation

@Suite struct SimulationTests {
    @Test("what must hold holds", arguments: UInt64(1)...20)
    func holds(seed: UInt64) throws {
        _ = try Simulation.run(seed: seed)
    }

    @Test func sameSeedSameRun() throws {
        #expect(try Simulation.run(seed: 4) == Simulation.run(seed: 4))
    }
}
