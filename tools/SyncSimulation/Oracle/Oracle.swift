internal import PikaSim

/// What must hold (`design/convergence.md`): watched during the run, and judged when all is quiet.
///
/// Every value that a client writes is written only once in a run (`17@2`: the 17th write, made at server 2), so what
/// arrives somewhere names the write that it comes from.
struct Oracle {
    struct Failure {
        var kind: String
        var text: String
        var key: [UInt8]?
    }

    private(set) var failure: Failure?
    /// Nothing can have been repeated or lost on the way.
    private var isCalm: Bool
    /// Sums of all increments.
    private var totals: [[UInt8]: Int] = [:]
    /// Values that the hub has sent as repairs or echoes; those may arrive anywhere, any number of times.
    private var echoed: Set<[UInt8]> = []
    private var deliveries: [[UInt8]: [UInt32: Int]] = [:]
    /// Operations that have to arrive exactly once at every other server in calm runs, with their key and source.
    private var operations: [[UInt8]: (key: [UInt8], source: UInt32)] = [:]
    /// Values of plain keys that a client has replaced some time after it could have read them.
    private var replaced: [[UInt8]: [[UInt8]: String]] = [:]
    /// Since when a server has shown its value of a plain key.
    private var shown: [UInt32: [[UInt8]: Double]] = [:]

    /// Keys about which nothing is promised, until a client replaces their whole value after this moment.
    private var excused: [[UInt8]: Double] = [:]

    /// The latest second that a clock has shown which shows another one now: by it a server may have let a key expire that
    /// lives on at the others until their own clocks get there.
    private var latestLeft: Int64 = 0

    /// A client that replaces a value this long after it was there knows what it does, and so must the hub: evidence
    /// of order is sampled a few times a second.
    private static let evidentSeconds = 3.0

    init(isCalm: Bool) { self.isCalm = isCalm }

    /// What a promoted slave lacks, or a copied server gets twice, is the operator's (README, Runbook): the sync goes on
    /// right with every other key.
    mutating func excuse(_ keys: Set<[UInt8]>, until time: Double) {
        for key in keys { excused[key] = time }
        isCalm = false
    }

    /// A server's clock is about to step, or ends with it.
    mutating func clockLeaves(_ second: Int64) { latestLeft = max(latestLeft, second) }

    /// Something has happened after which deliveries may be repeated.
    mutating func disturb() { isCalm = false }

    mutating func fail(_ kind: String, _ text: String, key: [UInt8]?) {
        if failure == nil { failure = Failure(kind: kind, text: text, key: key) }
    }

    /// Before a client's write changes the data.
    mutating func willWrite(_ command: [[UInt8]], at server: SimulatedPika) {
        let key = command[1]
        guard isCalm, key[0] == Plan.Family.plain.rawValue else { return }
        if let value = server.keyspace.strings.entries[key]?.value, let since = shown[server.id]?[key],
            server.world.now - since >= Self.evidentSeconds
        {
            replaced[key, default: [:]][value] = "\(command.map(\.text)) at server \(server.id)"
        }
        shown[server.id, default: [:]][key] = server.world.now
    }

    /// A client's write that did not fail.
    mutating func wrote(_ command: [[UInt8]], at server: SimulatedPika) {
        let key = command[1]
        if let time = excused[key], server.world.now > time, Self.replaces(command) { excused[key] = nil }
        switch command[0].lowercased.text {
        case "incr": totals[key, default: 0] += 1
        case "decr": totals[key, default: 0] -= 1
        case "incrby": totals[key, default: 0] += Int(command[2].integer ?? 0)
        case "decrby": totals[key, default: 0] -= Int(command[2].integer ?? 0)
        case "lpush", "rpush": operations[command[2]] = (key, server.id)
        // A deletion may overtake what it deletes, which then need not arrive.
        case "del":
            for key in command.dropFirst() { operations = operations.filter { $0.value != (key, server.id) } }
        default: break
        }
    }

    /// Whatever the key held before, it holds this afterwards.
    private static func replaces(_ command: [[UInt8]]) -> Bool {
        switch command[0].lowercased.text {
        case "set": command.count == 3
        case "setex": true
        case "del": command.count == 2
        default: false
        }
    }

    /// The hub relays a command as a repair or an echo. What was written before may be part of the state that it copies,
    /// and then need not arrive by itself.
    mutating func echoed(_ command: [[UInt8]]) {
        echoed.formUnion(command.dropFirst())
        for key in command.dropFirst() { operations = operations.filter { $0.value.key != key } }
    }

    /// A hub's command arrived at a server.
    mutating func delivered(_ command: [[UInt8]], to server: SimulatedPika) {
        for argument in command.dropFirst(2) {
            guard let source = Self.source(of: argument), !echoed.contains(argument) else { continue }
            if source == server.id {
                fail(
                    "came back", "\(command.map(\.text)) was sent to server \(source), which wrote it", key: command[1])
            }
            deliveries[argument, default: [:]][server.id, default: 0] += 1
            if isCalm, let count = deliveries[argument]?[server.id], count > 1 {
                fail("doubled", "\(command.map(\.text)) came \(count) times to server \(server.id)", key: command[1])
            }
        }
    }

    mutating func applied(_ command: [[UInt8]], at server: SimulatedPika) {
        shown[server.id, default: [:]][command[1]] = server.world.now
    }

    mutating func senderEnded(at server: SimulatedPika) {
        fail("sender ended", "server \(server.id) has lost a sender thread for good", key: nil)
    }

    /// The server that wrote `<n>@<server>`; nil for anything else.
    static func source(of argument: [UInt8]) -> UInt32? {
        guard let at = argument.lastIndex(of: 0x40) else { return nil }
        return UInt32(argument[(at + 1)...].prefix { $0 != 0x5D }.text)
    }

    // MARK: Quiet

    mutating func judge(_ servers: [SimulatedPika]) {
        let latest = servers.map(\.unixSeconds).reduce(latestLeft, max)
        for server in servers.dropFirst() {
            compare(servers[0], server, "string", \.strings, latest) { $0.text }
            compare(servers[0], server, "list", \.lists, latest) { list in list.map(\.text).joined(separator: ",") }
            compare(servers[0], server, "sorted set", \.sortedSets, latest) { set in
                set.scores.map { "\($0.key.text)=\($0.value)" }.sorted().joined(separator: ",")
            }
        }
        judgeValues(of: servers[0])
        guard isCalm else { return }
        for (value, operation) in operations.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) })
        where !echoed.contains(value) {
            for server in servers where server.id != operation.source && deliveries[value]?[server.id] != 1 {
                fail("lost", "\(value.text) never came to server \(server.id)", key: operation.key)
            }
        }
    }

    /// Keys that no server has let expire yet must be the same.
    private mutating func compare<Value>(
        _ left: SimulatedPika, _ right: SimulatedPika, _ type: String,
        _ path: KeyPath<Keyspace, Namespace<Value>>, _ latest: Int64, text: (Value) -> String
    ) {
        func told(_ entry: Namespace<Value>.Entry?) -> String {
            guard let entry, !entry.value.isVacant, entry.expiry == 0 || entry.expiry > latest + 2 else {
                return "nothing"
            }
            return "“\(text(entry.value))”"
        }
        let (mine, other) = (left.keyspace[keyPath: path].entries, right.keyspace[keyPath: path].entries)
        for key in Set(mine.keys).union(other.keys).subtracting(excused.keys).sorted(by: {
            $0.lexicographicallyPrecedes($1)
        }
        ) {
            let (a, b) = (told(mine[key]), told(other[key]))
            var difference = a == b ? nil : "\(a) at server \(left.id), \(b) at server \(right.id)"
            let (first, second) = (mine[key]?.expiry ?? 0, other[key]?.expiry ?? 0)
            if difference == nil, a != "nothing", abs(first - second) > 1 {
                difference = "expires \(first) at server \(left.id), \(second) at server \(right.id)"
            }
            if let difference { fail("servers differ", "\(type) \(key.text): \(difference)", key: key) }
        }
    }

    private mutating func judgeValues(of server: SimulatedPika) {
        guard isCalm else { return }
        for (key, total) in totals.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) })
        where key[0] == Plan.Family.counter.rawValue {
            let value = server.keyspace.strings.entries[key]?.value.integer ?? 0
            if value != total { fail("total", "\(key.text) is \(value), its increments make \(total)", key: key) }
        }
        for (key, values) in replaced.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            guard let value = server.keyspace.strings.entries[key]?.value, let by = values[value] else { continue }
            fail("lost update", "\(key.text) ends as “\(value.text)”, which was replaced by \(by)", key: key)
        }
    }
}

extension ArraySlice where Element == UInt8 {
    fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}
