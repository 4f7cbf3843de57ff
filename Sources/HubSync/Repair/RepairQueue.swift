internal import HubStore

/// Keys whose value may differ between servers, until their state has been copied from the server that won
/// (`design/convergence.md`, "Races that order alone cannot settle, and repair").
struct RepairQueue: Sendable {
    /// How long a key must not have been written before it is repaired. A caught-up Pika sends once a second.
    static let quietSeconds = 1.6
    static let maximumKeys = 100_000
    static let maximumReads = 512

    struct Suspect: Equatable, Sendable {
        var key: [UInt8]
        var type: CommandRule.ValueType
        /// Its state is taken for the truth.
        var winner: ServerID
        var touched: Double
        /// Has to be acknowledged by everyone before the state is read.
        var sequence: ChunkSequence
        /// Set while the state is being read.
        var reading: Reading?

        var name: RelayStore.SuspectName { RelayStore.SuspectName(key: key, type: type.rawValue) }
    }

    /// The answers that make a state (`KeyCopy`). The last one, the end of the server's binlog, tells how far that
    /// binlog has to be read until every write in the state has arrived as a record too.
    struct Reading: Equatable, Sendable {
        var token: UInt64
        var wanted: Int
        var answers: [Reply] = []
        /// When the last answer came.
        var completed = 0.0
        var end = BinlogPosition(file: 0, offset: 0)
        var isComplete: Bool { answers.count == wanted }
    }

    private(set) var suspects: [KeyHash: Suspect] = [:]
    /// What the relay store does not know yet, by stored name: nil for a key that is no suspect any more.
    private(set) var changes: [RelayStore.SuspectName: ServerID?] = [:]
    private var tokens: [UInt64: KeyHash] = [:]
    private var nextToken: UInt64 = 1
    private(set) var repaired: UInt64 = 0
    /// Given up: too large, or too many at once.
    private(set) var unrepaired: UInt64 = 0

    var isEmpty: Bool { suspects.isEmpty }
    var count: Int { suspects.count }

    /// - Returns: false when there is no room for another key.
    mutating func add(_ suspect: Suspect, hash: KeyHash) -> Bool {
        if var known = suspects[hash] {
            if let reading = known.reading { tokens[reading.token] = nil }
            known.reading = nil
            known.winner = suspect.winner
            if known.type != suspect.type {
                changes[known.name] = .some(nil)
                known.type = .any
            }
            known.touched = suspect.touched
            known.sequence = max(known.sequence, suspect.sequence)
            suspects[hash] = known
            changes[known.name] = .some(known.winner)
            return true
        }
        guard suspects.count < Self.maximumKeys else {
            unrepaired += 1
            return false
        }
        suspects[hash] = suspect
        changes[suspect.name] = .some(suspect.winner)
        return true
    }

    /// What changed since the last call.
    mutating func takeChanges() -> [RelayStore.SuspectName: ServerID?] {
        defer { changes = [:] }
        return changes
    }

    /// The key was written again: not quiet yet.
    mutating func touch(_ hash: KeyHash, now: Double, sequence: ChunkSequence) {
        guard var suspect = suspects[hash] else { return }
        suspect.touched = now
        suspect.sequence = max(suspect.sequence, sequence)
        if let reading = suspect.reading { tokens[reading.token] = nil }
        suspect.reading = nil
        suspects[hash] = suspect
    }

    /// Keys that can be read now, marked as being read.
    mutating func due(
        now: Double, acknowledged: ChunkSequence, newest: ChunkSequence, isReadable: (ServerID) -> Bool
    ) -> [(token: UInt64, suspect: Suspect)] {
        var due: [(UInt64, Suspect)] = []
        guard tokens.count < Self.maximumReads else { return [] }
        for (hash, suspect) in suspects where suspect.reading == nil && now - suspect.touched >= Self.quietSeconds {
            // The chunk that the suspicion waits for may never have been made: its record was beaten.
            guard min(suspect.sequence, newest) <= acknowledged, isReadable(suspect.winner) else { continue }
            let token = nextToken
            nextToken += 1
            tokens[token] = hash
            let wanted = KeyCopy.requests(suspect.type, suspect.key).count
            suspects[hash]?.reading = Reading(token: token, wanted: wanted)
            due.append((token, suspect))
            if tokens.count >= Self.maximumReads { break }
        }
        return due
    }

    /// An answer to a read.
    mutating func answered(_ token: UInt64, _ reply: Reply, now: Double) {
        guard let hash = tokens[token], var suspect = suspects[hash] else { return }
        suspect.reading?.answers.append(reply)
        if suspect.reading?.isComplete == true {
            var report = PikaReport()
            report.read(reply.text ?? "")
            suspect.reading?.completed = now
            suspect.reading?.end = BinlogPosition(file: report.producerFile ?? 0, offset: report.producerOffset ?? 0)
        }
        suspects[hash] = suspect
    }

    /// Keys whose state has been read, and whose server's binlog has been read as far as it went then.
    func complete(isRead: (ServerID, _ upTo: BinlogPosition, _ since: Double) -> Bool) -> [Suspect] {
        suspects.values.filter { suspect in
            guard let reading = suspect.reading, reading.isComplete else { return false }
            return isRead(suspect.winner, reading.end, reading.completed)
        }
    }

    mutating func finish(_ token: UInt64, wasRepaired: Bool) {
        guard let hash = tokens.removeValue(forKey: token), let suspect = suspects.removeValue(forKey: hash) else {
            return
        }
        changes[suspect.name] = .some(nil)
        if wasRepaired { repaired += 1 } else { unrepaired += 1 }
    }

    /// The server that was read from is gone: its reads start over.
    mutating func abandon(_ server: ServerID, now: Double) {
        for (hash, suspect) in suspects where suspect.winner == server {
            guard let reading = suspect.reading else { continue }
            tokens[reading.token] = nil
            suspects[hash]?.reading = nil
            suspects[hash]?.touched = now
        }
    }
}
