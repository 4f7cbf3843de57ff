internal import HubStore
internal import HubSync

/// The hubs of one group: at most one is primary at a time. Each has its own relay log; the positions are replicated.
/// A hub that becomes primary goes on with its relay log only if it was the primary before.
final class HubGroup {
    let world: World
    private var relays: [MemoryRelay]
    private var lastPrimary = 0
    private(set) var process: HubProcess?
    /// What the group agrees on.
    private(set) var state = HubState()
    private var term: UInt64 = 0

    static let port = 9000

    init(world: World) {
        self.world = world
        relays = Array(repeating: MemoryRelay(), count: world.plan.hubCount)
        let servers = world.servers.map {
            ServerDescription(id: ServerID($0.id), address: Address(host: $0.host, port: $0.port))
        }
        _ = state.apply(.seed(servers: servers))
    }

    private static func host(_ hub: Int) -> String { "hub\(hub + 1)" }

    var primary: Int { lastPrimary }

    /// Makes a hub the primary. No other may be.
    func begin(_ hub: Int) {
        precondition(process == nil, "hub \(hub) begins while another is primary")
        var relay = relays[hub]
        if hub != lastPrimary { relay.startOver() }
        lastPrimary = hub
        let hasPredecessor = state.primary != nil
        term += 1
        let address = Address(host: Self.host(hub), port: Self.port)
        _ = state.apply(.announcePrimary(hub: HubID(UInt64(hub)), term: term, adminAddress: address))
        world.note(.happened("hub \(hub + 1) is primary, relay log \(relay.first) to \(relay.next.previous)"))
        process = HubProcess(
            world: world, host: Self.host(hub), relay: relay, state: state, hasPredecessor: hasPredecessor)
    }

    /// The primary's process ends without a word to anyone but its peers' kernels; where `silently`, not even that.
    func kill(silently: Bool) {
        guard let process else { return }
        world.note(.happened("hub \(lastPrimary + 1) is \(silently ? "frozen" : "killed")"))
        process.die(silently: silently)
        relays[lastPrimary] = process.survivingRelay
        self.process = nil
    }

    /// A server's sender dials the inner port. Nil when nobody listens there, or the server is cut off.
    func dial(host: String, port: Int, by server: SimulatedPika) -> Wire? {
        guard let process, process.host == host, port == Self.port + 1000, server.isReachable else { return nil }
        let wire = Wire(world: world)
        process.accept(wire, of: server)
        return wire
    }

    /// The group has agreed on what the primary proposed.
    func agree(_ advance: SyncEngine.Advance) {
        for (source, row) in advance.acknowledged {
            for (destination, progress) in row {
                guard world.bug == nil, let known = state.acknowledged(source: source, destination: destination),
                    !progress.isSuperset(of: known)
                else { continue }
                world.oracle.fail(
                    "positions go backwards", "\(source) → \(destination): \(known) then \(progress)", key: nil)
            }
        }
        let step = Advance(
            term: term, generations: state.servers.mapValues(\.generation), acknowledged: advance.acknowledged,
            repairedKeys: advance.repairedKeys, suspects: advance.suspects)
        let reply = state.apply(.advance(progress: step))
        if reply != .ok { world.oracle.fail("refused", "an advance was refused: \(reply)", key: nil) }
    }

    /// The file below which every destination has everything of a source.
    func firstOpenFile(of source: UInt32) -> UInt32 {
        let row = state.acknowledged[ServerID(source)] ?? [:]
        guard row.count == world.plan.serverCount - 1 else { return 0 }
        return row.values.map(\.firstOpenFile).min() ?? 0
    }
}
