import HubDaemon
import HubStore
import HubSync
import RaftLog

/// What arrives over connections.
extension FuzzTarget {
    /// Requests on the admin port.
    static let admin = FuzzTarget(
        name: "admin",
        examples: [
            "*1\r\n$4\r\nPING\r\n", "*4\r\n$8\r\nTRANSFER\r\n$1\r\n1\r\n$9\r\n127.0.0.1\r\n$4\r\n9221\r\n", "PING\r\n",
            "AUTH \"a b\" 'c\\'d'\n", "*0\r\n\r\n*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", "INFO all\r\nQUIT\r\n",
        ].map { Array($0.utf8) }
    ) { bytes, random throws(FuzzFailure) in
        let whole = OutsideBytes.requests(in: [bytes[...]])
        let parts = OutsideBytes.requests(in: cut(bytes, &random))
        try expect(whole.requests == parts.requests, "other requests in parts: \(whole.requests), \(parts.requests)")
        try expect(whole.violation == parts.violation, "\(whole.violation ?? "") whole, \(parts.violation ?? "") cut")
        let size = whole.requests.joined().reduce(0) { $0 + $1.count }
        try expect(size <= bytes.count, "\(size) bytes of arguments out of \(bytes.count)")
    }

    /// Answers of a server.
    static let reply = FuzzTarget(
        name: "reply",
        examples: [
            "+PONG\r\n", "-ERR InvalidOffset\r\n", ":-12\r\n", "$5\r\nhello\r\n", "$-1\r\n", "*-1\r\n",
            "*2\r\n$1\r\na\r\n*2\r\n:1\r\n*1\r\n+x\r\n",
        ].map { Array($0.utf8) }
    ) { bytes, random throws(FuzzFailure) in
        let part = bytes[..<random.below(bytes.count + 1)]
        switch (
            parsed { () throws(RecordError) in try Reply.parse(bytes[...]) },
            parsed { () throws(RecordError) in try Reply.parse(part) }
        )
        {
        case (.success(let whole?), .success(let early?)):
            try expect(whole == early, "a part reads as something else")
            try expect(whole.1 > 0 && whole.1 <= bytes.count, "an answer of \(whole.1) bytes out of \(bytes.count)")
        case (.success, .failure(let error)): throw FuzzFailure("only a part is refused: \(error)")
        case (.success(nil), .success(.some)), (.failure, .success(.some)): throw FuzzFailure("only a part is read")
        default: break
        }
    }

    /// Records on the inner port.
    static let record = FuzzTarget(
        name: "record",
        examples: ["SET key value", "DEL a b c", "PING", "setex k 10 v", "ZADD z 1 a 2 b"].map(binlogRecord)
    ) { bytes, random throws(FuzzFailure) in
        let end = random.below(bytes.count + 1)
        let (whole, wholeError) = parseRecord(bytes)
        let (part, partError) = parseRecord(Array(bytes[..<end]))
        if let whole {
            try expect(whole.length > 0 && whole.length <= bytes.count, "a record of \(whole.length) bytes")
            for range in [whole.name, whole.key, whole.arguments] {
                try expect(range.upperBound <= whole.length, "\(range) in a record of \(whole.length) bytes")
            }
            try expect(whole.serverID.rawValue > 0, "the server id 0")
            if let part { try expect(part == whole, "a part reads as something else") }
            try expect(end < whole.length || part != nil, "not read with what follows it cut off")
        }
        try expect(partError == nil || wholeError != nil, "only a part is refused: \(partError.debugDescription)")
        try expect(part == nil || whole != nil, "only a part is read")
    }

    /// Frames between hubs: any bytes, and bodies whose checksum is right.
    static let frame = FuzzTarget(
        name: "frame", examples: messages + [hello, answer]
    ) { bytes, random throws(FuzzFailure) in
        var stream = OutsideBytes.frame(around: bytes)
        if random.below(2) == 0 { stream += OutsideBytes.frame(around: bytes) }
        if random.below(4) == 0 { mutate(&stream, &random) }
        let whole = OutsideBytes.frames(in: [stream[...]])
        let parts = OutsideBytes.frames(in: cut(stream, &random))
        try expect(whole.messageCounts == parts.messageCounts, "other frames in parts")
        try expect(whole.failure == parts.failure, "\(whole.failure ?? "") whole, \(parts.failure ?? "") cut")
    }

    /// One message of Raft. What was read is written again, and reads the same.
    static let message = FuzzTarget(name: "message", examples: messages) { bytes, _ throws(FuzzFailure) in
        guard case .success(let message?) = parsed({ () throws(FieldError) in try Message(decoding: bytes[...]) })
        else {
            return
        }
        var writer = FieldWriter()
        message.encode(to: &writer)
        let again = parsed { () throws(FieldError) in try Message(decoding: writer.bytes[...]) }
        guard case .success(message?) = again else { throw FuzzFailure("\(message) reads back as \(again)") }
    }

    /// How hubs introduce themselves.
    static let greeting = FuzzTarget(name: "hello", examples: [hello, answer]) { bytes, _ throws(FuzzFailure) in
        if case .success(let hello) = parsed({ () throws(FieldError) in try Hello(decoding: bytes[...]) }) {
            var writer = FieldWriter()
            hello.encode(to: &writer)
            guard case .success(hello) = parsed({ () throws(FieldError) in try Hello(decoding: writer.bytes[...]) })
            else {
                throw FuzzFailure("\(hello) does not read back")
            }
        }
        _ = parsed { () throws(FieldError) in try HelloAnswer(decoding: bytes[...]) }
    }

    private static func parseRecord(_ bytes: [UInt8]) -> (BinlogRecord?, RecordError?) {
        bytes.withUnsafeBytes { buffer in
            var record = BinlogRecord()
            do throws(RecordError) {
                return (try record.parse(buffer, from: 0) ? record : nil, nil)
            } catch {
                return (nil, error)
            }
        }
    }

    private static func binlogRecord(_ command: String) -> [UInt8] {
        let words = command.split(separator: " ").map { Array($0.utf8) }
        let stamp: [UInt8] = [1, 2, 3, 4, 3, 0, 0, 0, 0x22, 0x4E, 0, 0, 0, 0, 0, 0]
        let arguments = words + [Array("__PIKA_X#$SKGI".utf8), Array("1".utf8), stamp, Array("1".utf8)]
        var bytes = Array("*\(arguments.count)\r\n".utf8)
        for argument in arguments { bytes += Array("$\(argument.count)\r\n".utf8) + argument + Array("\r\n".utf8) }
        return bytes
    }

    private static let membership = Membership([
        Member(id: HubID(1), address: Address(host: "10.0.0.1", port: 9211), incarnation: Incarnation(5)),
        Member(id: HubID(2), address: Address(host: "h2", port: 9211), role: .learner),
    ])

    private static let messages: [[UInt8]] = {
        let entries = [
            Entry(index: LogIndex(8), term: Term(3), payload: .empty),
            Entry(index: LogIndex(9), term: Term(3), payload: .command([1, 2, 3])),
            Entry(index: LogIndex(10), term: Term(3), payload: .membership(membership)),
        ]
        let metadata = SnapshotMetadata(index: LogIndex(70), term: Term(3), membership: membership)
        let bodies: [Message.Body] = [
            .preVote(lastIndex: LogIndex(7), lastTerm: Term(2)),
            .vote(lastIndex: LogIndex(7), lastTerm: Term(2), isTransfer: true),
            .append(Append(previousIndex: LogIndex(7), previousTerm: Term(2), entries: entries, commit: LogIndex(6))),
            .appendRejected(previous: LogIndex(7), hint: LogIndex(5), hintTerm: Term(2)),
            .heartbeat(commit: LogIndex(6), round: 4, sent: 99),
            .snapshot(SnapshotChunk(metadata: metadata, totalBytes: 300, offset: 100, bytes: [9, 9, 9])), .timeoutNow,
        ]
        return bodies.map { body in
            var writer = FieldWriter()
            Message(
                group: GroupID(1), from: HubID(1), incarnation: Incarnation(5), to: HubID(2), term: Term(3), body: body
            ).encode(to: &writer)
            return writer.bytes
        }
    }()

    private static let hello: [UInt8] = {
        var writer = FieldWriter()
        let identity = HubIdentity(hub: HubID(1), group: GroupID(2), incarnation: Incarnation(5))
        Hello(identity: identity, process: 77, address: Address(host: "10.0.0.1", port: 9211)).encode(to: &writer)
        return writer.bytes
    }()

    private static let answer: [UInt8] = {
        var writer = FieldWriter()
        HelloAnswer.refusal(.lostDisk).encode(to: &writer)
        HelloAnswer.adopt(group: GroupID(2), hub: HubID(3)).encode(to: &writer)
        return writer.bytes
    }()
}

/// What a parser returned or threw.
func parsed<Value, Failure: Error>(_ body: () throws(Failure) -> Value) -> Result<Value, Failure> {
    Result(catching: body)
}
