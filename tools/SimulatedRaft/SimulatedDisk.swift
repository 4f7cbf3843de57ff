package import HubStore
package import RaftLog

/// Bugs of a driver or a disk that can be put in, beside those of the core (`Sabotage`).
package enum DriverBug: String, CaseIterable, Sendable {
    /// 15: what was synced is lost with the power.
    case losesSyncedWrites = "loses-synced-writes"
    /// 16: a write that failed is reported as done.
    case ignoresFailedWrites = "ignores-failed-writes"
    /// 17: entries reach the disk before the term and vote they belong to.
    case splitsHardState = "splits-hard-state"
    /// 18: the applied index reaches the disk before the data.
    case appliedIndexApart = "applied-index-apart"
}

/// The log of a simulated hub. A batch is there whole or not at all, which is what the real one's write-ahead log gives
/// (a torn last record is dropped when it opens). What was written without a sync is lost with the power.
package final class SimulatedDisk: LogStorage {
    package struct Content {
        package var hardState = HardState()
        package var base: SnapshotMetadata
        package var entries: [Entry] = []
        package var unrestored: Snapshot?

        package var lastIndex: LogIndex { base.index.advanced(by: entries.count) }

        package var membership: Membership {
            for entry in entries.reversed() {
                if case .membership(let membership) = entry.payload { return membership }
            }
            return base.membership
        }

        package func term(at index: LogIndex) -> Term? {
            if index == base.index { return base.term }
            let place = base.index.distance(to: index) - 1
            return entries.indices.contains(place) ? entries[place].term : nil
        }
    }

    package private(set) var content: Content
    /// What survives a loss of power; nil when that is `content`.
    private var synced: Content?
    package let bug: DriverBug?

    package init(membership: Membership, bug: DriverBug?) {
        content = Content(base: SnapshotMetadata(membership: membership))
        self.bug = bug
    }

    package var hardState: HardState { content.hardState }
    package var base: SnapshotMetadata { content.base }
    package var lastIndex: LogIndex { content.lastIndex }
    package var durable: Content { synced ?? content }

    package func term(at index: LogIndex) -> Term? { content.term(at: index) }

    package func entries(from first: LogIndex, through last: LogIndex, maximumCost: Int) throws(StoreError) -> [Entry] {
        // A few at a time, so that batches end anywhere.
        let start = content.base.index.distance(to: first) - 1
        let end = content.base.index.distance(to: last)
        return Array(content.entries[start..<min(end, start + max(1, maximumCost / 40))])
    }

    package var memberships: [(index: LogIndex, membership: Membership)] {
        content.entries.compactMap { entry in
            if case .membership(let membership) = entry.payload { (entry.index, membership) } else { nil }
        }
    }

    package func persist(_ ready: Ready) {
        guard ready.mustSync || ready.hardStateChanged else { return }
        write(sync: ready.mustSync) { content in
            if let snapshot = ready.snapshot {
                content.base = snapshot.metadata
                content.entries = []
                content.unrestored = snapshot
            }
            if let first = ready.entries.first {
                content.entries.removeSubrange((content.base.index.distance(to: first.index) - 1)...)
                content.entries += ready.entries
            }
            let isSplit = bug == .splitsHardState && !ready.entries.isEmpty
            if ready.hardStateChanged && !isSplit { content.hardState = ready.hardState }
        }
        if ready.hardState != content.hardState, ready.hardStateChanged {
            write(sync: false) { $0.hardState = ready.hardState }
        }
    }

    package func didRestore() { write(sync: false) { $0.unrestored = nil } }

    package func compact(to base: SnapshotMetadata) {
        write(sync: false) { content in
            content.entries.removeFirst(content.base.index.distance(to: base.index))
            content.base = base
        }
    }

    private func write(sync: Bool, _ change: (inout Content) -> Void) {
        if sync && bug != .losesSyncedWrites {
            synced = nil
            change(&content)
        } else {
            if synced == nil { synced = content }
            change(&content)
            // Even this bug needs a disk that gets to it in the end.
            if sync && content.lastIndex.rawValue % 4 == 0 { synced = nil }
        }
    }

    package func losePower() {
        if let synced { content = synced }
        synced = nil
    }
}
