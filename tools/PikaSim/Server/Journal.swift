/// The data on disk: every command that changed it, with the second at which it ran, in the order in which it ran.
/// Stands for the original's RocksDB: it survives `kill -9`, and so do not the commands that still wait for a worker.
///
/// ```
/// entry = RESP array: <unix seconds, decimal> <command> <arguments…>
/// ```
///
/// An entry that is cut off at the end of the file was never acknowledged and is dropped. Each start replaces the
/// journal by the least commands that build the same data (`data.new`, renamed when complete).
final class Journal {
    private let file: DiskFile
    private var size: UInt64 = 0
    private var pending: Bytes = []

    /// `file` is empty.
    private init(file: DiskFile) {
        self.file = file
    }

    /// Replays the journal of `directory` into a keyspace, and begins a new one with what came out.
    static func open(directory: String, now: Int64) throws(DiskError) -> (Journal, Keyspace) {
        let path = directory + "/data"
        var keyspace = Keyspace()
        let stored = try DiskFile(path: path)
        var parser = RequestParser()
        var offset: UInt64 = 0
        reading: while true {
            let bytes = try stored.read(1 << 20, at: offset)
            offset += UInt64(bytes.count)
            parser.feed(bytes)
            while case .request(let entry) = parser.next() {
                guard let second = entry[0].integer, let command = Command.table[entry[1].lowercased] else {
                    break reading
                }
                _ = command.run(&keyspace, Array(entry.dropFirst()), second)
            }
            if bytes.isEmpty { break }
        }
        let journal = try replacement(directory: directory, keyspace, now: now)
        return (journal, keyspace)
    }

    /// A new journal that holds just `keyspace`, in the place of the old one.
    static func replacement(directory: String, _ keyspace: Keyspace, now: Int64) throws(DiskError) -> Journal {
        let path = directory + "/data.new"
        try DiskFile.remove(path)
        let journal = Journal(file: try DiskFile(path: path))
        for command in keyspace.snapshotCommands(now: now) { try journal.append(command, now: now) }
        try journal.flush()
        try DiskFile.move(path, to: directory + "/data")
        return journal
    }

    func append(_ arguments: [Bytes], now: Int64) throws(DiskError) {
        Reply.bulks([Bytes(String(now))] + arguments).append(to: &pending)
        if pending.count > 1 << 20 { try flush() }
    }

    func flush() throws(DiskError) {
        if pending.isEmpty { return }
        try file.write(pending, at: size)
        size += UInt64(pending.count)
        pending.removeAll(keepingCapacity: true)
    }
}
