/// How a node behaves. The defaults suit a group across continents.
public struct RaftConfiguration: Sendable {
    /// The length of a tick. All other times are rounded up to whole ticks.
    public var tick = Duration.milliseconds(10)
    /// How often a leader tells its followers that it is there.
    public var heartbeat = Duration.milliseconds(100)
    /// A follower that hears nothing campaigns after a time between this and half as much again. A leader that reaches no
    /// majority stops after three quarters of it (see `CoreTiming`).
    public var electionTimeout = Duration.seconds(1)
    /// A proposal that is not decided by then is reported as unknown; a read as timed out.
    public var proposalTimeout = Duration.seconds(5)
    /// The largest command.
    public var commandBytes = 1 << 20
    /// The largest snapshot.
    public var snapshotBytes = 256 << 20
    /// Applied entries that stay in the log, for followers that are a little behind.
    public var keptEntries = 5_000
    /// Entries beyond `keptEntries` at which the log is cut.
    public var compactionStep = 1_000

    public init() {}

    var timing: CoreTiming {
        func ticks(_ duration: Duration) -> UInt64 { max(1, UInt64((duration / tick).rounded(.up))) }
        var timing = CoreTiming()
        timing.heartbeat = ticks(heartbeat)
        timing.electionMinimum = max(4 * timing.heartbeat, ticks(electionTimeout))
        timing.electionMaximum = timing.electionMinimum * 3 / 2
        timing.quorumTimeout = timing.electionMinimum * 3 / 4
        return timing
    }

    var limits: CoreLimits {
        var limits = CoreLimits()
        limits.commandBytes = commandBytes
        limits.snapshotBytes = snapshotBytes
        return limits
    }
}
