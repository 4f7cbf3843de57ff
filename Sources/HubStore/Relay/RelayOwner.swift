/// Who wrote a relay log: the primary of a term. Kept in the log as the hub's id and the term, with a blank between.
public struct RelayOwner: Hashable, Sendable {
    public var hub: HubID
    public var term: UInt64

    public init(_ primary: Primary) { (hub, term) = (primary.hub, primary.term) }

    /// Nil for a new log, which has no owner.
    public init?(text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let hub = UInt64(parts[0], radix: 16), let term = UInt64(parts[1]) else { return nil }
        (self.hub, self.term) = (HubID(hub), term)
    }

    public var text: String { "\(hub) \(term)" }

    /// Whether `primary` may go on with the log. After another hub has been primary it is out of date: destinations
    /// have acknowledged what is not in it, and sources have been read further.
    public func isContinued(by primary: Primary) -> Bool { hub == primary.hub && term >= primary.since }
}
