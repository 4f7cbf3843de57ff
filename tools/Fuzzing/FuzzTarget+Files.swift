import HubDaemon
import HubStore
import HubSync
import Inspection
import RaftLog

/// What stands in files.
extension FuzzTarget {
    /// The configuration file.
    static let configuration = FuzzTarget(
        name: "configuration",
        examples: [
            """
            # a comment
            floyd-local-ip : 127.0.0.1
            floyd-local-port : 9211
            floyd-servers : 127.0.0.1:9211,h2:9211,[::1]:9212
            floyd-path : ./floyd
            sdk-port : 6868
            pika-servers : 127.0.0.1:9221:1:abc,127.0.0.1:9222:2
            relay-log-max-size : 10g
            """,
            """
            floyd-local-ip : hub-one
            floyd-path:/var/lib/pika_hub
            sdk-port : 6868
            bind : 127.0.0.1,::1
            daemonize : yes
            log-path : ./log
            requirepass : a:b#c d
            max-log-file-size : 100m
            binlog-offset-absolute-consistency : no
            info-log-level : 2
            """,
        ].map { Array($0.utf8) }
    ) { bytes, _ throws(FuzzFailure) in
        let problems = OutsideBytes.problems(inConfiguration: String(decoding: bytes, as: UTF8.self))
        try expect(problems?.isEmpty != true, "refused without saying why")
        try expect(
            (problems?.utf8.count ?? 0) <= 1000 + 100 * bytes.count, "\(problems?.utf8.count ?? 0) bytes of problems")
    }

    /// A chunk of the relay log.
    static let chunk = FuzzTarget(
        name: "chunk",
        examples: [RelayChunk.Audience.others, .everyone, .except([ServerID(2), ServerID(3)])].map(storedChunk)
    ) { bytes, _ throws(FuzzFailure) in
        guard let chunk = RelayChunk(sequence: ChunkSequence(1), stored: bytes) else { return }
        try expect(chunk.commands.count <= bytes.count, "\(chunk.commands.count) bytes of commands")
        if case .success(let commands) = parsed({ () throws(RecordError) in try chunk.splitCommands() }) {
            let size = commands.joined().reduce(0) { $0 + $1.count }
            try expect(size <= chunk.commands.count, "\(size) bytes of arguments")
        }
        guard let again = RelayChunk(sequence: ChunkSequence(1), stored: chunk.header + chunk.commands) else {
            throw FuzzFailure("does not read back")
        }
        try expect(again == chunk, "reads back as another chunk")
    }

    /// Progress as the relay log stores it.
    static let progress = FuzzTarget(name: "progress", examples: [someProgress.stored]) {
        bytes, _ throws(FuzzFailure) in
        var reader = LittleEndianReader(bytes: bytes)
        guard let progress = BinlogProgress(from: &reader) else { return }
        var again = LittleEndianReader(bytes: progress.stored)
        try expect(BinlogProgress(from: &again) == progress, "\(progress) does not read back")
        // What was read can be worked with.
        var union = progress
        union.formUnion(someProgress)
        try expect(union.isSuperset(of: progress) && union.isSuperset(of: someProgress), "a union that lacks a part")
        let common = progress.intersection(someProgress)
        try expect(progress.isSuperset(of: common), "an intersection that has more than \(progress)")
    }

    /// The replicated state as a snapshot.
    static let state = FuzzTarget(name: "state", examples: [someState.encoded()]) { bytes, _ throws(FuzzFailure) in
        guard case .success(let state) = parsed({ () throws(StateFormatError) in try HubState(snapshot: bytes) }) else {
            return
        }
        guard case .success(state) = parsed({ () throws(StateFormatError) in try HubState(snapshot: state.encoded()) })
        else { throw FuzzFailure("a state that does not read back") }
        for command in someCommands {
            var next = state
            _ = next.apply(command)
        }
    }

    /// A command in an entry of the log: read, applied, and applied again.
    static let command = FuzzTarget(
        name: "command", examples: someCommands.map { $0.encoded() }
    ) { bytes, _ throws(FuzzFailure) in
        var state = someState
        _ = parsed { () throws(StateFormatError) in try state.apply(entry: bytes) }
        guard case .success(state) = parsed({ () throws(StateFormatError) in try HubState(snapshot: state.encoded()) })
        else { throw FuzzFailure("the state does not read back afterwards") }
    }

    /// What the Raft database holds.
    static let raft = FuzzTarget(name: "raft", examples: raftRecords) { bytes, _ throws(FuzzFailure) in
        if case .success(let entry) = parsed({ () throws(FieldError) in try Entry(decoding: bytes[...]) }) {
            var writer = FieldWriter()
            entry.encode(to: &writer)
            guard case .success(entry) = parsed({ () throws(FieldError) in try Entry(decoding: writer.bytes[...]) })
            else {
                throw FuzzFailure("\(entry) does not read back")
            }
            _ = entry.index.next.advanced(by: entry.cost)
        }
        _ = parsed { () throws(FieldError) in try HardState(decoding: bytes[...]) }
        _ = parsed { () throws(FieldError) in try SnapshotMetadata(decoding: bytes[...]) }
        _ = parsed { () throws(FieldError) in try HubIdentity(decoding: bytes[...]) }
    }

    /// A write-ahead log, as `verify` reads it.
    static let writeAheadLog = FuzzTarget(name: "wal", examples: [walFile]) { bytes, _ throws(FuzzFailure) in
        switch WALFile(bytes: bytes, number: 7).end {
        case .clean: break
        case .torn(let offset, let count): try expect(offset + count == bytes.count && count > 0, "torn at \(offset)")
        case .damaged(let offset): try expect(offset < bytes.count, "damaged at \(offset)")
        }
    }

    // MARK: Examples

    private static let someProgress = BinlogProgress(
        firstOpenFile: 3, marks: [3: .init(offset: 9, index: 1), 5: .init(offset: 20002, index: 0)],
        singles: [BinlogPosition(file: 6, offset: 20002)])

    private static func storedChunk(_ audience: RelayChunk.Audience) -> [UInt8] {
        let commands = Array("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nvv\r\n*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n".utf8)
        let chunk = RelayChunk(
            sequence: ChunkSequence(1), source: ServerID(1), audience: audience, progress: someProgress,
            recordCount: 2, execTime: 1_700_000_000, commands: commands)
        return chunk.header + commands
    }

    private static let someCommands: [HubCommand] = {
        let server = ServerDescription(id: ServerID(1), address: Address(host: "a", port: 9221), password: "abc")
        let other = ServerDescription(id: ServerID(2), address: Address(host: "b", port: 9221))
        let suspect = Suspect(key: Array("k".utf8), winner: ServerID(1), differing: [ServerID(2)])
        return [
            .announcePrimary(hub: HubID(1), term: 3, adminAddress: Address(host: "h", port: 6868)),
            .addHub(
                hub: HubMember(
                    id: HubID(1), raftAddress: Address(host: "h", port: 9211),
                    adminAddress: Address(host: "h", port: 6868))),
            .seed(servers: [server, other]), .drop(server: ServerID(2)), .addServer(server: other),
            .transfer(server: ServerID(1), to: Address(host: "c", port: 9221), password: nil),
            .copy(
                existing: ServerID(1), new: ServerID(3), to: Address(host: "d", port: 9221), password: "x",
                read: someProgress),
            .pause(server: ServerID(1)), .resume(server: ServerID(1)),
            .advance(
                progress: Advance(
                    term: 3, generations: [ServerID(1): Generation(rawValue: 1), ServerID(2): Generation(rawValue: 3)],
                    acknowledged: [ServerID(1): [ServerID(2): someProgress]], repairedKeys: [[1]], suspects: [suspect])),
            .removeHub(hub: HubID(1)),
        ]
    }()

    private static let someState: HubState = {
        var state = HubState()
        for command in someCommands { _ = state.apply(command) }
        return state
    }()

    private static let raftRecords: [[UInt8]] = {
        let membership = Membership([Member(id: HubID(1), address: Address(host: "10.0.0.1", port: 9211))])
        var writers = [FieldWriter](repeating: FieldWriter(), count: 5)
        Entry(index: LogIndex(8), term: Term(3), payload: .command([1, 2, 3])).encode(to: &writers[0])
        Entry(index: LogIndex(8), term: Term(3), payload: .membership(membership)).encode(to: &writers[1])
        HardState(term: Term(3), vote: HubID(1), commit: LogIndex(7)).encode(to: &writers[2])
        SnapshotMetadata(index: LogIndex(8), term: Term(3), membership: membership).encode(to: &writers[3])
        HubIdentity(hub: HubID(1), group: GroupID(2), incarnation: Incarnation(3)).encode(to: &writers[4])
        return writers.map(\.bytes)
    }()

    /// Records of both forms, one of them in several parts.
    private static let walFile: [UInt8] = {
        func record(_ type: UInt8, _ payload: [UInt8]) -> [UInt8] {
            let body = [type] + (type > 4 ? [7, 0, 0, 0] : []) + payload
            let sum = CRC32C.checksum(body)
            var bytes: [UInt8] = []
            bytes.appendLittleEndian((sum >> 15 | sum << 17) &+ 0xA282_EAD8)
            bytes.appendLittleEndian(UInt16(payload.count))
            return bytes + body
        }
        return record(1, [1, 2, 3]) + record(2, [4]) + record(3, []) + record(4, [5, 6]) + record(5, [7, 8, 9])
    }()
}
