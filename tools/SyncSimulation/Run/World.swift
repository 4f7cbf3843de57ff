/// Everything that the parts of one run share.
final class World {
    /// Unix seconds at the beginning of virtual time.
    static let epoch = 1_700_000_000.0

    let plan: Plan
    let bug: PlantedBug?
    let timeline = Timeline()
    var random: SimulationRandom
    var story = Story()
    var oracle: Oracle
    /// Those that take part in the sync.
    var servers: [SimulatedPika] = []
    /// These, their slaves, and those that are gone for good.
    var machines: [SimulatedPika] = []
    /// A server is being moved, copied or paused; one at a time.
    var isMoving = false
    /// A hub is being added or removed; one at a time.
    var isChangingGroup = false
    private(set) var hubs: HubGroup!
    /// Faults and writers are over: links are quick and nothing is lost any more.
    var isHealing = false

    init(seed: UInt64, plan: Plan, bug: PlantedBug?) {
        self.plan = plan
        self.bug = bug
        random = SimulationRandom(seed: seed)
        oracle = Oracle(isCalm: plan.isCalm)
        servers = (1...plan.serverCount).map { SimulatedPika(id: UInt32($0), serial: UInt32($0), world: self) }
        machines = servers
        hubs = HubGroup(world: self)
    }

    var now: Double { timeline.now }
    var unixTime: Double { Self.epoch + timeline.now }

    func linkDelay() -> Double {
        let delay = random.between(plan.linkDelay)
        return !isHealing && random.chance(plan.slowShare) ? delay + random.between(0...1.0) : delay
    }

    func hubLinkDelay() -> Double {
        let delay = random.between(plan.hubLinkDelay)
        return !isHealing && random.chance(plan.slowShare) ? delay + random.between(0...0.6) : delay
    }

    func note(_ event: Story.Event, _ command: [[UInt8]] = [], server: UInt32 = 0) {
        story.note(event, command, server: server, time: now)
    }
}
