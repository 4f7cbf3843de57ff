/// The memberships that stand in the log, oldest first.
///
/// **When a change takes effect:** as soon as its entry stands in a hub's log, committed or not (Raft dissertation,
/// section 4.1). A hub therefore always acts by `latest`; when the entry is cut off again by a new leader, the
/// membership before it is back. Nothing depends on what has been applied, so campaigning with committed but
/// unapplied changes (etcd raft #456) cannot happen.
struct MembershipHistory {
    private(set) var steps: [(index: LogIndex, membership: Membership)]

    /// - Parameters:
    ///   - base: the membership of the newest snapshot, at its index.
    ///   - later: those in the log after it, in order.
    init(base: SnapshotMetadata, later: [(index: LogIndex, membership: Membership)]) {
        steps = [(base.index, base.membership)] + later.filter { $0.index > base.index }
    }

    var latest: Membership { steps[steps.count - 1].membership }
    /// The entry that brought `latest`; a further change has to wait until it is committed.
    var latestIndex: LogIndex { steps[steps.count - 1].index }

    /// The membership before `latest`, unless the log was cut between them.
    var previous: Membership? { steps.count > 1 ? steps[steps.count - 2].membership : nil }

    /// The membership as of `index`, which must not lie before the base.
    func membership(at index: LogIndex) -> Membership {
        guard let step = steps.last(where: { $0.index <= index }) else {
            preconditionFailure("membership at \(index), but the history begins at \(steps[0].index)")
        }
        return step.membership
    }

    mutating func append(_ membership: Membership, at index: LogIndex) {
        precondition(index > latestIndex, "membership at \(index) after one at \(latestIndex)")
        steps.append((index, membership))
    }

    /// The log was cut off from `index` on. True when that changed the latest membership.
    mutating func truncate(from index: LogIndex) -> Bool {
        let before = steps.count
        while steps.count > 1 && latestIndex >= index { steps.removeLast() }
        return steps.count != before
    }

    /// The log up to `index` is gone.
    mutating func compact(through index: LogIndex) {
        guard let base = steps.lastIndex(where: { $0.index <= index }) else { return }
        steps.removeSubrange(..<base)
    }
}
