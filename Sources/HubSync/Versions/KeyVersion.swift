internal import HubStore

/// Who wrote a key last, as far as it can still matter (`design/convergence.md`): a hybrid logical time, the record
/// that wrote it, and the chunk of the relay log in which it went out.
struct KeyVersion: Equatable, Sendable {
    /// Unix seconds, raised above those of every version that this one is known to follow.
    var seconds: UInt32
    /// Orders versions of the same second of which one is known to follow the other.
    var counter: UInt16
    var effect: Effect
    /// At its own source, what it did not follow, or its echo, may have been applied on top of it. A later write of that
    /// source is in order only if it is known to follow.
    var mayBeCovered: Bool
    var source: ServerID
    var file: UInt32
    var offset: UInt64
    var sequence: ChunkSequence

    /// Of a chunk that is delivered once more, of whose record only the chunk is known (`SyncEngine.doubt`).
    var isRedelivered: Bool { (file, offset) == (0, 0) }

    enum Effect: UInt8, Sendable {
        /// The whole value or its absence: nothing older matters any more.
        case whole
        case expiry
        /// A delta that commutes with others of its kind: the INCR family.
        case commuting
        case operation
    }

    /// Takes the place of `known`, to which its source stands in the relation `following`.
    ///
    /// - Parameter isSettled: whether `known` is.
    mutating func succeed(_ known: KeyVersion, _ following: OrderEvidence.Following, isSettled: Bool) {
        if known.source == source || following != .no, (seconds, counter) <= (known.seconds, known.counter) {
            seconds = known.seconds
            counter = known.counter == .max ? .max : known.counter + 1
        }
        // What another server writes without having seen `known` does not commute with it.
        if effect == .commuting && known.effect != .commuting && !isSettled { effect = .operation }
        mayBeCovered = following != .yes && (known.source != source || known.mayBeCovered)
    }

    /// Later in hybrid logical time. Equal times are decided by arrival: the later one wins.
    func isBeaten(byTime other: KeyVersion) -> Bool {
        (seconds, counter) <= (other.seconds, other.counter)
    }
}

/// What becomes of a write, given what is known of its key.
struct WriteDecision: Equatable, Sendable {
    enum Fate: Equatable, Sendable {
        /// Goes to every destination.
        case deliver
        /// Goes to every destination and back to its source, whose value may have been replaced by the older write
        /// that it beats.
        case deliverAndEcho
        /// A newer write of the key is known, so this one goes nowhere.
        case superseded
    }

    /// Whose state of a key that may differ is to count.
    enum Winner: Equatable, Sendable {
        case server(ServerID)
        /// Its own write may have been replaced by what was sent to it, which all others had before.
        case anyBut(ServerID)
    }

    var fate: Fate
    /// The servers may differ, and no command at hand surely makes them equal: they are to be compared.
    var suspectWinner: Winner?
    /// A conflict between two servers' writes was seen.
    var isConflict = false

    static let deliver = WriteDecision(fate: .deliver)
}

extension WriteDecision {
    /// Decides about `write`, given the version `known` of the same key.
    ///
    /// - Parameter following: whether the source is known to have had `known` when it wrote.
    static func decide(
        _ write: KeyVersion, against known: KeyVersion, following: OrderEvidence.Following
    ) -> WriteDecision {
        if write.source == known.source {
            let isNewer = (write.file, write.offset) >= (known.file, known.offset)
            if !isNewer {
                // Files of a backlog arrive side by side; only whole values overtake (`SourceReader`), unless what the
                // source said of its senders was not so.
                if known.effect == .whole { return WriteDecision(fate: .superseded) }
                if write.effect == .commuting && known.effect == .commuting { return .deliver }
                return WriteDecision(fate: .deliver, suspectWinner: .server(write.source))
            }
            if write.effect == .commuting && known.effect == .commuting { return .deliver }
            if known.mayBeCovered && following != .yes {
                return write.effect == .whole
                    ? WriteDecision(fate: .deliverAndEcho)
                    : WriteDecision(fate: .deliver, suspectWinner: .anyBut(write.source))
            }
            return .deliver
        }
        if following == .yes { return .deliver }
        if write.effect == .commuting && known.effect == .commuting { return .deliver }
        if following == .covered {
            return write.effect == .whole
                ? WriteDecision(fate: .deliverAndEcho)
                : WriteDecision(fate: .deliver, suspectWinner: .server(known.source))
        }
        let writeWins = known.isBeaten(byTime: write)
        guard write.effect == .whole && known.effect == .whole else {
            // At the source of the known one the write is applied on top of it, at its own source below it.
            let last = writeWins ? known.source : write.source
            return WriteDecision(fate: .deliver, suspectWinner: .server(last), isConflict: true)
        }
        let winner = writeWins ? write.source : known.source
        return WriteDecision(
            fate: writeWins ? .deliverAndEcho : .superseded, suspectWinner: .server(winner), isConflict: true)
    }
}
