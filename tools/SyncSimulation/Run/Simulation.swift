internal import HubSync

/// One run: hubs, servers, clients and faults in virtual time, all from one seed.
public struct Simulation {
    /// Figures of a run that ended well.
    public struct Outcome: Equatable, Sendable {
        /// Virtual seconds.
        public var seconds = 0.0
        public var conflicts: UInt64 = 0
        public var repairs: UInt64 = 0
        /// How often a hub became primary.
        public var reigns = 0
        /// How often a hub came back with an empty disk, a message between hubs arrived twice, and the end of a process cost
        /// the relay log's bulk.
        public var wipes = 0
        public var repeats = 0
        public var bulkLosses = 0
        /// Names the whole course of the run: the same for the same seed.
        public var fingerprint: UInt64 = 0
    }

    /// Virtual seconds after the last write and fault within which all must be quiet.
    private static let quietWithinSeconds = 300.0
    /// A run is quiet when nothing has happened for this long: longer than a sender's sleep and a repair's wait.
    private static let quietSeconds = 6.0

    private let seed: UInt64
    private let world: World

    /// - Parameter steps: writes of all clients; nil for what the seed says.
    private init(seed: UInt64, steps: Int?, bug: PlantedBug?) {
        self.seed = seed
        world = World(seed: seed, plan: Plan(seed: seed, steps: steps), bug: bug)
    }

    /// Runs one seed to its end.
    /// - Throws: what was violated first.
    public static func run(seed: UInt64, steps: Int? = nil, bug: PlantedBug? = nil) throws(Violation) -> Outcome {
        try Simulation(seed: seed, steps: steps, bug: bug).run()
    }

    private func run() throws(Violation) -> Outcome {
        let plan = world.plan
        world.hubs.begin()
        planWrites()
        Faults(world: world).plan(until: plan.activeSeconds)
        world.timeline.after(plan.activeSeconds) { [world] in world.isHealing = true }
        var quietSince = plan.activeSeconds
        let limit = plan.activeSeconds + Self.quietWithinSeconds
        while world.now < limit {
            world.timeline.run(until: world.now + 0.5)
            if plan.movesServers { world.noteCaughtUp() }
            world.purge()
            try check()
            if !world.isQuiet { quietSince = world.now }
            if world.now - quietSince >= Self.quietSeconds, world.now > plan.activeSeconds + Self.quietSeconds { break }
        }
        if world.now >= limit { world.oracle.fail("never quiet", world.unrest, key: nil) }
        world.oracle.judge(world.servers)
        try check()
        let status = world.hubs.primary?.status
        return Outcome(
            seconds: world.now, conflicts: status?.counters.conflicts ?? 0, repairs: status?.repaired ?? 0,
            reigns: world.hubs.reigns, wipes: world.hubs.wipes, repeats: world.hubs.repeats,
            bulkLosses: world.hubs.bulkLosses, fingerprint: world.random.next())
    }

    private func check() throws(Violation) {
        guard let failure = world.oracle.failure else { return }
        throw Violation(
            seed: seed, kind: failure.kind, text: failure.text,
            story: [world.plan.summary] + world.story.lines(key: failure.key))
    }

    private func planWrites() {
        let workload = Mutable(Workload())
        for _ in 0..<world.plan.writes {
            world.timeline.at(world.random.between(0...world.plan.activeSeconds)) { [world] in
                let server = world.random.pick(world.servers)
                server.write(workload.value.next(at: server.id, now: world.now, world))
            }
        }
    }
}

/// A value that closures share.
private final class Mutable<Value> {
    var value: Value
    init(_ value: Value) { self.value = value }
}
