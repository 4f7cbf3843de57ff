internal import HubStore
internal import RaftLog

// What one hub has the primary do for it, inside a request of HubFrame.swift, and the answer. A field or a kind that is
// not known belongs to a newer version.
//
//     Request  1 kind (1 command, 2 add hub, 3 remove hub, 4 fail over, 5 repair)  2 command: an entry of the Raft log
//              3 host  4 port  5 hub (absent: any)  6 key  7 server (absent: whoever wrote last)
//     Answer   1 kind (1 done, 2 failed, 3 no primary, 4 unknown)  2 text

/// What only the primary can do. Doing it twice changes nothing more than doing it once.
enum HubRequest: Hashable, Sendable {
    case command(HubCommand)
    case addHub(Address)
    case removeHub(Address)
    case failOver(HubID?)
    case repair(key: [UInt8], winner: ServerID?)

    var encoded: [UInt8] {
        var writer = FieldWriter()
        switch self {
        case .command(let command):
            writer.put(1, 1)
            writer.put(2, command.encoded())
        case .addHub(let address):
            writer.put(1, 2)
            Self.put(address, in: &writer)
        case .removeHub(let address):
            writer.put(1, 3)
            Self.put(address, in: &writer)
        case .failOver(let hub):
            writer.put(1, 4)
            writer.put(5, hub?.rawValue ?? 0)
        case .repair(let key, let winner):
            writer.put(1, 5)
            writer.put(6, key)
            writer.put(7, UInt64(winner?.rawValue ?? 0))
        }
        return writer.bytes
    }

    private static func put(_ address: Address, in writer: inout FieldWriter) {
        writer.put(3, text: address.host)
        writer.put(4, UInt64(address.port))
    }

    /// - Throws: `FieldError`; `StateFormatError` for a command of a newer version.
    init(decoding bytes: [UInt8]) throws {
        var reader = FieldReader(bytes)
        var numbers = [UInt64](repeating: 0, count: 8)
        var command: [UInt8] = []
        var key: [UInt8] = []
        var host = ""
        while let (field, value) = try reader.next() {
            switch field {
            case 1, 4, 5, 7: numbers[field] = value.number
            case 2: command = value.array
            case 3: host = value.text
            case 6: key = value.array
            default: break
            }
        }
        let address = Address(host: host, port: Int(clamping: numbers[4]))
        switch numbers[1] {
        case 1: self = .command(try HubCommand(entry: command))
        case 2: self = .addHub(address)
        case 3: self = .removeHub(address)
        case 4: self = .failOver(numbers[5] == 0 ? nil : HubID(numbers[5]))
        case 5: self = .repair(key: key, winner: numbers[7] == 0 ? nil : ServerID(UInt32(clamping: numbers[7])))
        default: throw FieldError.unexpected(field: 1, in: "request")
        }
    }
}

extension CommandOutcome {
    var encoded: [UInt8] {
        var writer = FieldWriter()
        let (kind, text): (UInt64, String) =
            switch self {
            case .done: (1, "")
            case .refused(let refusal): (2, refusal.description)
            case .failed(let text): (2, text)
            case .noPrimary(let reason): (3, reason)
            case .unknown(let reason): (4, reason)
            }
        writer.put(1, kind)
        writer.put(2, text: text)
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(FieldError) {
        var reader = FieldReader(bytes)
        var kind: UInt64 = 0
        var text = ""
        while let (field, value) = try reader.next() {
            switch field {
            case 1: kind = value.number
            case 2: text = value.text
            default: break
            }
        }
        switch kind {
        case 1: self = .done
        case 2: self = .failed(text)
        case 3: self = .noPrimary(reason: text)
        case 4: self = .unknown(reason: text)
        default: throw .unexpected(field: 1, in: "answer")
        }
    }
}
