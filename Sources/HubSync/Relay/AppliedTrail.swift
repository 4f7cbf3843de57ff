internal import HubStore

/// What a server's workers have surely applied of what it has acknowledged.
///
/// The answer to a barrier says that commands are in the server's binlog and queued for its workers, not that they are
/// done: a write of a local client may still come between, and a kill loses the queues
/// (`protocol/pika-2.3-hub.md`, section 3). Only time tells, and only time in which the link was up.
struct AppliedTrail: Equatable, Sendable {
    /// How long after its acknowledgement a command counts as applied.
    static let seconds = 2.0
    private static let stepSeconds = 0.1

    private struct Step: Equatable {
        var began: Double
        var time: Double
        var acknowledged: ChunkSequence
    }

    /// Everything up to here has been applied.
    private(set) var through: ChunkSequence
    /// What was acknowledged since, oldest first.
    private var steps: [Step] = []

    init(through: ChunkSequence) { self.through = through }

    /// Notes what is acknowledged by now. Called while the link runs.
    mutating func advance(acknowledged: ChunkSequence, now: Double) {
        while let first = steps.first, now - first.time >= Self.seconds {
            through = max(through, first.acknowledged)
            steps.removeFirst()
        }
        guard acknowledged > steps.last?.acknowledged ?? through else { return }
        if let last = steps.indices.last, now - steps[last].began < Self.stepSeconds {
            steps[last] = Step(began: steps[last].began, time: now, acknowledged: acknowledged)
        } else {
            steps.append(Step(began: now, time: now, acknowledged: acknowledged))
        }
    }

    /// The link has ended. What the server had not applied by then is lost if its process has ended too.
    mutating func interrupt() { steps = [] }
}
