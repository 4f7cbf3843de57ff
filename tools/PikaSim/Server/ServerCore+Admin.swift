import NIOCore

/// What a client can ask besides data; AUTH is the connection's own.
enum AdminCommand: String {
    case ping, echo, select, time, info, config, dbsize, scan, shutdown, slaveof, trysync, internaltrysync, purgelogsto

    /// With the name; nil where it varies.
    var argumentCount: Int? {
        switch self {
        case .ping, .time, .dbsize, .shutdown: 1
        case .echo, .select, .purgelogsto: 2
        case .trysync: 5
        case .info, .config, .scan, .slaveof, .internaltrysync: nil
        }
    }
}

extension ServerCore {
    func administer(_ command: AdminCommand, _ arguments: [Bytes], on channel: any Channel) throws(DiskError) -> Reply {
        if let count = command.argumentCount, arguments.count != count {
            return .wrongNumber(arguments[0].lowercased)
        }
        switch command {
        case .ping: return .status("PONG")
        case .echo: return .bulk(arguments[1])
        case .select: return .ok
        case .time: return .array([.bulk(String(Self.unixSeconds())), .bulk("0")])
        case .info:
            let section = arguments.count > 1 ? arguments[1].lowercased.text : "all"
            return .bulk(info(section))
        case .config: return config(arguments)
        case .dbsize: return .integer(Int64(keyspace.keys(now: Self.unixSeconds()).count))
        case .scan: return scans.answer(arguments, keyspace, now: Self.unixSeconds())
        case .shutdown:
            onShutdown()
            return .ok
        case .slaveof: return try slaveOf(arguments)
        case .trysync: return try addSlave(arguments, on: channel)
        case .internaltrysync: return tryToSync(arguments)
        case .purgelogsto: return try purgeLogs(arguments)
        }
    }

    private func purgeLogs(_ arguments: [Bytes]) throws(DiskError) -> Reply {
        let name = arguments[1].lowercased.text
        guard name.hasPrefix("write2file"), let file = UInt32(name.dropFirst("write2file".count)) else {
            return .error("ERR Invalid Argument")
        }
        try purge(upTo: file)
        return .ok
    }

    private func config(_ arguments: [Bytes]) -> Reply {
        guard arguments.count == 3, arguments[1].lowercased == Bytes("get") else { return .syntaxError }
        let settings = [
            ("port", String(port)), ("thread-num", "1"),
            ("sync-thread-num", String(options.syncThreads)), ("requirepass", options.requirepass),
            ("masterauth", options.masterauth), ("timeout", String(options.timeoutSeconds)),
            ("binlog-file-size", String(options.binlogFileSize)), ("expire-logs-days", "7"),
            ("expire-logs-nums", String(options.expireLogsNums)), ("slave-read-only", isReadOnly ? "yes" : "no"),
        ]
        let found = settings.filter { matches(Bytes($0.0)[...], pattern: arguments[2].lowercased[...]) }
        return .array(found.flatMap { [.bulk($0.0), .bulk($0.1)] })
    }
}
