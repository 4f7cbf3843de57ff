public import HubStore

// Fields between hubs. Numbers are never used again for something else; fields may be added, and a reader skips those
// that it does not know. A message of an unknown kind is dropped: Raft stands the loss of any message.
//
//     Message   1 group  2 from  3 incarnation  4 to  5 term  and one of
//       10 preVote          1 last index  2 last term
//       11 preVoteReply     1 proposed  2 granted
//       12 vote             1 last index  2 last term  3 is transfer
//       13 voteReply        1 granted
//       14 append           1 previous index  2 previous term  3 entry (repeated)  4 commit
//       15 appendAccepted   1 through
//       16 appendRejected   1 previous  2 hint  3 hint's term
//       17 heartbeat        1 commit  2 round  3 sent
//       18 heartbeatReply   1 round  2 sent
//       19 snapshot         1 metadata  2 total bytes  3 offset  4 bytes
//       20 snapshotReply    1 index  2 received
//       21 timeoutNow
//       22 staleTerm

extension Message {
    public func encode(to writer: inout FieldWriter) {
        writer.put(1, group.rawValue)
        writer.put(2, from.rawValue)
        writer.put(3, incarnation.rawValue)
        writer.put(4, to.rawValue)
        writer.put(5, term.rawValue)
        switch body {
        case .preVote(let index, let term): writer.put(10, numbers: [index.rawValue, term.rawValue])
        case .preVoteReply(let proposed, let granted):
            writer.put(11, numbers: [proposed.rawValue, granted ? 1 : 0])
        case .vote(let index, let term, let isTransfer):
            writer.put(12, numbers: [index.rawValue, term.rawValue, isTransfer ? 1 : 0])
        case .voteReply(let granted): writer.put(13, numbers: [granted ? 1 : 0])
        case .append(let append):
            writer.put(14) { writer in
                writer.put(1, append.previousIndex.rawValue)
                writer.put(2, append.previousTerm.rawValue)
                for entry in append.entries { writer.put(3) { entry.encode(to: &$0) } }
                writer.put(4, append.commit.rawValue)
            }
        case .appendAccepted(let through): writer.put(15, numbers: [through.rawValue])
        case .appendRejected(let previous, let hint, let hintTerm):
            writer.put(16, numbers: [previous.rawValue, hint.rawValue, hintTerm.rawValue])
        case .heartbeat(let commit, let round, let sent):
            writer.put(17, numbers: [commit.rawValue, round, sent])
        case .heartbeatReply(let round, let sent): writer.put(18, numbers: [round, sent])
        case .snapshot(let chunk):
            writer.put(19) { writer in
                writer.put(1) { chunk.metadata.encode(to: &$0) }
                writer.put(2, UInt64(chunk.totalBytes))
                writer.put(3, UInt64(chunk.offset))
                writer.put(4, chunk.bytes)
            }
        case .snapshotReply(let index, let received):
            writer.put(20, numbers: [index.rawValue, UInt64(received)])
        case .timeoutNow: writer.put(21, numbers: [])
        case .staleTerm: writer.put(22, numbers: [])
        }
    }

    /// Nil for a kind that this version does not know.
    public init?(decoding bytes: ArraySlice<UInt8>) throws(FieldError) {
        var reader = FieldReader(bytes)
        var header: [UInt64] = [0, 0, 0, 0, 0]
        var body: Body?
        while let (field, value) = try reader.next() {
            if (1...5).contains(field) {
                header[field - 1] = field == 5 ? try value.count(field) : value.number
            } else if let known = try Body(kind: field, decoding: value.bytes) {
                body = known
            }
        }
        guard let body else { return nil }
        self.init(
            group: GroupID(header[0]), from: HubID(header[1]), incarnation: Incarnation(header[2]),
            to: HubID(header[3]), term: Term(header[4]), body: body)
    }
}

extension Message.Body {
    fileprivate init?(kind: Int, decoding bytes: ArraySlice<UInt8>) throws(FieldError) {
        switch kind {
        case 14: self = .append(try Append(decoding: bytes))
        case 19: self = .snapshot(try SnapshotChunk(decoding: bytes))
        default:
            var reader = FieldReader(bytes)
            var numbers: [UInt64] = [0, 0, 0]
            while let (field, value) = try reader.next() {
                if (1...3).contains(field) { numbers[field - 1] = try value.count(field) }
            }
            self.init(kind: kind, numbers: numbers)
        }
    }

    private init?(kind: Int, numbers: [UInt64]) {
        let isSet = { (place: Int) in numbers[place] != 0 }
        switch kind {
        case 10: self = .preVote(lastIndex: LogIndex(numbers[0]), lastTerm: Term(numbers[1]))
        case 11: self = .preVoteReply(proposed: Term(numbers[0]), granted: isSet(1))
        case 12: self = .vote(lastIndex: LogIndex(numbers[0]), lastTerm: Term(numbers[1]), isTransfer: isSet(2))
        case 13: self = .voteReply(granted: isSet(0))
        case 15: self = .appendAccepted(through: LogIndex(numbers[0]))
        case 16:
            self = .appendRejected(
                previous: LogIndex(numbers[0]), hint: LogIndex(numbers[1]), hintTerm: Term(numbers[2]))
        case 17: self = .heartbeat(commit: LogIndex(numbers[0]), round: numbers[1], sent: numbers[2])
        case 18: self = .heartbeatReply(round: numbers[0], sent: numbers[1])
        case 20: self = .snapshotReply(index: LogIndex(numbers[0]), received: Int(clamping: numbers[1]))
        case 21: self = .timeoutNow
        case 22: self = .staleTerm
        default: return nil
        }
    }
}

extension Append {
    fileprivate init(decoding bytes: ArraySlice<UInt8>) throws(FieldError) {
        var reader = FieldReader(bytes)
        self.init(previousIndex: .zero, previousTerm: .zero, entries: [], commit: .zero)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: previousIndex = LogIndex(try value.count(field))
            case 2: previousTerm = Term(value.number)
            case 3: entries.append(try Entry(decoding: value.bytes))
            case 4: commit = LogIndex(try value.count(field))
            default: break
            }
        }
    }
}

extension SnapshotChunk {
    fileprivate init(decoding bytes: ArraySlice<UInt8>) throws(FieldError) {
        var reader = FieldReader(bytes)
        self.init(metadata: SnapshotMetadata(), totalBytes: 0, offset: 0, bytes: [])
        while let (field, value) = try reader.next() {
            switch field {
            case 1: metadata = try SnapshotMetadata(decoding: value.bytes)
            case 2: totalBytes = Int(clamping: value.number)
            case 3: offset = Int(clamping: value.number)
            case 4: self.bytes = value.array
            default: break
            }
        }
    }
}

extension FieldWriter {
    /// Nested fields 1, 2, 3 … that are all numbers.
    fileprivate mutating func put(_ field: Int, numbers: [UInt64]) {
        put(field) { writer in
            for (place, number) in numbers.enumerated() { writer.put(place + 1, number) }
        }
    }
}
