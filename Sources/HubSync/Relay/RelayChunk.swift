public import HubStore

/// A run of commands on their way from one source to its destinations: what one read from a source gave, as a
/// destination takes it.
///
/// In the relay store a chunk is its header followed by its commands. All numbers are little endian.
///
/// | field | bytes |
/// |---|---|
/// | version of this layout, 1 | u8 |
/// | audience: 0 others, 1 everyone, 2 others except, 3 only | u8 |
/// | number of servers of the audience n | u16 |
/// | source id | u32 |
/// | number of records | u32 |
/// | latest exec_time | u32 |
/// | servers of the audience | n × u32 |
/// | progress | as `BinlogProgress.stored` |
/// | commands | the rest |
///
/// Valid when the version is known, the audience is one of the four and the header's lists fit; RocksDB's checksums
/// guard the bytes themselves.
public struct RelayChunk: Equatable, Sendable {
    /// For whom the commands are.
    public enum Audience: Equatable, Sendable {
        /// Every server but the source.
        case others
        /// Every server, the source too: the commands settle a conflict.
        case everyone
        /// Every server but the source and these, which have the records already.
        case except([ServerID])
        /// These servers only: a repair.
        case only([ServerID])

        public func includes(_ server: ServerID, source: ServerID) -> Bool {
            switch self {
            case .others: server != source
            case .everyone: true
            case .except(let having): server != source && !having.contains(server)
            case .only(let servers): servers.contains(server)
            }
        }
    }

    public var sequence: ChunkSequence
    public var source: ServerID
    public var audience: Audience
    /// How far the source had been read when the chunk ended.
    public var progress: BinlogProgress
    public var recordCount: Int
    /// Unix seconds by the source's clock, of the newest record.
    public var execTime: UInt32
    public var commands: [UInt8]

    public init(
        sequence: ChunkSequence, source: ServerID, audience: Audience, progress: BinlogProgress, recordCount: Int,
        execTime: UInt32, commands: [UInt8]
    ) {
        self.sequence = sequence
        self.source = source
        self.audience = audience
        self.progress = progress
        self.recordCount = recordCount
        self.execTime = execTime
        self.commands = commands
    }

    static let layoutVersion: UInt8 = 1

    /// The header as it is stored in front of the commands.
    public var header: [UInt8] {
        var servers: [ServerID] = []
        var kind: UInt8 = 0
        switch audience {
        case .others: kind = 0
        case .everyone: kind = 1
        case .except(let having): (kind, servers) = (2, having)
        case .only(let only): (kind, servers) = (3, only)
        }
        var bytes = [Self.layoutVersion, kind]
        bytes.appendLittleEndian(UInt16(servers.count))
        bytes.appendLittleEndian(source.rawValue)
        bytes.appendLittleEndian(UInt32(recordCount))
        bytes.appendLittleEndian(execTime)
        for server in servers { bytes.appendLittleEndian(server.rawValue) }
        return bytes + progress.stored
    }

    /// Reads a stored chunk. Nil when the bytes are not one of this layout.
    public init?(sequence: ChunkSequence, stored: [UInt8]) {
        var reader = LittleEndianReader(bytes: stored)
        guard reader.next(UInt8.self) == Self.layoutVersion, let kind = reader.next(UInt8.self),
            let serverCount = reader.next(UInt16.self), let source = reader.next(UInt32.self),
            let recordCount = reader.next(UInt32.self), let execTime = reader.next(UInt32.self)
        else { return nil }
        var servers: [ServerID] = []
        for _ in 0..<serverCount {
            guard let id = reader.next(UInt32.self) else { return nil }
            servers.append(ServerID(id))
        }
        switch kind {
        case 0: audience = .others
        case 1: audience = .everyone
        case 2: audience = .except(servers)
        case 3: audience = .only(servers)
        default: return nil
        }
        guard let progress = BinlogProgress(from: &reader) else { return nil }
        self.sequence = sequence
        self.source = ServerID(source)
        self.recordCount = Int(recordCount)
        self.execTime = execTime
        self.progress = progress
        commands = Array(stored[reader.index...])
    }
}
