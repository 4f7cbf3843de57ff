package import HubStore

/// What a core is told about itself.
package struct CoreConfiguration: Sendable {
    package var hub: HubID
    package var group: GroupID
    package var incarnation: Incarnation
    package var timing: CoreTiming
    package var limits: CoreLimits
    /// Starts the core's own generator, which draws its election timeouts and nothing else.
    package var seed: UInt64
    package var sabotage: Sabotage = []

    package init(
        hub: HubID, group: GroupID, incarnation: Incarnation, timing: CoreTiming = CoreTiming(),
        limits: CoreLimits = CoreLimits(), seed: UInt64
    ) {
        self.hub = hub
        self.group = group
        self.incarnation = incarnation
        self.timing = timing
        self.limits = limits
        self.seed = seed
    }
}

/// Periods in ticks. The length of a tick is the driver's affair (10 ms by default).
///
/// **Why a cut-off leader stops before another is elected.** A follower promises, with every message of its leader,
/// not to vote for `electionMinimum` ticks. A leader stops once the newest heartbeats that a majority answered were
/// *sent* more than `quorumTimeout` ticks ago. Any majority that elects another one has a member in common with that
/// majority, which received its heartbeat no earlier than it was sent and so votes at least `electionMinimum` after
/// it. As `quorumTimeout < electionMinimum`, the leader is done by then, as long as the hubs' clocks run at rates
/// that differ by less than the quotient of the two (a quarter, by default). The promise has three exceptions: the
/// leader gave it up itself (`timeoutNow`), the leader's process is known to be gone, or the follower's process ended
/// and began again, and then the follower keeps still for `electionMinimum` after its start.
package struct CoreTiming: Sendable {
    package var heartbeat: UInt64 = 10
    /// A follower that hears nothing campaigns after a time drawn from `electionMinimum ..< electionMaximum`.
    package var electionMinimum: UInt64 = 100
    package var electionMaximum: UInt64 = 200
    package var quorumTimeout: UInt64 = 75

    package init() {}
}

/// Bounds on everything that would otherwise grow.
package struct CoreLimits: Sendable {
    /// The largest command.
    package var commandBytes = 1 << 20
    /// Entries in one append; one entry always goes.
    package var appendCost = 256 << 10
    /// Appends and bytes under way to one hub.
    package var windowAppends = 64
    package var windowCost = 4 << 20
    /// Entries that are proposed and not committed.
    package var uncommittedCost = 32 << 20
    /// Entries handed out for applying at once.
    package var applyCost = 1 << 20
    package var snapshotChunkBytes = 64 << 10
    package var snapshotWindowBytes = 256 << 10
    /// The largest snapshot that is accepted.
    package var snapshotBytes = 256 << 20
    /// Entries that a learner may lack and still be made a voter.
    package var promotionLag = 64

    package init() {}
}

/// A small generator with one word of state (SplitMix64, Steele et al. 2014), so that a run is repeated by its seed.
package struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
