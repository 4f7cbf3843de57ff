public import HubStore

/// An operator asks for a key to be made equal (`REPAIR`).
extension SyncEngine {
    public enum RepairAnswer: Equatable, Sendable {
        /// The key is compared at all servers, and copied where it differs, once it has been quiet for a while.
        case accepted(winner: ServerID)
        /// Nobody wrote the key lately, so the operator has to say whose state is right.
        case noWinner
        /// Half of what the replicated state can remember awaits repair already: the rest is for what the hub finds
        /// itself, since without room positions are not saved.
        case full
    }

    /// Makes a key suspect, whatever its type.
    ///
    /// - Parameter winner: a server of the sync, whose state is right; nil for that of the newest write that is known.
    public mutating func repair(_ key: [UInt8], winner: ServerID?, now: Double) -> RepairAnswer {
        let (hash, known) = key.withUnsafeBytes { bytes in
            let hash = hasher.hash(bytes, 0..<bytes.count)
            return (hash, repairs.suspects[hash]?.winner ?? versions.version(of: hash)?.source)
        }
        guard let winner = winner ?? known, index(of: winner) != nil else { return .noWinner }
        let suspects = repairs.suspects
        let keyBytes = suspects.values.reduce(key.count) { $0 + $1.key.count }
        guard
            suspects[hash] != nil
                || suspects.count < HubState.maximumSuspects / 2 && keyBytes <= HubState.maximumSuspectKeyBytes / 2
        else { return .full }
        let suspect = RepairQueue.Suspect(
            key: key, type: .any, winner: winner, touched: now, sequence: window.next)
        return repairs.add(suspect, hash: hash) ? .accepted(winner: winner) : .full
    }
}
