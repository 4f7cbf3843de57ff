import HubStore

@testable import HubSync

/// An engine with small hand-made Pikas around it: they answer at once, and note what is delivered to them.
struct EngineRig {
    /// As much of a Pika as the engine sees.
    struct FakePika {
        var stage = "STOPED"
        var links: Set<LinkConnectionID> = []
        var data: LinkConnectionID?
        /// Where its next local record will stand.
        var offset: UInt64 = 0
        var values: [String: String] = [:]
        /// What was delivered, in words, and the PINGs that were not answered yet.
        var delivered: [String] = []
        var pings: [LinkConnectionID] = []
        var answersPings = true
        /// The files that it was asked for, and whether it answers that.
        var asked: [String] = []
        var answersSync = true
        var isSlave = false
        /// What it says of its binlog: the newest file, and whether its sender has sent all of it.
        var newestFile: UInt32 = 0
        var firstInWindow: UInt32 = 0
        var isAtEnd = true
        /// Sender threads that were given a file.
        var senderCount = 1
    }

    private(set) var engine: SyncEngine
    var pikas: [UInt32: FakePika] = [:]
    private(set) var logged: [String] = []
    private(set) var written: [RelayChunk] = []
    private(set) var writtenCursors: [ServerID: ChunkSequence] = [:]
    private(set) var now = 100.0
    private var peers: [LinkConnectionID: UInt32] = [:]
    private var unread: [LinkConnectionID: [UInt8]] = [:]
    /// Bytes on their way to the hub.
    private var inbox: [(LinkConnectionID, [UInt8])] = []
    private var reads: [LinkConnectionID: Bool] = [:]

    /// Servers 1 to `count`, all in sync.
    /// - Parameter relay: what the recovered relay log holds.
    init(
        servers count: UInt32 = 3, relayMaximumBytes: Int = 10 << 30, recovered: SyncEngine.Recovered = .init(),
        offset: UInt64 = 0, newestFile: UInt32 = 0, relay: [RelayChunk] = [],
        acknowledged: [ServerID: [ServerID: BinlogProgress]] = [:]
    ) {
        written = relay
        engine = SyncEngine(
            settings: .init(
                hubHost: "10.0.0.9", hubPort: 6868, relayMaximumBytes: relayMaximumBytes, versionBytes: 0, seed: 1),
            recovered: recovered, overflow: OverflowMemory())
        for id in 1...count { pikas[id] = FakePika(offset: offset, newestFile: newestFile) }
        engine.update(
            (1...count).map { .init(id: ServerID($0), address: Address(host: "\($0)", port: 9221), password: "") },
            acknowledged: acknowledged, now: now)
        pass(0.2)
        for id in 1...count { dial(id) }
    }

    // MARK: What happens

    /// Time passes, a tenth of a second at a time.
    mutating func pass(_ seconds: Double) {
        for _ in 0..<Int((seconds * 10).rounded()) {
            now += 0.1
            engine.tick(now: now, unixTime: 2000)
            perform()
        }
    }

    /// The server's binlog sender connects.
    mutating func dial(_ server: UInt32) {
        guard let connection = engine.accepted(host: String(server), now: now) else { return }
        peers[connection] = server
        pikas[server]?.data = connection
    }

    /// A client of `server` writes; the records reach the hub in one read. Returns whether the hub reads on.
    @discardableResult
    mutating func write(_ server: UInt32, _ lines: String..., execTime: UInt32 = 1000, as id: UInt32? = nil) -> Bool {
        guard let connection = pikas[server]?.data else { return false }
        var bytes: [UInt8] = []
        for line in lines { bytes += writeUnsent(server, line, execTime: execTime, as: id) }
        return receive(connection, bytes)
    }

    /// A client of `server` writes; its sender still sleeps.
    mutating func writeUnsent(_ server: UInt32, _ line: String, execTime: UInt32, as id: UInt32? = nil) -> [UInt8] {
        apply(line, at: server)
        let offset = pikas[server]?.offset ?? 0
        let bytes = record(line, from: id ?? server, offset: offset, execTime: execTime)
        pikas[server]?.offset = BinlogLayout.end(start: offset, length: bytes.count)
        return bytes
    }

    /// The sender of `server` wakes up.
    mutating func send(_ server: UInt32, _ bytes: [UInt8]) {
        if let connection = pikas[server]?.data { receive(connection, bytes) }
    }

    @discardableResult
    mutating func receive(_ connection: LinkConnectionID, _ bytes: [UInt8]) -> Bool {
        inbox.append((connection, bytes))
        perform()
        return reads[connection] ?? false
    }

    /// The server's binlog connection breaks.
    mutating func breakData(_ server: UInt32) {
        guard let connection = pikas[server]?.data else { return }
        unread[connection] = nil
        engine.closed(connection, reason: "reset", now: now)
        perform()
    }

    /// The server answers its PINGs again.
    mutating func answerPings(_ server: UInt32) {
        pikas[server]?.answersPings = true
        for connection in pikas[server]?.pings ?? [] { answer(connection, "+PONG\r\n") }
        pikas[server]?.pings = []
        perform()
    }

    /// A server joins those that are there, from these places.
    mutating func join(
        _ id: UInt32, isSlave: Bool = false, acknowledged: [ServerID: [ServerID: BinlogProgress]]
    ) {
        pikas[id] = FakePika(isSlave: isSlave)
        engine.update(
            pikas.keys.map { .init(id: ServerID($0), address: Address(host: "\($0)", port: 9221), password: "") },
            acknowledged: acknowledged, now: now)
        pass(0.5)
        dial(id)
        pass(0.5)
    }

    /// A connection to the inner port from anywhere; nil: the hub closes it.
    mutating func connects(from host: String) -> LinkConnectionID? {
        let connection = engine.accepted(host: host, now: now)
        perform()
        return connection
    }

    /// A server's id stands for another one now, or for another state of it.
    mutating func renew(
        _ id: UInt32, address: String? = nil, acknowledged: [ServerID: [ServerID: BinlogProgress]] = [:]
    ) {
        engine.update(
            pikas.keys.map {
                let host = $0 == id ? address ?? "\($0)" : "\($0)"
                return .init(
                    id: ServerID($0), address: Address(host: host, port: 9221), password: "",
                    generation: $0 == id ? 1 : 0)
            }, acknowledged: acknowledged, now: now)
        perform()
    }

    /// A server is taken out of the sync.
    mutating func leave(_ id: UInt32) {
        let left = pikas.keys.filter { $0 != id }
        engine.update(
            left.map { .init(id: ServerID($0), address: Address(host: "\($0)", port: 9221), password: "") },
            acknowledged: [:], now: now)
        perform()
    }

    /// All servers are taken out, as at a stop.
    mutating func end() {
        engine.update([], acknowledged: [:], now: now)
        perform()
    }

    mutating func repair(_ key: String, winner: UInt32? = nil) -> SyncEngine.RepairAnswer {
        engine.repair(Array(key.utf8), winner: winner.map { ServerID($0) }, now: now)
    }
    mutating func forgetAdvance() { engine.forgetAdvance() }
    mutating func stopReading() { engine.stopReading() }
    mutating func takeAdvance() -> SyncEngine.Advance { engine.takeAdvance() }

    // MARK: What the engine wants done

    private mutating func perform() {
        while true {
            for action in engine.takeActions() { perform(action) }
            guard !inbox.isEmpty else { return }
            let (connection, bytes) = inbox.removeFirst()
            let all = (unread.removeValue(forKey: connection) ?? []) + bytes
            now += 0.01
            let now = now
            let consumption = all.withUnsafeBytes { engine.received(connection, $0, now: now) }
            unread[connection] = Array(all.dropFirst(consumption.bytes))
            reads[connection] = consumption.readsOn
        }
    }

    private mutating func perform(_ action: SyncEngine.Action) {
        switch action {
        case .connect(let connection, let address, _):
            peers[connection] = UInt32(address.host)
            if let server = peers[connection], address.port > 10_000 {
                pikas[server]?.links.insert(connection)
                if pikas[server]?.links.count == 2 { pikas[server]?.stage = "STARTED" }
            }
            engine.connected(connection, host: address.host, now: now)
        case .send(let connection, let bytes):
            for words in commandWords(bytes) { execute(words, on: connection) }
        case .deliver(let connection, _, let chunk):
            for words in commandWords(chunk.commands) { execute(words, on: connection) }
        case .close(let connection):
            guard let server = peers.removeValue(forKey: connection) else { return }
            guard var pika = pikas[server], pika.links.remove(connection) != nil else { return }
            pika.stage = pika.links.isEmpty ? "STOPED" : "DEGRADE"
            pikas[server] = pika
        case .resume(let connection):
            if peers[connection] != nil { inbox.append((connection, [])) }
        case .write(let write):
            written += write.chunks
            for (server, cursor) in write.cursors { writtenCursors[server] = cursor.acknowledged }
        case .read(let server, let from, _):
            engine.loaded(server, written.filter { $0.sequence >= from }, from: from, now: now)
        case .log(let event): logged.append(event.kind)
        }
    }

    private mutating func execute(_ words: [String], on connection: LinkConnectionID) {
        guard let server = peers[connection], let pika = pikas[server] else { return }
        switch (words[0], words.last) {
        case ("PING", _):
            if pika.answersPings { answer(connection, "+PONG\r\n") } else { pikas[server]?.pings.append(connection) }
        case ("INFO", "server"): answer(connection, bulk: "server_id:\(server)\r\n")
        case ("INFO", "log"):
            answer(connection, bulk: "expire_logs_nums:10\r\nbinlog_offset:\(pika.newestFile) \(pika.offset)\r\n")
        case ("INFO", "hub"):
            let first = pika.firstInWindow
            let window = "Sending window: \(first) - \(pika.links.isEmpty ? Int(first) - 1 : Int(pika.newestFile))\r\n"
            let thread = String(
                repeating: "--- Thread 1: \(pika.isAtEnd ? "\(pika.newestFile) WAITING" : "0 WORKING")\r\n",
                count: pika.senderCount)
            let hub = "Connected hub: 10.0.0.9:7868\r\n"
            answer(connection, bulk: "\(hub)\(window)\(thread)Hub stage: \(pika.stage)\r\n")
        case ("INFO", "replication"): answer(connection, bulk: "role:\(pika.isSlave ? "slave" : "master")\r\n")
        case ("internaltrysync", _):
            pikas[server]?.asked.append(words[3])
            guard pika.answersSync else { return }
            pikas[server]?.stage = "DEGRADE"
            answer(connection, "+OK\r\n")
        case ("GET", let key?):
            let value = pika.values[key]
            if let value { answer(connection, bulk: value) } else { answer(connection, "$-1\r\n") }
        case ("TTL", let key?): answer(connection, pika.values[key] == nil ? ":-2\r\n" : ":-1\r\n")
        case ("TIME", _): answer(connection, "*2\r\n$4\r\n2000\r\n$1\r\n0\r\n")
        case ("LRANGE", _), ("ZRANGE", _): answer(connection, "*0\r\n")
        default:
            pikas[server]?.delivered.append(words.joined(separator: " "))
            apply(words.joined(separator: " "), at: server)
        }
    }

    private mutating func apply(_ line: String, at server: UInt32) {
        let words = line.split(separator: " ").map(String.init)
        switch words[0].lowercased() {
        case "set" where words.count >= 3: pikas[server]?.values[words[1]] = words[2]
        case "del": for key in words.dropFirst() { pikas[server]?.values[key] = nil }
        case "incr":
            let count = pikas[server]?.values[words[1]].flatMap { Int($0) } ?? 0
            pikas[server]?.values[words[1]] = String(count + 1)
        default: break
        }
    }

    private mutating func answer(_ connection: LinkConnectionID, _ text: String) {
        inbox.append((connection, Array(text.utf8)))
    }

    private mutating func answer(_ connection: LinkConnectionID, bulk text: String) {
        answer(connection, "$\(text.utf8.count)\r\n\(text)\r\n")
    }
}

/// The words of the commands in `bytes`. Words hold no blanks and no line ends here.
func commandWords(_ bytes: [UInt8]) -> [[String]] {
    bytes.text.split(separator: "*").map { command in
        command.split(separator: "\r\n").dropFirst().filter { !$0.hasPrefix("$") }.map(String.init)
    }
}
