public import HubStore

/// How a node stands; renewed with every tick, and with every change of role or membership.
public struct RaftStatus: Sendable {
    public struct Peer: Sendable {
        public var id: HubID
        public var role: Member.Role
        public var address: Address
        /// The last entry known to be on its disk. Only a leader knows it.
        public var match: LogIndex?
        /// Entries that it lacks. Only a leader knows it.
        public var lag: Int?
        /// Since it answered. A leader knows it of all, a follower of its leader.
        public var sinceContact: Duration?
    }

    public var identity: HubIdentity
    public var role = Role.follower
    public var term = Term.zero
    public var leader: HubID?
    public var membership = Membership()
    /// The first entry in the log, the last, the last committed, and the last applied.
    public var first = LogIndex.zero
    public var last = LogIndex.zero
    public var commit = LogIndex.zero
    public var applied = LogIndex.zero
    /// The other hubs of the group.
    public var peers: [Peer] = []
    /// Campaigns that this hub has begun since it started.
    public var electionCount = 0
    /// Of the proposals made here since the start: how many were decided, and how long that took.
    public var proposals = LatencyFigures()
    /// Until then nobody else can be elected, as far as this leader knows; nil for others, and for a group of one.
    public var leadsUntil: ContinuousClock.Instant?
    /// Why the node has stopped, once it has.
    public var failure: RaftFailure?

    init(identity: HubIdentity) { self.identity = identity }

    func leadsForCertain(at now: ContinuousClock.Instant) -> Bool {
        role == .leader && (leadsUntil.map { now < $0 } ?? true)
    }
}

/// Counts durations in classes that double: 64 µs, 128 µs … up to half an hour.
public struct LatencyFigures: Sendable {
    public private(set) var count = 0
    public private(set) var total = Duration.zero
    public private(set) var longest = Duration.zero
    /// `counts[k]` durations were below `Self.bound(k)` and not below `bound(k - 1)`.
    public private(set) var counts = [Int](repeating: 0, count: 26)

    public static func bound(_ place: Int) -> Duration { .microseconds(64 << place) }

    mutating func add(_ duration: Duration) {
        count += 1
        total += duration
        longest = max(longest, duration)
        let place = (0..<counts.count - 1).first { duration < Self.bound($0) } ?? counts.count - 1
        counts[place] += 1
    }

    /// The class bound below which the given part (0 – 1) of all durations lies; nil when there were none.
    public func quantile(_ part: Double) -> Duration? {
        var rest = Int((Double(count) * part).rounded(.up))
        guard count > 0 else { return nil }
        for (place, count) in counts.enumerated() {
            rest -= count
            if rest <= 0 { return min(longest, Self.bound(place)) }
        }
        return longest
    }
}
