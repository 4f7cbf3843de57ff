import NIOCore

/// A slave's connection on the master's side: sends the binlog from the slave's position on, item by item, all of it.
///
/// The stream is this simulator's own (two real Pikas use other ports and rsync): the slave sends
/// `TRYSYNC <ip> <port> <file> <offset>`; the answer is `+CONTINUE`, or `+FULLSYNC <file> <offset>` with the data as
/// arrays of `<unix seconds> <command> <arguments…>` up to `simsyncend`; then come the binlog's items.
final class SlaveFeed {
    private static let batchBytes = 256 * 1024

    private let channel: any Channel
    private unowned let core: ServerCore
    private let address: String
    private var reader: BinlogReader
    private var chunk: BinlogFiles.Chunk

    init(core: ServerCore, channel: any Channel, address: String, start: BinlogEnd) throws(DiskError) {
        self.core = core
        self.channel = channel
        self.address = address
        reader = BinlogReader(file: start.file, offset: start.offset)
        chunk = try core.binlog.open(start.file)
    }

    var description: String {
        "ip=\(address),state=online,lag=\(core.binlog.end.offset &- reader.offset)"
    }

    /// Sends what there is while the connection takes it.
    func pump() throws(DiskError) {
        while channel.isActive, channel.isWritable {
            var bytes: Bytes = []
            while bytes.count < Self.batchBytes,
                BinlogEnd(file: reader.file, offset: reader.offset) != core.binlog.end
            {
                let step = try next()
                if case .item(let item) = step {
                    bytes += item
                } else if reader.file < core.binlog.end.file {
                    reader = BinlogReader(file: reader.file + 1)
                    chunk = try core.binlog.open(reader.file)
                } else {
                    break
                }
            }
            if bytes.isEmpty { return }
            channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        }
    }

    private func next() throws(DiskError) -> BinlogReader.Step {
        var failure: DiskError?
        let step = reader.next { position, count in
            do throws(DiskError) { return try core.binlog.read(&chunk, at: position, count) } catch {
                failure = error
                return []
            }
        }
        if let failure { throw failure }
        return step
    }
}

extension ServerCore {
    /// TRYSYNC: the connection becomes a slave's.
    func addSlave(_ arguments: [Bytes], on channel: any Channel) throws(DiskError) -> Reply {
        guard let file = arguments[3].integer, let offset = arguments[4].integer else { return .notAnInteger }
        let asked = BinlogEnd(file: UInt32(truncatingIfNeeded: file), offset: UInt64(truncatingIfNeeded: offset))
        if asked.file > binlog.end.file || asked.file == binlog.end.file && asked.offset > binlog.end.offset {
            return .error("ERR InvalidOffset")
        }
        try flush()
        let isKnown = binlog.exists(asked.file)
        let start = isKnown ? asked : binlog.end
        let feed = try SlaveFeed(
            core: self, channel: channel, address: "\(arguments[1].text),port=\(arguments[2].text)", start: start)
        slaves[ObjectIdentifier(channel)] = feed
        guard !isKnown else { return .status("CONTINUE") }
        var copy: Bytes = []
        Reply.status("FULLSYNC \(start.file) \(start.offset)").append(to: &copy)
        let now = Self.unixSeconds()
        for command in keyspace.snapshotCommands(now: now) {
            Reply.bulks([Bytes(String(now))] + command).append(to: &copy)
        }
        Reply.bulks([Bytes("simsyncend")]).append(to: &copy)
        channel.writeAndFlush(ByteBuffer(bytes: copy), promise: nil)
        return .status("CONTINUE")
    }

    func pumpSlaves() throws(DiskError) {
        for feed in slaves.values { try feed.pump() }
    }
}
