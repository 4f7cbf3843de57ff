extension Keyspace {
    /// The least commands that build the same data, for a full copy and for a new journal. An expiry follows its key
    /// as PEXPIREAT would, but per type: `SIMEXPIRE <type> <key> <unix seconds>`.
    func snapshotCommands(now: Int64) -> [[Bytes]] {
        var commands: [[Bytes]] = []
        func note<Value>(_ namespace: Namespace<Value>, _ type: String, _ build: (Bytes, Value) -> [Bytes]) {
            for (key, entry) in namespace.entries
            where !entry.value.isVacant && (entry.expiry == 0 || entry.expiry >= now) {
                commands.append(build(key, entry.value))
                if entry.expiry != 0 {
                    commands.append([Bytes("simexpire"), Bytes(type), key, Bytes(String(entry.expiry))])
                }
            }
        }
        note(strings, "string") { [Bytes("set"), $0, $1] }
        note(lists, "list") { [Bytes("rpush"), $0] + $1 }
        note(sortedSets, "zset") { key, set in
            [Bytes("zadd"), key] + set.scores.flatMap { [Bytes(exact: $0.value), $0.key] }
        }
        return commands
    }

    /// Restores an expiry of one type exactly, even one that lies in the past.
    mutating func restoreExpiry(type: Bytes, key: Bytes, second: Int64) {
        switch type.text {
        case "string": strings.setExpiry(key, second)
        case "list": lists.setExpiry(key, second)
        default: sortedSets.setExpiry(key, second)
        }
    }
}
