/// Who wrote a relay log, and of which servers: the primary of a term, and the servers' generations when it began. Kept in
/// the log as the hub's id, the term, and `id=generation` for each server, with blanks between.
public struct RelayOwner: Hashable, Sendable {
    public var hub: HubID
    public var term: UInt64
    public var generations: [ServerID: Generation]

    public init(_ primary: Primary, generations: [ServerID: Generation]) {
        (hub, term) = (primary.hub, primary.term)
        self.generations = generations
    }

    /// Nil for a new log, which has no owner.
    public init?(text: String) {
        let parts = text.split(separator: " ")
        guard parts.count >= 2, let hub = UInt64(parts[0], radix: 16), let term = UInt64(parts[1]) else { return nil }
        (self.hub, self.term) = (HubID(hub), term)
        generations = [:]
        for part in parts.dropFirst(2) {
            let pair = part.split(separator: "=")
            guard pair.count == 2, let id = UInt32(pair[0]), let generation = UInt64(pair[1]) else { return nil }
            generations[ServerID(id)] = Generation(rawValue: generation)
        }
    }

    public var text: String {
        (["\(hub)", "\(term)"] + generations.sorted { $0.key < $1.key }.map { "\($0)=\($1.rawValue)" })
            .joined(separator: " ")
    }

    /// Whether `primary` may go on with the log. After another hub has been primary it is out of date: destinations
    /// have acknowledged what is not in it, and sources have been read further. So it is when an id stands for another
    /// server by now, or for one whose binlog was cut: positions in the log are those of the one before.
    public func isContinued(by primary: Primary, generations now: [ServerID: Generation]) -> Bool {
        hub == primary.hub && term >= primary.since
            && generations.allSatisfy { id, generation in now[id] == nil || now[id] == generation }
    }
}
