internal import HubStore
internal import HubSync

/// Servers that move and servers that join, in the way of the runbook, while writing goes on.
extension Faults {
    /// How much earlier than a moment something may have been sent that arrives after it, in seconds.
    private static let underWay = 1.5
    /// What the primary knows is part of the replicated state by then, in seconds.
    private static let savedWithin = 2.5

    /// A master dies, sooner or later after it got a slave, and the slave takes its place. What the master had not sent
    /// to the hub yet is missing at the others.
    func moveServer(_ master: SimulatedPika) {
        guard let slave = newSlave(of: master, id: master.id) else { return }
        let world = world
        world.timeline.after(world.random.between(0.2...6)) { [self] in
            world.note(.happened("server \(master.id) is gone for good"))
            master.kill()
            master.isRetired = true
            world.oracle.clockLeaves(master.unixSeconds)
            // Of the others' with what may have been on the way to the hub when all seemed to be sent; the slave's.
            let unsent = master.keysTouched(after: master.lastCaughtUp - Self.underWay, byClients: true)
            world.oracle.excuse(unsent, until: world.now + Self.underWay)
            let lacking = master.keysTouched(after: slave.replicatedThrough)
            let reigns = world.hubs.reigns
            world.timeline.after(world.random.between(0.1...3)) { [self] in
                world.note(.happened("server \(slave.id): its slave is promoted, at port \(slave.port)"))
                slave.stopFollowing()
                ask(.transfer(server: ServerID(slave.id), to: address(of: slave), password: nil)) { [self] in
                    whenInSync(slave) {
                        world.servers = world.servers.map { $0 === master ? slave : $0 }
                        let primary = world.hubs.primary
                        // Only the primary that had sent them knows what the dead master had got last, until it has said
                        // so to the group.
                        world.timeline.after(Self.savedWithin) {
                            let isSaved = world.hubs.reigns == reigns && world.hubs.primary === primary
                            if !isSaved { world.oracle.excuse(lacking, until: world.now) }
                            world.isMoving = false
                        }
                    }
                }
            }
        }
    }

    /// Clients go to a promoted slave when the hub is connected to it.
    private func whenInSync(_ slave: SimulatedPika, _ done: @escaping () -> Void) {
        let links = world.hubs.primary?.status.links ?? []
        if links.contains(where: { $0.id.rawValue == slave.id && $0.syncStatus == 1 }) { return done() }
        world.timeline.after(0.2) { [self] in whenInSync(slave, done) }
    }

    /// A server gets a slave, which becomes a server of its own. While it is both, it gets everything twice.
    func copyServer(_ existing: SimulatedPika) {
        let id = (world.machines.map(\.id).max() ?? 0) + 1
        guard world.servers.count < 5, let slave = newSlave(of: existing, id: id) else { return }
        let world = world
        world.timeline.after(world.random.between(0.2...3)) { [self] in
            let began = world.now - Self.underWay
            let reigns = world.hubs.reigns
            let command = HubCommand.copy(
                existing: ServerID(existing.id), new: ServerID(id), to: address(of: slave), password: nil, read: nil)
            ask(command) {
                world.note(.happened("server \(id) is in the sync, as a slave of \(existing.id) still"))
                // Until it has what its master had then.
                let pause = slave.replicaArrival - world.now + world.random.between(0...1)
                world.timeline.after(max(0, pause)) {
                    world.note(.happened("server \(id) is no slave any more"))
                    slave.stopFollowing()
                    world.servers.append(slave)
                    world.timeline.after(Self.underWay) {
                        world.oracle.disturb()
                        // A new primary does not know what the one before has sent twice.
                        for server in world.hubs.reigns == reigns ? [] : [existing, slave] {
                            world.oracle.excuse(server.keysTouched(after: began), until: world.now)
                        }
                        world.isMoving = false
                    }
                }
            }
        }
    }

    func pauseServer(_ server: SimulatedPika) {
        guard !world.isMoving else { return }
        let (world, id) = (world, ServerID(server.id))
        world.isMoving = true
        ask(.pause(server: id)) { [self] in
            world.note(.happened("server \(server.id) is paused"))
            world.timeline.after(world.random.between(0.2...6)) { [self] in
                ask(.resume(server: id)) {
                    world.note(.happened("server \(server.id) is resumed"))
                    world.isMoving = false
                }
            }
        }
    }

    private func newSlave(of master: SimulatedPika, id: UInt32) -> SimulatedPika? {
        guard !world.isMoving, master.canBeCopied else { return nil }
        world.isMoving = true
        let slave = SimulatedPika(id: id, serial: UInt32(world.machines.count) + 1, world: world)
        world.machines.append(slave)
        world.note(.happened("server \(master.id) gets a slave, at port \(slave.port)"))
        slave.follow(master)
        return slave
    }

    private func address(of server: SimulatedPika) -> Address { Address(host: server.host, port: server.port) }

    /// Says a command to the primary until it is done, as an operator does.
    private func ask(_ command: HubCommand, _ done: @escaping () -> Void) {
        let world = world
        let again = { [self] in world.timeline.after(0.5) { [self] in ask(command, done) } }
        guard let primary = world.hubs.leader else { return again() }
        // An answer that does not come is as good as a refusal.
        var isAnswered = false
        let answered = { (isDone: Bool) in
            guard !isAnswered else { return }
            isAnswered = true
            isDone ? done() : again()
        }
        primary.execute(command, answered)
        world.timeline.after(6) { answered(false) }
    }
}
