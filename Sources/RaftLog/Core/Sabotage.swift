/// Known bugs that can be put back into the core, to show that the simulator finds them. Always empty in the product.
/// The number is the one in the table of bugs that `Tests/RaftLogTests` follows.
package struct Sabotage: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// 1: counts replicas of an earlier term's entry.
    package static let commitsEarlierTerm = Sabotage(rawValue: 1 << 0)
    /// 2: changes the membership before an entry of its own term is committed, and one change before the last is.
    package static let changesMembershipEarly = Sabotage(rawValue: 1 << 1)
    /// 4: keeps the membership it had when it installs a snapshot.
    package static let keepsMembershipOnInstall = Sabotage(rawValue: 1 << 2)
    /// 7: answers a read before an entry of its own term is committed, and without asking a majority.
    package static let readsWithoutQuorum = Sabotage(rawValue: 1 << 3)
    /// 12: takes a new term for permission to forget its vote in that term, too.
    package static let forgetsVote = Sabotage(rawValue: 1 << 4)
    /// 14: acknowledges before the disk has it.
    package static let acknowledgesBeforePersisting = Sabotage(rawValue: 1 << 5)
    /// 21: takes one acknowledgement for a majority.
    package static let commitsWithoutQuorum = Sabotage(rawValue: 1 << 6)
    /// 22: cuts its log off behind every append, whatever it held there.
    package static let truncatesBlindly = Sabotage(rawValue: 1 << 7)
    /// 22: trusts the leader's commit index beyond what it has verified.
    package static let commitsBeyondVerified = Sabotage(rawValue: 1 << 8)
    /// Votes for whoever asks, however old its log.
    package static let votesForStaleLogs = Sabotage(rawValue: 1 << 9)

    package static let named: [(name: String, bug: Sabotage)] = [
        ("commits-earlier-term", .commitsEarlierTerm),
        ("changes-membership-early", .changesMembershipEarly),
        ("keeps-membership-on-install", .keepsMembershipOnInstall),
        ("reads-without-quorum", .readsWithoutQuorum),
        ("forgets-vote", .forgetsVote),
        ("acknowledges-before-persisting", .acknowledgesBeforePersisting),
        ("commits-without-quorum", .commitsWithoutQuorum),
        ("truncates-blindly", .truncatesBlindly),
        ("commits-beyond-verified", .commitsBeyondVerified),
        ("votes-for-stale-logs", .votesForStaleLogs),
    ]
}
