package import HubStore

// Fields of what is on disk and between hubs. Numbers are never used again for something else.
//
//     Entry        1 index  2 term  3 kind (0 empty, 1 command, 2 membership)  4 command  5 membership
//     Membership   1 member (repeated)
//     Member       1 id  2 host  3 port  4 role (0 voter, 1 learner)  5 incarnation (absent: not known yet)
//     Metadata     1 index  2 term  3 membership
//     HardState    1 term  2 vote (absent: none)  3 commit
//     Identity     1 hub  2 group  3 incarnation

extension FieldReader.Value {
    /// An index or a term. So far from the greatest number that counting on from it never overflows, whoever sent it.
    func count(_ field: Int) throws(FieldError) -> UInt64 {
        guard number < 1 << 62 else { throw .unexpected(field: field, in: "log") }
        return number
    }
}

extension Entry {
    package func encode(to writer: inout FieldWriter) {
        writer.put(1, index.rawValue)
        writer.put(2, term.rawValue)
        switch payload {
        case .empty: break
        case .command(let bytes):
            writer.put(3, 1)
            writer.put(4, bytes)
        case .membership(let membership):
            writer.put(3, 2)
            writer.put(5) { membership.encode(to: &$0) }
        }
    }

    /// An unknown kind is an error: skipping an entry that a newer hub has made would leave the hubs different.
    package init(decoding bytes: ArraySlice<UInt8>) throws(FieldError) {
        var reader = FieldReader(bytes)
        var index = LogIndex.zero
        var term = Term.zero
        var kind: UInt64 = 0
        var command: [UInt8] = []
        var membership = Membership()
        while let (field, value) = try reader.next() {
            switch field {
            case 1: index = LogIndex(try value.count(field))
            case 2: term = Term(try value.count(field))
            case 3: kind = value.number
            case 4: command = value.array
            case 5: membership = try Membership(decoding: value.bytes)
            default: break
            }
        }
        guard index > .zero else { throw .unexpected(field: 1, in: "entry") }
        guard term > .zero else { throw .unexpected(field: 2, in: "entry") }
        switch kind {
        case 0: self.init(index: index, term: term, payload: .empty)
        case 1: self.init(index: index, term: term, payload: .command(command))
        case 2: self.init(index: index, term: term, payload: .membership(membership))
        default: throw .unexpected(field: 3, in: "entry")
        }
    }
}

extension Membership {
    func encode(to writer: inout FieldWriter) {
        for member in members {
            writer.put(1) { writer in
                writer.put(1, member.id.rawValue)
                writer.put(2, text: member.address.host)
                writer.put(3, UInt64(member.address.port))
                writer.put(4, UInt64(member.role.rawValue))
                writer.put(5, member.incarnation?.rawValue ?? 0)
            }
        }
    }

    init(decoding bytes: ArraySlice<UInt8>) throws(FieldError) {
        var reader = FieldReader(bytes)
        var members: [Member] = []
        while let (field, value) = try reader.next() {
            guard field == 1 else { continue }
            let member = try Member(decoding: value.bytes)
            guard !members.contains(where: { $0.id == member.id }) else {
                throw .unexpected(field: 1, in: "membership")
            }
            members.append(member)
        }
        self.init(members)
    }
}

extension Member {
    init(decoding bytes: ArraySlice<UInt8>) throws(FieldError) {
        var reader = FieldReader(bytes)
        var member = Member(id: HubID(0), address: Address(host: "", port: 0))
        var id: UInt64 = 0
        while let (field, value) = try reader.next() {
            switch field {
            case 1: id = value.number
            case 2: member.address.host = value.text
            case 3: member.address.port = Int(clamping: value.number)
            case 4:
                guard let role = Role(rawValue: UInt8(clamping: value.number)) else {
                    throw .unexpected(field: 4, in: "member")
                }
                member.role = role
            // Written out, a 0 means what a missing field does.
            case 5: member.incarnation = value.number == 0 ? nil : Incarnation(value.number)
            default: break
            }
        }
        guard id != 0 else { throw .unexpected(field: 1, in: "member") }
        self.init(id: HubID(id), address: member.address, role: member.role, incarnation: member.incarnation)
    }
}

extension SnapshotMetadata {
    package func encode(to writer: inout FieldWriter) {
        writer.put(1, index.rawValue)
        writer.put(2, term.rawValue)
        writer.put(3) { membership.encode(to: &$0) }
    }

    package init(decoding bytes: ArraySlice<UInt8>) throws(FieldError) {
        var reader = FieldReader(bytes)
        var index = LogIndex.zero
        var term = Term.zero
        var membership = Membership()
        while let (field, value) = try reader.next() {
            switch field {
            case 1: index = LogIndex(try value.count(field))
            case 2: term = Term(try value.count(field))
            case 3: membership = try Membership(decoding: value.bytes)
            default: break
            }
        }
        self.init(index: index, term: term, membership: membership)
    }
}

extension HardState {
    package func encode(to writer: inout FieldWriter) {
        writer.put(1, term.rawValue)
        writer.put(2, vote?.rawValue ?? 0)
        writer.put(3, commit.rawValue)
    }

    package init(decoding bytes: ArraySlice<UInt8>) throws(FieldError) {
        var reader = FieldReader(bytes)
        self.init()
        while let (field, value) = try reader.next() {
            switch field {
            case 1: term = Term(try value.count(field))
            case 2: vote = HubID(value.number)
            case 3: commit = LogIndex(try value.count(field))
            default: break
            }
        }
    }
}

extension HubIdentity {
    package func encode(to writer: inout FieldWriter) {
        writer.put(1, hub.rawValue)
        writer.put(2, group.rawValue)
        writer.put(3, incarnation.rawValue)
    }

    package init(decoding bytes: ArraySlice<UInt8>) throws(FieldError) {
        var reader = FieldReader(bytes)
        var numbers: [UInt64] = [0, 0, 0]
        while let (field, value) = try reader.next() {
            if (1...3).contains(field) { numbers[field - 1] = value.number }
        }
        if let missing = numbers.firstIndex(of: 0) { throw .unexpected(field: missing + 1, in: "identity") }
        self.init(hub: HubID(numbers[0]), group: GroupID(numbers[1]), incarnation: Incarnation(numbers[2]))
    }
}
