internal import HubStore
internal import HubSync

/// What the admin port needs of the hub that it belongs to. Everything is asked from many connections at once.
protocol HubControl: Sendable {
    /// The figures of this moment.
    func info() async -> HubInfo

    /// Why the hub takes no part in its group any more; nil while it does. Then it answers only for itself.
    var removal: String? { get }

    /// Has a change of servers applied by the group: answers at once what needs no proposal
    /// (`HubState.replyWithoutProposing`), forwards to the primary from any other hub, and gives up within a bounded
    /// time.
    func execute(_ command: HubCommand) async -> CommandOutcome

    /// Takes the hub that listens for others at `address` into the group. It is reached before it is added.
    func addHub(at address: Address) async -> CommandOutcome

    func removeHub(at address: Address) async -> CommandOutcome

    /// Hands the primary's part over, to `hub` or to whichever is furthest.
    func failOver(to hub: HubID?) async -> CommandOutcome

    /// Has a key compared at all servers and copied where it differs, from `winner` or from the server that is known to
    /// have written it last.
    func repair(_ key: [UInt8], winner: ServerID?) async -> CommandOutcome

    /// The newest conflicts and repairs, newest first, at most `limit`; none unless this hub is the primary.
    func conflicts(limit: Int) async -> [ConflictLog.Entry]

    /// The commands that go from one server to another, as lines, from now on. Nil: too many watch already.
    func tail(source: ServerID, destination: ServerID) async -> AsyncStream<String>?

    /// Starts a clean stop, as SIGTERM does.
    func shutDown() async
}

/// What became of an admin command. Each case knows its reply's text.
enum CommandOutcome: Hashable, Sendable {
    case done
    case refused(HubRefusal)
    /// Refused for a reason that the replicated state doesn't know, such as an unreachable hub.
    case failed(String)
    /// There is no primary, or none that answers; nothing was changed.
    case noPrimary(reason: String)
    /// It may or may not take effect. Repeating it is harmless.
    case unknown(reason: String)

    init(_ reply: HubReply) {
        switch reply {
        case .ok: self = .done
        case .refused(let reason): self = .refused(reason)
        }
    }

    /// The text after `-ERR `; nil for `+OK`.
    var errorText: String? {
        switch self {
        case .done: nil
        case .refused(let refusal): refusal.description
        case .failed(let text): text
        case .noPrimary(let reason): "no primary: \(reason); nothing was changed"
        case .unknown(let reason): "outcome unknown: \(reason); repeating the command is harmless"
        }
    }
}
