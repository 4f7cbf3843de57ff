import NIOCore

/// One simulated server's state, confined to one event loop: the data, the binlog, the hub's stage, and what a command
/// does to them. Decisions are in the values that it holds; sockets are in the handlers that call it.
final class ServerCore {
    let options: PikaSimOptions
    let loop: any EventLoop
    /// The bound P.
    var port = 0
    var keyspace: Keyspace
    let journal: Journal
    let binlog: BinlogFiles
    var stage = HubStage()
    var workers: WorkerQueues
    var senders: [HubSender] = []
    var hubChannels: [ObjectIdentifier: any Channel] = [:]
    var closesHubConnections = false
    var replica: ReplicaLink?
    var slaves: [ObjectIdentifier: SlaveFeed] = [:]
    var isReadOnly: Bool { replica != nil }
    var scans = ScanCursors()
    var statistics = Statistics()
    let startedAt: Int64
    var onShutdown: () -> Void = {}
    private var drainIsScheduled = false
    /// Held while the server runs.
    private var lock: DiskFile?

    struct Statistics {
        var clients = 0
        var connections = 0
        var commands = 0
        /// Delivered by hubs and applied.
        var delivered = 0
        /// Taken from hubs, by their addresses.
        var takenFrom: [String: Int] = [:]
        /// Delivered by hubs, logged, and not executable: a real one would run something else in its place.
        var malformed = 0
    }

    init(options: PikaSimOptions, loop: any EventLoop) throws(DiskError) {
        self.options = options
        self.loop = loop
        startedAt = Self.unixSeconds()
        _ = try DiskFile.names(in: options.directory)
        let lock = try DiskFile(path: options.directory + "/LOCK")
        try lock.lock()
        self.lock = lock
        binlog = try BinlogFiles(directory: options.directory + "/log", fileSize: options.binlogFileSize)
        (journal, keyspace) = try Journal.open(directory: options.directory, now: startedAt)
        workers = WorkerQueues(workers: options.syncThreads)
    }

    /// A local client's data command: the data first, then the binlog.
    func execute(_ command: Command, _ arguments: [Bytes]) throws(DiskError) -> Reply {
        guard command.accepts(arguments.count) else { return .wrongNumber(arguments[0].lowercased) }
        if command.isWrite, isReadOnly { return .error("ERR Server in read-only") }
        let now = Self.unixSeconds()
        let reply = command.run(&keyspace, arguments, now)
        guard command.isWrite, !reply.isError else { return reply }
        try journal.append(arguments, now: now)
        let stamp = BinlogRecord.stamp(seconds: now, end: binlog.end)
        var item: Bytes = []
        for logged in command.logArguments(arguments, reply: reply, now: now) {
            record(logged, stamp: stamp, isForHub: command.isForHubs).append(to: &item)
        }
        if !item.isEmpty { try binlog.append(item, now: now) }
        return reply
    }

    private func record(_ arguments: [Bytes], stamp: Bytes, isForHub: Bool) -> BinlogRecord {
        BinlogRecord(
            arguments: arguments, serverID: Bytes(String(options.serverID)), stamp: stamp, isForHub: isForHub)
    }

    /// A hub's command: the binlog first, then a worker. Nil means no answer.
    /// - Parameter hub: its address.
    func deliver(_ arguments: [Bytes], from hub: String) throws(DiskError) -> Reply? {
        let name = arguments[0].lowercased
        if name == Bytes("ping") { return .status("PONG") }
        guard let command = Command.table[name], command.isForHubs else {
            return .error("Err '\(name.text)' is not for hubs")
        }
        statistics.takenFrom[hub, default: 0] += 1
        var item: Bytes = []
        switch command.logged {
        case .never, .asTyped, .lowercasing:
            record(arguments, stamp: BinlogRecord.hubStamp, isForHub: false).append(to: &item)
        // The original logs these from a command that was never filled in: nothing for MSET and its kin (which a
        // sender then takes for the end of the file), and an expiry of no key.
        case .pairs: break
        case .expireAt:
            let nonsense = [Bytes("expireat"), [], Bytes(String(Self.unixSeconds()))]
            record(nonsense, stamp: BinlogRecord.hubStamp, isForHub: false).append(to: &item)
        }
        try binlog.append(item, now: Self.unixSeconds())
        try queue(arguments)
        return nil
    }

    /// A record from the master: logged as it came, but not for the hub, then given to a worker.
    func replicate(_ received: [Bytes]) throws(DiskError) {
        guard var record = BinlogRecord(received: received) else { return }
        record.isForHub = false
        var item: Bytes = []
        record.append(to: &item)
        try binlog.append(item, now: Self.unixSeconds())
        try queue(record.arguments)
    }

    private func queue(_ arguments: [Bytes]) throws(DiskError) {
        if let overflow = workers.add(arguments) { try apply(overflow) }
        guard !drainIsScheduled else { return }
        drainIsScheduled = true
        let core = NIOLoopBound(self, eventLoop: loop)
        let delay = Int64(options.workerDelayMilliseconds)
        if delay == 0 {
            loop.execute { core.value.drainWorkers() }
        } else {
            loop.scheduleTask(in: .milliseconds(delay)) { core.value.drainWorkers() }
        }
    }

    private func drainWorkers() {
        drainIsScheduled = false
        do {
            for arguments in workers.drain() { try apply(arguments) }
            try journal.flush()
        } catch {
            fail(error)
        }
    }

    private func apply(_ arguments: [Bytes]) throws(DiskError) {
        guard let command = Command.table[arguments[0].lowercased], command.accepts(arguments.count) else {
            statistics.malformed += 1
            return log("delivered command is malformed: \(arguments.map(\.text))")
        }
        statistics.delivered += 1
        let now = Self.unixSeconds()
        let reply = command.run(&keyspace, arguments, now)
        if reply.isError {
            log("delivered command failed: \(arguments.map(\.text)): \(reply)")
        } else if command.isWrite {
            try journal.append(arguments, now: now)
        }
    }

    /// Applies what the workers hold, before an orderly end.
    func finish() throws(DiskError) {
        drainWorkers()
        try flush()
    }

    /// Lets another server have the directory.
    func release() { lock = nil }

    /// Hands all that is gathered to the kernel; called before anyone hears of it.
    func flush() throws(DiskError) {
        try binlog.flush()
        try journal.flush()
    }

    /// Gives up: a server whose disk fails is of no use to a test.
    func fail(_ error: any Error) {
        log("stopping: \(error)")
        onShutdown()
    }

    func log(_ message: String) { say("pika_sim \(port): \(message)") }
}
