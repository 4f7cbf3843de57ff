import HubStore
import HubSync
import Synchronization

@testable import HubDaemon

/// A hub of one that applies commands at once.
final class FakeHub: HubControl {
    private struct State {
        var info = HubInfo()
        var isShuttingDown = false
        var failOvers: [HubID?] = []
        var answer: CommandOutcome?
        var removal: String?
    }

    let tails = RouteTails()
    private let state = Mutex(State())

    init(servers: [ServerDescription] = []) {
        state.withLock { state in
            state.info.raft.role = .primary
            state.info.raft.hub = HubID(1)
            state.info.raft.leader = HubID(1)
            _ = state.info.state.apply(.seed(servers: servers))
            state.info.members = [Self.member(1)]
        }
    }

    static func member(_ id: UInt64) -> HubInfo.Member {
        HubInfo.Member(
            id: HubID(id), raftAddress: Address(host: "127.0.0.1", port: 9310 + Int(id)),
            adminAddress: Address(host: "127.0.0.1", port: 6900 + Int(id)))
    }

    var isShuttingDown: Bool { state.withLock { $0.isShuttingDown } }
    var failOvers: [HubID?] { state.withLock { $0.failOvers } }
    var hubState: HubState { state.withLock { $0.info.state } }

    func change(_ body: @Sendable (inout HubInfo) -> Void) { state.withLock { body(&$0.info) } }
    func beRemoved(_ reason: String) { state.withLock { $0.removal = reason } }
    var removal: String? { state.withLock { $0.removal } }
    func answerAlways(_ outcome: CommandOutcome) { state.withLock { $0.answer = outcome } }

    func info() async -> HubInfo { state.withLock { $0.info } }

    func execute(_ command: HubCommand) async -> CommandOutcome {
        state.withLock { state in
            if let answer = state.answer { return answer }
            let online = Set(state.info.links.filter { $0.value.status == .connected }.keys)
            let known = state.info.state.replyWithoutProposing(command, online: online)
            return CommandOutcome(known ?? state.info.state.apply(command))
        }
    }

    func addHub(at address: Address) async -> CommandOutcome {
        change { $0.members.append(HubInfo.Member(id: HubID(2), raftAddress: address)) }
        return .done
    }

    func removeHub(at address: Address) async -> CommandOutcome {
        state.withLock { state in
            let count = state.info.members.count
            state.info.members.removeAll { $0.raftAddress == address }
            return state.info.members.count < count ? .done : .failed("\(address) is not a hub of the group")
        }
    }

    func failOver(to hub: HubID?) async -> CommandOutcome {
        state.withLock { $0.failOvers.append(hub) }
        return .done
    }

    /// Only of server 1 it knows that it wrote `k`.
    func repair(_ key: [UInt8], winner: ServerID?) async -> CommandOutcome {
        if let winner, hubState.servers[winner] == nil { return .refused(.serverNotFound(id: winner)) }
        return winner != nil || key == Array("k".utf8) ? .done : .failed("nobody wrote that key lately")
    }

    func conflicts(limit: Int) async -> [ConflictLog.Entry] {
        func version(_ server: UInt32, _ seconds: UInt32) -> ConflictLog.Version {
            .init(source: ServerID(server), position: BinlogPosition(file: server, offset: 7), seconds: seconds)
        }
        let events: [ConflictLog.Event] = [
            .repaired(from: ServerID(2), to: [ServerID(1), ServerID(3)]),
            .conflict(write: version(1, 4), known: version(2, 5), action: .dropped(awaitsRepairFrom: ServerID(2))),
        ]
        return events.prefix(limit).map { ConflictLog.Entry(unixSeconds: 5, key: Array("k".utf8), event: $0) }
    }

    func tail(source: ServerID, destination: ServerID) async -> AsyncStream<String>? {
        tails.watch(source: source, destination: destination)
    }

    func shutDown() async { state.withLock { $0.isShuttingDown = true } }
}

/// A session on a fake hub, without sockets.
struct AdminBench {
    var hub: FakeHub
    var context: AdminContext
    var session = AdminSession(id: 1, host: "127.0.0.1", port: 5000)

    init(servers: [UInt32] = [], change: (inout Configuration) -> Void = { _ in }) {
        var configuration = Configuration()
        configuration.floydLocalIP = "127.0.0.1"
        change(&configuration)
        hub = FakeHub(
            servers: servers.map { id in
                ServerDescription(
                    id: ServerID(id), address: Address(host: "127.0.0.1", port: 9200 + Int(id)), password: "secret")
            })
        context = AdminContext(
            control: hub, configuration: LiveConfiguration(configuration, file: "test.conf"),
            clients: ClientRegistry(), now: { ContinuousClock.now }, metrics: MetricRegistry())
    }

    /// The reply as it goes over the wire, line ends as `|`.
    mutating func ask(_ line: String) async -> String {
        let words = line.split(separator: " ").map { Array($0.utf8) }
        let reply = await AdminCommand.answer(words, session: &session, context: context)
        return wire(reply, session.version)
    }
}

func wire(_ reply: RESPReply, _ version: RESPVersion) -> String {
    var bytes: [UInt8] = []
    reply.encode(into: &bytes, version: version)
    return String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        .joined(separator: "|")
}
