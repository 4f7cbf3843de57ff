internal import HubStore
internal import RaftLog

/// A hub that was taken out of its group. Nobody sends it anything any more, so it has to find out by itself, and has to
/// say so: what it still shows of servers and hubs is of the past.
extension Hub {
    static let removal =
        "this hub was removed from its group and takes no part any more: stop it. It can join again, by ADD, with an "
        + "empty floyd-path"

    /// Why this hub takes no part any more; nil while it does, as far as it knows.
    ///
    /// Either its own log says that it is out, or, when it was away at that time, the others refuse it. As long as it
    /// hears from a leader neither counts: it may have been added just now, and be reading of the time before.
    nonisolated var removal: String? {
        guard let status = node?.status, status.role != .leader else { return nil }
        let timeout = Duration.milliseconds(configuration.raftElectionTimeoutMilliseconds)
        let silence = status.peers.first { $0.id == status.leader }?.sinceContact
        if let silence, silence < timeout { return nil }
        let members = status.membership
        let isOut = !members.members.isEmpty && members.member(status.identity.hub) == nil
        return isOut || transport.isRefusedAsStranger ? Self.removal : nil
    }
}
