/// Faults of the hubs, of their disks and of the links between them.
extension Faults {
    func beginAtHub(_ fault: Plan.Fault) {
        let world = world
        let hubs = world.hubs!
        // The primary has most to lose.
        let leader = world.random.chance(0.6) ? hubs.leader : nil
        let hub = leader ?? world.random.pick(hubs.present)
        switch fault {
        case .hubKilled: end(hub, for: 0.001...4, losingPower: false)
        case .hubLosesPower: end(hub, for: 0.5...10, losingPower: true)
        case .hubFrozen: hub.freeze(for: world.random.chance(0.3) ? longPause() : world.random.between(0.05...1.5))
        case .hubStopped:
            guard hub.isRunning else { return }
            hub.tell(.stop)
            startAgain(hub, after: world.random.between(0.5...8))
        case .hubFailsOver:
            let successor = world.random.chance(0.5) ? world.random.pick(hubs.present).id : nil
            hubs.leader?.handOver(to: successor) { _ in }
        case .hubCutOff:
            let isOutwards = world.random.pick([true, false])
            let isOneWay = world.random.chance(0.3)
            let seconds = longPause()
            hub.note("is cut off from the other hubs\(isOneWay ? ", one way," : "") for \(rounded(seconds)) s")
            hubs.cut(for: seconds) { from, to in
                isOneWay ? (isOutwards ? from : to) == hub.place : from == hub.place || to == hub.place
            }
        case .hubIsolated:
            let seconds = longPause()
            hub.note("is cut off from hubs and servers for \(rounded(seconds)) s")
            hubs.cut(for: seconds) { from, to in from == hub.place || to == hub.place }
            hub.cutFromServersUntil = world.now + seconds
            hub.open?.stall(until: world.now + seconds)
        case .hubsSplit:
            let sides = hubs.hosts.map { _ in world.random.chance(0.5) }
            let seconds = longPause()
            world.note(.happened("the hubs are split for \(rounded(seconds)) s: \(sides)"))
            hubs.cut(for: seconds) { from, to in sides[from] != sides[to] }
        case .hubsLost:
            // As many as it takes for nobody to be primary while writes go on: a backlog of many files.
            let pause = world.random.between(4...15.0)
            for host in hubs.present.prefix(hubs.present.count / 2 + 1) {
                end(host, for: pause...(pause + 1), losingPower: false)
            }
        case .raftDiskSlow:
            hub.note("has a slow disk")
            hub.diskDelay = 0.02...world.random.between(0.02...0.6)
            world.timeline.after(longPause()) { hub.diskDelay = 0...0.003 }
        case .raftDiskFull:
            hub.raftDiskFullUntil = world.now + longPause()
            hub.note("cannot write its Raft log until \(rounded(hub.raftDiskFullUntil))")
            startAgain(hub, after: hub.raftDiskFullUntil - world.now + world.random.between(0.1...3))
        case .relayDiskFull:
            hub.relayDiskFullUntil = world.now + longPause()
            hub.note("cannot write its relay log until \(rounded(hub.relayDiskFullUntil))")
        default: preconditionFailure("\(fault) is no fault of a hub")
        }
    }

    private func rounded(_ seconds: Double) -> String { "\((seconds * 1000).rounded() / 1000)" }

    private func longPause() -> Double { world.random.between(0.3...8) }

    private func end(_ hub: HubHost, for seconds: ClosedRange<Double>, losingPower: Bool) {
        hub.kill(losingPower: losingPower)
        startAgain(hub, after: world.random.between(seconds))
    }

    private func startAgain(_ hub: HubHost, after seconds: Double) {
        world.timeline.after(seconds) { [world] in
            if hub.isUp {
                // A clean stop takes its time.
                if hub.isStopping { startAgain(hub, after: 1) }
            } else if world.now >= hub.raftDiskFullUntil {
                hub.start()
            } else {
                startAgain(hub, after: 1)
            }
        }
    }
}
