internal import PikaSim

/// One Pika 2.3.8: its data, its binlog, its stage towards a hub and its workers, made of the values of `PikaSim`. What
/// `kill` leaves is the data and the binlog.
final class SimulatedPika {
    /// Its server-id; a promoted slave has its master's.
    let id: UInt32
    /// Tells the machines of a run apart.
    let serial: UInt32
    let world: World
    /// Port P.
    var port: Int { 20_000 + Int(serial) }
    var keyspace = Keyspace()
    private(set) var binlog: MemoryBinlog
    private(set) var isUp = true
    /// Counts the processes.
    private(set) var incarnation = 1
    var isReachable = true
    var clock: Clock

    var stage = HubStage()
    var senders: [PikaSender] = []
    var hubWires: [Wire] = []
    var condemnsHubWires = false
    private(set) var wires: [Wire] = []
    private var locked: Set<[UInt8]> = []
    /// Commands that have changed the data and are not in the binlog yet.
    private var unlogged: [UInt64: () -> Void] = [:]
    private var nextUnlogged: UInt64 = 0
    var workers: [PikaWorker] = []

    /// Set while it is a slave.
    var master: SimulatedPika?
    var slaves: [SimulatedPika] = []
    /// When what its master sends arrives at the earliest, in seconds of the run.
    var replicaArrival = 0.0
    /// When its master had what it has got last, in seconds of the run.
    var replicatedThrough = 0.0
    /// It never comes back.
    var isRetired = false
    /// When everything that was written here had last reached all others.
    var lastCaughtUp = 0.0
    /// Where the last record of its own stands.
    private(set) var lastOwn: BinlogEnd?
    /// Commands of clients and hubs, and when they came; kept in runs that move servers.
    var touches: [Touch] = []

    var host: String { "server\(serial)" }
    private static let workerCount = 6

    struct Touch {
        var time: Double
        var command: [[UInt8]]
        var isByClient: Bool
    }

    struct Clock {
        /// Seconds ahead of the true time.
        var offset: Double
        /// Set while the clock stands still.
        var frozen: Int64?
    }

    init(id: UInt32, serial: UInt32, world: World) {
        self.id = id
        self.serial = serial
        self.world = world
        clock = Clock(offset: world.plan.clockOffsets[(Int(serial) - 1) % world.plan.clockOffsets.count])
        binlog = MemoryBinlog(fileBytes: world.plan.binlogFileBytes)
        startWorkers()
        tick(incarnation)
    }

    /// Becomes what its master is at this moment.
    func takeFullCopy(of master: SimulatedPika) {
        keyspace = master.keyspace
        binlog = MemoryBinlog(copying: master.binlog)
    }

    var unixSeconds: Int64 { clock.frozen ?? Int64(world.unixTime + clock.offset) }

    private func startWorkers() { workers = (0..<Self.workerCount).map { _ in PikaWorker(pika: self) } }

    /// The cron of port P+1100.
    private func tick(_ incarnation: Int) {
        world.timeline.after(1) { [self] in
            guard incarnation == self.incarnation else { return }
            if condemnsHubWires {
                condemnsHubWires = false
                for wire in hubWires { drop(hub: wire) }
            }
            tick(incarnation)
        }
    }

    // MARK: Local clients

    /// Runs a client's write: the data first, then, a moment later, the binlog. Writes of one key wait for each other.
    func write(_ arguments: [[UInt8]]) {
        guard isUp, master == nil, let command = Command.table[arguments[0].lowercased] else { return }
        guard locked.isDisjoint(with: arguments.dropFirst()) else {
            return world.timeline.after(0.001) { [self] in write(arguments) }
        }
        let second = unixSeconds
        world.oracle.willWrite(arguments, at: self)
        let reply = command.run(&keyspace, arguments, second)
        world.note(.wrote(reply: text(of: reply)), arguments, server: id)
        guard command.isWrite, !reply.isError else { return }
        world.oracle.wrote(arguments, at: self)
        touched(arguments, byClient: true)
        let logged = command.logArguments(arguments, reply: reply, now: second)
        guard !logged.isEmpty else { return }
        locked.formUnion(arguments.dropFirst())
        let number = nextUnlogged
        nextUnlogged += 1
        unlogged[number] = { [self] in
            locked.subtract(arguments.dropFirst())
            log(logged, second)
        }
        let pause = world.random.chance(0.8) ? 0 : world.random.between(0...0.002)
        if pause == 0 { return finish(number) }
        world.timeline.after(pause) { [self] in finish(number) }
    }

    private func finish(_ number: UInt64) { unlogged.removeValue(forKey: number)?() }

    private func log(_ commands: [[[UInt8]]], _ second: Int64) {
        let stamp = BinlogRecord.stamp(seconds: second, end: binlog.end)
        lastOwn = binlog.end
        append(commands.map { record($0, stamp, isForHub: true) }, now: second)
    }

    /// One item, with everything that it holds.
    func append(_ records: [BinlogRecord], now: Int64) {
        var item: [UInt8] = []
        for record in records { record.append(to: &item) }
        binlog.append(item, now: now)
        for record in records { replicate(record, now: now) }
    }

    func record(_ arguments: [[UInt8]], _ stamp: [UInt8], isForHub: Bool) -> BinlogRecord {
        BinlogRecord(arguments: arguments, serverID: Bytes(String(id)), stamp: stamp, isForHub: isForHub)
    }

    private func text(of reply: Reply) -> String {
        var bytes: [UInt8] = []
        reply.append(to: &bytes)
        return Bytes(bytes.prefix(60)).text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    // MARK: Life

    func kill() {
        guard isUp else { return }
        isUp = false
        incarnation += 1
        for number in unlogged.keys.sorted() { finish(number) }
        for wire in wires { wire.close(.far) }
        for sender in senders { sender.stop() }
        (wires, hubWires, senders, workers) = ([], [], [], [])
        stage = HubStage()
        condemnsHubWires = false
    }

    func start() {
        guard !isUp, !isRetired else { return }
        isUp = true
        startWorkers()
        tick(incarnation)
    }

    /// A hub dialled port P, or P+1100 where `isInner`. The wire's far side is here.
    func accept(_ wire: Wire, isInner: Bool, from host: String) {
        wires.append(wire)
        if isInner {
            guard stage.accept(from: host) else { return drop(wire) }
            hubWires.append(wire)
        }
        let port = PikaPort(pika: self, isInner: isInner)
        wire.attach(.far) { [self] bytes in
            let answer = port.received(bytes)
            if !answer.isEmpty { wire.send(answer, from: .far) }
            if port.isBroken { isInner ? drop(hub: wire) : drop(wire) }
        } ended: { [self] _ in
            wires.removeAll { $0 === wire }
            if isInner { lost(hub: wire) }
        }
    }

    private func drop(_ wire: Wire) {
        wires.removeAll { $0 === wire }
        wire.close(.far)
    }

    private func drop(hub wire: Wire) {
        drop(wire)
        lost(hub: wire)
    }

    private func lost(hub wire: Wire) {
        guard let place = hubWires.firstIndex(where: { $0 === wire }) else { return }
        hubWires.remove(at: place)
        if stage.connectionClosed() {
            for sender in senders { sender.reset(reconnecting: true) }
        }
    }

    /// Everything that was delivered is applied, and everything that was written is in the binlog.
    var isIdle: Bool { isUp && unlogged.isEmpty && workers.allSatisfy(\.isIdle) }
}
