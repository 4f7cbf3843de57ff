/// One command in the binlog: the client's arguments plus four more
/// (`protocol/pika-2.3-hub.md`, section 2).
///
/// ```
/// *<n + 4> <arguments…> __PIKA_X#$SKGI <server id> <stamp> <1 for the hub, 0 not>
/// stamp, 16 bytes LE: exec_time u32 (unix seconds) | file u32 | offset u64
/// ```
///
/// A command that a hub delivered has the single byte `X` for a stamp.
package struct BinlogRecord: Equatable {
    static let magic = Bytes("__PIKA_X#$SKGI")
    package static let hubStamp = Bytes("X")

    package var arguments: [Bytes]
    package var serverID: Bytes
    package var stamp: Bytes
    package var isForHub: Bool

    package static func stamp(seconds: Int64, end: BinlogEnd) -> Bytes {
        var out: Bytes = []
        for shift in stride(from: 0, to: 32, by: 8) { out.append(UInt8(truncatingIfNeeded: seconds >> shift)) }
        for shift in stride(from: 0, to: 32, by: 8) { out.append(UInt8(truncatingIfNeeded: end.file >> shift)) }
        for shift in stride(from: 0, to: 64, by: 8) { out.append(UInt8(truncatingIfNeeded: end.offset >> shift)) }
        return out
    }

    package func append(to out: inout Bytes) {
        let all = arguments + [Self.magic, serverID, stamp, Bytes(isForHub ? "1" : "0")]
        Reply.bulks(all).append(to: &out)
    }

    /// Takes a received array apart; nil when it does not end in the four arguments.
    init?(received: [Bytes]) {
        guard received.count > 4, received[received.count - 4] == Self.magic else { return nil }
        self.init(
            arguments: Array(received.dropLast(4)), serverID: received[received.count - 3],
            stamp: received[received.count - 2], isForHub: received[received.count - 1] == Bytes("1"))
    }

    package init(arguments: [Bytes], serverID: Bytes, stamp: Bytes, isForHub: Bool) {
        self.arguments = arguments
        self.serverID = serverID
        self.stamp = stamp
        self.isForHub = isForHub
    }

    /// What a sender looks at: the last character of an item before its line end.
    static func isForHub(item: Bytes) -> Bool {
        item.count > 3 && item[item.count - 3] == UInt8(ascii: "1")
    }
}

/// The end of a binlog: where the next record goes.
public struct BinlogEnd: Hashable, Sendable, CustomStringConvertible {
    public var file: UInt32
    /// Bytes from the start of the file.
    public var offset: UInt64

    public init(file: UInt32, offset: UInt64) {
        self.file = file
        self.offset = offset
    }

    public var description: String { "\(file):\(offset)" }
}
