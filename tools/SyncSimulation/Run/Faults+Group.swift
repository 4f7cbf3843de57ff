internal import HubStore
internal import RaftLog

/// Operators change the group of hubs, one change at a time, in the way of the runbook, while anything else fails.
extension Faults {
    func changeGroup(_ fault: Plan.Fault) {
        let (world, hubs) = (world, world.hubs!)
        guard !world.isChangingGroup, let core = hubs.leader?.core, core.membershipIndex <= core.commit else { return }
        let done = { world.isChangingGroup = false }
        let hub = world.random.pick(hubs.present)
        switch fault {
        case .hubAdded:
            guard hubs.present.count < 7 else { return }
            world.isChangingGroup = true
            add(done)
        case .hubRemoved:
            guard hubs.present.count > 1 else { return }
            world.isChangingGroup = true
            remove(hub, done)
        case .hubReplaced:
            // The others have to be a majority without it.
            guard core.membership.voterCount >= 3, core.membership.isVoter(hub.id) else { return }
            world.isChangingGroup = true
            hub.note("is gone, and so is its disk")
            hub.retire(losingPower: true)
            remove(hub) { [self] in add(done) }
        case .hubWiped:
            guard core.membership.voterCount >= 3, hubs.know(hub, core) else { return }
            world.isChangingGroup = true
            hub.wipe(core.membership)
            world.timeline.after(world.random.between(0.01...2)) { hub.start() }
            world.timeline.after(world.random.between(0...6)) { [self] in
                remove(hub) { [self] in add(done) }
            }
        default: preconditionFailure("\(fault) does not change the group")
        }
    }

    /// The new hub is there before it is added.
    private func add(_ done: @escaping () -> Void) {
        let hub = world.hubs.addHost()
        hub.start()
        change(.add(HubGroup.member(place: hub.place)), until: { $0.isVoter(hub.id) }, done)
    }

    private func remove(_ hub: HubHost, _ done: @escaping () -> Void) {
        let isOut = { (membership: Membership) in membership.member(hub.id) == nil }
        change(.remove(hub.id), until: isOut) { [world] in
            world.timeline.after(world.random.between(0...3)) {
                hub.retire(losingPower: false)
                done()
            }
        }
    }

    /// Says a change to the primary until it is committed.
    private func change(
        _ change: MembershipChange, until isDone: @escaping (Membership) -> Bool, _ done: @escaping () -> Void
    ) {
        let again = { [self] (pause: Double) in
            world.timeline.after(pause) { [self] in self.change(change, until: isDone, done) }
        }
        guard let leader = world.hubs.leader, let core = leader.core else { return again(0.5) }
        if core.membershipIndex <= core.commit, isDone(core.membership) { return done() }
        guard change != .remove(leader.id) else {
            // As `Hub.removeHub`: whoever follows takes this one out.
            leader.handOver(to: nil, { _ in })
            return again(5)
        }
        leader.hand(.change(change))
        again(0.5)
    }
}
