public import HubStore

/// What a hub may never forget about elections, plus how far it knows the log to be committed.
public struct HardState: Hashable, Sendable {
    public var term: Term
    /// The hub that got this hub's vote in `term`.
    public var vote: HubID?
    public var commit: LogIndex

    public init(term: Term = .zero, vote: HubID? = nil, commit: LogIndex = .zero) {
        self.term = term
        self.vote = vote
        self.commit = commit
    }
}

/// The point up to which the log is replaced by the state that it led to.
public struct SnapshotMetadata: Hashable, Sendable {
    /// The last entry that the snapshot contains.
    public let index: LogIndex
    /// That entry's term.
    public let term: Term
    /// The membership as of that entry.
    public let membership: Membership

    public init(index: LogIndex = .zero, term: Term = .zero, membership: Membership = Membership()) {
        self.index = index
        self.term = term
        self.membership = membership
    }
}

/// A state machine's whole state as of one entry.
public struct Snapshot: Hashable, Sendable {
    public let metadata: SnapshotMetadata
    public let data: [UInt8]

    public init(metadata: SnapshotMetadata, data: [UInt8]) {
        self.metadata = metadata
        self.data = data
    }
}

/// The log on disk as the core reads it. It holds what the driver has persisted; what is not persisted yet the core
/// keeps itself (`LogView`). Entries `firstIndex ... lastIndex` are there, without a gap.
///
/// A class, because core and driver share it: the core reads while the driver, between two of its steps, writes.
public protocol LogStorage: AnyObject {
    var hardState: HardState { get }
    /// What the log begins with: all zero and the first membership for a new group.
    var base: SnapshotMetadata { get }
    /// The last entry, or `base.index` when there is none.
    var lastIndex: LogIndex { get }
    /// The term of an entry in `base.index ... lastIndex`; nil outside.
    func term(at index: LogIndex) -> Term?
    /// Entries from `first` on, at most through `last`, stopping before `maximumCost` is exceeded but with at least
    /// one entry. Both bounds must lie within the log.
    func entries(from first: LogIndex, through last: LogIndex, maximumCost: Int) throws(StoreError) -> [Entry]
    /// Every membership that stands in an entry, in order.
    var memberships: [(index: LogIndex, membership: Membership)] { get }
}

extension LogStorage {
    var firstIndex: LogIndex { base.index.next }
}
