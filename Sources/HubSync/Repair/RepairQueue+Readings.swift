internal import HubStore

/// What is asked of the servers for a suspect, and what their answers show.
extension RepairQueue {
    /// States of a key, and when the last of them was there.
    struct FirstReading: Equatable, Sendable {
        var states: [ServerID: KeyCopy.Trace]
        var time: Double

        /// Whether a later reading shows the same, wherever it was made.
        func isConfirmed(by states: [ServerID: KeyCopy.Trace]) -> Bool {
            states.allSatisfy { server, state in self.states[server]?.matches(state) == true }
        }
    }

    /// The answers that make a state (`KeyCopy`), by server.
    struct Round: Equatable, Sendable {
        var answers: [ServerID: [Reply]] = [:]
        /// Tokens of reads that are not answered in full.
        var open: Set<UInt64> = []
    }

    /// What the last round of a key has shown.
    struct Comparison: Equatable, Sendable {
        /// How far a server's own writes can be in its state.
        struct Seen: Equatable, Sendable {
            /// Those below this place of its binlog are.
            var end: BinlogPosition
            /// Those of this second, by its clock, may be.
            var second: Int
        }

        /// The chunk that was the next one: a record that follows it was written afterwards.
        var sequence: ChunkSequence
        /// The server whose state was sent to others in that chunk: a write that follows the key's value need not
        /// follow what said it once more.
        var restatedBy: ServerID?
        var seen: [ServerID: Seen]
    }

    /// A state of a key that is to be read from a server.
    struct Read: Equatable, Sendable {
        var token: UInt64
        var server: ServerID
        var key: [UInt8]
        var type: CommandRule.ValueType
    }
}
