internal import HubStore

/// Keys whose value may differ between servers (`design/convergence.md`, "Races that order alone cannot settle, and
/// repair"), until a comparison of all servers has shown that it does not.
///
/// A suspect goes round and round: quiet for a while; its state is read from every server that can be; where it
/// differs from the winner's, it is read once more when every server's binlog has been read past the first reading; if
/// nothing was written meanwhile, the winner's state is sent, and the round begins anew. So nothing that is believed
/// about time or order has to be right for the servers to end equal, and a server's own write that has not been read
/// from its binlog yet is not replaced.
struct RepairQueue: Sendable {
    /// How long a key must not have been written before it is read. A caught-up Pika sends once a second.
    static let quietSeconds = 1.2
    /// The longest wait between two rounds that have shown a difference; each wait is twice the one before.
    private static let longestQuietSeconds = 20.0
    /// Rounds that have shown a difference, without any write in between, before a key is given up.
    static let maximumRounds = 12
    static let maximumKeys = 100_000
    /// When to look again at a key that a server has not been sent yet, and at one for which a server has to come back.
    private static let behindSeconds = 0.25
    private static let awaySeconds = 2.0
    /// Reads at a time.
    static let maximumReads = 512

    struct Suspect: Equatable, Sendable {
        var key: [UInt8]
        var type: CommandRule.ValueType
        /// Its state is taken for the truth.
        var winner: ServerID
        var touched: Double
        /// Has to be acknowledged by a server before its state is read.
        var sequence: ChunkSequence
        /// Rounds that have shown a difference since the key was touched.
        var rounds = 0
        /// The servers that could be read are equal, and the others were sent the same. Now all have to be read.
        var waitsForAll = false
        /// The states that showed a difference first.
        var first: FirstReading?
        /// Set while the state is being read.
        var round: Round?

        var name: RelayStore.SuspectName { RelayStore.SuspectName(key: key, type: type.rawValue) }

        /// When it may be read.
        fileprivate var due: Double {
            let wait = RepairQueue.quietSeconds * Double(1 << min(max(0, rounds - 1), 10))
            return touched + min(wait, RepairQueue.longestQuietSeconds)
        }

        fileprivate mutating func startOver(now: Double, sequence: ChunkSequence) {
            touched = now
            self.sequence = max(self.sequence, sequence)
            rounds = 0
            waitsForAll = false
            first = nil
        }
    }

    private(set) var suspects: [KeyHash: Suspect] = [:]
    /// What the relay store does not know yet, by stored name: nil for a key that is no suspect any more.
    private(set) var changes: [RelayStore.SuspectName: ServerID?] = [:]
    /// As far as records may still come that were written before.
    private(set) var compared: [KeyHash: Comparison] = [:]
    /// Suspects that turned out to be empty lists or sorted sets everywhere. A Pika keeps the expiry of one that was
    /// emptied, and shows it to nobody until the next element comes; so the next write makes the key suspect again.
    private(set) var vacant: Set<KeyHash> = []
    private static let maximumVacant = 20_000
    /// Every suspect once, but for those that are being read.
    private var queue = DueQueue()
    private var tokens: [UInt64: (hash: KeyHash, server: ServerID)] = [:]
    private var nextToken: UInt64 = 1
    /// Rounds of which every answer is there.
    private var complete: [KeyHash] = []
    private(set) var repaired: UInt64 = 0
    /// Given up: too large, too many at once, or different for ever.
    private(set) var unrepaired: UInt64 = 0

    var isEmpty: Bool { suspects.isEmpty }
    var count: Int { suspects.count }

    /// - Returns: false when there is no room for another key.
    mutating func add(_ suspect: Suspect, hash: KeyHash) -> Bool {
        if var known = suspects[hash] {
            close(&known, hash)
            known.winner = suspect.winner
            if known.type != suspect.type {
                changes[known.name] = .some(nil)
                known.type = .any
            }
            known.startOver(now: suspect.touched, sequence: suspect.sequence)
            suspects[hash] = known
            changes[known.name] = .some(known.winner)
            return true
        }
        guard suspects.count < Self.maximumKeys else { return false }
        suspects[hash] = suspect
        queue.add(hash, due: suspect.due)
        changes[suspect.name] = .some(suspect.winner)
        return true
    }

    /// A key that may differ found no room.
    mutating func countUnrepaired() { unrepaired += 1 }

    /// What changed since the last call.
    mutating func takeChanges() -> [RelayStore.SuspectName: ServerID?] {
        defer { changes = [:] }
        return changes
    }

    /// The key was written again: not quiet yet.
    mutating func touch(_ hash: KeyHash, now: Double, sequence: ChunkSequence) {
        guard var suspect = suspects[hash] else { return }
        close(&suspect, hash)
        suspect.startOver(now: now, sequence: sequence)
        suspects[hash] = suspect
    }

    // MARK: Rounds

    /// What can be read now, as much as may be under way at a time.
    ///
    /// - Parameters:
    ///   - readable: the servers whose links run, each with what it has acknowledged.
    ///   - newest: the last chunk. A suspicion may wait for one that was never made: its record was beaten.
    ///   - isEveryone: whether these are all servers.
    ///   - isReadPast: whether the hub has read all that a server had written when its binlog ended there and then.
    mutating func due(
        now: Double, readable: [(id: ServerID, acknowledged: ChunkSequence)], newest: ChunkSequence, isEveryone: Bool,
        isReadPast: (ServerID, BinlogPosition, Double) -> Bool
    ) -> [Read] {
        guard tokens.count < Self.maximumReads else { return [] }
        var reads: [Read] = []
        while tokens.count < Self.maximumReads, let hash = queue.take(now: now) {
            guard let suspect = suspects[hash], suspect.round == nil else { continue }
            guard suspect.due <= now else {
                queue.add(hash, due: suspect.due)
                continue
            }
            let ready = readable.filter { $0.acknowledged >= min(suspect.sequence, newest) }.map(\.id)
            guard ready.contains(suspect.winner), !suspect.waitsForAll || isEveryone && ready.count == readable.count
            else {
                let isAway = suspect.waitsForAll ? !isEveryone : !readable.contains { $0.id == suspect.winner }
                queue.add(hash, due: now + (isAway ? Self.awaySeconds : Self.behindSeconds))
                continue
            }
            if let first = suspect.first,
                !first.states.allSatisfy({ isReadPast($0.key, $0.value.end, first.time) })
            {
                queue.add(hash, due: now + Self.behindSeconds)
                continue
            }
            var round = Round()
            for server in ready {
                tokens[nextToken] = (hash, server)
                round.open.insert(nextToken)
                reads.append(Read(token: nextToken, server: server, key: suspect.key, type: suspect.type))
                nextToken += 1
            }
            suspects[hash]?.round = round
        }
        return reads
    }

    /// An answer to a read.
    mutating func answered(_ token: UInt64, _ reply: Reply) {
        guard let (hash, server) = tokens[token], let type = suspects[hash]?.type else { return }
        suspects[hash]?.round?.answers[server, default: []].append(reply)
        guard suspects[hash]?.round?.answers[server]?.count == KeyCopy.requests(type, []).count else { return }
        tokens[token] = nil
        suspects[hash]?.round?.open.remove(token)
        if suspects[hash]?.round?.open.isEmpty == true { complete.append(hash) }
    }

    /// A suspect whose state has been read from every server that could be, with its answers.
    mutating func takeComplete() -> (hash: KeyHash, suspect: Suspect, answers: [ServerID: [Reply]])? {
        while let hash = complete.popLast() {
            // It may have been touched since.
            guard var suspect = suspects[hash], let round = suspect.round, round.open.isEmpty else { continue }
            close(&suspect, hash)
            suspects[hash] = suspect
            return (hash, suspect, round.answers)
        }
        return nil
    }

    /// These states differ. They are read once more before anything is done about it.
    mutating func readAgain(_ hash: KeyHash, _ states: [ServerID: KeyCopy.Trace], now: Double) {
        suspects[hash]?.first = FirstReading(states: states, time: now)
    }

    /// The winner's state goes to servers where it differs; it is compared again when they have it.
    mutating func sent(_ hash: KeyHash, _ comparison: Comparison, now: Double) {
        suspects[hash]?.rounds += 1
        suspects[hash]?.touched = now
        suspects[hash]?.sequence = comparison.sequence
        suspects[hash]?.waitsForAll = false
        suspects[hash]?.first = nil
        compared[hash] = comparison
        repaired += 1
    }

    /// All that could be read are equal, and the others were sent the same.
    mutating func waitForAll(_ hash: KeyHash, _ comparison: Comparison) {
        suspects[hash]?.waitsForAll = true
        suspects[hash]?.sequence = comparison.sequence
        compared[hash] = comparison
    }

    /// All are equal.
    /// - Parameter isVacant: as far as can be seen of a key that may be a list or sorted set: it is nowhere.
    mutating func finish(_ hash: KeyHash, _ comparison: Comparison, isVacant: Bool) {
        remove(hash)
        compared[hash] = comparison
        guard isVacant else { return }
        if vacant.count >= Self.maximumVacant { vacant.removeFirst() }
        vacant.insert(hash)
    }

    /// The key is written; whether it was empty everywhere before.
    mutating func fill(_ hash: KeyHash) -> Bool { !vacant.isEmpty && vacant.remove(hash) != nil }

    mutating func giveUp(_ hash: KeyHash) {
        remove(hash)
        unrepaired += 1
    }

    private mutating func remove(_ hash: KeyHash) {
        guard let suspect = suspects.removeValue(forKey: hash) else { return }
        changes[suspect.name] = .some(nil)
    }

    /// A server cannot be read any more: rounds that ask it start over.
    mutating func abandon(_ server: ServerID) {
        for (_, read) in tokens.sorted(by: { $0.key < $1.key }) where read.server == server {
            guard var suspect = suspects[read.hash] else { continue }
            close(&suspect, read.hash)
            suspects[read.hash] = suspect
        }
    }

    /// Where the winner is no longer in the sync, the first of those that are takes its place.
    mutating func keepWinners(among servers: [ServerID]) {
        guard let first = servers.first else { return }
        for (hash, suspect) in suspects where !servers.contains(suspect.winner) {
            suspects[hash]?.winner = first
            changes[suspect.name] = .some(first)
        }
    }

    /// Forgets comparisons that every record still to come follows.
    mutating func forget(settled: ChunkSequence) {
        compared = compared.filter { $0.value.sequence > settled }
    }

    /// Ends the round; the key waits for the next one.
    private mutating func close(_ suspect: inout Suspect, _ hash: KeyHash) {
        guard let round = suspect.round else { return }
        for token in round.open { tokens[token] = nil }
        suspect.round = nil
        queue.add(hash, due: suspect.due)
    }
}
