public import HubStore

/// What becomes part of the replicated state about once a second.
extension SyncEngine {
    /// What changed since the last one.
    public struct Advance: Equatable, Sendable {
        /// `Server.generation` of each server that is meant.
        public var generations: [ServerID: UInt64] = [:]
        /// `[source][destination]`: how far a destination has acknowledged a source.
        public var acknowledged: [ServerID: [ServerID: BinlogProgress]] = [:]
        /// Keys that are no longer suspect, to be taken out before `suspects` are put in.
        public var repairedKeys: [[UInt8]] = []
        /// Keys that are suspect since. The positions may have passed what made them so.
        public var suspects: [Suspect] = []
        /// Where binlogs end that were read further. Said until the server has another generation.
        public var cuts: [ServerID: BinlogPosition] = [:]

        public init() {}

        public var isEmpty: Bool { acknowledged.isEmpty && repairedKeys.isEmpty && suspects.isEmpty && cuts.isEmpty }
    }

    /// What is to be proposed to the Raft log: about once a second, and at a clean stop.
    ///
    /// A position is never taken without the suspicions that arose before it, so a hub that goes on from there knows of
    /// them. When there are more of them than the state takes (`HubState.maximumSuspects`), positions wait until
    /// repairs have made room; another primary would read again what lies behind them.
    public mutating func takeAdvance() -> Advance {
        isWriteDue = true
        var advance = Advance()
        takeSuspects(&advance)
        if !areSuspectsTooMany { takePositions(&advance) }
        for server in servers {
            advance.generations[server.id] = server.description.generation
            advance.cuts[server.id] = server.cutAt
        }
        return advance
    }

    /// The last `takeAdvance` did not become part of the replicated state: the next one says it again.
    public mutating func forgetAdvance() {
        for index in servers.indices { servers[index].proposed = [:] }
        // Whether the state holds them is not known; what is known of them is said again, or taken out again.
        for key in takenOut where replicated[key] == nil { replicated[key] = Suspect(key: key, winner: nil) }
        for key in replicated.keys { replicated[key]?.winner = nil }
    }

    private mutating func takePositions(_ advance: inout Advance) {
        for index in servers.indices {
            let destination = servers[index].id
            if servers[index].delivery.acknowledged.next == window.next {
                // Nothing is under way to it: it has all that was read.
                for source in servers where source.id != destination && source.reader.progress != BinlogProgress() {
                    servers[index].acknowledged[source.id, default: BinlogProgress()]
                        .formUnion(source.reader.progress)
                }
            }
            for (source, progress) in servers[index].acknowledged
            where servers[index].proposed[source] != progress {
                servers[index].proposed[source] = progress
                advance.acknowledged[source, default: [:]][destination] = progress
            }
        }
    }

    private mutating func takeSuspects(_ advance: inout Advance) {
        takenOut = replicated.keys.filter { key in
            repairs.suspects[key.withUnsafeBytes { hasher.hash($0, 0..<$0.count) }] == nil
        }
        takenOut.sort { $0.lexicographicallyPrecedes($1) }
        for key in takenOut { replicated[key] = nil }
        advance.repairedKeys = takenOut
        let isTooMany = !addSuspects(&advance)
        if isTooMany && !areSuspectsTooMany {
            let event = LinkEvent(
                .error, "suspects-overflow",
                "\(repairs.count) keys await repair, more than can be saved; positions are not saved until it is fewer")
            actions.append(.log(event))
        }
        areSuspectsTooMany = isTooMany
    }

    /// - Returns: false when the state has no room for all of them.
    private mutating func addSuspects(_ advance: inout Advance) -> Bool {
        guard repairs.count <= HubState.maximumSuspects else { return false }
        var keyBytes = 0
        var new: [Suspect] = []
        for suspect in repairs.suspects.values {
            keyBytes += suspect.key.count
            let suspect = Suspect(key: suspect.key, type: suspect.type.rawValue, winner: suspect.winner)
            if replicated[suspect.key] != suspect { new.append(suspect) }
        }
        guard keyBytes <= HubState.maximumSuspectKeyBytes else { return false }
        advance.suspects = new.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for suspect in new { replicated[suspect.key] = suspect }
        return true
    }
}
