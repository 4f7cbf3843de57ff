/// Makes the faults of a run happen, each with its own end.
struct Faults {
    let world: World

    /// - Parameter end: when no new fault begins, in seconds of the run.
    func plan(until end: Double) {
        guard !world.plan.faults.isEmpty else { return }
        let pause = world.random.between(0.2...2 * world.plan.faultInterval)
        world.timeline.after(pause) { [self] in
            guard world.now < end else { return }
            begin(world.random.pick(world.plan.faults))
            plan(until: end)
        }
    }

    private func begin(_ fault: Plan.Fault) {
        let world = world
        let server = world.random.pick(world.servers)
        switch fault {
        case .hubKilled, .hubLosesPower, .hubFrozen, .hubStopped, .hubFailsOver, .hubCutOff, .hubIsolated, .hubsSplit,
            .hubsLost, .raftDiskSlow, .raftDiskFull, .relayDiskFull:
            beginAtHub(fault)
        case .hubAdded, .hubRemoved, .hubReplaced, .hubWiped: changeGroup(fault)
        case .serverMoved: moveServer(server)
        case .serverCopied: copyServer(server)
        case .serverPaused: pauseServer(server)
        case .serverRestart:
            world.note(.happened("server \(server.id) is killed"))
            server.kill()
            world.timeline.after(world.random.between(0.05...3)) {
                world.note(.happened("server \(server.id) is back"))
                server.start()
            }
        case .connectionBreak:
            world.note(.happened("a connection of server \(server.id) breaks"))
            world.hubs.breakConnections(of: server.id, only: world.random.between(0...100))
        case .serverCutOff:
            world.note(.happened("server \(server.id) is cut off"))
            server.isReachable = false
            world.hubs.breakConnections(of: server.id)
            world.timeline.after(world.random.between(0.5...10)) {
                world.note(.happened("server \(server.id) can be reached again"))
                server.isReachable = true
            }
        case .clockStep:
            world.oracle.clockLeaves(server.unixSeconds)
            server.clock.offset += world.random.pick([-200, -5, -1, 1, 5, 200])
            world.note(.happened("server \(server.id): its clock is \(Int(server.clock.offset)) s ahead now"))
        case .clockStandsStill:
            world.note(.happened("server \(server.id): its clock stands still"))
            server.clock.frozen = server.unixSeconds
            world.timeline.after(world.random.between(1...8)) { server.clock.frozen = nil }
        case .workersStall:
            let end = world.now + world.random.between(0.05...1)
            world.note(.happened("server \(server.id): its workers stand still until \(end)"))
            for worker in server.workers { worker.stalledUntil = end }
        }
    }
}
