public import HubStore

// What two hubs say before anything else. The one that dials sends Hello, the other answers.
//
//     Hello    1 version  2 group (absent: none yet)  3 hub (absent: none yet)  4 incarnation  5 process
//              6 host  7 port: where the dialing hub listens
//     Answer   1 version  2 kind (1 welcome, 2 fresh, 3 adopt, 4 refusal)  3 group  4 hub  5 process
//              6 refusal's number  7 refusal's text

/// How a hub introduces itself.
public struct Hello: Hashable, Sendable {
    /// The newest version of the language between hubs. A hub talks to versions from its own minus one on.
    public static let version: UInt64 = 1

    public var version = Hello.version
    /// Nil, like `hub`, while the hub belongs to no group.
    public var group: GroupID?
    public var hub: HubID?
    public var incarnation: Incarnation
    /// Drawn at random by each process: tells that a hub was started anew.
    public var process: UInt64
    /// Where it listens for hubs.
    public var address: Address

    public init(identity: HubIdentity, process: UInt64, address: Address) {
        self.init(incarnation: identity.incarnation, process: process, address: address)
        group = identity.group
        hub = identity.hub
    }

    /// Of a hub that belongs to no group.
    public init(incarnation: Incarnation, process: UInt64, address: Address) {
        self.incarnation = incarnation
        self.process = process
        self.address = address
    }
}

/// What a hub says to a `Hello`.
public enum HelloAnswer: Hashable, Sendable {
    /// Both are of the same group.
    case welcome(hub: HubID, process: UInt64)
    /// The answering hub belongs to no group yet, either.
    case fresh
    /// The dialing hub is a member that has not taken part yet: this is who it is.
    case adopt(group: GroupID, hub: HubID)
    case refusal(Refusal)
}

/// Why a hub is not let in.
public enum Refusal: Hashable, Sendable, CustomStringConvertible {
    /// The versions are too far apart.
    case version(own: UInt64)
    /// Another group.
    case wrongGroup
    /// Not a member, as far as the answering hub knows, which may be behind.
    case notMember
    /// It is a member, but with another disk: what it had promised is lost.
    case lostDisk
    /// Of a newer version.
    case other(String)

    /// True when trying again cannot help.
    public var isFinal: Bool { self == .lostDisk }

    public var description: String {
        switch self {
        case .version(let own): "the other hub speaks version \(own), this one \(Hello.version)"
        case .wrongGroup: "the other hub belongs to another group: floyd-servers differs, or the group was begun twice"
        case .notMember: "this hub is not a member of the group; tell the group: ADD ip:port of this hub"
        case .lostDisk:
            "the group knows this hub with another disk. It has lost its floyd-path and must not vote again under its "
                + "old name: tell the group REMOVE and then ADD ip:port of this hub, and start it with an empty "
                + "floyd-path"
        case .other(let text): text
        }
    }
}

extension Hello {
    public func encode(to writer: inout FieldWriter) {
        writer.put(1, version)
        writer.put(2, group?.rawValue ?? 0)
        writer.put(3, hub?.rawValue ?? 0)
        writer.put(4, incarnation.rawValue)
        writer.put(5, process)
        writer.put(6, text: address.host)
        writer.put(7, UInt64(address.port))
    }

    public init(decoding bytes: ArraySlice<UInt8>) throws(FieldError) {
        var reader = FieldReader(bytes)
        var numbers = [UInt64](repeating: 0, count: 8)
        var host = ""
        while let (field, value) = try reader.next() {
            switch field {
            case 1...5, 7: numbers[field] = value.number
            case 6: host = value.text
            default: break
            }
        }
        guard numbers[4] != 0 else { throw .unexpected(field: 4, in: "hello") }
        self.init(
            incarnation: Incarnation(numbers[4]), process: numbers[5],
            address: Address(host: host, port: Int(clamping: numbers[7])))
        version = numbers[1]
        if numbers[2] != 0, numbers[3] != 0 {
            group = GroupID(numbers[2])
            hub = HubID(numbers[3])
        }
    }
}

extension HelloAnswer {
    public func encode(to writer: inout FieldWriter) {
        writer.put(1, Hello.version)
        switch self {
        case .welcome(let hub, let process):
            writer.put(2, 1)
            writer.put(4, hub.rawValue)
            writer.put(5, process)
        case .fresh: writer.put(2, 2)
        case .adopt(let group, let hub):
            writer.put(2, 3)
            writer.put(3, group.rawValue)
            writer.put(4, hub.rawValue)
        case .refusal(let refusal):
            writer.put(2, 4)
            writer.put(6, refusal.number)
            writer.put(7, text: refusal.description)
        }
    }

    public init(decoding bytes: ArraySlice<UInt8>) throws(FieldError) {
        var reader = FieldReader(bytes)
        var numbers = [UInt64](repeating: 0, count: 7)
        var text = ""
        while let (field, value) = try reader.next() {
            switch field {
            case 1...6: numbers[field] = value.number
            case 7: text = value.text
            default: break
            }
        }
        switch numbers[2] {
        case 1: self = .welcome(hub: HubID(numbers[4]), process: numbers[5])
        case 2: self = .fresh
        case 3:
            guard numbers[3] != 0, numbers[4] != 0 else { throw .unexpected(field: 3, in: "answer") }
            self = .adopt(group: GroupID(numbers[3]), hub: HubID(numbers[4]))
        case 4: self = .refusal(Refusal(number: numbers[6], version: numbers[1], text: text))
        default: throw .unexpected(field: 2, in: "answer")
        }
    }
}

extension Refusal {
    fileprivate var number: UInt64 {
        switch self {
        case .other: 0
        case .version: 1
        case .wrongGroup: 2
        case .notMember: 3
        case .lostDisk: 4
        }
    }

    fileprivate init(number: UInt64, version: UInt64, text: String) {
        switch number {
        case 1: self = .version(own: version)
        case 2: self = .wrongGroup
        case 3: self = .notMember
        case 4: self = .lostDisk
        default: self = .other(text)
        }
    }
}
