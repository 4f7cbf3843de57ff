internal import HubStore
internal import RaftLog
internal import SimulatedRaft

/// One hub: its machine with what its disk holds, and, while it runs, its process: the product's Raft core, and, while
/// that leads, a `DataPlane`.
final class HubHost {
    enum Input {
        case message(Message)
        case processEnded(HubID)
        case proposal(HubCommand, (Outcome) -> Void)
        case transfer(HubID?, (Bool) -> Void)
        case change(MembershipChange)
    }

    /// What became of a proposal.
    enum Outcome {
        case reply(HubReply)
        /// Not done, or not known to be.
        case failed
    }

    /// As `HubStateMachine` keeps it.
    struct Machine {
        var state = HubState()
        var applied = LogIndex.zero
    }

    /// What `RaftStatus` tells of a leader, from the Raft thread to the others.
    struct Published {
        var role = Role.follower
        /// Seconds of the run; what this hub's clock makes of them.
        var leadsUntil = 0.0
    }

    struct RelayFiles {
        var relay = MemoryRelay()
        var owner: RelayOwner?
    }

    let world: World
    let place: Int
    let id: HubID
    var name: String { "hub\(place + 1)" }

    // The machine.
    /// Seconds that its clock is ahead of the true time.
    var clockOffset: Double { world.plan.hubClockOffsets[place % world.plan.hubClockOffsets.count] }
    private(set) var incarnation: Incarnation
    private(set) var disk: SimulatedDisk
    var machine = Machine()
    /// What of `machine` survives a loss of power.
    var flushedMachine = Machine()
    var files = RelayFiles()
    /// What of `files` survives a loss of power.
    var syncedFiles = RelayFiles()
    /// Seconds that a write to the Raft log takes.
    var diskDelay = 0...0.003
    /// Until when writes fail, in seconds of the run.
    var raftDiskFullUntil = 0.0
    var relayDiskFullUntil = 0.0
    /// The machine and the servers do not reach each other until then; what is under way arrives later.
    var cutFromServersUntil = 0.0
    /// It never comes back.
    private(set) var isGone = false
    /// Connections of a process whose machine went down without a word: whoever uses one learns of it when it is back.
    var lostWires: [Wire] = []

    // The process. Nil while it is down.
    var core: RaftCore?
    /// Counts processes, so that what was meant for one does not reach the next.
    var process = 0
    private(set) var isFrozen = false
    /// What the process has to do once it goes on.
    private var deferred: [() -> Void] = []
    /// Each hub's clock has its own rate.
    var tickLength = 0.01
    var nextTick = 0.0
    var dueTicks = 0
    var inbox: [Input] = []
    /// Being written to disk.
    var writing: Ready?
    var proposals: [LogIndex: (term: Term, done: (Outcome) -> Void)] = [:]
    var transfers: [Int: (Bool) -> Void] = [:]
    var nextTransfer = 0
    var announcedTerm: Term?
    var published = Published()
    var hasNews = false

    // The primary's part (`Hub`).
    var events: [Event] = []
    var isHandling = false
    /// As `Reign`: whether this hub leads, and what it runs for that.
    var isReignOpen = false
    var reigning: DataPlane?
    /// As `Hub.sync`.
    var plane: DataPlane?
    /// The one that has the relay log open.
    var open: DataPlane?
    /// Counts the loops that write down positions; only the newest goes on.
    var advancing = 0
    var isStopping = false

    enum Event {
        case leading(Term)
        case leadsNoMore
        case syncFailed(String)
        case beginAgain(Term)
        case stop
    }

    init(world: World, place: Int, membership: Membership) {
        self.world = world
        self.place = place
        id = HubID(UInt64(place) + 1)
        incarnation = Incarnation(world.random.next() | 1)
        disk = SimulatedDisk(membership: membership, bug: nil)
    }

    var isUp: Bool { core != nil }
    var isRunning: Bool { core != nil && !isFrozen }
    var leads: Bool { core?.role == .leader }

    func note(_ text: String) { world.note(.happened("hub \(place + 1) \(text)")) }

    // MARK: Time of the process

    /// Does something in this process: now, or, when it is frozen, once it goes on.
    func inProcess(_ body: @escaping () -> Void) {
        guard isUp else { return }
        if isFrozen { deferred.append(body) } else { body() }
    }

    /// The same after a while, if it is still the same process.
    func after(_ seconds: Double, _ body: @escaping () -> Void) {
        let number = process
        world.timeline.after(seconds) { [self] in
            if process == number { inProcess(body) }
        }
    }

    /// The time from one thread of the process to another.
    func hop(_ body: @escaping () -> Void) { after(world.random.between(0...0.0005), body) }

    // MARK: Life

    /// The process stops as a debugger stops it. Its clocks go on, and its kernel takes what comes in.
    func freeze(for seconds: Double) {
        guard isRunning else { return }
        note("is frozen")
        isFrozen = true
        let number = process
        world.timeline.after(seconds) { [self] in
            if process == number { goOn() }
        }
    }

    func goOn() {
        guard isUp, isFrozen else { return }
        note("goes on")
        isFrozen = false
        // Any of its threads may be the first.
        let isRaftFirst = world.random.chance(0.5)
        if isRaftFirst { work() }
        var waiting: [() -> Void] = []
        swap(&waiting, &deferred)
        for body in waiting { inProcess(body) }
        if !isRaftFirst { work() }
    }

    /// - Parameter losingPower: what was not synced is lost, and nobody is told.
    func kill(losingPower: Bool) {
        guard isUp else { return }
        note(losingPower ? "loses power" : "is killed")
        if let ready = writing, world.now >= raftDiskFullUntil, world.random.chance(0.5) { disk.persist(ready) }
        end(silently: losingPower)
        guard losingPower else { return }
        disk.losePower()
        machine = flushedMachine
        if world.random.chance(0.5) { files = syncedFiles }
    }

    /// The machine is no part of the group any more.
    func retire(losingPower: Bool) {
        kill(losingPower: losingPower)
        isGone = true
    }

    /// The machine loses its disk. What it is set up with names the hubs that were in the group, as when they began it, so
    /// that only the others keep it from voting a second time.
    func wipe(_ membership: Membership) {
        kill(losingPower: true)
        note("has lost its disk")
        incarnation = Incarnation(world.random.next() | 1)
        disk = SimulatedDisk(membership: membership, bug: nil)
        (machine, flushedMachine) = (Machine(), Machine())
        (files, syncedFiles) = (RelayFiles(), RelayFiles())
        world.hubs.forgetVotes(of: id)
        world.hubs.wipes += 1
    }

    /// The process is over.
    func end(silently: Bool) {
        if let open {
            lostWires = open.die(silently: silently)
            files = open.files
            if world.plan.isRelayBulk {
                files.relay.loseBulk(&world.random)
                world.hubs.bulkLosses += 1
            }
        }
        core = nil
        process += 1
        isFrozen = false
        (deferred, inbox, events, transfers) = ([], [], [], [:])
        (writing, announcedTerm, proposals) = (nil, nil, [:])
        (published, hasNews, dueTicks) = (Published(), false, 0)
        (isHandling, isReignOpen, isStopping) = (false, false, false)
        (plane, reigning, open) = (nil, nil, nil)
        if !silently { world.hubs.ended(self) }
    }
}
