/// Faults of the hub that can be put back in, to see that the simulation would notice them. All of them are made by
/// changing what the hub's values are told, or what becomes of what they want done.
public enum PlantedBug: String, CaseIterable, Sendable {
    /// Repairs are decided and never sent.
    case noRepair = "no-repair"
    /// The winner of a conflict is not sent back to its own server.
    case noEcho = "no-echo"
    /// A destination counts as having a chunk as soon as it was sent.
    case acknowledgedEarly = "acknowledged-early"
    /// What was read counts as delivered to everyone in the replicated positions.
    case positionOfReading = "position-of-reading"
    /// The stamp of a file's first record is taken for a place in the file that it names.
    case markMovedByRoll = "mark-moved-by-roll"
    /// What a source sends again is taken for new.
    case noDeduplication = "no-deduplication"
    /// Conflicts are decided by exec_time alone: no evidence of order arrives.
    case evidenceIgnored = "evidence-ignored"
    /// The loss of a binlog connection is not noticed.
    case dataLossUnnoticed = "data-loss-unnoticed"
    /// A version for which memory has no room is forgotten before it is settled.
    case versionsForgotten = "versions-forgotten"
    /// What awaits repair is not part of the replicated state.
    case suspectsNotReplicated = "suspects-not-replicated"
    /// A binlog that ends before what was read of it is read on, and the positions behind its end stay.
    case cutsNotReplicated = "cuts-not-replicated"
    /// Deltas that were delivered twice do not make their keys suspect.
    case redeliveryTrusted = "redelivery-trusted"
    /// A hub that leads no more keeps its links and goes on with them.
    case linksKept = "ex-primary-keeps-links"
    /// The links are closed by the Raft thread alone: a hub that was frozen goes on with them at first.
    case fenceIgnored = "fence-ignored"
}
