internal import PikaSim

/// What a Pika answers on one connection to P or P+1100.
final class PikaPort {
    private let pika: SimulatedPika
    private let isInner: Bool
    private var parser = RequestParser()
    private(set) var isBroken = false

    init(pika: SimulatedPika, isInner: Bool) {
        self.pika = pika
        self.isInner = isInner
    }

    func received(_ bytes: [UInt8]) -> [UInt8] {
        parser.feed(bytes)
        var answer: [UInt8] = []
        while true {
            switch parser.next() {
            case .incomplete: return answer
            case .broken:
                isBroken = true
                return answer
            case .request(let arguments):
                let reply = isInner ? pika.deliver(arguments) : pika.answer(arguments)
                reply?.append(to: &answer)
            }
        }
    }
}

extension SimulatedPika {
    /// A hub's command on P+1100: the binlog first, then a worker. Nil means no answer.
    func deliver(_ arguments: [[UInt8]]) -> Reply? {
        let name = arguments[0].lowercased
        if name == Bytes("ping") { return .status("PONG") }
        guard let command = Command.table[name], command.isForHubs, command.accepts(arguments.count) else {
            world.oracle.fail("damage", "server \(id) was sent \(arguments.map(\.text))", key: nil)
            return nil
        }
        switch command.logged {
        case .pairs, .expireAt:
            world.oracle.fail("damage", "server \(id) was sent \(arguments.map(\.text))", key: arguments[1])
        case .never, .asTyped, .lowercasing: break
        }
        world.note(.delivered, arguments, server: id)
        world.oracle.delivered(arguments, to: self)
        touched(arguments, byClient: false)
        append([record(arguments, BinlogRecord.hubStamp, isForHub: false)], now: unixSeconds)
        let hash = arguments[1].reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        workers[Int(hash % UInt64(workers.count))].add(arguments)
        return nil
    }

    /// A request on port P.
    func answer(_ arguments: [[UInt8]]) -> Reply {
        switch arguments[0].lowercased.text {
        case "info": return .bulk(info(arguments.count > 1 ? arguments[1].lowercased.text : "server"))
        case "time": return .array([.bulk(String(unixSeconds)), .bulk("0")])
        case "internaltrysync": return tryToSync(arguments)
        case let name:
            guard let command = Command.table[Bytes(name)], command.accepts(arguments.count) else {
                return .error("ERR unknown command '\(name)'")
            }
            return command.run(&keyspace, arguments, unixSeconds)
        }
    }

    private func tryToSync(_ arguments: [[UInt8]]) -> Reply {
        guard arguments.count == 6, let port = arguments[2].integer, let file = arguments[3].integer,
            let offset = arguments[4].integer
        else { return .error("ERR wrong number of arguments for 'trysync' command") }
        let answer = stage.tryToSync(
            address: arguments[1].text, port: Int(port), file: UInt32(file), offset: UInt64(offset),
            isLenient: arguments[5] == Bytes("1"), newest: binlog.end.file, exists: { self.binlog.files[$0] != nil })
        world.note(.happened("server \(id): \(arguments.map(\.text).joined(separator: " ")) → \(answer)"))
        switch answer {
        case .ignored: return .status("OK")
        case .accepted(let closes):
            condemnsHubWires = condemnsHubWires || closes
            startSenders()
            return .status("OK")
        case .invalidOffset(let closes):
            condemnsHubWires = condemnsHubWires || closes
            return .error("ERR InvalidOffset")
        }
    }

    private func startSenders() {
        if senders.isEmpty {
            senders = (0..<HubStage.senderCount).map { PikaSender(index: $0, pika: self) }
            for sender in senders { sender.start() }
        } else {
            for sender in senders { sender.reset(reconnecting: false) }
        }
    }

    private func info(_ section: String) -> String {
        let lines: [String]
        switch section {
        case "log":
            let purgeable = binlog.end.file >= 10 ? "write2file\(binlog.end.file - 10)" : "none"
            lines = ["# Log", "safety_purge:\(purgeable)", "binlog_offset:\(binlog.end.file) \(binlog.end.offset)"]
        case "hub":
            let threads = stage.files.sorted { $0.key < $1.key }.map { index, file in
                "    --- Thread \(index + 1): \(file) \(senders[index].status)"
            }
            lines =
                [
                    "# Hub", "Connected hub: \(stage.hubAddress):\(stage.hubPort)",
                    "Sending window: \(stage.window.left) - \(stage.window.right)", "Hub senders' map: ",
                ] + threads + ["Hub stage: \(stage.stage.rawValue)", ""]
        case "replication": lines = ["# Replication", master == nil ? "role:master" : "role:slave"]
        default:
            lines = [
                "# Server", "pika_version:2.3.8", "process_id:\(1000 * Int(serial) + incarnation)", "server_id:\(id)",
            ]
        }
        return lines.map { $0 + "\r\n" }.joined()
    }
}

/// The commands that bytes of the relay log hold.
func commands(in bytes: [UInt8]) -> [[[UInt8]]] {
    var parser = RequestParser()
    parser.feed(bytes)
    var commands: [[[UInt8]]] = []
    while case .request(let arguments) = parser.next() { commands.append(arguments) }
    return commands
}
