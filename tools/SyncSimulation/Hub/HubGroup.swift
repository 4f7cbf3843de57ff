internal import HubStore
internal import HubSync

/// The hubs of one group: at most one is primary at a time. Each has its own relay log; the positions are replicated.
/// A hub that becomes primary goes on with its relay log only if it was the primary before.
final class HubGroup {
    let world: World
    private var relays: [MemoryRelay]
    private var lastPrimary = 0
    private(set) var process: HubProcess?
    /// `[source][destination]`: the replicated positions.
    private(set) var acknowledged: SyncEngine.Advance = [:]

    static let port = 9000

    init(world: World) {
        self.world = world
        relays = Array(repeating: MemoryRelay(), count: world.plan.hubCount)
    }

    private static func host(_ hub: Int) -> String { "hub\(hub + 1)" }

    var primary: Int { lastPrimary }

    /// Makes a hub the primary. No other may be.
    func begin(_ hub: Int) {
        precondition(process == nil, "hub \(hub) begins while another is primary")
        var relay = relays[hub]
        if hub != lastPrimary { relay.startOver() }
        lastPrimary = hub
        world.note(.happened("hub \(hub + 1) is primary, relay log \(relay.first) to \(relay.next.previous)"))
        process = HubProcess(world: world, host: Self.host(hub), relay: relay)
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

    /// Positions that the group has agreed on.
    func agree(_ advance: SyncEngine.Advance) {
        for (source, row) in advance {
            for (destination, progress) in row where destination != source {
                guard let known = acknowledged[source]?[destination] else {
                    acknowledged[source, default: [:]][destination] = progress
                    continue
                }
                if world.bug == nil, !progress.isSuperset(of: known) {
                    world.oracle.fail(
                        "positions go backwards", "\(source) → \(destination): \(known) then \(progress)", key: nil)
                }
                acknowledged[source]?[destination]?.formUnion(progress)
            }
        }
    }

    /// The file below which every destination has everything of a source.
    func firstOpenFile(of source: UInt32) -> UInt32 {
        let row = acknowledged[ServerID(source)] ?? [:]
        guard row.count == world.plan.serverCount - 1 else { return 0 }
        return row.values.map(\.firstOpenFile).min() ?? 0
    }
}
