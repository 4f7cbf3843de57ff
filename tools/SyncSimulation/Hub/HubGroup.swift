internal import HubStore
internal import HubSync
internal import RaftLog
internal import SimulatedRaft

/// The hubs of one group and the links between them, and what must hold of all of them together.
final class HubGroup {
    static let port = 9000

    let world: World
    private(set) var hosts: [HubHost] = []
    private var raft = RaftOracle()
    /// Nothing gets from one hub to another until then, in seconds of the run.
    private var cutUntil: [[Double]]
    /// The newest state that any hub has applied, and so what the group agrees on.
    private(set) var agreed = HubHost.Machine()
    /// The newest term in which a hub has done anything at a server.
    private var actingTerm = Term.zero
    private(set) var reigns = 0
    // Rare faults that came about (`Simulation.Outcome`).
    var wipes = 0
    private(set) var repeats = 0
    var bulkLosses = 0
    let configuredServers: [ServerDescription]

    init(world: World) {
        self.world = world
        cutUntil = []
        configuredServers = world.servers.map {
            ServerDescription(id: ServerID($0.id), address: Address(host: $0.host, port: $0.port))
        }
        let membership = Membership((0..<world.plan.hubCount).map(Self.member))
        for _ in membership.members { addHost(membership) }
    }

    /// What a hub is called in the group.
    static func member(place: Int) -> Member {
        Member(id: HubID(UInt64(place) + 1), address: Address(host: "hub\(place + 1)", port: 9211))
    }

    /// One more machine with an empty disk; with an empty membership it waits to be added.
    @discardableResult
    func addHost(_ membership: Membership = Membership()) -> HubHost {
        let host = HubHost(world: world, place: hosts.count, membership: membership)
        hosts.append(host)
        for place in cutUntil.indices { cutUntil[place].append(0) }
        cutUntil.append(Array(repeating: 0, count: hosts.count))
        return host
    }

    /// Those that are not gone for good.
    var present: [HubHost] { hosts.filter { !$0.isGone } }

    func begin() {
        for host in hosts {
            world.timeline.after(world.random.between(0...2)) { host.start() }
        }
    }

    /// The data plane of the primary; nil while there is none.
    var primary: DataPlane? {
        hosts.compactMap(\.plane).filter { !$0.isStopped }.max { $0.term < $1.term }
    }

    var leader: HubHost? { hosts.last { $0.isRunning && $0.leads } }

    // MARK: Links between hubs

    func send(_ messages: [Message]) {
        for message in messages {
            if case .voteReply(granted: true) = message.body {
                check { oracle throws(RaftViolation) in
                    try oracle.grants(message.from, to: message.to, in: message.term)
                }
            }
            let (from, to) = (Int(message.from.rawValue) - 1, Int(message.to.rawValue) - 1)
            guard world.now >= cutUntil[from][to] else { continue }
            if !world.isHealing, world.random.chance(world.plan.hubLossShare) { continue }
            carry(message, to: hosts[to])
            if world.plan.hubRepeatShare > 0, !world.isHealing, world.random.chance(world.plan.hubRepeatShare) {
                repeats += 1
                carry(message, to: hosts[to])
            }
        }
    }

    private func carry(_ message: Message, to host: HubHost) {
        let number = host.process
        world.timeline.after(world.hubLinkDelay()) {
            if host.process == number { host.hand(.message(message)) }
        }
    }

    func cut(for seconds: Double, _ isBetween: (Int, Int) -> Bool) {
        for from in hosts.indices {
            for to in hosts.indices where from != to && isBetween(from, to) {
                cutUntil[from][to] = max(cutUntil[from][to], world.now + seconds)
            }
        }
    }

    /// Most of the others notice that their connections are refused.
    func ended(_ host: HubHost) {
        for other in hosts where other !== host && world.random.chance(0.8) {
            world.timeline.after(world.hubLinkDelay()) { [self] in
                guard !host.isUp, world.now >= cutUntil[host.place][other.place] else { return }
                other.hand(.processEnded(host.id))
            }
        }
    }

    // MARK: Links to servers

    /// A server's sender dials the inner port. Nil when nobody listens there, or cannot be reached.
    func dial(host: String, port: Int, by server: SimulatedPika) -> Wire? {
        guard port == Self.port + 1000, server.isReachable, let host = hosts.first(where: { $0.name == host }),
            world.now >= host.cutFromServersUntil, let plane = host.open, !plane.isStopped
        else { return nil }
        let wire = Wire(world: world)
        plane.accept(wire, of: server)
        return wire
    }

    /// Ends connections of a server that fit, as a network does that loses them.
    func breakConnections(of server: UInt32, only chosen: Int? = nil) {
        for host in hosts { host.open?.breakConnections(of: server, only: chosen) }
    }

    // MARK: What must hold

    func check(_ body: (inout RaftOracle) throws(RaftViolation) -> Void) {
        do throws(RaftViolation) { try body(&raft) } catch { world.oracle.fail("raft", "\(error)", key: nil) }
    }

    /// Whether all that know the hub have its disk by name in their logs, committed, as comes about within moments
    /// (`MembershipChange`): else a hub that lost it could pass for itself.
    func know(_ hub: HubHost, _ core: RaftCore) -> Bool {
        guard core.membership.member(hub.id)?.incarnation == hub.incarnation else { return false }
        return present.allSatisfy { other in
            if other === hub { return true }
            let log = other.disk.durable
            guard core.membership.member(other.id) != nil else {
                return log.membership.member(hub.id).map { $0.incarnation == hub.incarnation } ?? true
            }
            if log.base.index >= core.membershipIndex { return true }
            guard let term = core.term(at: core.membershipIndex) else { return false }
            return log.term(at: core.membershipIndex) == term
        }
    }

    func forgetVotes(of hub: HubID) { raft.forgetVotes(of: hub) }

    func applied(_ machine: HubHost.Machine) {
        if machine.applied > agreed.applied { agreed = machine }
    }

    func begins(_ plane: DataPlane) {
        reigns += 1
        if reigns > 1 { world.oracle.disturb() }
    }

    /// At most one hub acts on the servers: once a primary has, no earlier one does any more.
    func acts(_ plane: DataPlane) {
        guard plane.term < actingTerm else {
            actingTerm = plane.term
            return
        }
        world.oracle.fail(
            "two primaries",
            "hub \(plane.host.place + 1), primary of term \(plane.term), acts on servers after the one of "
                + "term \(actingTerm) has", key: nil)
    }

    func checkForwards(_ changes: SyncEngine.Advance, _ generations: [ServerID: Generation], _ state: HubState) {
        // A slave that is behind makes the hub go back to what it has.
        guard world.bug == nil, !world.plan.movesServers, generations == state.servers.mapValues(\.generation) else {
            return
        }
        for (source, row) in changes.acknowledged {
            for (destination, progress) in row {
                guard let known = state.acknowledged(source: source, destination: destination),
                    !progress.isSuperset(of: known)
                else { continue }
                world.oracle.fail(
                    "positions go backwards", "\(source) → \(destination): \(known) then \(progress)", key: nil)
            }
        }
    }

    /// The file below which every destination has everything of a source.
    func firstOpenFile(of source: UInt32) -> UInt32 {
        let row = agreed.state.acknowledged[ServerID(source)] ?? [:]
        guard row.count == agreed.state.servers.count - 1 else { return 0 }
        return row.values.map(\.firstOpenFile).min() ?? 0
    }
}
