/// Who wrote a relay log, and of which servers: the primary of a term, and the newest generation of a server when it
/// began. Kept in the log as the hub's id, the term and the generation, with blanks between.
public struct RelayOwner: Hashable, Sendable {
    public var hub: HubID
    public var term: UInt64
    /// Nil in logs from before it was kept.
    public var generation: Generation?

    public init(_ primary: Primary, generation: Generation) {
        (hub, term) = (primary.hub, primary.term)
        self.generation = generation
    }

    /// Nil for a new log, which has no owner.
    public init?(text: String) {
        let parts = text.split(separator: " ")
        guard [2, 3].contains(parts.count), let hub = UInt64(parts[0], radix: 16), let term = UInt64(parts[1]) else {
            return nil
        }
        (self.hub, self.term) = (HubID(hub), term)
        guard parts.count == 3 else { return }
        guard let generation = UInt64(parts[2]) else { return nil }
        self.generation = Generation(rawValue: generation)
    }

    public var text: String { "\(hub) \(term)" + (generation.map { " \($0.rawValue)" } ?? "") }

    /// Whether `primary` may go on with the log. After another hub has been primary it is out of date: destinations
    /// have acknowledged what is not in it, and sources have been read further. So it is when a server has been added,
    /// moved or cut since: positions in the log may be of another binlog.
    public func isContinued(by primary: Primary, generation now: Generation) -> Bool {
        hub == primary.hub && term >= primary.since && (generation ?? now) == now
    }
}
