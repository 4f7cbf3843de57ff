/// A committed command, in log order.
public struct CommittedCommand: Sendable {
    public let index: LogIndex
    public let term: Term
    public let payload: [UInt8]
}

/// Why a state machine cannot go on. The node stops with it.
public struct StateMachineError: Error, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// What the log's commands act on. It keeps its state in its own database, together with the index of the last command
/// that is in it (etcd's applied index apart from its data was the cause of its 2022 corruption, #13766).
///
/// All methods are called by one thread at a time, the node's, and may block on the disk.
public protocol ReplicatedStateMachine {
    /// The index of the last command in the state on disk; zero for an empty state. Asked once, at the start.
    var appliedIndex: LogIndex { get }

    /// Applies commands in order, at least one, and answers each. The same commands lead to the same state and the
    /// same answers on every hub: no clock, no randomness, and a command that is not acceptable is answered so.
    ///
    /// - Throws: when this hub cannot apply a command, because a newer version made it, or its disk fails. Nothing
    ///   after the last answer counts as applied.
    mutating func apply(_ commands: [CommittedCommand]) throws(StateMachineError) -> [[UInt8]]

    /// Brings the state to the disk for good, so that it survives a loss of power. The log is cut behind it.
    ///
    /// - Returns: the index of the last command in it.
    mutating func flush() throws(StateMachineError) -> LogIndex

    /// The whole state. It has to fit into memory (`RaftConfiguration.snapshotBytes`).
    mutating func snapshot() throws(StateMachineError) -> [UInt8]

    /// Replaces the whole state by one that another hub's `snapshot` has made, for good, as of `index`.
    mutating func restore(_ snapshot: [UInt8], through index: LogIndex) throws(StateMachineError)
}
